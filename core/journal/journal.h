/* journal.h - the durable store
 *
 * What was committed here survives a crash, kill -9 and power loss.  One
 * thread writes: it takes all transactions that wait, makes them one commit
 * with one fsync, and answers them in their order on the loop (group commit).
 * Under load it waits 0.3 ms for company before a commit; when idle never.
 *
 * A transaction happens as a whole or not at all, and fails alone: others in
 * its commit are not harmed.  After a failed fsync or another error of the
 * disk nothing more is written, ever: the store has *failed*, every commit
 * answers FAILED, and only a new start reads again what is there.  A full disk
 * is no failure: commits answer FULL until there is room.
 *
 * Every row carries a digest of its content.  A row whose digest does not fit
 * is *set aside*: its bytes are copied to the table `aside`, it is never
 * served again and counted, and the rest goes on.
 *
 * The store is `journal.db` (SQLite, WAL) in a directory of its own that
 * nobody else may enter, beside a lock file that holds our pid.
 */
#ifndef HD_JOURNAL_JOURNAL_H
#define HD_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "core/journal/rows.h"
#include "core/journal/txn.h"

struct hd_err;
struct hd_journal;

enum hd_txn_status {
	HD_TXN_OK,    /* stored for good */
	HD_TXN_FULL,  /* no room; nothing of it happened, may be tried again */
	HD_TXN_FAILED /* hd_txn_error() says why; hd_journal_failed() whether
		       * it was this transaction or the store */
};

/* Borrowed `txn`: freed after the call returns.  May commit again. [loop] */
typedef void (*hd_txn_fn)(void *ud, enum hd_txn_status status,
			  struct hd_txn *txn);

/* A row was set aside. */
struct hd_damage {
	const char *table;
	int64_t num;	 /* of the row in that table */
	const char *key; /* what the row says of itself; may be damaged too */
};

struct hd_journal_options {
	const char *dir; /* made with mode 0700 if only it is missing */
	uv_loop_t *loop;
	/* Up to this size the whole store is checked at the start (structure,
	 * indexes, digests).  0: 64 MiB. */
	int64_t check_bytes;
	/* The database file never grows beyond; commits answer FULL.  0: no
	 * such bound. */
	int64_t max_bytes;
	/* Told once when the store fails, and of each row set aside. [loop] */
	void (*on_failed)(void *ud, const struct hd_err *why);
	void (*on_damage)(void *ud, const struct hd_damage *damage);
	void *ud;
};

/* Opens or makes the store and starts its threads.  Returns NULL with a word
 * for people when the directory is not ours alone or not writable, another
 * process has the store (its pid is named), it was made by a newer herald, a
 * part is missing or its structure is damaged: then nothing was changed.  The
 * file of an older herald is copied to journal.db.vN before it is brought up
 * to date.  Waits for the disk. [loop, before others use it] */
struct hd_journal *hd_journal_open(const struct hd_journal_options *options,
				   struct hd_err *err);

/* Commits what waits, calls what was not called back yet, folds the WAL into
 * the database, and frees.  All readers must be closed before.  The loop must
 * turn once more to release its handle.  What is committed in one of these
 * callbacks is refused (ESHUTDOWN).  Not from a callback of the journal.
 * Accepts NULL. [loop] */
void hd_journal_close(struct hd_journal *journal);

/* Stores `txn` (takes ownership, also on failure) and calls `fn` (may be NULL)
 * on the loop.  Order is kept: a transaction sees all those before it.
 * [loop] */
void hd_journal_commit(struct hd_journal *journal, struct hd_txn *txn,
		       hd_txn_fn fn, void *ud);

/* True once nothing can be stored any more.  `why` (may be NULL) is filled
 * then. [any] */
bool hd_journal_failed(const struct hd_journal *journal, struct hd_err *why);

/* A new id for an alert: random, but that those made one after the other often
 * begin with the same four digits, and then differ in the next two. [any] */
void hd_journal_new_id(char out[HD_ID_TEXT]);

/* The id of the action with that idem: always the same.  Its first half is
 * that of its alert's id, with which an idem begins. [any] */
void hd_journal_action_id(const char *idem, char out[HD_ID_TEXT]);

struct hd_journal_stats {
	int64_t commits;      /* group commits */
	int64_t transactions; /* in them */
	int64_t last_batch;   /* transactions in the last one */
	int64_t waiting;      /* transactions not stored yet */
	int64_t commit_us;    /* spent in COMMIT, in all */
	int64_t last_commit_us;
	int64_t checkpoints, restarts; /* of the WAL */
	int64_t full;		       /* transactions that found no room */
	int64_t refused;	       /* transactions that failed alone */
	int64_t damaged;	       /* rows set aside, ever */
	int64_t torn_frames;	       /* of the WAL, found at the start */
	int64_t wal_bytes;	       /* not folded into the database yet */
	int64_t file_bytes;	       /* database file */
	int64_t used_bytes;	       /* of it, not free for new rows */
	int64_t alerts[HD_ALERT_STATES];
	int64_t actions[HD_ACTION_STATES];
};

/* As of the last commit; costs nothing. [any] */
void hd_journal_stats(const struct hd_journal *journal,
		      struct hd_journal_stats *out);

/* Free pages are given back, in idle moments, until the file is no larger than
 * that; 0: until there are no more free ones than new rows need. [any] */
void hd_journal_aim(struct hd_journal *journal, int64_t file_bytes);

/* The file system of the store: bytes in use and those that we may still use,
 * as df counts them (what is kept for root is neither); and the latter alone.
 * 0 or -1. [any] */
int hd_journal_disk(const struct hd_journal *journal, int64_t *total_bytes,
		    int64_t *free_bytes, struct hd_err *err);

/* Writes a consistent copy to `dir`/journal.db (made with mode 0700; a
 * journal.db there is refused) and checks it as hd_journal_check() does.  Work
 * goes on meanwhile.  0 or -1. [worker] */
int hd_journal_backup(const struct hd_journal *journal, const char *dir,
		      struct hd_err *err);

struct hd_journal_report {
	int64_t rows;	 /* looked at */
	int64_t damaged; /* digest does not fit */
	int64_t broken;	 /* alerts whose chain of entries is not whole */
	int64_t missing; /* rows that were counted and are not there */
	bool indexes;	 /* an index does not fit its table */
	char first[256]; /* the first trouble in words, "" if none */
};

/* Looks at everything in the store in `dir`: structure, indexes, the digest of
 * each row, the chain of each alert's entries, the counts.  0 when it could be
 * done (then see `out`), -1 when the structure does not allow it.  Reads only;
 * long for a large store. [worker] */
int hd_journal_check(const char *dir, struct hd_journal_report *out,
		     struct hd_err *err);

#endif
