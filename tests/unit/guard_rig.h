/* guard_rig.h - guards, rules and rows for their tests */
#ifndef HD_TESTS_UNIT_GUARD_RIG_H
#define HD_TESTS_UNIT_GUARD_RIG_H

#include "core/action/guard.h"
#include "core/action/guard_rules.h"
#include "core/action/row.h"
#include "core/expr/expr.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

/* 2026-11-25T12:00:00Z */
#define NOON INT64_C(1795608000000)

struct rig {
	struct hd_expr_env *env;
	struct hd_guard_rules *rules;
	struct hd_guards *guards; /* live; wall clock NOON, monotonic 0 */
	struct hd_case *c;
	unsigned alarms;
	char alarm[512]; /* the last one: "kind object: text" */
};

void rig_new(struct rig *rig);
void rig_free(struct rig *rig);

/* The rules of their own account svc-herald, host edr.example.com and limit
 * ad.lock; further ones by name, CEL and whether they read user or device. */
void rig_protect(struct rig *rig, const char *name, const char *cel, bool user,
		 bool device);
void rig_limit(struct rig *rig, const char *action, int effect,
	       struct hd_rates at_most, struct hd_rates per_target);

/* Guards that know nothing yet, at that time of both clocks. */
void rig_guards(struct rig *rig, int64_t utc_ms, int64_t now_ms);

/* A new row of ad.ACTION, planned for `target` (JSON, ' for "). */
struct hd_row *rig_row(struct rig *rig, const char *action, int effect,
		       const char *target);

/* The guard's word about that row and the target that it holds. */
enum hd_verdict rig_ask(struct rig *rig, struct hd_row *row, int64_t now_ms,
			char why[512]);

#endif
