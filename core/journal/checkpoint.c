#include "core/journal/checkpoint.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/journal/sql.h"

#define READER_WAIT_MS 500

struct hd_checkpointer {
	sqlite3 *db; /* the thread's */
	pthread_t thread;

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wake, ended;
	bool passive_wanted, restart_wanted, stop;
	bool failed;
	struct hd_err why;
	int64_t passive, restarts;
};

/* Busy is no failure: what is left is done the next time.  A full disk is none
 * either: the WAL holds all until there is room. */
static bool is_failure(sqlite3 *db, int rc)
{
	int code = rc & 0xff;
	int e = sqlite3_system_errno(db);

	if (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED ||
	    code == SQLITE_FULL || code == SQLITE_NOMEM)
		return false;
	return code != SQLITE_IOERR || rc == SQLITE_IOERR_FSYNC ||
	       (e != ENOSPC && e != EDQUOT);
}

bool hd_checkpoint_failed(struct hd_checkpointer *cp, struct hd_err *why)
{
	bool failed;

	pthread_mutex_lock(&cp->lock);
	failed = cp->failed;
	if (failed && why)
		*why = cp->why;
	pthread_mutex_unlock(&cp->lock);
	return failed;
}

/* Once it has failed, nothing is synced again. */
static void run_one(struct hd_checkpointer *cp, int mode)
{
	int rc;

	if (hd_checkpoint_failed(cp, NULL))
		return;
	rc = sqlite3_wal_checkpoint_v2(cp->db, NULL, mode, NULL, NULL);
	pthread_mutex_lock(&cp->lock);
	if (is_failure(cp->db, rc)) {
		cp->failed = true;
		hd_sql_error(cp->db, &cp->why);
		hd_err_wrap(&cp->why, "store: checkpoint");
	}
	if (mode == SQLITE_CHECKPOINT_PASSIVE)
		cp->passive++;
	else
		cp->restarts++;
	pthread_mutex_unlock(&cp->lock);
}

/* What is to be done now, or -1 at the end. */
static int next_mode(struct hd_checkpointer *cp)
{
	int mode = -1;

	pthread_mutex_lock(&cp->lock);
	while (!cp->stop && !cp->passive_wanted && !cp->restart_wanted)
		pthread_cond_wait(&cp->wake, &cp->lock);
	if (cp->restart_wanted)
		mode = SQLITE_CHECKPOINT_RESTART;
	else if (!cp->stop)
		mode = SQLITE_CHECKPOINT_PASSIVE;
	cp->passive_wanted = false;
	pthread_mutex_unlock(&cp->lock);
	return mode;
}

static void *run(void *arg)
{
	struct hd_checkpointer *cp = arg;
	int mode;

	while ((mode = next_mode(cp)) >= 0) {
		run_one(cp, mode);
		if (mode != SQLITE_CHECKPOINT_RESTART)
			continue;
		pthread_mutex_lock(&cp->lock);
		cp->restart_wanted = false;
		pthread_cond_signal(&cp->ended);
		pthread_mutex_unlock(&cp->lock);
	}
	return NULL;
}

static void free_checkpointer(struct hd_checkpointer *cp)
{
	pthread_cond_destroy(&cp->wake);
	pthread_cond_destroy(&cp->ended);
	pthread_mutex_destroy(&cp->lock);
	sqlite3_close(cp->db);
	free(cp);
}

struct hd_checkpointer *hd_checkpoint_start(const char *path,
					    struct hd_err *err)
{
	struct hd_checkpointer *cp = hd_alloc(sizeof(*cp));
	int rc;

	pthread_mutex_init(&cp->lock, NULL);
	pthread_cond_init(&cp->wake, NULL);
	pthread_cond_init(&cp->ended, NULL);
	cp->db = hd_sql_open(path, SQLITE_OPEN_READWRITE, err);
	if (!cp->db) {
		free_checkpointer(cp);
		return NULL;
	}
	sqlite3_busy_timeout(cp->db, READER_WAIT_MS);
	rc = pthread_create(&cp->thread, NULL, run, cp);
	if (rc != 0) {
		hd_err_sys(err, rc, "store: thread");
		free_checkpointer(cp);
		return NULL;
	}
	return cp;
}

void hd_checkpoint_stop(struct hd_checkpointer *cp)
{
	if (!cp)
		return;
	pthread_mutex_lock(&cp->lock);
	cp->stop = true;
	pthread_cond_signal(&cp->wake);
	pthread_mutex_unlock(&cp->lock);
	pthread_join(cp->thread, NULL);
	free_checkpointer(cp);
}

void hd_checkpoint_passive(struct hd_checkpointer *cp)
{
	pthread_mutex_lock(&cp->lock);
	cp->passive_wanted = true;
	pthread_cond_signal(&cp->wake);
	pthread_mutex_unlock(&cp->lock);
}

void hd_checkpoint_restart(struct hd_checkpointer *cp)
{
	pthread_mutex_lock(&cp->lock);
	cp->restart_wanted = true;
	pthread_cond_signal(&cp->wake);
	while (cp->restart_wanted)
		pthread_cond_wait(&cp->ended, &cp->lock);
	pthread_mutex_unlock(&cp->lock);
}

void hd_checkpoint_count(struct hd_checkpointer *cp, int64_t *passive,
			 int64_t *restarts)
{
	pthread_mutex_lock(&cp->lock);
	*passive = cp->passive;
	*restarts = cp->restarts;
	pthread_mutex_unlock(&cp->lock);
}
