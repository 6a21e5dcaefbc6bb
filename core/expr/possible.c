/* Can a condition hold for any alert?  Asked at load: everything that an alert
 * could say is unknown, and what is not true then never is. */
#include "core/expr/env.h"
#include "core/expr/program.h"
#include "core/expr/run.h"

static struct hd_cel_value anything(void *ud, unsigned slot,
				    struct hd_cel_call *call)
{
	const struct hd_run *run = ud;

	if (run->scope->risk && hd_slot_is_of_risk(run->expr->env, slot))
		return hd_scope_resolve(ud, slot, call);
	return hd_cel_unknown(0);
}

static bool may_hold_at(struct hd_run *run, int score)
{
	const struct hd_cel_activation activation = { .resolve = anything,
						      .ud = run };
	struct hd_cel_value value;

	run->score = score;
	run->turn++; /* what is cached is of another score */
	value = hd_cel_eval(run->expr->program, &activation,
			    run->expr->env->arena);
	return value.kind == HD_CEL_UNKNOWN ||
	       (value.kind == HD_CEL_BOOL && value.u.boolean);
}

bool hd_expr_may_hold(const struct hd_expr *expr,
		      const struct hd_interval *score)
{
	const struct hd_expr_scope scope = { .risk = score };
	struct hd_run *run = hd_run_begin(expr, &scope);
	int low = score ? score->low : 0;
	int high = score && expr->reads_risk ? score->high : low;
	bool may = false;

	run->anything = true;
	for (int i = low; i <= high && !may; i++)
		may = may_hold_at(run, i);
	hd_run_end(run);
	return may;
}
