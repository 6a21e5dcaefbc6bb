#include "core/plugin/quota.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"

#define DAY_MS INT64_C(86400000)
#define GRAIN 64	  /* marks are at most this part of the window long */
#define MARKS (GRAIN + 2) /* both ends of the window may lie inside one */

struct mark {
	int64_t first_ms, last_ms;
	int64_t n;
};

struct window {
	int64_t count, length_ms;
	bool calendar;
	struct mark marks[MARKS]; /* oldest first */
	size_t n;
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
		q->w[i].calendar = calendar_days &&
				   rates[i].window_ms == DAY_MS;
	}
	return q;
}

void hd_quota_free(struct hd_quota *quota)
{
	free(quota);
}

/* When what was taken at `at_ms` counts no more. */
static int64_t leaves_at(const struct window *w, int64_t at_ms)
{
	if (w->calendar)
		return at_ms - at_ms % w->length_ms + w->length_ms;
	return at_ms + w->length_ms;
}

static void forget_old(struct window *w, int64_t utc_ms)
{
	size_t gone = 0;

	while (gone < w->n && leaves_at(w, w->marks[gone].last_ms) <= utc_ms)
		gone++;
	if (gone == 0)
		return;
	w->n -= gone;
	memmove(w->marks, w->marks + gone, w->n * sizeof(w->marks[0]));
}

static int64_t used_at(const struct window *w, int64_t utc_ms)
{
	int64_t used = 0;

	for (size_t i = 0; i < w->n; i++)
		if (leaves_at(w, w->marks[i].last_ms) > utc_ms)
			used += w->marks[i].n;
	return used;
}

/* When enough marks have left that `n` find room; never if n > count. */
static int64_t wait_for(const struct window *w, int64_t utc_ms, int64_t n)
{
	int64_t over = used_at(w, utc_ms) + n - w->count;
	int64_t at = utc_ms + w->length_ms;

	for (size_t i = 0; i < w->n && over > 0; i++) {
		over -= w->marks[i].n;
		at = leaves_at(w, w->marks[i].last_ms);
	}
	return at > utc_ms ? at - utc_ms : 1;
}

int64_t hd_quota_wait(struct hd_quota *quota, int64_t utc_ms, int64_t n,
		      size_t *window)
{
	int64_t longest = 0;

	for (size_t i = 0; i < quota->n; i++) {
		struct window *w = &quota->w[i];
		int64_t ms;

		forget_old(w, utc_ms);
		if (used_at(w, utc_ms) + n <= w->count)
			continue;
		ms = wait_for(w, utc_ms, n);
		if (ms <= longest)
			continue;
		longest = ms;
		if (window)
			*window = i;
	}
	return longest;
}

/* Marks stay in the order of their times; one that is near takes it in. */
static void put_mark(struct window *w, int64_t at_ms, int64_t n)
{
	struct mark *m;
	size_t i = w->n;

	while (i > 0 && w->marks[i - 1].first_ms > at_ms)
		i--;
	m = i > 0 ? &w->marks[i - 1] : NULL;
	if (m &&
	    (at_ms - m->first_ms < w->length_ms / GRAIN || w->n == MARKS)) {
		m->n += n;
		if (m->last_ms < at_ms)
			m->last_ms = at_ms;
		return;
	}
	if (w->n == MARKS) { /* before all others: counts longer, never less */
		w->marks[0].n += n;
		return;
	}
	memmove(w->marks + i + 1, w->marks + i,
		(w->n - i) * sizeof(w->marks[0]));
	w->marks[i] = (struct mark){ at_ms, at_ms, n };
	w->n++;
}

int64_t hd_quota_take(struct hd_quota *quota, int64_t utc_ms, int64_t n)
{
	int64_t wait = hd_quota_wait(quota, utc_ms, n, NULL);

	if (wait != 0)
		return wait;
	for (size_t i = 0; i < quota->n; i++)
		put_mark(&quota->w[i], utc_ms, n);
	return 0;
}

int64_t hd_quota_left(const struct hd_quota *quota, int64_t utc_ms)
{
	int64_t least = -1;

	for (size_t i = 0; i < quota->n; i++) {
		const struct window *w = &quota->w[i];
		int64_t left = w->count - used_at(w, utc_ms);

		left = left > 0 ? left : 0;
		least = least < 0 || left < least ? left : least;
	}
	return least;
}

void hd_quota_recall(struct hd_quota *quota, size_t i, int64_t at_ms, int64_t n)
{
	put_mark(&quota->w[i], at_ms, n);
}

void hd_quota_inherit(struct hd_quota *quota, size_t i,
		      const struct hd_quota *other, size_t j)
{
	memcpy(quota->w[i].marks, other->w[j].marks, sizeof(other->w[j].marks));
	quota->w[i].n = other->w[j].n;
}
