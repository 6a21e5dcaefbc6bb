/* dedup: repeats of one thing become one alert.  See windows.h. */
#include "core/pipeline/alert.h"
#include "core/pipeline/engine.h"
#include "core/pipeline/program.h"
#include "core/pipeline/windows.h"

#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/digest.h"
#include "core/base/json_text.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/journal/reader.h"
#include "core/record/record.h"

struct dedup {
	struct hd_expr **keys;
	size_t count;
	struct hd_expr *unless;
	int64_t window_ms;
	bool absent_same;
};

struct raw_dedup {
	const struct hd_node *key, *unless, *cond;
	int64_t window_ms;
	int if_absent;
};

#define AT(field) offsetof(struct raw_dedup, field)
static const struct hd_key dedup_keys[] = {
	{ "key", HERALD_EXPR, HERALD_LIST | HERALD_REQUIRED | HD_KEY_NOT_NULL,
	  NULL, NULL, AT(key), NULL },
	{ "window", HERALD_DURATION, HERALD_REQUIRED, NULL, "1s..366d",
	  AT(window_ms), NULL },
	{ "if_absent", HERALD_ENUM, 0, "differ", "differ|same", AT(if_absent),
	  NULL },
	{ "unless", HERALD_EXPR, 0, NULL, NULL, AT(unless), NULL },
	{ "if", HERALD_EXPR, 0, NULL, NULL, AT(cond), NULL },
	{ "case", HERALD_STRING, HD_KEY_LATER, NULL, NULL, HD_KEY_NOWHERE,
	  NULL },
	{ 0 },
};
#undef AT

static void free_dedup(void *data)
{
	struct dedup *d = data;

	for (size_t i = 0; i < d->count; i++)
		hd_expr_free(d->keys[i]);
	free(d->keys);
	hd_expr_free(d->unless);
	free(d);
}

static void *build(struct hd_build *b, const struct hd_node *body)
{
	struct raw_dedup raw = { 0 };
	struct hd_expr_names names = hd_build_names(b);
	struct dedup *d;
	bool one;

	if (hd_table_check(dedup_keys, body, "dedup", &b->check, &raw) < 0)
		return NULL;
	d = hd_alloc(sizeof(*d));
	d->window_ms = raw.window_ms;
	d->absent_same = raw.if_absent == 1;
	one = hd_node_type(raw.key) != HD_NODE_SEQ;
	d->count = one ? 1 : hd_node_count(raw.key);
	d->keys = hd_alloc_array(d->count, sizeof(struct hd_expr *));
	for (size_t i = 0; i < d->count; i++)
		d->keys[i] = hd_build_expr(b,
					   one ? raw.key
					       : hd_node_item(raw.key, i),
					   HD_EXPR_ANY);
	names.first = true;
	if (raw.unless)
		d->unless = hd_expr_compile(b->program->env, &names, raw.unless,
					    HD_EXPR_BOOL, b->complaints);
	return d;
}

/* The digest of the values of all keys; false when this alert has no key. */
static bool key_of(struct hd_alert *alert, const struct dedup *d,
		   char out[HD_SHA256_HEX])
{
	struct hd_expr_scope scope;
	struct hd_reason why;
	json_t *values = json_array(), *value;
	enum hd_truth truth = HD_HOLDS;
	bool whole = true;

	hd_alert_scope(alert, &scope);
	for (size_t i = 0; i < d->count && whole; i++) {
		value = NULL;
		truth = hd_expr_value(d->keys[i], &scope, &value, &why);
		if (truth == HD_ABSENT && d->absent_same)
			value = json_null();
		else if (truth != HD_HOLDS)
			whole = false;
		if (whole)
			json_array_append_new(values, value);
	}
	if (truth == HD_ERROR)
		hd_alert_alarm(alert, "dedup.key", why.text);
	whole = whole && hd_json_digest(values, out) == 0;
	json_decref(values);
	return whole;
}

/* Severities in their order: "Other" (99) is never above "Critical". */
static int rank(int severity)
{
	return severity == 99 ? 0 : severity;
}

/* Only what surely is no reason against it lets them merge. */
static bool unless_is_not_met(struct hd_alert *alert, const struct dedup *d,
			      const struct hd_window *win)
{
	struct hd_expr_scope scope;
	struct hd_reason why;
	enum hd_truth truth;
	json_t *first;

	if (!d->unless)
		return true;
	first = hd_engine_record(alert->engine, win->leader);
	if (!first) /* retired or damaged */
		return false;
	hd_alert_scope(alert, &scope);
	scope.first = first;
	truth = hd_expr_holds(d->unless, &scope, &why);
	if (truth == HD_ERROR)
		hd_alert_alarm(alert, "dedup.unless", why.text);
	json_decref(first);
	return truth == HD_NOT_MET;
}

static bool merges(struct hd_alert *alert, const struct dedup *d,
		   const struct hd_window *win)
{
	return strcmp(win->leader, alert->id) != 0 && !win->failed &&
	       rank(alert->severity) <= rank(win->severity) &&
	       unless_is_not_met(alert, d, win);
}

static void set_group(struct hd_alert *alert, const char *key)
{
	json_t *value = json_string(key);

	hd_alert_change(alert);
	hd_record_set(alert->record, "metadata.correlation_uid", value);
	json_decref(value);
}

static enum hd_step_result run(struct hd_alert *alert, void *data,
			       enum hd_truth holds)
{
	struct hd_windows *windows = hd_engine_windows(alert->engine);
	const struct dedup *d = data;
	struct hd_window *win;
	char key[HD_SHA256_HEX];
	char *reason;

	if (holds == HD_ERROR)
		hd_alert_alarm(alert, "dedup", "its condition failed");
	if (holds != HD_HOLDS || alert->dry_run || !key_of(alert, d, key))
		return HD_STEP_NEXT;
	set_group(alert, key);
	win = hd_windows_find(windows, alert->pipeline->name, key);
	if (win && merges(alert, d, win)) {
		win->count++;
		snprintf(alert->leader, sizeof(alert->leader), "%s",
			 win->leader);
		free(alert->claim);
		alert->claim = hd_strdup(key);
		reason = hd_strf("repeat %lld of %.8s", (long long)win->count,
				 win->leader);
		hd_alert_end(alert, HD_ALERT_MERGED, reason);
		free(reason);
		return HD_STEP_END;
	}
	if (!win || strcmp(win->leader, alert->id) != 0)
		hd_windows_open(windows, alert->pipeline->name, key, alert->id,
				alert->severity, alert->received_ms,
				d->window_ms);
	free(alert->claim);
	alert->claim = hd_strdup(key);
	return HD_STEP_NEXT;
}

const struct hd_step_type hd_step_dedup = {
	.name = "dedup",
	.once = true,
	.undecided = true,
	.build = build,
	.free = free_dedup,
	.run = run,
};
