#include "core/control/sieve.h"

#include <stdio.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/err.h"
#include "core/control/control_impl.h"
#include "core/pipeline/engine.h"
#include "core/pipeline/program.h"
#include "core/pipeline/view.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

void hd_sieve_enrichers(const struct hd_control *control,
			struct hd_view_of *view)
{
	struct hd_instance *instance;

	for (size_t i = 0;
	     (instance = control->env.connector_at(control->env.ud, i)); i++)
		if (hd_module_plugin(hd_instance_module(instance))->enricher)
			hd_view_not_asked(view, hd_instance_name(instance),
					  "was not asked");
}

int hd_sieve_init(struct hd_sieve *s, const struct hd_control *control,
		  const char *text, struct hd_err *err)
{
	struct hd_program *program = hd_engine_program(control->env.engine);
	json_t *nothing = json_object();
	struct hd_view_of view;

	memset(s, 0, sizeof(*s));
	hd_view_record(&view, nothing);
	hd_sieve_enrichers(control, &view);
	s->expr = hd_expr_compile_text(program->env, &view.names, text,
				       HD_EXPR_BOOL, err);
	hd_view_close(&view);
	json_decref(nothing);
	if (!s->expr)
		return -1;
	s->control = control;
	s->program = hd_program_ref(program);
	return 0;
}

void hd_sieve_fini(struct hd_sieve *s)
{
	hd_expr_free(s->expr);
	hd_program_unref(s->program);
	memset(s, 0, sizeof(*s));
}

enum hd_truth hd_sieve_holds(const struct hd_sieve *s, const char *id,
			     struct hd_reason *why)
{
	enum hd_truth truth = HD_ERROR;
	struct hd_view_of view;
	struct hd_err err = { 0 };

	why->text[0] = '\0';
	if (hd_view_open(&view, s->control->env.reader, id, NULL, &err) == 0) {
		hd_sieve_enrichers(s->control, &view);
		truth = hd_expr_holds(s->expr, &view.scope, why);
	} else {
		snprintf(why->text, sizeof(why->text), "%.200s", err.text);
	}
	hd_view_close(&view);
	return truth;
}
