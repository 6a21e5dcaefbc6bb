#include "core/pipeline/defer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/action/row.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/journal/reader.h"
#include "core/pipeline/asked.h"
#include "core/pipeline/engine_impl.h"
#include "core/pipeline/params.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

#define PARAMS_MAX (1 << 20)

json_t *hd_defer_source(const struct hd_expr *cond,
			const struct hd_params *params)
{
	json_t *source = json_object();

	if (cond)
		json_object_set_new(source, "if",
				    json_string(hd_expr_source(cond)));
	json_object_set_new(source, "with", hd_params_source(params));
	return source;
}

/* What the expressions are evaluated over, read back from the journal. */
struct view {
	struct hd_expr_scope scope;
	struct hd_asked asked;
	struct hd_interval risk;
	json_t *record, *done;
	const char **parked, **names;
	size_t parked_count, names_count, enrich_count;
	const char **enrich;
	char *after; /* the names in row->after */
};

static void read_risk(struct hd_engine *engine, const char *alert,
		      struct view *v)
{
	struct hd_alert_row row;
	struct hd_err err;

	if (hd_reader_alert(engine->env.reader, alert, &row, &err) !=
		    HD_FOUND ||
	    !row.level[0])
		return;
	v->risk.low = (int)row.score_low;
	v->risk.high = (int)row.score_high;
	v->risk.known = (int)json_integer_value(
		json_object_get(v->record, "risk_score"));
	v->scope.risk = &v->risk;
}

/* Entries of the pipeline that this one may name: those that were decided, and
 * those that it waits for, decided or not. */
static void read_names(const struct hd_case *c, const struct hd_row *row,
		       struct view *v)
{
	char *rest, *name;

	for (size_t i = 0; i < c->count; i++) {
		hd_build_add(&v->names, &v->names_count, c->rows[i]->name);
		if (!hd_row_is_final(c->rows[i]))
			hd_build_add(&v->parked, &v->parked_count,
				     c->rows[i]->name);
	}
	v->after = hd_strdup(row->after ? row->after : "");
	rest = v->after;
	while ((name = strsep(&rest, " ")))
		if (name[0])
			hd_build_add(&v->names, &v->names_count, name);
	v->scope.parked = v->parked;
}

static int open_view(struct hd_engine *engine, struct hd_case *c,
		     const struct hd_row *row, struct view *v)
{
	struct hd_body body;
	struct hd_err err;
	const char *name;
	json_t *answers = NULL, *list;

	memset(v, 0, sizeof(*v));
	hd_asked_init(&v->asked);
	if (hd_reader_body(engine->env.reader, c->alert, &body, &err) !=
	    HD_FOUND)
		return -1;
	v->record = hd_json_read(body.record.p, body.record.n, NULL, NULL);
	if (body.answers.n != 0)
		answers = hd_json_read(body.answers.p, body.answers.n, NULL,
				       NULL);
	hd_asked_restore(&v->asked, answers);
	json_decref(answers);
	v->done = hd_case_done(c);
	v->scope.record = v->record;
	v->scope.enrich = v->asked.enrich;
	v->scope.missing = v->asked.missing;
	v->scope.missing_count = v->asked.missing_count;
	v->scope.done = v->done;
	v->scope.now_ms = hd_utc_ms();
	read_risk(engine, c->alert, v);
	read_names(c, row, v);
	json_object_foreach(v->asked.enrich, name, list)
		hd_build_add(&v->enrich, &v->enrich_count, name);
	return v->record ? 0 : -1;
}

static void close_view(struct view *v)
{
	hd_asked_fini(&v->asked);
	json_decref(v->record);
	json_decref(v->done);
	free(v->parked);
	free(v->names);
	free(v->enrich);
	free(v->after);
}

static void end_row(struct hd_row *row, enum hd_action_state state,
		    const char *message)
{
	row->state = state;
	hd_row_set(&row->message, message);
}

static bool cond_acts(struct hd_engine *engine, const struct view *v,
		      const char *text, struct hd_row *row)
{
	struct hd_expr_names names = { 0 };
	struct hd_reason why = { "" };
	struct hd_expr *expr;
	struct hd_err err;
	enum hd_truth truth;
	char *message;

	if (!text)
		return true;
	names.enrich = v->enrich;
	names.done = v->names;
	expr = hd_expr_compile_text(engine->program->env, &names, text,
				    HD_EXPR_BOOL, &err);
	if (!expr) {
		end_row(row, HD_ACTION_FAILED, err.text);
		return false;
	}
	truth = hd_expr_holds(expr, &v->scope, &why);
	hd_expr_free(expr);
	if (truth == HD_HOLDS ||
	    (truth == HD_NOT_SURE && row->effect <= HERALD_NOTIFIES))
		return true;
	message = hd_strf("%s%s%s", hd_truth_name(truth),
			  why.text[0] ? ": " : "", why.text);
	end_row(row, truth == HD_ERROR ? HD_ACTION_FAILED : HD_ACTION_SKIPPED,
		message);
	free(message);
	return false;
}

static void render(struct hd_engine *engine, const struct view *v,
		   const json_t *with, struct hd_row *row)
{
	struct hd_instance *instance = engine->env.connector(engine->env.ud,
							     row->connector);
	const struct hd_module *module;
	struct hd_expr_names names = { 0 };
	struct hd_params *params;
	struct hd_buf text;
	json_t *value;
	char why[512];
	int index = -1;

	if (instance) {
		module = hd_instance_module(instance);
		index = hd_module_action_find(module, row->action);
	}
	if (index < 0) {
		end_row(row, HD_ACTION_FAILED, "its connector is gone");
		return;
	}
	names.enrich = v->enrich;
	names.done = v->names;
	params = hd_params_from_source(engine->program->env, &names, module,
				       (uint32_t)index, with);
	if (!params) {
		end_row(row, HD_ACTION_FAILED,
			"its parameters do not fit the plugin any more");
		return;
	}
	value = hd_params_render(params, &v->scope, why, sizeof(why));
	hd_params_free(params);
	if (!value) {
		end_row(row, HD_ACTION_REFUSED, why);
		return;
	}
	hd_buf_init(&text, PARAMS_MAX);
	hd_json_write(&text, value, 0);
	hd_row_set(&row->params, hd_buf_text(&text));
	hd_buf_fini(&text);
	json_decref(value);
}

/* An or_else is for an entry that failed or was refused. */
static bool is_needed(struct hd_case *c, const struct hd_row *row)
{
	const struct hd_row *first;

	if (!row->or_else)
		return true;
	first = hd_case_find(c, row->after);
	return first && (first->state == HD_ACTION_FAILED ||
			 first->state == HD_ACTION_REFUSED);
}

void hd_defer_resolve(struct hd_engine *engine, struct hd_case *c,
		      struct hd_row *row)
{
	json_t *spec = hd_json_read(row->spec, strlen(row->spec), NULL, NULL);
	json_t *defer = json_object_get(spec, "defer");
	const json_t *with = json_object_get(defer, "with");
	const char *cond = json_string_value(json_object_get(defer, "if"));
	struct view v;

	if (!is_needed(c, row)) {
		end_row(row, HD_ACTION_SKIPPED, "not needed");
	} else if (!with) {
		/* run again: what it does was decided the first time */
	} else if (open_view(engine, c, row, &v) < 0) {
		end_row(row, HD_ACTION_FAILED, "the alert cannot be read");
		close_view(&v);
	} else {
		if (cond_acts(engine, &v, cond, row))
			render(engine, &v, with, row);
		close_view(&v);
	}
	json_decref(spec);
}
