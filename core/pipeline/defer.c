#include "core/pipeline/defer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/action/row.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/pipeline/engine_impl.h"
#include "core/pipeline/params.h"
#include "core/pipeline/view.h"
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

static void end_row(struct hd_row *row, enum hd_action_state state,
		    const char *message)
{
	row->state = state;
	hd_row_set(&row->message, message);
}

static bool cond_acts(struct hd_engine *engine, const struct hd_view_of *v,
		      const char *text, struct hd_row *row)
{
	struct hd_reason why = { "" };
	struct hd_expr *expr;
	struct hd_err err;
	enum hd_truth truth;
	char *message;

	if (!text)
		return true;
	expr = hd_expr_compile_text(engine->program->env, &v->names, text,
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

static void render(struct hd_engine *engine, const struct hd_view_of *v,
		   const json_t *with, struct hd_row *row)
{
	struct hd_instance *instance = engine->env.connector(engine->env.ud,
							     row->connector);
	const struct hd_module *module;
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
	params = hd_params_from_source(engine->program->env, &v->names, module,
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

/* Over the alert as it was decided, and what its actions came to. */
static void resolve(struct hd_engine *engine, struct hd_case *c,
		    struct hd_row *row, const char *cond, const json_t *with)
{
	struct hd_view_of v;
	struct hd_err err;

	if (hd_view_open(&v, engine->env.reader, c->alert, c, &err) < 0) {
		end_row(row, HD_ACTION_FAILED, err.text);
	} else {
		hd_view_entries(&v, row->after ? row->after : "");
		hd_view_asked_nothing(&v, row->spec);
		if (cond_acts(engine, &v, cond, row))
			render(engine, &v, with, row);
	}
	hd_view_close(&v);
}

void hd_defer_resolve(struct hd_engine *engine, struct hd_case *c,
		      struct hd_row *row)
{
	json_t *spec = hd_json_read(row->spec, strlen(row->spec), NULL, NULL);
	json_t *defer = json_object_get(spec, "defer");
	const json_t *with = json_object_get(defer, "with");
	const char *cond = json_string_value(json_object_get(defer, "if"));

	/* without `with` it is run again: what it does was decided the first
	 * time */
	if (!is_needed(c, row))
		end_row(row, HD_ACTION_SKIPPED, "not needed");
	else if (with)
		resolve(engine, c, row, cond, with);
	json_decref(spec);
}
