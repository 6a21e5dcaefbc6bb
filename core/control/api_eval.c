/* What an expression comes to, for whoever writes rules. */
#include "core/control/api.h"

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/control/control_impl.h"
#include "core/control/view.h"
#include "core/pipeline/engine.h"

/* -1: ends the call. */
static int open_view(struct hd_call *call, struct hd_view *v)
{
	json_t *record = json_object_get(call->body, "record");
	struct hd_err err;
	char id[HD_ID_TEXT];

	hd_view_init(v, call->control);
	if (json_is_object(record)) {
		hd_view_take(v, json_incref(record));
		return 0;
	}
	if (!hd_call_text(call, "alert"))
		return 0;
	call->arg = hd_strdup(hd_call_text(call, "alert"));
	if (hd_call_alert(call, id) < 0)
		return -1;
	if (hd_view_load(v, call->control->env.reader, id, &err) == 0)
		return 0;
	hd_call_refuse(call, 409, "heraldctl status",
		       "what alert %.8s holds cannot be read", id);
	return -1;
}

static void evaluate(struct hd_call *call, const char *text, struct hd_view *v)
{
	struct hd_expr *expr;
	struct hd_err err;

	expr = hd_view_compile(v, hd_engine_program(call->control->env.engine),
			       text, HD_EXPR_ANY, &err);
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
	struct hd_view v;

	if (!text) {
		hd_call_refuse(call, 400, "heraldctl eval EXPR [--alert ID]",
			       "there is no expression");
		return;
	}
	if (open_view(call, &v) == 0)
		evaluate(call, text, &v);
	hd_view_fini(&v);
}
