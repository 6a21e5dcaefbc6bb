#include "core/lookup/quota.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"

#define DAY_MS INT64_C(86400000)

/* A sliding window is kept as two neighbouring fixed ones: what was used in
 * the one before counts by the share of it that the window still covers.  That
 * is exact where the use was even and never lets through more than twice the
 * count at an edge; a calendar day has no past. */
struct window {
	int64_t count, length_ms;
	bool calendar;
	int64_t start_ms;
	int64_t used, before;
};

struct hd_quota {
	size_t n;
	struct window w[];
};

struct hd_quota *hd_quota_new(const struct hd_rate *rates, size_t count,
			      bool calendar_days)
{
	struct hd_quota *q;

	q = hd_alloc(sizeof(*q) + count * sizeof(q->w[0]));
	q->n = count;
	for (size_t i = 0; i < count; i++) {
		q->w[i].count = rates[i].count;
		q->w[i].length_ms = rates[i].window_ms;
		q->w[i].calendar =
			calendar_days && rates[i].window_ms == DAY_MS;
	}
	return q;
}

void hd_quota_free(struct hd_quota *quota)
{
	free(quota);
}

/* A clock that went back changes nothing: the window goes on. */
static void advance(struct window *w, int64_t utc_ms)
{
	int64_t start = utc_ms - utc_ms % w->length_ms;

	if (start <= w->start_ms)
		return;
	w->before = start - w->start_ms == w->length_ms ? w->used : 0;
	w->used = 0;
	w->start_ms = start;
}

static int64_t used_now(const struct window *w, int64_t utc_ms)
{
	int64_t into = utc_ms - w->start_ms;

	if (w->calendar || w->before == 0)
		return w->used;
	if (into < 0)
		into = 0;
	if (into > w->length_ms)
		into = w->length_ms;
	return w->used + (w->before * (w->length_ms - into) + w->length_ms - 1) /
				 w->length_ms;
}

static int64_t wait_for(const struct window *w, int64_t utc_ms, uint32_t n)
{
	int64_t left = w->start_ms + w->length_ms - utc_ms;
	int64_t room = w->count - w->used - n;

	if (w->calendar || w->before == 0 || room < 0)
		return left > 0 ? left : 1;
	/* the share of `before` must have shrunk to `room` */
	left = w->length_ms - room * w->length_ms / w->before -
	       (utc_ms - w->start_ms);
	return left > 0 ? left : 1;
}

int64_t hd_quota_take(struct hd_quota *quota, int64_t utc_ms, uint32_t n)
{
	int64_t wait = 0;

	for (size_t i = 0; i < quota->n; i++) {
		struct window *w = &quota->w[i];

		advance(w, utc_ms);
		if (used_now(w, utc_ms) + n > w->count) {
			int64_t ms = wait_for(w, utc_ms, n);

			wait = ms > wait ? ms : wait;
		}
	}
	if (wait != 0)
		return wait;
	for (size_t i = 0; i < quota->n; i++)
		quota->w[i].used += n;
	return 0;
}

int64_t hd_quota_left(const struct hd_quota *quota, int64_t utc_ms)
{
	int64_t least = -1;

	for (size_t i = 0; i < quota->n; i++) {
		struct window w = quota->w[i];
		int64_t left;

		advance(&w, utc_ms);
		left = w.count - used_now(&w, utc_ms);
		left = left > 0 ? left : 0;
		least = least < 0 || left < least ? left : least;
	}
	return least;
}

bool hd_quota_get(const struct hd_quota *quota, size_t i, int64_t *start_ms,
		  int64_t *used)
{
	if (i >= quota->n)
		return false;
	*start_ms = quota->w[i].start_ms;
	*used = quota->w[i].used;
	return true;
}

void hd_quota_set(struct hd_quota *quota, size_t i, int64_t start_ms,
		  int64_t used)
{
	if (i >= quota->n)
		return;
	quota->w[i].start_ms = start_ms;
	quota->w[i].used = used;
}
