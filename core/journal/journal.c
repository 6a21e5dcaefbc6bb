#include "core/journal/journal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "core/base/alloc.h"
#include "core/base/digest.h"
#include "core/base/err.h"
#include "core/journal/checkpoint.h"
#include "core/journal/inside.h"
#include "core/journal/sql.h"

#define ID_BYTES ((HD_ID_TEXT - 1) / 2)
#define IDS_AT_ONCE 64 /* for one call of the kernel; at most 256 */

/* Ids that are made together stand together in the index, on a page or two:
 * wholly random ones cost each a page of its own in its commit, a fifth of all
 * that is written.  They share two bytes; the third differs, so that the eight
 * digits that people are shown tell them apart. */
static void make_ids(uint8_t store[ID_BYTES * IDS_AT_ONCE])
{
	size_t i;

	hd_random(store, ID_BYTES * IDS_AT_ONCE);
	for (i = 1; i < IDS_AT_ONCE; i++) {
		uint8_t *id = store + i * ID_BYTES;

		id[0] = store[0];
		id[1] = store[1];
		id[2] = (uint8_t)(store[2] + i);
	}
}

void hd_journal_new_id(char out[HD_ID_TEXT])
{
	static _Thread_local uint8_t store[ID_BYTES * IDS_AT_ONCE];
	static _Thread_local size_t used = sizeof(store);

	if (used == sizeof(store)) {
		make_ids(store);
		used = 0;
	}
	hd_hex(store + used, ID_BYTES, out);
	used += ID_BYTES;
}

void hd_journal_action_id(const char *idem, char out[HD_ID_TEXT])
{
	uint8_t digest[HD_SHA256_SIZE];

	hd_sha256(idem, strlen(idem), digest);
	hd_hex(digest, (HD_ID_TEXT - 1) / 2, out);
	if (strspn(idem, "0123456789abcdef") >= HD_ID_SHARED)
		memcpy(out, idem, HD_ID_SHARED);
}

/* --- answers, on the loop --- */

static struct hd_queue take_done(struct hd_journal *j, bool *failed,
				 struct hd_err *why)
{
	struct hd_queue done;

	pthread_mutex_lock(&j->lock);
	done = j->done;
	memset(&j->done, 0, sizeof(j->done));
	*failed = j->failed && !j->failed_told;
	if (*failed) {
		j->failed_told = true;
		*why = j->why;
	}
	pthread_mutex_unlock(&j->lock);
	return done;
}

static void deliver(struct hd_journal *j)
{
	struct hd_queue done;
	struct hd_txn *txn;
	struct hd_err why;
	bool failed;

	done = take_done(j, &failed, &why);
	if (failed && j->options.on_failed)
		j->options.on_failed(j->options.ud, &why);
	while ((txn = hd_queue_take(&done))) {
		if (txn->fn)
			txn->fn(txn->ud, txn->status, txn);
		hd_txn_free(txn);
	}
	hd_damage_tell(j);
}

static void on_async(uv_async_t *async)
{
	deliver(async->data);
}

static void free_async(uv_handle_t *handle)
{
	free(handle);
}

/* --- life --- */

static struct hd_journal *new_journal(const struct hd_journal_options *options)
{
	struct hd_journal *j = hd_alloc(sizeof(*j));
	pthread_condattr_t steady;

	j->options = *options;
	j->options.dir = NULL; /* the caller's; the folder has its own */
	pthread_mutex_init(&j->lock, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&j->wake, &steady);
	pthread_condattr_destroy(&steady);
	j->store.on_damaged = hd_damage_found;
	j->store.ud = j;
	j->store.folder.fd = -1;
	j->store.folder.lock_fd = -1;
	return j;
}

static void free_journal(struct hd_journal *j)
{
	struct hd_txn *txn;

	while ((txn = hd_queue_take(&j->waiting)))
		hd_txn_free(txn);
	hd_damage_free(j);
	pthread_cond_destroy(&j->wake);
	pthread_mutex_destroy(&j->lock);
	free(j);
}

static int start_threads(struct hd_journal *j, struct hd_err *err)
{
	char path[HD_FOLDER_FILE];
	int rc;

	hd_folder_file(&j->store.folder, HD_STORE_FILE, path);
	j->checkpointer = hd_checkpoint_start(path, err);
	if (!j->checkpointer)
		return -1;
	j->async = hd_alloc(sizeof(*j->async));
	rc = uv_async_init(j->options.loop, j->async, on_async);
	if (rc < 0) {
		free(j->async);
		j->async = NULL;
		return hd_err_set(err, -rc, "store: loop: %s", uv_strerror(rc));
	}
	j->async->data = j;
	rc = pthread_create(&j->writer, NULL, hd_writer_main, j);
	if (rc != 0)
		return hd_err_sys(err, rc, "store: thread");
	return 0;
}

/* Signals are the main thread's. */
static int start(struct hd_journal *j, struct hd_err *err)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = start_threads(j, err);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static void end(struct hd_journal *j, bool failed)
{
	hd_checkpoint_stop(j->checkpointer);
	hd_store_close(&j->store, failed);
	if (j->async)
		uv_close((uv_handle_t *)j->async, free_async);
	free_journal(j);
}

struct hd_journal *hd_journal_open(const struct hd_journal_options *options,
				   struct hd_err *err)
{
	struct hd_journal *j = new_journal(options);

	if (hd_store_open(&j->store, options->dir, options->check_bytes,
			  options->max_bytes, err) < 0) {
		free_journal(j);
		return NULL;
	}
	memcpy(j->stats.alerts, j->store.counts.alerts,
	       sizeof(j->stats.alerts));
	memcpy(j->stats.actions, j->store.counts.actions,
	       sizeof(j->stats.actions));
	j->stats.torn_frames = j->store.torn_frames;
	j->stats.file_bytes = j->store.page_bytes *
			      hd_sql_int(j->store.db, "PRAGMA page_count",
					 NULL);
	j->stats.used_bytes = j->stats.file_bytes -
			      j->store.page_bytes *
				      hd_sql_int(j->store.db,
						 "PRAGMA freelist_count", NULL);
	if (hd_damage_load(j, err) < 0 || start(j, err) < 0) {
		end(j, true);
		return NULL;
	}
	if (j->damage)
		uv_async_send(j->async);
	return j;
}

void hd_journal_close(struct hd_journal *j)
{
	bool failed;

	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	j->stop = true;
	pthread_cond_signal(&j->wake);
	pthread_mutex_unlock(&j->lock);
	pthread_join(j->writer, NULL);
	while (j->done.first)
		deliver(j);
	deliver(j);
	failed = j->failed || hd_checkpoint_failed(j->checkpointer, NULL);
	end(j, failed);
}

void hd_journal_commit(struct hd_journal *j, struct hd_txn *txn, hd_txn_fn fn,
		       void *ud)
{
	txn->fn = fn;
	txn->ud = ud;
	pthread_mutex_lock(&j->lock);
	if (j->stop) {
		txn->status = HD_TXN_FAILED;
		hd_err_set(&txn->err, ESHUTDOWN, "journal: it is closing");
		hd_queue_add(&j->done, txn);
	} else {
		hd_queue_add(&j->waiting, txn);
		pthread_cond_signal(&j->wake);
	}
	pthread_mutex_unlock(&j->lock);
}

bool hd_journal_failed(const struct hd_journal *journal, struct hd_err *why)
{
	struct hd_journal *j = (struct hd_journal *)journal; /* for its lock */
	bool failed;

	pthread_mutex_lock(&j->lock);
	failed = j->failed;
	if (failed && why)
		*why = j->why;
	pthread_mutex_unlock(&j->lock);
	return failed;
}

void hd_journal_stats(const struct hd_journal *journal,
		      struct hd_journal_stats *out)
{
	struct hd_journal *j = (struct hd_journal *)journal; /* for its lock */

	pthread_mutex_lock(&j->lock);
	*out = j->stats;
	out->waiting = j->waiting.count;
	pthread_mutex_unlock(&j->lock);
	hd_checkpoint_count(j->checkpointer, &out->checkpoints, &out->restarts);
}

void hd_journal_aim(struct hd_journal *j, int64_t file_bytes)
{
	pthread_mutex_lock(&j->lock);
	j->aim_bytes = file_bytes;
	pthread_mutex_unlock(&j->lock);
}

int hd_journal_disk(const struct hd_journal *j, int64_t *total_bytes,
		    int64_t *free_bytes, struct hd_err *err)
{
	struct statvfs fs;

	if (fstatvfs(j->store.folder.fd, &fs) < 0)
		return hd_err_sys(err, errno, "store %s", j->store.folder.path);
	*total_bytes = (int64_t)(fs.f_blocks - fs.f_bfree + fs.f_bavail) *
		       (int64_t)fs.f_frsize;
	*free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	return 0;
}
