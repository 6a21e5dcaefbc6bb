#include "core/action/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/action/guard_impl.h"
#include "core/action/guard_own.h"
#include "core/action/row.h"
#include "core/base/alloc.h"
#include "core/base/json_text.h"
#include "core/base/mutant.h"
#include "core/expr/expr.h"

struct hd_guards *hd_guards_new(int64_t utc_ms, int64_t now_ms)
{
	struct hd_guards *g = hd_alloc(sizeof(*g)); /* dry_run */

	g->none = hd_guard_rules_new();
	g->rules = g->none;
	g->base_utc_ms = utc_ms;
	g->base_now_ms = now_ms;
	hd_dict_init(&g->budgets);
	hd_dict_init(&g->rates);
	hd_dict_init(&g->turns);
	return g;
}

void hd_guards_free(struct hd_guards *g)
{
	if (!g)
		return;
	hd_guard_counts_fini(g);
	hd_guard_rules_free(g->none);
	free(g->halted);
	free(g);
}

int64_t hd_guard_utc(const struct hd_guards *g, int64_t now_ms)
{
	return g->base_utc_ms + (now_ms - g->base_now_ms);
}

void hd_guards_alarm(struct hd_guards *g, hd_guard_alarm_fn fn, void *ud)
{
	g->alarm = fn;
	g->alarm_ud = ud;
}

void hd_guard_raise(const struct hd_guards *g, const char *kind,
		    const char *object, const char *text)
{
	if (g->alarm)
		g->alarm(g->alarm_ud, kind, object, text);
}

void hd_guards_set_mode(struct hd_guards *guards, enum hd_mode mode)
{
	guards->mode = mode;
}

enum hd_mode hd_guards_mode(const struct hd_guards *guards)
{
	return guards->mode;
}

void hd_guards_set_rules(struct hd_guards *guards,
			 const struct hd_guard_rules *rules)
{
	guards->rules = rules ? rules : guards->none;
}

void hd_guards_halt(struct hd_guards *guards, const char *because)
{
	free(guards->halted);
	guards->halted = hd_strdup(because);
}

const char *hd_guards_halted(const struct hd_guards *guards)
{
	return guards->halted;
}

/* ---- mode ---- */

int hd_mode_parse(const char *word, enum hd_mode *out)
{
	for (int i = HD_MODE_DRY_RUN; i <= HD_MODE_LIVE; i++)
		if (strcmp(word, hd_mode_name((enum hd_mode)i)) == 0) {
			*out = (enum hd_mode)i;
			return 0;
		}
	return -1;
}

static enum hd_mode lowest(enum hd_mode a, enum hd_mode b)
{
	return a < b ? a : b;
}

enum hd_verdict hd_guard_mode(const struct hd_guards *guards,
			      const struct hd_row *row, enum hd_mode connector,
			      char *why, size_t why_size)
{
	enum hd_mode mode = lowest(guards->mode, connector);
	enum hd_mode pipeline;

	if (row->mode[0] && hd_mode_parse(row->mode, &pipeline) == 0)
		mode = lowest(mode, pipeline);
	if (row->effect == HERALD_READS || mode == HD_MODE_LIVE)
		return HD_PASS;
	if (mode == HD_MODE_NOTIFY && row->effect <= HERALD_NOTIFIES)
		return HD_PASS;
	snprintf(why, why_size, "mode %s: would have run %s.%s%s%s",
		 hd_mode_name(mode), row->connector, row->action,
		 row->summary[0] ? ": " : "", row->summary);
	return HD_SKIP;
}

/* ---- protection ---- */

/* A rule that reads only the kind that the target is not says nothing of it;
 * one that reads neither is about every target. */
static bool applies(const struct hd_guard_rule *rule, const json_t *target)
{
	if (!rule->of_user && !rule->of_device)
		return true;
	return (rule->of_user && json_object_get(target, "user")) ||
	       (rule->of_device && json_object_get(target, "device"));
}

static void alarm_rule(const struct hd_guards *g,
		       const struct hd_guard_rule *rule, const char *why)
{
	char *text = hd_strf("safety.protect, rule %s: error: %s; it counts as "
			     "protected -> heraldctl eval",
			     rule->name, why);

	hd_guard_raise(g, "rule error", rule->name, text);
	free(text);
}

static bool is_protected(const struct hd_guards *g,
			 const struct hd_guard_rule *rule, json_t *target,
			 int64_t utc_ms, char *why, size_t why_size)
{
	struct hd_expr_scope scope = { .target = target, .now_ms = utc_ms };
	struct hd_reason reason = { "" };
	enum hd_truth truth = hd_expr_holds(rule->cond, &scope, &reason);

	if (truth == HD_NOT_MET ||
	    (truth == HD_ERROR && hd_mutant("protect_error_false")))
		return false;
	if (truth == HD_HOLDS)
		snprintf(why, why_size, "protected: %s: %s", rule->name,
			 rule->because);
	else
		snprintf(why, why_size, "protected: %s: %s (%s%s%s)",
			 rule->name, rule->because, hd_truth_name(truth),
			 reason.text[0] ? ": " : "", reason.text);
	if (truth == HD_ERROR)
		alarm_rule(g, rule, reason.text);
	return true;
}

/* A kind that is there and no object could not be looked at. */
static bool is_odd(const json_t *target)
{
	const json_t *user = json_object_get(target, "user");
	const json_t *device = json_object_get(target, "device");

	return !json_is_object(target) || (user && !json_is_object(user)) ||
	       (device && !json_is_object(device));
}

static enum hd_verdict check_protected(const struct hd_guards *g,
				       const json_t *target, int64_t now_ms,
				       char *why, size_t why_size)
{
	if (is_odd(target)) {
		snprintf(why, why_size,
			 "protected: the plan's target is none that can be "
			 "looked at");
		return HD_REFUSE;
	}
	if (hd_guard_own_target(g->rules, target, why, why_size))
		return HD_REFUSE;
	for (size_t i = 0; i < g->rules->rule_count; i++)
		if (applies(&g->rules->rules[i], target) &&
		    is_protected(g, &g->rules->rules[i], (json_t *)target,
				 hd_guard_utc(g, now_ms), why, why_size))
			return HD_REFUSE;
	return HD_PASS;
}

/* ---- all of it ---- */

static enum hd_verdict check_halt(const struct hd_guards *g, char *why,
				  size_t why_size)
{
	if (!g->halted)
		return HD_PASS;
	snprintf(why, why_size, "halted: %s -> heraldctl unhalt", g->halted);
	return HD_REFUSE;
}

static enum hd_verdict check_loop(const struct hd_guards *g, const char *record,
				  char *why, size_t why_size)
{
	json_t *alert = hd_json_read_own(record, strlen(record), NULL);
	bool ours = hd_guard_own_alert(g->rules, alert);

	json_decref(alert);
	if (!ours)
		return HD_PASS;
	snprintf(why, why_size,
		 "caused by herald itself: the alert's user is "
		 "an account of its connectors");
	return HD_REFUSE;
}

enum hd_verdict hd_guard_target(struct hd_guards *g, struct hd_row *row,
				const json_t *target, const char *record,
				int64_t now_ms, char *why, size_t why_size)
{
	enum hd_verdict verdict;

	if (row->effect < HERALD_CONTAINS)
		return HD_PASS;
	verdict = check_halt(g, why, why_size);
	if (verdict == HD_PASS)
		verdict = check_protected(g, target, now_ms, why, why_size);
	if (verdict == HD_PASS)
		verdict = check_loop(g, record, why, why_size);
	if (verdict == HD_PASS)
		verdict = hd_guard_take(g, row, now_ms, why, why_size);
	return verdict;
}

enum hd_verdict hd_guard_run(struct hd_guards *g, const struct hd_row *row,
			     int64_t now_ms, char *why, size_t why_size)
{
	enum hd_verdict verdict;
	json_t *target;

	if (row->effect < HERALD_CONTAINS)
		return HD_PASS;
	verdict = check_halt(g, why, why_size);
	if (verdict != HD_PASS)
		return verdict;
	target = hd_json_read(row->target, strlen(row->target), NULL, NULL);
	verdict = check_protected(g, target, now_ms, why, why_size);
	json_decref(target);
	return verdict;
}
