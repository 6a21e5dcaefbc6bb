/* quota.h - how often a connector may be asked, in several windows
 *
 * A window slides, or is a calendar day in UTC where the connector says so.
 * Times are UTC milliseconds, since windows outlive restarts; a clock that
 * jumps back empties no window and opens none.
 */
#ifndef HD_LOOKUP_QUOTA_H
#define HD_LOOKUP_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/conf/rate.h"

struct hd_quota;

struct hd_quota *hd_quota_new(const struct hd_rate *rates, size_t count,
			      bool calendar_days);
void hd_quota_free(struct hd_quota *quota); /* accepts NULL */

/* Takes `n` if all windows have room: 0.  Else the ms after which it is worth
 * asking again, and nothing is taken. [loop] */
int64_t hd_quota_take(struct hd_quota *quota, int64_t utc_ms, uint32_t n);

/* What is left in the tightest window; -1 without windows. [loop] */
int64_t hd_quota_left(const struct hd_quota *quota, int64_t utc_ms);

/* What must be kept over a restart: for window i its start and count; and
 * putting it back. Index past the end: false. [loop] */
bool hd_quota_get(const struct hd_quota *quota, size_t i, int64_t *start_ms,
		  int64_t *used);
void hd_quota_set(struct hd_quota *quota, size_t i, int64_t start_ms,
		  int64_t used);

#endif
