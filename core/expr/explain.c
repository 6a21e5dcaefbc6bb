#include "core/expr/expr.h"

#include <string.h>

#include "core/expr/program.h"
#include "core/expr/run.h"

static const char *word_of(enum hd_truth truth,
			   const struct hd_cel_value *value)
{
	if (truth != HD_HOLDS || value->kind == HD_CEL_BOOL)
		return hd_truth_name(truth == HD_HOLDS && !value->u.boolean
					     ? HD_NOT_MET
					     : truth);
	return "value";
}

/* The lookups and actions that the outcome waits for, each once. */
static json_t *unknown_names(const struct hd_run *run,
			     const struct hd_cel_value *value)
{
	const struct hd_expr_scope *scope = run->scope;
	json_t *names = json_array();
	const uint32_t *ids;
	size_t n = hd_cel_unknown_ids(value, &ids);

	for (size_t i = 0; i < n; i++) {
		const char *name;
		bool repeated = false;
		json_t *known;
		size_t k;

		if (ids[i] < scope->missing_count)
			name = scope->missing[ids[i]].connector;
		else
			name = scope->parked[ids[i] - scope->missing_count];
		json_array_foreach(names, k, known)
			repeated = repeated ||
				   strcmp(json_string_value(known), name) == 0;
		if (!repeated)
			json_array_append_new(names, json_string(name));
	}
	return names;
}

json_t *hd_expr_explain(const struct hd_expr *expr,
			const struct hd_expr_scope *scope)
{
	struct hd_run *run = hd_run_begin(expr, scope);
	struct hd_reason why = { "" };
	struct hd_cel_value value;
	enum hd_truth truth = hd_run_eval(run, &value, &why);
	json_t *out = json_object();
	json_t *json = truth == HD_HOLDS ? hd_cel_to_json(value) : NULL;

	json_object_set_new(out, "outcome",
			    json_string(word_of(truth, &value)));
	if (json)
		json_object_set_new(out, "value", json);
	json_object_set_new(out, "type",
			    json_string(hd_cel_program_type(expr->program)));
	json_object_set_new(out, "why", json_string(why.text));
	json_object_set_new(out, "unknown", unknown_names(run, &value));
	hd_run_end(run);
	return out;
}
