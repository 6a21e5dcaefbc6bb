#include "core/pipeline/step.h"

#include <assert.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/metric.h"

#define LABELS_MAX 256

static const struct hd_step_type *const types[] = {
	&hd_step_drop,	&hd_step_dedup,	  &hd_step_enrich,
	&hd_step_score, &hd_step_respond, &hd_step_stop,
};

#define TYPES (sizeof(types) / sizeof(types[0]))

const struct hd_step_type *hd_step_type_at(size_t i)
{
	return i < TYPES ? types[i] : NULL;
}

const struct hd_step_type *hd_step_type(const char *name)
{
	for (size_t i = 0; hd_step_type_at(i); i++)
		if (strcmp(types[i]->name, name) == 0)
			return types[i];
	return NULL;
}

static struct hd_metric *make_seconds(const struct hd_step_type *type)
{
	struct hd_metric *seconds;
	struct hd_buf labels;

	hd_buf_init(&labels, LABELS_MAX);
	hd_metric_label(&labels, "step", type->name);
	seconds = hd_metric_get(HD_HISTOGRAM, "herald_step_seconds",
				hd_buf_text(&labels),
				"How long the steps of pipelines take, waiting "
				"included.");
	hd_buf_fini(&labels);
	return seconds;
}

struct hd_metric *hd_step_seconds(const struct hd_step_type *type)
{
	static struct hd_metric *made[TYPES];
	size_t i = 0;

	while (i < TYPES && types[i] != type)
		i++;
	assert(i < TYPES);
	if (!made[i])
		made[i] = make_seconds(type);
	return made[i];
}
