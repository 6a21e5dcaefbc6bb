/* stop: the pipeline ends here, the alert is done; drop: a rule says that it
 * is noise.  Both only when their condition surely holds. */
#include "core/pipeline/alert.h"
#include "core/pipeline/program.h"

#include <stdlib.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/conf/node.h"

struct ending {
	const char *because;
};

struct raw_ending {
	const struct hd_node *cond;
	const char *because;
};

#define AT(field) offsetof(struct raw_ending, field)
static const struct hd_key ending_keys[] = {
	{ "if", HERALD_EXPR, 0, NULL, NULL, AT(cond), NULL },
	{ "because", HERALD_STRING, HERALD_REQUIRED, NULL, NULL, AT(because),
	  NULL },
	{ 0 },
};
#undef AT

static void *build(struct hd_build *b, const struct hd_node *body)
{
	struct raw_ending raw = { 0 };
	struct ending *e;

	if (hd_table_check(ending_keys, body, hd_node_name(body), &b->check,
			   &raw) < 0)
		return NULL;
	e = hd_alloc(sizeof(*e));
	e->because = raw.because;
	return e;
}

/* Only what surely holds ends an alert; an error is an alarm as well. */
static bool surely(struct hd_alert *alert, const char *step,
		   enum hd_truth holds)
{
	if (holds == HD_ERROR)
		hd_alert_alarm(alert, step, "its condition failed");
	return holds == HD_HOLDS;
}

static enum hd_step_result run_stop(struct hd_alert *alert, void *data,
				    enum hd_truth holds)
{
	const struct ending *e = data;

	if (!surely(alert, "stop", holds))
		return HD_STEP_NEXT;
	hd_alert_end(alert, HD_ALERT_DONE, e->because);
	return HD_STEP_END;
}

static enum hd_step_result run_drop(struct hd_alert *alert, void *data,
				    enum hd_truth holds)
{
	const struct ending *e = data;

	if (!surely(alert, "drop", holds))
		return HD_STEP_NEXT;
	hd_alert_end(alert, HD_ALERT_DROPPED, e->because);
	return HD_STEP_END;
}

const struct hd_step_type hd_step_stop = {
	.name = "stop",
	.alone = true,
	.ends = true,
	.build = build,
	.free = free,
	.run = run_stop,
};

const struct hd_step_type hd_step_drop = {
	.name = "drop",
	.alone = true,
	.ends = true,
	.undecided = true,
	.build = build,
	.free = free,
	.run = run_drop,
};
