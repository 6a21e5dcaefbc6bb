/* What an expression comes to, for whoever writes rules. */
#include "core/control/api.h"

#include <errno.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/control/control_impl.h"
#include "core/control/rows_json.h"
#include "core/control/sieve.h"
#include "core/expr/expr.h"
#include "core/pipeline/engine.h"
#include "core/pipeline/program.h"
#include "core/pipeline/view.h"

/* An alert as it was decided.  -1: ends the call. */
static int open_alert(struct hd_call *call, struct hd_view_of *v)
{
	struct hd_err err = { 0 };
	char id[HD_ID_TEXT];

	call->arg = hd_strdup(hd_call_text(call, "alert"));
	if (hd_call_alert(call, id) < 0)
		return -1;
	if (hd_view_open(v, call->control->env.reader, id, NULL, &err) < 0) {
		hd_view_close(v);
		hd_call_refuse(call, 409, "heraldctl status", "%s", err.text);
		return -1;
	}
	return 0;
}

static int open_view(struct hd_call *call, struct hd_view_of *v)
{
	json_t *record = json_object_get(call->body, "record");

	if (record && !json_is_object(record)) {
		hd_call_refuse(call, 400, "heraldctl show ID --json",
			       "record is a finding: a JSON object");
		return -1;
	}
	if (!record && hd_call_text(call, "alert")) {
		if (open_alert(call, v) < 0)
			return -1;
	} else {
		record = record ? json_incref(record) : json_object();
		hd_view_record(v, record);
		json_decref(record);
	}
	hd_sieve_enrichers(call->control, v);
	return 0;
}

/* ---- what is wrong with it ---- */

struct complaining {
	const char *text;
	json_t *complaints;
};

/* Line and column, in characters. */
static void find_place(const char *text, size_t offset, size_t *line,
		       size_t *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < offset && text[i]; i++) {
		if (text[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)text[i + 1] & 0xc0) != 0x80) {
			++*column;
		}
	}
}

static void complain(void *ud, size_t offset, const char *text,
		     const char *remedy)
{
	struct complaining *c = ud;
	size_t line, column;
	json_t *one;

	find_place(c->text, offset, &line, &column);
	one = json_pack("{s:I, s:I, s:s}", "line", (json_int_t)line, "column",
			(json_int_t)column, "text", text);
	hd_set_text(one, "remedy", remedy);
	json_array_append_new(c->complaints, one);
}

static void evaluate(struct hd_call *call, const char *text,
		     struct hd_view_of *v)
{
	const struct hd_program *program = hd_engine_program(
		call->control->env.engine);
	struct complaining c = { text, json_array() };
	struct hd_expr *expr = hd_expr_try(program->env, &v->names, text,
					   HD_EXPR_ANY, complain, &c);
	json_t *answer;

	if (expr) {
		answer = hd_expr_explain(expr, &v->scope);
		json_object_set_new(answer, "ok", json_true());
		json_decref(c.complaints);
	} else {
		answer = json_pack("{s:b, s:o}", "ok", false, "complaints",
				   c.complaints);
	}
	hd_expr_free(expr);
	hd_view_close(v);
	hd_call_answer(call, answer);
}

void hd_api_eval(struct hd_call *call)
{
	const char *text = hd_call_text(call, "expr");
	struct hd_view_of v;

	if (!text)
		hd_call_refuse(call, 400, "heraldctl eval EXPR [--alert ID]",
			       "there is no expression");
	else if (open_view(call, &v) == 0)
		evaluate(call, text, &v);
}
