#include "core/plugin/ration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"
#include "core/plugin/quota.h"

#define PARTS 24 /* of a window, for the journal */
#define PART_MIN_MS 2000
#define BLOCK_PART 8 /* no block is more than this part of the count */
#define WINDOW_TEXT 48

/* What the journal knows of one window.  `used` and `stored` are of the part
 * that began at start_ms. */
struct part {
	int64_t start_ms;
	int64_t used;	/* taken */
	int64_t stored; /* reserved for good */
	int64_t asked;	/* reserved by the commit under way */
};

struct reserve {
	struct hd_rate rate;
	int64_t part_ms, slots;
	struct part now, before; /* before.used != stored: not yet told */
};

struct hd_ration {
	unsigned refs; /* the owner's, and the commit's */
	struct hd_journal *journal;
	char *connector;
	void (*ready)(void *ud, struct hd_ration *ration);
	void *ud;
	struct hd_quota *quota;
	size_t n;
	struct reserve reserves[HD_RATES_MAX];
	int64_t offset_ms; /* of the wall clock, as it was */
	bool committing;
	char *trouble;
};

struct hd_ration *
hd_ration_new(struct hd_journal *journal, const char *connector,
	      void (*ready)(void *ud, struct hd_ration *ration), void *ud)
{
	struct hd_ration *r = hd_alloc(sizeof(*r));

	r->refs = 1;
	r->journal = journal;
	r->connector = hd_strdup(connector);
	r->ready = ready;
	r->ud = ud;
	r->offset_ms = hd_utc_ms() - hd_now_ms();
	r->quota = hd_quota_new(NULL, 0, false);
	return r;
}

static void unref(struct hd_ration *r)
{
	if (--r->refs != 0)
		return;
	hd_quota_free(r->quota);
	free(r->connector);
	free(r->trouble);
	free(r);
}

static int64_t now_of(const struct hd_ration *r)
{
	return hd_now_ms() + r->offset_ms;
}

const char *hd_ration_name(const struct hd_ration *ration)
{
	return ration->connector;
}

const char *hd_ration_trouble(const struct hd_ration *ration)
{
	return ration->trouble;
}

/* ---- rows of the journal ---- */

/* The same for every count, so that a changed limit keeps what was taken. */
static void window_text(const struct reserve *v, int64_t start_ms,
			char out[WINDOW_TEXT])
{
	snprintf(out, WINDOW_TEXT, "%lldms/%lld", (long long)v->rate.window_ms,
		 (long long)(start_ms / v->part_ms % v->slots));
}

static void put_row(struct hd_txn *txn, const struct hd_ration *r,
		    const struct reserve *v, int64_t start_ms, int64_t used)
{
	char window[WINDOW_TEXT];
	struct hd_quota_row row = { r->connector, window, start_ms, used };

	window_text(v, start_ms, window);
	hd_txn_quota_put(txn, &row);
}

struct recall {
	struct hd_ration *ration;
	size_t i;
	int64_t now_ms;
};

/* As late as it may have been taken: at the end of its part. */
static bool recall_row(void *ud, const struct hd_quota_row *row)
{
	struct recall *to = ud;
	struct reserve *v = &to->ration->reserves[to->i];
	int64_t at = row->since_ms + v->part_ms - 1;
	char window[WINDOW_TEXT];

	if (strcmp(row->connector, to->ration->connector) != 0 ||
	    row->used <= 0 || row->since_ms < 0)
		return true;
	window_text(v, row->since_ms, window);
	if (strcmp(row->window, window) != 0)
		return true;
	if (row->since_ms > to->now_ms || at > to->now_ms)
		at = to->now_ms;
	hd_quota_recall(to->ration->quota, to->i, at, row->used);
	if (row->since_ms == v->now.start_ms)
		v->now.used = v->now.stored = row->used;
	return true;
}

static void recall_window(struct hd_ration *r, size_t i,
			  struct hd_reader *reader)
{
	struct recall to = { r, i, now_of(r) };
	struct hd_err err;

	if (!reader || hd_reader_quotas(reader, recall_row, &to, &err) == 0)
		return;
	hd_log(HD_LOG_ERROR, &(struct hd_log_context){ r->connector, NULL },
	       "what was used of its limit is not known: %s", err.text);
}

/* ---- limits ---- */

static void init_reserve(struct hd_ration *r, struct reserve *v,
			 const struct hd_rate *rate)
{
	int64_t length = rate->window_ms;

	memset(v, 0, sizeof(*v));
	v->rate = *rate;
	v->part_ms = length / PARTS > PART_MIN_MS ? length / PARTS
						  : PART_MIN_MS;
	v->slots = (length + v->part_ms - 1) / v->part_ms + 1;
	v->now.start_ms = now_of(r) - now_of(r) % v->part_ms;
}

void hd_ration_set(struct hd_ration *r, const struct hd_rates *rates,
		   bool calendar_days, struct hd_reader *reader)
{
	struct hd_quota *was = r->quota;
	struct reserve old[HD_RATES_MAX];
	size_t old_n = r->n;

	memcpy(old, r->reserves, sizeof(old));
	r->quota = hd_quota_new(rates->items, rates->count, calendar_days);
	r->n = rates->count;
	for (size_t i = 0; i < r->n; i++) {
		struct reserve *v = &r->reserves[i];
		size_t j = 0;

		while (j < old_n &&
		       old[j].rate.window_ms != rates->items[i].window_ms)
			j++;
		if (j < old_n) {
			*v = old[j];
			v->rate = rates->items[i];
			hd_quota_inherit(r->quota, i, was, j);
			continue;
		}
		init_reserve(r, v, &rates->items[i]);
		recall_window(r, i, reader);
	}
	hd_quota_free(was);
}

/* ---- reserving ---- */

static void enter_part(struct reserve *v, int64_t now_ms)
{
	int64_t start = now_ms - now_ms % v->part_ms;

	if (start <= v->now.start_ms)
		return;
	v->before = v->now;
	memset(&v->now, 0, sizeof(v->now));
	v->now.start_ms = start;
}

/* What a part holds of an even use, a quarter of it; as much again as was used
 * already; and never much of the whole. */
static int64_t block_of(const struct reserve *v)
{
	int64_t even = v->rate.count / (4 * v->slots);
	int64_t most = v->rate.count / BLOCK_PART;
	int64_t n = v->now.used > even ? v->now.used : even;

	n = n < most ? n : most;
	return n > 1 ? n : 1;
}

static void on_stored(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	struct hd_ration *r = ud;

	r->committing = false;
	free(r->trouble);
	r->trouble = NULL;
	if (status == HD_TXN_OK) {
		for (size_t i = 0; i < r->n; i++)
			if (r->reserves[i].now.asked >
			    r->reserves[i].now.stored)
				r->reserves[i].now.stored =
					r->reserves[i].now.asked;
	} else {
		r->trouble = hd_strf("its limit could not be stored: %s",
				     status == HD_TXN_FULL
					     ? "the journal has no room"
					     : hd_txn_error(txn)->text);
	}
	if (r->ready)
		r->ready(r->ud, r);
	unref(r);
}

static bool reserve_block(struct hd_ration *r, struct reserve *v, int64_t n,
			  struct hd_txn *txn)
{
	int64_t block = block_of(v);

	if (v->now.stored - v->now.used >= n + block / 2)
		return false;
	v->now.asked = v->now.used + n + block;
	put_row(txn, r, v, v->now.start_ms, v->now.asked);
	if (v->before.stored > v->before.used) /* the rest is free again */
		put_row(txn, r, v, v->before.start_ms, v->before.used);
	v->before.stored = v->before.used;
	return true;
}

void hd_ration_prepare(struct hd_ration *r, int64_t n)
{
	struct hd_txn *txn;
	int64_t now = now_of(r);

	if (r->committing)
		return;
	if (!r->journal) {
		for (size_t i = 0; i < r->n; i++)
			r->reserves[i].now.stored = INT64_MAX;
		return;
	}
	txn = hd_txn_new();
	for (size_t i = 0; i < r->n; i++) {
		enter_part(&r->reserves[i], now);
		r->reserves[i].now.asked = 0;
		reserve_block(r, &r->reserves[i], n, txn);
	}
	if (hd_txn_is_empty(txn)) {
		hd_txn_free(txn);
		return;
	}
	free(r->trouble);
	r->trouble = NULL;
	r->committing = true;
	r->refs++;
	hd_journal_commit(r->journal, txn, on_stored, r);
}

/* ---- taking ---- */

int64_t hd_ration_wait(struct hd_ration *r, int64_t n, struct hd_rate *rate)
{
	size_t i = 0;
	int64_t ms = hd_quota_wait(r->quota, now_of(r), n, &i);

	if (ms != 0)
		*rate = r->reserves[i].rate;
	return ms;
}

/* What is stored and not taken, in the part of now. */
static int64_t stored_now(const struct hd_ration *r, int64_t now_ms)
{
	int64_t n = INT64_MAX;

	for (size_t i = 0; i < r->n; i++) {
		const struct reserve *v = &r->reserves[i];

		if (r->journal && now_ms >= v->now.start_ms + v->part_ms)
			return 0;
		if (v->now.stored - v->now.used < n)
			n = v->now.stored - v->now.used;
	}
	return n;
}

bool hd_ration_is_storing(struct hd_ration *r)
{
	int64_t now = now_of(r);

	if (r->trouble || r->n == 0 || hd_quota_left(r->quota, now) <= 0)
		return false;
	hd_ration_prepare(r, 1);
	return r->committing && stored_now(r, now) <= 0;
}

int64_t hd_ration_take(struct hd_ration *r, int64_t n)
{
	int64_t now = now_of(r), most;

	if (r->n == 0)
		return n;
	most = hd_quota_left(r->quota, now);
	n = n < most ? n : most;
	if (n <= 0)
		return 0;
	hd_ration_prepare(r, n);
	most = stored_now(r, now);
	n = n < most ? n : most;
	if (n <= 0 || hd_quota_take(r->quota, now, n) != 0)
		return 0;
	for (size_t i = 0; i < r->n; i++)
		r->reserves[i].now.used += n;
	return n;
}

int64_t hd_ration_left(const struct hd_ration *r)
{
	return hd_quota_left(r->quota, now_of(r));
}

void hd_ration_free(struct hd_ration *r)
{
	struct hd_txn *txn;

	if (!r)
		return;
	r->ready = NULL;
	if (r->journal && r->n != 0) {
		txn = hd_txn_new();
		for (size_t i = 0; i < r->n; i++) {
			const struct reserve *v = &r->reserves[i];

			if (v->now.used > 0 || v->now.stored > 0 ||
			    r->committing)
				put_row(txn, r, v, v->now.start_ms,
					v->now.used);
		}
		hd_journal_commit(r->journal, txn, NULL, NULL);
	}
	unref(r);
}
