/* budget.h - how many in which time: exact sliding windows
 *
 * The moments at which something was taken, sorted.  One that was taken at `t`
 * counts in every window that ends before t + its length, so no window of that
 * length, wherever it begins, ever holds more than the rate allows.
 *
 * Times are ms of one clock of the caller's.  A moment before the last one is
 * counted as the last: a clock that jumps backwards makes no room.
 */
#ifndef HD_ACTION_BUDGET_H
#define HD_ACTION_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "core/conf/rate.h"

struct hd_budget {
	int64_t *times; /* oldest first, from `head` on */
	size_t head, count, cap;
};

#define HD_BUDGET_NEVER INT64_MAX

/* An empty one is all zero. [loop] */
void hd_budget_fini(struct hd_budget *budget);

/* The first moment from `now_ms` on when one more is within all rates, NEVER
 * if a rate allows none at all.  `tightest` (may be NULL) is the rate that has
 * to be waited for longest, NULL if none. [loop] */
int64_t hd_budget_room(const struct hd_budget *budget,
		       const struct hd_rates *rates, int64_t now_ms,
		       const struct hd_rate **tightest);

void hd_budget_add(struct hd_budget *budget, int64_t at_ms);

/* Those in the window of that length that ends at `now_ms`, later ones
 * included. [loop] */
size_t hd_budget_used(const struct hd_budget *budget, int64_t window_ms,
		      int64_t now_ms);

/* Forgets what was before, or all but the last `keep`. [loop] */
void hd_budget_forget(struct hd_budget *budget, int64_t before_ms);
void hd_budget_trim(struct hd_budget *budget, size_t keep);

/* The largest count and window of some rates, 0 if there are none. [any] */
int64_t hd_rates_most(const struct hd_rates *rates);
int64_t hd_rates_longest(const struct hd_rates *rates);

/* "5/1h", the notation that was read.  [any] */
#define HD_RATE_TEXT 48
void hd_rate_text(const struct hd_rate *rate, char out[HD_RATE_TEXT]);

#endif
