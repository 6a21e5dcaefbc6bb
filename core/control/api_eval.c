/* What an expression comes to, for whoever writes rules. */
#include "core/control/api.h"

#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/control/control_impl.h"
#include "core/expr/expr.h"
#include "core/pipeline/asked.h"
#include "core/pipeline/engine.h"
#include "core/pipeline/program.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

/* What the expression is evaluated over. */
struct view {
	struct hd_expr_scope scope;
	struct hd_asked asked;
	struct hd_interval risk;
	json_t *record;
	const char **enrich;
};

static void close_view(struct view *v)
{
	hd_asked_fini(&v->asked);
	json_decref(v->record);
	free(v->enrich);
}

/* Every enricher's name may be used, as if all had been asked before. */
static void list_enrichers(const struct hd_control *control, struct view *v)
{
	struct hd_instance *instance;
	size_t n = 0;

	v->enrich = hd_alloc_array(1, sizeof(*v->enrich));
	for (size_t i = 0;
	     (instance = control->env.connector_at(control->env.ud, i)); i++) {
		if (!hd_module_plugin(hd_instance_module(instance))->enricher)
			continue;
		v->enrich = hd_realloc_array(v->enrich, n + 2,
					     sizeof(*v->enrich));
		v->enrich[n++] = hd_instance_name(instance);
		hd_asked_mention(&v->asked, hd_instance_name(instance));
	}
	v->enrich[n] = NULL;
}

static void read_risk(struct hd_reader *reader, const char *id, struct view *v)
{
	struct hd_alert_row row;
	struct hd_err err;

	if (hd_reader_alert(reader, id, &row, &err) != HD_FOUND ||
	    !row.level[0])
		return;
	v->risk.low = (int)row.score_low;
	v->risk.high = (int)row.score_high;
	v->risk.known = (int)json_integer_value(
		json_object_get(v->record, "risk_score"));
	v->scope.risk = &v->risk;
}

/* An alert as it was decided.  -1: ends the call. */
static int read_alert(struct hd_call *call, struct view *v)
{
	struct hd_reader *reader = call->control->env.reader;
	struct hd_err err = { 0 };
	struct hd_body body;
	char id[HD_ID_TEXT];
	json_t *answers = NULL;

	call->arg = hd_strdup(hd_call_text(call, "alert"));
	if (hd_call_alert(call, id) < 0)
		return -1;
	if (hd_reader_body(reader, id, &body, &err) != HD_FOUND) {
		hd_call_refuse(call, 409, "heraldctl status",
			       "what alert %.8s holds cannot be read", id);
		return -1;
	}
	v->record = hd_json_read(body.record.p, body.record.n, NULL, NULL);
	if (body.answers.n != 0)
		answers = hd_json_read(body.answers.p, body.answers.n, NULL,
				       NULL);
	hd_asked_restore(&v->asked, answers);
	json_decref(answers);
	read_risk(reader, id, v);
	return 0;
}

static int open_view(struct hd_call *call, struct view *v)
{
	json_t *record = json_object_get(call->body, "record");

	memset(v, 0, sizeof(*v));
	hd_asked_init(&v->asked);
	list_enrichers(call->control, v);
	if (record)
		v->record = json_incref(record);
	else if (hd_call_text(call, "alert") && read_alert(call, v) < 0)
		return -1;
	if (!json_is_object(v->record)) {
		json_decref(v->record);
		v->record = json_object();
	}
	v->scope.record = v->record;
	v->scope.enrich = v->asked.enrich;
	v->scope.missing = v->asked.missing;
	v->scope.missing_count = v->asked.missing_count;
	v->scope.now_ms = hd_utc_ms();
	return 0;
}

static void evaluate(struct hd_call *call, const char *text, struct view *v)
{
	const struct hd_program *program = hd_engine_program(
		call->control->env.engine);
	const struct hd_expr_names names = { .enrich = v->enrich };
	struct hd_expr *expr;
	struct hd_err err;

	expr = hd_expr_compile_text(program->env, &names, text, HD_EXPR_ANY,
				    &err);
	if (!expr) {
		hd_call_refuse(call, 400, "heraldctl constants, herald.yaml(5)",
			       "%s", err.text);
		return;
	}
	hd_call_answer(call, hd_expr_explain(expr, &v->scope));
	hd_expr_free(expr);
}

void hd_api_eval(struct hd_call *call)
{
	const char *text = hd_call_text(call, "expr");
	struct view v;

	if (!text) {
		hd_call_refuse(call, 400, "heraldctl eval EXPR [--alert ID]",
			       "there is no expression");
		return;
	}
	if (open_view(call, &v) == 0)
		evaluate(call, text, &v);
	close_view(&v);
}
