/* store.h - the writer's connection to the database
 *
 * What the writer thread needs to apply transactions: prepared statements,
 * counts by state (kept in `meta` in the commit that changes them, so that
 * neither a start nor a metric has to count), and what comes next.  Between
 * open and close it belongs to one thread.
 */
#ifndef HD_JOURNAL_STORE_H
#define HD_JOURNAL_STORE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/journal/folder.h"
#include "core/journal/rows.h"
#include "core/journal/table.h"

#define HD_STORE_FILE "journal.db"

enum hd_stmt {
	HD_STMT_BEGIN,
	HD_STMT_COMMIT,
	HD_STMT_ROLLBACK,
	HD_STMT_SAVE,
	HD_STMT_SAVE_OK,
	HD_STMT_SAVE_BACK,
	HD_STMT_PAGES,
	HD_STMT_FREE_PAGES,
	HD_STMT_SHRINK,
	HD_STMT_ALERT_INSERT,
	HD_STMT_ALERT_UPDATE,
	HD_STMT_ALERT_UPDATE_NARROW, /* no column that has an index */
	HD_STMT_ALERT_BY_ID,
	HD_STMT_ALERT_BY_UID,
	HD_STMT_ALERT_OLDEST,
	HD_STMT_ALERT_DELETE,
	HD_STMT_BODY_INSERT,
	HD_STMT_BODY_DELETE,
	HD_STMT_DECISION_UPSERT,
	HD_STMT_DECISION_GET,
	HD_STMT_DECISION_DELETE,
	HD_STMT_ENTRY_INSERT,
	HD_STMT_ENTRY_OF,
	HD_STMT_ENTRY_DELETE,
	HD_STMT_ACTION_INSERT,
	HD_STMT_ACTION_UPDATE,
	HD_STMT_ACTION_BY_ID,
	HD_STMT_ACTION_IS,
	HD_STMT_ACTION_OF,
	HD_STMT_ACTION_DELETE,
	HD_STMT_WINDOW_UPSERT,
	HD_STMT_WINDOW_GET,
	HD_STMT_WINDOW_ENDED,
	HD_STMT_WINDOW_DELETE,
	HD_STMT_BUDGET_INSERT,
	HD_STMT_BUDGET_OLD,
	HD_STMT_BUDGET_DELETE,
	HD_STMT_QUOTA_UPSERT,
	HD_STMT_STATE_UPSERT,
	HD_STMT_STATE_GET,
	HD_STMT_STATE_DELETE,
	HD_STMT_SILENCE_UPSERT,
	HD_STMT_SILENCE_GET,
	HD_STMT_SILENCE_DELETE,
	HD_STMT_CONFIG_UPSERT,
	HD_STMT_META_UPSERT,
	HD_STMT_META_GET,
	HD_STMT_META_DELETE,
	HD_STMT_UID_UPSERT,
	HD_STMT_UID_GET,
	HD_STMT_UID_OLD,
	HD_STMT_UID_DELETE,
	HD_STMT_ASIDE_UPSERT,
	HD_STMT_COUNT
};

struct hd_counts {
	int64_t alerts[HD_ALERT_STATES];
	int64_t actions[HD_ACTION_STATES];
};

/* Told of a row whose digest does not fit; `stmt` stands on it. */
typedef void (*hd_damaged_fn)(void *ud, const char *table, int64_t num,
			      sqlite3_stmt *stmt);

struct hd_store {
	struct hd_folder folder;
	sqlite3 *db;
	sqlite3_stmt *stmts[HD_STMT_COUNT];
	struct hd_counts counts; /* with what is not committed yet */
	struct hd_counts stored; /* as of the last commit */
	bool counts_differ;	 /* those in `meta` are not these */
	int64_t next_num;	 /* of an alert */
	bool has_uids;		 /* of retired alerts */
	int64_t uid_from_ms;	 /* received before: no longer remembered */
	int64_t retire_from;	 /* num to look for old alerts from */
	int64_t page_bytes;	 /* of this store */
	bool shrinks;		 /* its file can (shrink.h) */
	int64_t wal_frames;	 /* after the last commit */
	int64_t torn_frames;	 /* found when it was opened */
	hd_damaged_fn on_damaged;
	void *ud;
};

/* Opens or makes the store in `dir`, as hd_journal_open() says. `on_damaged`
 * and `ud` of `store` are set before; all else need not be. 0 or -1.
 * [any] */
int hd_store_open(struct hd_store *store, const char *dir, int64_t check_bytes,
		  int64_t max_bytes, struct hd_err *err);

/* Folds the WAL into the database unless the disk has failed us, and closes.
 * [any] */
void hd_store_close(struct hd_store *store, bool failed);

/* The prepared statement, reset; NULL if it cannot be prepared. [writer] */
sqlite3_stmt *hd_store_stmt(struct hd_store *store, enum hd_stmt which);

/* Stores the counts if they have changed. SQLITE_DONE or another code.
 * [writer] */
int hd_store_put_counts(struct hd_store *store);

/* Takes the counts that were stored; -1 if they are not there or damaged.
 * [any] */
int hd_store_get_counts(sqlite3 *db, struct hd_counts *out);

/* Counts all rows anew: for a store that is too large to be looked at whole
 * and has lost its counts. 0 or -1. [any] */
int hd_store_count(sqlite3 *db, struct hd_counts *out, struct hd_err *err);

#endif
