/* Budgets, which outlive the process, and rates, which do not.
 *
 * A row beyond its rate gets a turn: the first moment with room behind all
 * those before it.  That moment is counted at once, so many rows that wait
 * cost one look each, and are let through in the order in which they came. */
#include "core/action/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/action/guard_impl.h"
#include "core/action/row.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/base/mutant.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"

#define DAY_MS INT64_C(86400000)
#define KEEP_MS (31 * DAY_MS) /* of budgets, for a rate that is set later */
#define PRUNE_STEP 1024	      /* entries more before a look at all of them */

/* Of what records and notifies, where nothing else is configured. */
static const struct hd_rates usual_rate = { 1, { { 60, 60000 } } };

static struct hd_guard_count *count_of(struct hd_dict *dict, const char *scope)
{
	struct hd_guard_count *count = hd_dict_get(dict, scope);

	if (count)
		return count;
	count = hd_alloc(sizeof(*count));
	hd_dict_put(dict, scope, count);
	return count;
}

static void free_count(struct hd_guard_count *count)
{
	hd_budget_fini(&count->budget);
	free(count);
}

void hd_guard_counts_fini(struct hd_guards *g)
{
	struct hd_dict *counts[] = { &g->budgets, &g->rates };
	struct hd_guard_count *count;
	size_t at = 0;
	void *turn;

	for (size_t i = 0; i < 2; i++) {
		at = 0;
		while ((count = hd_dict_next(counts[i], &at, NULL)))
			free_count(count);
		hd_dict_fini(counts[i]);
	}
	at = 0;
	while ((turn = hd_dict_next(&g->turns, &at, NULL)))
		free(turn);
	hd_dict_fini(&g->turns);
}

static int64_t keep_ms(const struct hd_guards *g)
{
	int64_t keep = KEEP_MS;

	for (size_t i = 0; i < g->rules->limit_count; i++) {
		const struct hd_guard_limit *l = &g->rules->limits[i];
		int64_t most = hd_rates_longest(&l->at_most);
		int64_t each = hd_rates_longest(&l->per_target);

		keep = most > keep ? most : keep;
		keep = each > keep ? each : keep;
	}
	return keep;
}

/* ---- budgets ---- */

/* Targets come and go: those that nothing is counted for are forgotten. */
static void prune_budgets(struct hd_guards *g, int64_t before_ms)
{
	struct hd_guard_count *count;
	const char *scope;
	size_t at = 0;

	if (hd_dict_count(&g->budgets) < g->prune_budgets_at)
		return;
	while ((count = hd_dict_next(&g->budgets, &at, &scope))) {
		hd_budget_forget(&count->budget, before_ms);
		if (count->budget.count == 0) {
			hd_dict_del(&g->budgets, scope);
			free_count(count);
		}
	}
	g->prune_budgets_at = 2 * hd_dict_count(&g->budgets) + PRUNE_STEP;
}

struct loading {
	struct hd_guards *guards;
	int64_t newest_ms;
};

static bool load_one(void *ud, const struct hd_budget_row *row)
{
	struct loading *l = ud;
	struct hd_guard_count *count = count_of(&l->guards->budgets,
						row->scope);

	for (int64_t i = 0; i < row->n; i++)
		hd_budget_add(&count->budget, row->utc_ms);
	if (row->utc_ms > l->newest_ms)
		l->newest_ms = row->utc_ms;
	return true;
}

int hd_guards_load(struct hd_guards *g, struct hd_reader *reader,
		   struct hd_err *err)
{
	struct loading l = { g, g->base_utc_ms };

	if (hd_reader_budgets(reader, NULL, 0, load_one, &l, err) < 0)
		return -1;
	if (l.newest_ms > g->base_utc_ms)
		hd_warning("the wall clock lies %lld s before the last budget "
			   "that was counted: budgets go on from there",
			   (long long)(l.newest_ms - g->base_utc_ms) / 1000);
	g->base_utc_ms = l.newest_ms;
	return 0;
}

/* "14:05 UTC", with the day when it is another one. */
static void moment_text(int64_t utc_ms, int64_t now_ms, char out[HD_UTC_TEXT])
{
	char text[HD_UTC_TEXT];

	hd_utc_text(utc_ms + 59999, text); /* a minute begun is not yet it */
	if (utc_ms / DAY_MS == now_ms / DAY_MS)
		snprintf(out, HD_UTC_TEXT, "%.5s UTC", text + 11);
	else
		snprintf(out, HD_UTC_TEXT, "%.10s %.5s UTC", text, text + 11);
}

static void tell_once(struct hd_guards *g, struct hd_guard_count *count,
		      const char *kind, const char *object, const char *why)
{
	char *text;

	if (count->told)
		return;
	count->told = true;
	text = hd_strf("%s -> heraldctl status", why);
	hd_guard_raise(g, kind, object, text);
	free(text);
}

struct ask {
	const char *action, *scope, *of_what; /* "", " for this target" */
	const struct hd_rates *rates;
};

/* One target's budget hides no alarm about that of all. */
static void tell_budget(struct hd_guards *g, struct hd_guard_count *count,
			const struct ask *ask, const char *why)
{
	char *object = hd_strf("%s%s", ask->action, ask->of_what);

	tell_once(g, count, "budget reached", object, why);
	free(object);
}

static enum hd_verdict check_budget(struct hd_guards *g, const struct ask *ask,
				    int64_t utc_ms, char *why, size_t why_size)
{
	struct hd_guard_count *count = count_of(&g->budgets, ask->scope);
	const struct hd_rate *rate;
	char limit[HD_RATE_TEXT], next[HD_UTC_TEXT];
	int64_t room = hd_budget_room(&count->budget, ask->rates, utc_ms,
				      &rate);

	if (room <= utc_ms) {
		count->told = false;
		return HD_PASS;
	}
	hd_rate_text(rate, limit);
	if (room == HD_BUDGET_NEVER) {
		snprintf(why, why_size, "budget reached: %s of %s%s", limit,
			 ask->action, ask->of_what);
	} else {
		moment_text(room, utc_ms, next);
		snprintf(why, why_size,
			 "budget reached: %s of %s%s; next at %s", limit,
			 ask->action, ask->of_what, next);
	}
	tell_budget(g, count, ask, why);
	return HD_REFUSE;
}

static void add_budget(struct hd_guards *g, const char *scope, int64_t utc_ms)
{
	struct hd_guard_count *count = count_of(&g->budgets, scope);

	hd_budget_forget(&count->budget, utc_ms - keep_ms(g));
	hd_budget_add(&count->budget, utc_ms);
}

static char *action_of(const struct hd_row *row)
{
	return hd_strf("%s.%s", row->connector, row->action);
}

static char *target_scope(const struct hd_row *row)
{
	return hd_strf("%s.%s %s", row->connector, row->action,
		       row->target_uid);
}

static enum hd_verdict take_both(struct hd_guards *g, struct hd_row *row,
				 const struct hd_guard_limit *limit,
				 int64_t utc_ms, char *why, size_t why_size)
{
	char *scope = target_scope(row);
	const struct ask all = { limit->action, limit->action, "",
				 &limit->at_most };
	const struct ask one = { limit->action, scope, " for this target",
				 &limit->per_target };
	enum hd_verdict verdict;

	verdict = check_budget(g, &all, utc_ms, why, why_size);
	if (verdict == HD_PASS)
		verdict = check_budget(g, &one, utc_ms, why, why_size);
	if (verdict == HD_PASS) {
		add_budget(g, all.scope, utc_ms);
		add_budget(g, one.scope, utc_ms);
		row->charged_ms = utc_ms;
	}
	free(scope);
	return verdict;
}

enum hd_verdict hd_guard_take(struct hd_guards *g, struct hd_row *row,
			      int64_t now_ms, char *why, size_t why_size)
{
	const struct hd_guard_limit *limit =
		hd_guard_rules_limit(g->rules, row->connector, row->action);
	int64_t utc_ms = hd_guard_utc(g, now_ms);

	if (row->effect >= HERALD_DESTROYS) {
		snprintf(why, why_size,
			 "what %s.%s does cannot be brought back: it needs an "
			 "approval, and those come in a later release",
			 row->connector, row->action);
		return HD_REFUSE;
	}
	if (!limit || limit->at_most.count == 0) {
		snprintf(why, why_size,
			 "no budget: safety.actions.%s.%s is "
			 "not configured",
			 row->connector, row->action);
		return HD_REFUSE;
	}
	if (!row->target_uid[0]) {
		snprintf(why, why_size,
			 "the plan names no uid of the target: what is done to "
			 "it cannot be counted");
		return HD_REFUSE;
	}
	prune_budgets(g, utc_ms - keep_ms(g));
	return take_both(g, row, limit, utc_ms, why, why_size);
}

void hd_guard_charge(const struct hd_guards *g, const struct hd_row *row,
		     struct hd_txn *txn)
{
	char *scopes[2];

	if (row->charged_ms == 0 || hd_mutant("budget_in_memory"))
		return;
	scopes[0] = action_of(row);
	scopes[1] = target_scope(row);
	for (size_t i = 0; i < 2; i++) {
		const struct hd_budget_row taken = { scopes[i], row->charged_ms,
						     1 };

		hd_txn_budget_add(txn, &taken, row->charged_ms - keep_ms(g));
		free(scopes[i]);
	}
}

/* ---- rates ---- */

static const struct hd_rates *rates_of(const struct hd_guards *g,
				       const struct hd_row *row)
{
	const struct hd_guard_limit *limit =
		hd_guard_rules_limit(g->rules, row->connector, row->action);

	if (row->effect >= HERALD_CONTAINS)
		return NULL;
	if (limit && limit->at_most.count != 0)
		return &limit->at_most;
	return row->effect >= HERALD_RECORDS ? &usual_rate : NULL;
}

/* A row whose turn came and that did not ask again (skipped, its connector
 * gone) leaves its turn behind. */
static void prune_turns(struct hd_guards *g, int64_t now_ms)
{
	const char *id;
	int64_t *turn;
	size_t at = 0;

	if (hd_dict_count(&g->turns) < g->prune_turns_at)
		return;
	while ((turn = hd_dict_next(&g->turns, &at, &id)))
		if (*turn < now_ms - DAY_MS) {
			hd_dict_del(&g->turns, id);
			free(turn);
		}
	g->prune_turns_at = 2 * hd_dict_count(&g->turns) + PRUNE_STEP;
}

/* Its turn, kept from an earlier asking, or NULL. */
static enum hd_verdict keep_turn(struct hd_guards *g,
				 struct hd_guard_count *count,
				 const struct hd_row *row, int64_t now_ms,
				 const int64_t *turn, int64_t *wait_ms)
{
	if (*turn > now_ms) {
		*wait_ms = *turn - now_ms;
		return HD_PARK;
	}
	free(hd_dict_del(&g->turns, row->id));
	if (count->waiting != 0)
		count->waiting--;
	return HD_PASS;
}

static void give_turn(struct hd_guards *g, struct hd_guard_count *count,
		      const struct hd_row *row, int64_t at_ms, int64_t now_ms)
{
	int64_t *turn = hd_alloc(sizeof(*turn));

	prune_turns(g, now_ms);
	*turn = at_ms;
	free(hd_dict_put(&g->turns, row->id, turn));
	count->waiting++;
}

static enum hd_verdict count_rate(struct hd_guards *g,
				  struct hd_guard_count *count,
				  const struct hd_row *row,
				  const struct hd_rates *rates, int64_t now_ms,
				  char *why, size_t why_size, int64_t *wait_ms)
{
	const struct hd_rate *rate;
	char limit[HD_RATE_TEXT], *action = action_of(row), *text;
	int64_t room = hd_budget_room(&count->budget, rates, now_ms, &rate);
	enum hd_verdict verdict = HD_PASS;

	if (rate)
		hd_rate_text(rate, limit);
	if (room == HD_BUDGET_NEVER) {
		snprintf(why, why_size, "its rate is %s: none is let through",
			 limit);
		verdict = HD_REFUSE;
	} else {
		hd_budget_add(&count->budget, room);
		hd_budget_trim(&count->budget, (size_t)hd_rates_most(rates));
	}
	if (verdict == HD_PASS && room > now_ms) {
		snprintf(why, why_size, "waits for its turn: %s of %s", limit,
			 action);
		give_turn(g, count, row, room, now_ms);
		*wait_ms = room - now_ms;
		text = hd_strf("rate reached: %s of %s; more of it waits for "
			       "its turn",
			       limit, action);
		tell_once(g, count, "rate reached", action, text);
		free(text);
		verdict = HD_PARK;
	} else if (count->waiting == 0) {
		count->told = false;
	}
	free(action);
	return verdict;
}

enum hd_verdict hd_guard_rate(struct hd_guards *g, const struct hd_row *row,
			      int64_t now_ms, char *why, size_t why_size,
			      int64_t *wait_ms)
{
	const struct hd_rates *rates = rates_of(g, row);
	struct hd_guard_count *count;
	const int64_t *turn;
	char *action;

	if (!rates)
		return HD_PASS;
	action = action_of(row);
	count = count_of(&g->rates, action);
	free(action);
	turn = hd_dict_get(&g->turns, row->id);
	if (turn) {
		snprintf(why, why_size, "waits for its turn");
		return keep_turn(g, count, row, now_ms, turn, wait_ms);
	}
	return count_rate(g, count, row, rates, now_ms, why, why_size, wait_ms);
}

/* ---- telling ---- */

static json_t *limits_json(const struct hd_guard_count *count,
			   const struct hd_rates *rates, int64_t now_ms)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rates->count; i++) {
		const struct hd_rate *rate = &rates->items[i];
		char text[HD_RATE_TEXT];
		size_t used = count ? hd_budget_used(&count->budget,
						     rate->window_ms, now_ms)
				    : 0;

		hd_rate_text(rate, text);
		json_array_append_new(list,
				      json_pack("{s:s, s:I}", "limit", text,
						"used", (json_int_t)used));
	}
	return list;
}

static json_t *rates_json(const struct hd_rates *rates)
{
	json_t *list = json_array();
	char text[HD_RATE_TEXT];

	for (size_t i = 0; i < rates->count; i++) {
		hd_rate_text(&rates->items[i], text);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static void add_next(json_t *o, const struct hd_guard_count *count,
		     const struct hd_rates *rates, int64_t now_ms,
		     int64_t to_utc_ms)
{
	char text[HD_UTC_TEXT];
	int64_t room = count ? hd_budget_room(&count->budget, rates, now_ms,
					      NULL)
			     : now_ms;

	if (room <= now_ms || room == HD_BUDGET_NEVER)
		return;
	hd_utc_text(room + to_utc_ms, text);
	json_object_set_new(o, "next", json_string(text));
}

static json_t *budget_json(const struct hd_guards *g,
			   const struct hd_guard_limit *limit, int64_t utc_ms)
{
	const struct hd_guard_count *count = hd_dict_get(&g->budgets,
							 limit->action);
	json_t *o = json_object();

	json_object_set_new(o, "action", json_string(limit->action));
	json_object_set_new(o, "limits",
			    limits_json(count, &limit->at_most, utc_ms));
	if (limit->per_target.count != 0)
		json_object_set_new(o, "per_target",
				    rates_json(&limit->per_target));
	add_next(o, count, &limit->at_most, utc_ms, 0);
	return o;
}

static json_t *rate_json(const struct hd_guards *g, const char *action,
			 const struct hd_guard_count *count, int64_t now_ms)
{
	const struct hd_rates *rates = &usual_rate;
	json_t *o = json_object();

	for (size_t i = 0; i < g->rules->limit_count; i++)
		if (strcmp(g->rules->limits[i].action, action) == 0 &&
		    g->rules->limits[i].at_most.count != 0)
			rates = &g->rules->limits[i].at_most;
	json_object_set_new(o, "action", json_string(action));
	json_object_set_new(o, "limits", limits_json(count, rates, now_ms));
	json_object_set_new(o, "waiting",
			    json_integer((json_int_t)count->waiting));
	add_next(o, count, rates, now_ms, hd_guard_utc(g, now_ms) - now_ms);
	return o;
}

json_t *hd_guards_describe(const struct hd_guards *g, int64_t now_ms)
{
	json_t *o = json_object(), *budgets = json_array();
	json_t *rates = json_array();
	const struct hd_guard_count *count;
	const char *action;
	size_t at = 0;

	for (size_t i = 0; i < g->rules->limit_count; i++)
		if (g->rules->limits[i].effect >= HERALD_CONTAINS)
			json_array_append_new(
				budgets, budget_json(g, &g->rules->limits[i],
						     hd_guard_utc(g, now_ms)));
	while ((count = hd_dict_next(&g->rates, &at, &action)))
		json_array_append_new(rates,
				      rate_json(g, action, count, now_ms));
	json_object_set_new(o, "mode",
			    json_string(hd_mode_name(hd_guards_mode(g))));
	json_object_set_new(o, "halted",
			    hd_guards_halted(g)
				    ? json_string(hd_guards_halted(g))
				    : json_null());
	json_object_set_new(o, "budgets", budgets);
	json_object_set_new(o, "rates", rates);
	return o;
}
