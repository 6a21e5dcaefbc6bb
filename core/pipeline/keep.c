#include "core/pipeline/keep.h"

#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/journal/journal.h"

#define EVERY_MS 60000
#define AGAIN_MS 50 /* while there is more that is too old */
#define AT_ONCE 200 /* alerts a commit */

/* The journal measures itself after a commit, but not twice a second. */
#define MEASURE_MS 1200

struct hd_keeper {
	struct hd_journal *journal;
	uv_timer_t *timer;
	struct hd_keep keep;
	bool busy, stopped;
	bool by_size;	/* the last look found the store too large */
	bool measuring; /* what went by size is not measured yet */
	int64_t to_go;	/* alerts, until the next measuring */
	void (*idle)(void *ud);
	void *ud;
};

static void on_time(uv_timer_t *timer);

static void wait(struct hd_keeper *k, uint64_t ms)
{
	if (k->stopped)
		return;
	uv_update_time(k->timer->loop);
	uv_timer_start(k->timer, on_time, ms, 0);
}

/* How many alerts must go for the store to be small enough, if all were of one
 * size; 0: it is. */
static int64_t count_excess(const struct hd_keeper *k)
{
	struct hd_journal_stats stats;
	int64_t excess, alerts = 0;

	if (k->keep.size_bytes == 0)
		return 0;
	hd_journal_stats(k->journal, &stats);
	excess = stats.used_bytes - k->keep.size_bytes;
	if (excess <= 0)
		return 0;
	for (int s = 0; s < HD_ALERT_STATES; s++)
		alerts += stats.alerts[s];
	return 1 + excess / (stats.used_bytes / (alerts + 1) + 1);
}

static void count(int64_t retired)
{
	hd_metric_add(hd_metric_get(HD_COUNTER, "herald_alerts_forgotten_total",
				    "", "Alerts that were kept long enough."),
		      (double)retired);
}

/* After what went by size comes one commit for the measuring. */
static uint64_t pause_after(struct hd_keeper *k, int64_t retired)
{
	bool measured = k->measuring;

	k->to_go = k->by_size && retired != 0 ? k->to_go - retired : 0;
	if (k->to_go > 0)
		return AGAIN_MS;
	k->measuring = k->by_size && retired != 0;
	if (k->measuring)
		return MEASURE_MS;
	return measured || retired == AT_ONCE ? AGAIN_MS : EVERY_MS;
}

static void on_forgotten(void *ud, enum hd_txn_status status,
			 struct hd_txn *txn)
{
	struct hd_keeper *k = ud;
	int64_t retired = 0;

	k->busy = false;
	if (status == HD_TXN_OK) {
		retired = hd_txn_retired(txn);
		count(retired);
	} else if (status == HD_TXN_FAILED) {
		hd_warning("nothing was forgotten: %s",
			   hd_txn_error(txn)->text);
	}
	wait(k, pause_after(k, retired));
	if (k->idle)
		k->idle(k->ud);
}

/* By a clock that does not jump: else a wall clock that does would make herald
 * forget everything. */
static void on_time(uv_timer_t *timer)
{
	struct hd_keeper *k = timer->data;
	struct hd_txn *txn = hd_txn_new();
	int64_t now = hd_utc_steady_ms();
	int64_t before = now - k->keep.done_ms;

	if (k->to_go <= 0 && !k->measuring)
		k->to_go = count_excess(k);
	k->by_size = k->to_go > 0;
	if (k->by_size)
		before = now;
	hd_txn_window_prune(txn, now);
	hd_txn_uid_forget(txn, now - k->keep.ids_ms);
	hd_txn_retire(txn, before, AT_ONCE);
	k->busy = true;
	hd_journal_commit(k->journal, txn, on_forgotten, k);
}

struct hd_keeper *hd_keeper_new(uv_loop_t *loop, struct hd_journal *journal,
				void (*idle)(void *ud), void *ud)
{
	struct hd_keeper *k = hd_alloc(sizeof(*k));

	k->journal = journal;
	k->idle = idle;
	k->ud = ud;
	k->stopped = true;
	k->timer = hd_alloc(sizeof(*k->timer));
	uv_timer_init(loop, k->timer);
	k->timer->data = k;
	return k;
}

static void free_closed(uv_handle_t *handle)
{
	free(handle);
}

void hd_keeper_free(struct hd_keeper *k)
{
	if (!k)
		return;
	uv_close((uv_handle_t *)k->timer, free_closed);
	free(k);
}

void hd_keeper_set(struct hd_keeper *k, const struct hd_keep *keep)
{
	k->keep = *keep;
	hd_journal_aim(k->journal, keep->size_bytes);
}

void hd_keeper_start(struct hd_keeper *k)
{
	k->stopped = false;
	wait(k, 0);
}

void hd_keeper_stop(struct hd_keeper *k)
{
	k->stopped = true;
	uv_timer_stop(k->timer);
}

bool hd_keeper_is_busy(const struct hd_keeper *k)
{
	return k->busy;
}
