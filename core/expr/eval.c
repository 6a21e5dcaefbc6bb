#include "core/expr/expr.h"

#include <string.h>

#include "core/expr/env.h"
#include "core/expr/program.h"
#include "core/expr/run.h"

#define SCORES_MAX 8
#define NS_PER_MS 1000000

const char *hd_truth_name(enum hd_truth truth)
{
	static const char *const names[] = {
		[HD_HOLDS] = "holds",	[HD_NOT_MET] = "not met",
		[HD_ABSENT] = "absent", [HD_NOT_SURE] = "not sure",
		[HD_ERROR] = "error",
	};

	return names[truth];
}

/* ---- one evaluation ---- */

struct hd_run *hd_run_begin(const struct hd_expr *expr,
			    const struct hd_expr_scope *scope)
{
	struct hd_run *run = expr->env->run;

	hd_cel_arena_reset(expr->env->arena);
	run->expr = expr;
	run->scope = scope;
	run->anything = false;
	run->score = 0;
	run->anything = false;
	run->owned_count = 0;
	run->cost = 0;
	run->turn++;
	run->unknowns = hd_unknown_paths(expr, scope);
	return run;
}

void hd_run_end(struct hd_run *run)
{
	hd_cel_unknowns_free(run->unknowns);
	run->unknowns = NULL;
	while (run->owned_count > 0)
		json_decref(run->owned[--run->owned_count]);
}

/* ---- why ---- */

void hd_run_put_missing(const struct hd_expr_scope *scope, size_t id, char *out,
			size_t size)
{
	char text[128];

	if (id < scope->missing_count) {
		snprintf(text, sizeof(text), "%s %s",
			 scope->missing[id].connector,
			 scope->missing[id].reason);
	} else {
		const char *const *parked = scope->parked;

		for (id -= scope->missing_count; id > 0 && *parked; id--)
			parked++;
		snprintf(text, sizeof(text), "%s has not ended",
			 *parked ? *parked : "an action");
	}
	if (!strstr(out, text)) {
		size_t n = strlen(out);

		snprintf(out + n, size - n, "%s%s", n > 0 ? ", " : "", text);
	}
}

void hd_run_missing(const struct hd_expr_scope *scope, char *out, size_t size)
{
	out[0] = '\0';
	for (size_t i = 0; i < scope->missing_count; i++)
		hd_run_put_missing(scope, i, out, size);
}

static enum hd_truth because(struct hd_reason *why, enum hd_truth truth,
			     const char *text)
{
	if (why && !text[0])
		why->text[0] = '\0';
	else if (why)
		snprintf(why->text, sizeof(why->text), "%s", text);
	return truth;
}

static enum hd_truth not_sure(const struct hd_run *run,
			      const struct hd_cel_value *value,
			      struct hd_reason *why)
{
	const uint32_t *ids;
	size_t n = hd_cel_unknown_ids(value, &ids);
	char text[sizeof(why->text)] = "";

	for (size_t i = 0; i < n; i++)
		hd_run_put_missing(run->scope, ids[i], text, sizeof(text));
	return because(why, HD_NOT_SURE, text);
}

static enum hd_truth judge(const struct hd_run *run,
			   const struct hd_cel_value *value,
			   struct hd_reason *why)
{
	const struct hd_cel_error *error = hd_cel_error_of(value);

	if (error && error->code == HD_CEL_E_ABSENT)
		return because(why, HD_ABSENT, error->path);
	if (error)
		return because(why, HD_ERROR, error->text);
	if (value->kind == HD_CEL_UNKNOWN)
		return not_sure(run, value, why);
	return because(why, HD_HOLDS, "");
}

/* ---- over the interval of the score ---- */

bool hd_run_is_spread(const struct hd_run *run)
{
	const struct hd_interval *risk = run->scope->risk;

	return run->expr->reads_risk && risk && risk->low < risk->high;
}

/* Of an interval: its ends, and the first score of each level between them: a
 * condition about levels that holds nowhere but in the middle is not sure
 * either. */
static size_t scores_to_try(const struct hd_run *run, int scores[SCORES_MAX])
{
	const struct hd_risk_levels *levels = &run->expr->env->levels;
	const int bounds[] = { levels->low, levels->medium, levels->high,
			       levels->critical };
	const struct hd_interval *risk = run->scope->risk;
	size_t n = 0;

	scores[n++] = risk->low;
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		if (bounds[i] > risk->low && bounds[i] < risk->high)
			scores[n++] = bounds[i];
	scores[n++] = risk->high;
	return n;
}

static struct hd_cel_value eval_at(struct hd_run *run, int score)
{
	struct hd_cel_activation activation = { .resolve = hd_scope_resolve,
						.ud = run,
						.unknowns = run->unknowns };
	struct hd_cel_value value;

	for (size_t i = 0; i < HD_RISK_SLOTS && run->expr->reads_risk; i++)
		run->cached[run->expr->env->risk_slots[i]] = 0;
	run->score = score;
	value = hd_cel_eval(run->expr->program, &activation,
			    run->expr->env->arena);
	run->cost += hd_cel_arena_cost(run->expr->env->arena);
	return value;
}

static enum hd_truth spans(const struct hd_run *run, struct hd_reason *why)
{
	const struct hd_interval *risk = run->scope->risk;
	char text[sizeof(why->text)], missing[160];

	hd_run_missing(run->scope, missing, sizeof(missing));
	snprintf(text, sizeof(text), "risk_score is %d, could be %d to %d%s%s",
		 risk->known, risk->low, risk->high, missing[0] ? ": " : "",
		 missing);
	return because(why, HD_NOT_SURE, text);
}

static enum hd_truth eval_spread(struct hd_run *run, struct hd_cel_value *value,
				 struct hd_reason *why)
{
	int scores[SCORES_MAX];
	size_t n = scores_to_try(run, scores);
	enum hd_truth truth;
	bool agree = true;

	*value = eval_at(run, scores[0]);
	truth = judge(run, value, why);
	for (size_t i = 1; i < n && truth != HD_ERROR; i++) {
		struct hd_cel_value other = eval_at(run, scores[i]);
		enum hd_truth there = judge(run, &other, NULL);

		if (there == HD_ERROR)
			truth = judge(run, &other, why);
		agree = agree && there == truth &&
			(truth != HD_HOLDS || hd_cel_equal(*value, other));
	}
	return agree || truth == HD_ERROR ? truth : spans(run, why);
}

enum hd_truth hd_run_eval(struct hd_run *run, struct hd_cel_value *value,
			  struct hd_reason *why)
{
	const struct hd_interval *risk = run->scope->risk;

	if (hd_run_is_spread(run))
		return eval_spread(run, value, why);
	*value = eval_at(run, risk ? risk->low : 0);
	return judge(run, value, why);
}

/* ---- the public forms ---- */

enum hd_truth hd_expr_holds(const struct hd_expr *expr,
			    const struct hd_expr_scope *scope,
			    struct hd_reason *why)
{
	struct hd_run *run = hd_run_begin(expr, scope);
	struct hd_cel_value value;
	enum hd_truth truth = hd_run_eval(run, &value, why);

	if (truth == HD_HOLDS && value.kind != HD_CEL_BOOL)
		truth = because(why, HD_ERROR, "the condition is no bool");
	else if (truth == HD_HOLDS && !value.u.boolean)
		truth = HD_NOT_MET;
	hd_run_end(run);
	return truth;
}

enum hd_truth hd_expr_value(const struct hd_expr *expr,
			    const struct hd_expr_scope *scope, json_t **out,
			    struct hd_reason *why)
{
	struct hd_run *run = hd_run_begin(expr, scope);
	struct hd_cel_value value;
	enum hd_truth truth = hd_run_eval(run, &value, why);

	*out = NULL;
	if (truth == HD_HOLDS) {
		*out = hd_cel_to_json(value);
		if (!*out)
			truth = because(why, HD_ERROR,
					"the value is too large");
	}
	hd_run_end(run);
	return truth;
}

enum hd_truth hd_expr_duration(const struct hd_expr *expr,
			       const struct hd_expr_scope *scope, int64_t *ms,
			       struct hd_reason *why)
{
	struct hd_run *run = hd_run_begin(expr, scope);
	struct hd_cel_value value;
	enum hd_truth truth = hd_run_eval(run, &value, why);

	if (truth == HD_HOLDS && value.kind != HD_CEL_DURATION)
		truth = because(why, HD_ERROR, "the value is no duration");
	else if (truth == HD_HOLDS)
		*ms = value.u.integer / NS_PER_MS;
	hd_run_end(run);
	return truth;
}
