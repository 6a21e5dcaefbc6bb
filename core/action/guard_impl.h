/* guard_impl.h - what guard.c and guard_count.c share.  Nobody else includes
 * it. */
#ifndef HD_ACTION_GUARD_IMPL_H
#define HD_ACTION_GUARD_IMPL_H

#include "core/action/budget.h"
#include "core/action/guard.h"
#include "core/action/guard_rules.h"
#include "core/base/dict.h"

/* A budget of one scope ("ad_ops.disable_account", or that and the uid of the
 * target), or the rate of one action. */
struct hd_guard_count {
	struct hd_budget budget;
	size_t waiting; /* rows that have a turn to come */
	bool told;	/* the alarm was raised, and it has not ended */
};

struct hd_guards {
	enum hd_mode mode;
	char *halted; /* because; NULL: not halted */
	const struct hd_guard_rules *rules;
	struct hd_guard_rules *none;	  /* those in force at first */
	int64_t base_utc_ms, base_now_ms; /* see guard.h, time */
	struct hd_dict budgets;		  /* scope -> hd_guard_count, UTC */
	struct hd_dict rates; /* action -> hd_guard_count, monotonic */
	struct hd_dict turns; /* row id -> int64_t, monotonic */
	size_t prune_budgets_at, prune_turns_at;
	hd_guard_alarm_fn alarm;
	void *alarm_ud;
};

/* guard.c */
void hd_guard_raise(const struct hd_guards *guards, const char *kind,
		    const char *object, const char *text);
int64_t hd_guard_utc(const struct hd_guards *guards, int64_t now_ms);

/* guard_count.c */
void hd_guard_counts_fini(struct hd_guards *guards);
/* The budgets of the row's action and target: PASS takes them. */
enum hd_verdict hd_guard_take(struct hd_guards *guards, struct hd_row *row,
			      int64_t now_ms, char *why, size_t why_size);

#endif
