/* quota.h - how often a connector may be asked, in several windows
 *
 * A window slides, or is a calendar day in UTC where the connector says so.  In
 * no window of its length, wherever it begins, is more taken than its count.
 * What was taken is remembered in marks, each of at most a 64th of the window;
 * a mark counts until all of it has left, so at the worst something is free
 * again that much too late, never too early.
 *
 * Times are the caller's, in ms since 1970: of a clock that does not jump while
 * the process lives (ration.h).  A time before that of the last call frees
 * nothing.
 */
#ifndef HD_PLUGIN_QUOTA_H
#define HD_PLUGIN_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/conf/rate.h"

struct hd_quota;

struct hd_quota *hd_quota_new(const struct hd_rate *rates, size_t count,
			      bool calendar_days);
void hd_quota_free(struct hd_quota *quota); /* accepts NULL */

/* 0 if `n` may be taken now, else the ms after which it is worth asking again;
 * *window (may be NULL) is then the index of the window that takes longest.
 * Takes nothing. [loop] */
int64_t hd_quota_wait(struct hd_quota *quota, int64_t utc_ms, int64_t n,
		      size_t *window);

/* Takes `n` if all windows have room: 0.  Else as hd_quota_wait(), and nothing
 * is taken. [loop] */
int64_t hd_quota_take(struct hd_quota *quota, int64_t utc_ms, int64_t n);

/* What is left in the tightest window; -1 without windows. [loop] */
int64_t hd_quota_left(const struct hd_quota *quota, int64_t utc_ms);

/* `n` were taken in window i at `at_ms` before now, by a former process: they
 * count, whatever room there is. [loop] */
void hd_quota_recall(struct hd_quota *quota, size_t i, int64_t at_ms,
		     int64_t n);

/* Window i begins with what window j of another quota remembers. [loop] */
void hd_quota_inherit(struct hd_quota *quota, size_t i,
		      const struct hd_quota *other, size_t j);

#endif
