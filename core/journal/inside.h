/* inside.h - the journal's threads and what they share
 *
 * The loop queues transactions, the writer thread takes all that wait, commits
 * them and puts them on the list of those done, which the loop calls back.
 */
#ifndef HD_JOURNAL_INSIDE_H
#define HD_JOURNAL_INSIDE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "core/journal/apply.h"
#include "core/journal/journal.h"
#include "core/journal/store.h"

struct hd_checkpointer;

struct hd_queue {
	struct hd_txn *first, *last;
	int64_t count;
};

/* A row set aside, to be told on the loop. */
struct hd_found_damage {
	struct hd_found_damage *next;
	const char *table; /* static */
	int64_t num;
	char key[HD_ROW_KEY];
};

struct hd_journal {
	struct hd_journal_options options;
	struct hd_store store; /* the writer's */
	struct hd_checkpointer *checkpointer;
	uv_async_t *async;
	pthread_t writer;

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wake;
	struct hd_queue waiting, done;
	bool stop;
	int64_t aim_bytes; /* of the file; 0: none */
	bool failed, failed_told;
	struct hd_err why;
	struct hd_found_damage *damage, *last_damage; /* to be told */
	struct hd_found_damage *known;		      /* found before */
	int64_t known_count;
	struct hd_journal_stats stats;
};

void hd_queue_add(struct hd_queue *queue, struct hd_txn *txn);
struct hd_txn *hd_queue_take(struct hd_queue *queue);

/* The writer thread. */
void *hd_writer_main(void *journal);

/* Applies and commits a batch; each transaction gets its status.  -1 if the
 * store is broken: `err` says why, and no transaction of the batch is OK.
 * [writer] */
int hd_batch_commit(struct hd_store *store, struct hd_txn *first,
		    int64_t *commit_us, struct hd_err *err);

/* A row whose digest does not fit, found by whoever; `ud` is the journal.
 * [any] */
void hd_damage_found(void *ud, const char *table, int64_t num,
		     sqlite3_stmt *stmt);

/* Those found in former runs. 0 or -1. [before the threads] */
int hd_damage_load(struct hd_journal *journal, struct hd_err *err);

/* Calls back for what was found. [loop] */
void hd_damage_tell(struct hd_journal *journal);
void hd_damage_free(struct hd_journal *journal);

#endif
