#include "tests/unit/guard_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "tests/unit/json_help.h"

static const struct hd_risk_levels levels = { 20, 40, 60, 80 };

static void on_alarm(void *ud, const char *kind, const char *object,
		     const char *text)
{
	struct rig *rig = ud;

	rig->alarms++;
	snprintf(rig->alarm, sizeof(rig->alarm), "%s %s: %s", kind, object,
		 text);
}

void rig_guards(struct rig *rig, int64_t utc_ms, int64_t now_ms)
{
	hd_guards_free(rig->guards);
	rig->guards = hd_guards_new(utc_ms, now_ms);
	hd_guards_set_mode(rig->guards, HD_MODE_LIVE);
	hd_guards_set_rules(rig->guards, rig->rules);
	hd_guards_alarm(rig->guards, on_alarm, rig);
}

void rig_new(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	rig->env = hd_expr_env_new(&levels, "UTC");
	rig->rules = hd_guard_rules_new();
	rig->rules->rules = hd_alloc_array(8, sizeof(*rig->rules->rules));
	rig->rules->limits = hd_alloc_array(8, sizeof(*rig->rules->limits));
	hd_guard_rules_account(rig->rules, "CORP\\svc-herald");
	hd_guard_rules_host(rig->rules, "edr.example.com");
	hd_guard_rules_host(rig->rules, "192.0.2.7");
	rig->c = hd_case_new("00000000000000000000000000000001", "default");
	rig_guards(rig, NOON, 0);
}

void rig_free(struct rig *rig)
{
	hd_guards_free(rig->guards);
	hd_guard_rules_free(rig->rules);
	hd_expr_env_free(rig->env);
	hd_case_free(rig->c);
}

void rig_protect(struct rig *rig, const char *name, const char *cel, bool user,
		 bool device)
{
	static const struct hd_expr_names names = { .target = true };
	struct hd_guard_rule *rule =
		&rig->rules->rules[rig->rules->rule_count++];
	struct hd_err err = { 0 };

	rule->name = name;
	rule->because = "it is so";
	rule->of_user = user;
	rule->of_device = device;
	rule->cond = hd_expr_compile_text(rig->env, &names, cel, HD_EXPR_BOOL,
					  &err);
	if (!rule->cond)
		fail_msg("%s: %s", cel, err.text);
}

void rig_limit(struct rig *rig, const char *action, int effect,
	       struct hd_rates at_most, struct hd_rates per_target)
{
	struct hd_guard_limit *limit = NULL;

	for (size_t i = 0; i < rig->rules->limit_count; i++)
		if (strcmp(rig->rules->limits[i].action, action) == 0)
			limit = &rig->rules->limits[i];
	if (!limit)
		limit = &rig->rules->limits[rig->rules->limit_count++];
	limit->action = action;
	limit->effect = effect;
	limit->at_most = at_most;
	limit->per_target = per_target;
}

struct hd_row *rig_row(struct rig *rig, const char *action, int effect,
		       const char *target)
{
	static unsigned count;
	struct hd_action_row in = { .connector = "ad",
				    .action = action,
				    .name = action,
				    .mode = "live",
				    .effect = effect,
				    .state = HD_ACTION_DECIDED };
	char *idem = hd_strf("a/default/%u", ++count);
	json_t *json = target ? json_of(target) : NULL;
	struct hd_row *row;
	char *text;

	in.idem = idem;
	hd_case_free(rig->c);
	rig->c = hd_case_new("00000000000000000000000000000001", "default");
	row = hd_case_add(rig->c, &in);
	if (json) {
		text = json_dumps(json, JSON_ENCODE_ANY);
		hd_row_set(&row->target, text);
		hd_row_set(&row->target_uid,
			   json_string_value(json_object_get(json, "uid")));
		free(text);
	}
	json_decref(json);
	free(idem);
	return row;
}

enum hd_verdict rig_ask(struct rig *rig, struct hd_row *row, int64_t now_ms,
			char why[512])
{
	json_t *target = json_loads(row->target, JSON_DECODE_ANY, NULL);
	enum hd_verdict verdict;

	why[0] = '\0';
	verdict = hd_guard_target(rig->guards, row, target, "{}", now_ms, why,
				  512);
	json_decref(target);
	return verdict;
}
