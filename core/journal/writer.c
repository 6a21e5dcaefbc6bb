#include "core/journal/inside.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/metric.h"
#include "core/base/mutant.h"
#include "core/journal/checkpoint.h"
#include "core/journal/shrink.h"

#define BATCH_MAX 512
#define SMALL_BATCH 8	/* below it, waiting for company does not pay */
#define LINGER_US 300	/* measured: 10 % less CPU, no worse median */
#define IDLE_US 2000	/* after such a pause there is no load */
#define LOOK_US 1000000 /* between looks at the file */
#define PASSIVE_BYTES ((int64_t)16 << 20)
#define RESTART_BYTES ((int64_t)64 << 20)
#define FRAME_HEAD 24 /* bytes before each page in the WAL */

/* The writer's own memory. */
struct writer {
	struct hd_journal *journal;
	int64_t last_batch;   /* transactions */
	int64_t last_us;      /* when it ended */
	int64_t looked_us;    /* when it looked around */
	int64_t folded_bytes; /* of the WAL, when a checkpoint was last asked */
	bool failed;
	bool shrinking;	   /* the file has too many free pages */
	int64_t shrunk_us; /* when the last step ended */
	struct hd_metric *seconds, *sizes; /* of commits */
};

void hd_queue_add(struct hd_queue *queue, struct hd_txn *txn)
{
	txn->next = NULL;
	if (queue->last)
		queue->last->next = txn;
	else
		queue->first = txn;
	queue->last = txn;
	queue->count++;
}

struct hd_txn *hd_queue_take(struct hd_queue *queue)
{
	struct hd_txn *txn = queue->first;

	if (!txn)
		return NULL;
	queue->first = txn->next;
	if (!queue->first)
		queue->last = NULL;
	queue->count--;
	txn->next = NULL;
	return txn;
}

/* Up to BATCH_MAX of those that wait; empty at the end. */
static struct hd_queue take_batch(struct hd_journal *j)
{
	struct hd_queue batch = { 0 };

	pthread_mutex_lock(&j->lock);
	while (!j->waiting.first && !j->stop)
		pthread_cond_wait(&j->wake, &j->lock);
	while (batch.count < BATCH_MAX && j->waiting.first)
		hd_queue_add(&batch, hd_queue_take(&j->waiting));
	pthread_mutex_unlock(&j->lock);
	return batch;
}

static int64_t one_int(struct hd_store *store, enum hd_stmt which)
{
	sqlite3_stmt *stmt = hd_store_stmt(store, which);
	int64_t value = 0;

	if (stmt && sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return value;
}

static int64_t wal_bytes(const struct hd_store *store)
{
	return store->wal_frames * (FRAME_HEAD + store->page_bytes);
}

static void count_batch(struct hd_journal *j, const struct hd_queue *batch,
			int64_t commit_us)
{
	struct hd_journal_stats *stats = &j->stats;
	const struct hd_txn *txn;

	stats->commits++;
	stats->transactions += batch->count;
	stats->last_batch = batch->count;
	stats->commit_us += commit_us;
	stats->last_commit_us = commit_us;
	for (txn = batch->first; txn; txn = txn->next) {
		stats->full += txn->status == HD_TXN_FULL;
		stats->refused += txn->status == HD_TXN_FAILED && !j->failed;
	}
	stats->wal_bytes = wal_bytes(&j->store);
	memcpy(stats->alerts, j->store.stored.alerts, sizeof(stats->alerts));
	memcpy(stats->actions, j->store.stored.actions, sizeof(stats->actions));
}

/* Hands the batch to the loop. */
static void answer(struct hd_journal *j, struct hd_queue *batch,
		   int64_t commit_us)
{
	bool was_empty;
	struct hd_txn *txn;

	pthread_mutex_lock(&j->lock);
	count_batch(j, batch, commit_us);
	was_empty = !j->done.first;
	while ((txn = hd_queue_take(batch)))
		hd_queue_add(&j->done, txn);
	pthread_mutex_unlock(&j->lock);
	if (was_empty)
		uv_async_send(j->async);
}

static void store_failed(struct writer *w, const struct hd_err *why)
{
	struct hd_journal *j = w->journal;

	w->failed = true;
	pthread_mutex_lock(&j->lock);
	j->failed = true;
	j->why = *why;
	pthread_mutex_unlock(&j->lock);
	uv_async_send(j->async);
}

/* After a failure: no more of the disk. */
static void refuse_batch(struct hd_journal *j, struct hd_queue *batch)
{
	struct hd_txn *txn;

	for (txn = batch->first; txn; txn = txn->next) {
		hd_ops_reset(txn);
		txn->status = HD_TXN_FAILED;
		txn->err = j->why; /* written by this thread only */
	}
	answer(j, batch, 0);
}

static void look_at_sizes(struct writer *w)
{
	struct hd_journal *j = w->journal;
	int64_t pages, unused, aim;

	pages = one_int(&j->store, HD_STMT_PAGES);
	unused = one_int(&j->store, HD_STMT_FREE_PAGES);
	pthread_mutex_lock(&j->lock);
	j->stats.file_bytes = pages * j->store.page_bytes;
	j->stats.used_bytes = (pages - unused) * j->store.page_bytes;
	aim = j->aim_bytes;
	pthread_mutex_unlock(&j->lock);
	w->shrinking = hd_shrink_is_due(&j->store, pages, unused, aim,
					w->shrinking);
}

/* A file that was moved away or removed takes all that is written with it. */
static void look_for_file(struct writer *w)
{
	struct hd_journal *j = w->journal;
	struct hd_err why;
	int moved = 0;

	sqlite3_file_control(j->store.db, NULL, SQLITE_FCNTL_HAS_MOVED, &moved);
	if (!moved)
		return;
	hd_err_set(&why, ENOENT,
		   "store %s: " HD_STORE_FILE
		   " was moved away or removed while in use",
		   j->store.folder.path);
	store_failed(w, &why);
}

/* This costs calls, so not after each batch. */
static void look_around(struct writer *w)
{
	if (w->looked_us != 0 && w->last_us - w->looked_us < LOOK_US)
		return;
	w->looked_us = w->last_us;
	look_at_sizes(w);
	look_for_file(w);
}

static void fold_wal(struct writer *w)
{
	struct hd_journal *j = w->journal;
	int64_t bytes = wal_bytes(&j->store);
	struct hd_err why;

	if (hd_checkpoint_failed(j->checkpointer, &why)) {
		store_failed(w, &why);
		return;
	}
	if (bytes < w->folded_bytes)
		w->folded_bytes = 0; /* it began anew */
	if (bytes - w->folded_bytes < PASSIVE_BYTES)
		return;
	w->folded_bytes = bytes;
	if (bytes >= RESTART_BYTES)
		hd_checkpoint_restart(j->checkpointer);
	else
		hd_checkpoint_passive(j->checkpointer);
}

/* Who answers before the commit is caught on a fast disk too. */
static void be_slow(void)
{
	const struct timespec pause = { .tv_nsec = 20000000 };

	nanosleep(&pause, NULL);
}

static void commit_batch(struct writer *w, struct hd_queue *batch)
{
	struct hd_journal *j = w->journal;
	struct hd_err err;
	int64_t commit_us;
	int rc;

	w->last_batch = batch->count;
	if (hd_mutant("ack_early"))
		be_slow();
	rc = hd_batch_commit(&j->store, batch->first, &commit_us, &err);
	if (rc < 0)
		store_failed(w, &err);
	hd_metric_observe(w->seconds, (double)commit_us / 1e6);
	hd_metric_observe(w->sizes, (double)batch->count);
	answer(j, batch, commit_us);
	w->last_us = hd_now_us();
	if (rc < 0)
		return;
	fold_wal(w);
	look_around(w);
}

/* A step, in a moment when nobody waits.  The file is cut when all of the WAL
 * is in it. */
static void shrink(struct writer *w)
{
	struct hd_journal *j = w->journal;
	struct hd_err err;
	int rc = hd_shrink_step(&j->store, &err);

	w->shrunk_us = hd_now_us();
	if (rc < 0) {
		store_failed(w, &err);
		return;
	}
	if (rc == 0)
		look_at_sizes(w);
	else
		w->shrinking = false;
	fold_wal(w);
	if (!w->shrinking)
		hd_checkpoint_passive(j->checkpointer);
}

/* Until there is something to do; false: nothing came for a while. */
static bool wait_or_shrink(struct writer *w, bool *stop)
{
	struct hd_journal *j = w->journal;
	int64_t until = w->shrunk_us + HD_SHRINK_PAUSE_US;
	const struct timespec at = { .tv_sec = until / 1000000,
				     .tv_nsec = until % 1000000 * 1000 };
	bool come;
	int rc = 0;

	pthread_mutex_lock(&j->lock);
	while (!j->waiting.first && !j->stop && rc != ETIMEDOUT) {
		if (w->shrinking && !w->failed)
			rc = pthread_cond_timedwait(&j->wake, &j->lock, &at);
		else
			pthread_cond_wait(&j->wake, &j->lock);
	}
	*stop = j->stop;
	come = j->waiting.first || j->stop;
	pthread_mutex_unlock(&j->lock);
	return come;
}

/* Until there are transactions.  Then, under load, for company. */
static void wait_for_work(struct writer *w)
{
	const struct timespec linger = { .tv_nsec = LINGER_US * 1000 };
	bool stop;

	while (!wait_or_shrink(w, &stop))
		shrink(w);
	if (w->last_batch >= SMALL_BATCH && !stop &&
	    hd_now_us() - w->last_us < IDLE_US)
		nanosleep(&linger, NULL);
}

void *hd_writer_main(void *journal)
{
	struct writer w = { .journal = journal };
	struct hd_queue batch;

	w.seconds = hd_metric_get(HD_HISTOGRAM, "herald_journal_commit_seconds",
				  "", "How long a commit took, with its sync.");
	w.sizes = hd_metric_get(HD_SIZES, "herald_journal_batch_transactions",
				"", "Transactions in one commit.");
	for (;;) {
		wait_for_work(&w);
		batch = take_batch(w.journal);
		if (!batch.first)
			return NULL;
		if (w.failed)
			refuse_batch(w.journal, &batch);
		else
			commit_batch(&w, &batch);
	}
}
