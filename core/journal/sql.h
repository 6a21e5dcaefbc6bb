/* sql.h - small helpers over SQLite's calls */
#ifndef HD_JOURNAL_SQL_H
#define HD_JOURNAL_SQL_H

#include <sqlite3.h>
#include <stdint.h>

struct hd_err;
struct hd_table;

/* A connection to the file at `path`, with our settings: READONLY or
 * READWRITE in `flags`.  NULL and `err` if it cannot be opened.  Closing it
 * never folds the WAL into the database.  One thread at a time. [any] */
sqlite3 *hd_sql_open(const char *path, int flags, struct hd_err *err);

/* Fills `err` with SQLite's words for the last error of `db`. Returns -1.
 * [any] */
int hd_sql_error(sqlite3 *db, struct hd_err *err);

/* Runs statements without results. 0 or -1. [any] */
int hd_sql_run(sqlite3 *db, const char *sql, struct hd_err *err);

/* NULL and `err` if it cannot be prepared; the caller finalizes it. [any] */
sqlite3_stmt *hd_sql_prepare(sqlite3 *db, const char *sql, struct hd_err *err);

/* The select of a table's rows; the caller finalizes it. [any] */
sqlite3_stmt *hd_sql_select(sqlite3 *db, const struct hd_table *table,
			    const char *tail, struct hd_err *err);

/* Writes one row. 0 or -1. [any] */
int hd_sql_upsert(sqlite3 *db, const struct hd_table *table, const char *key,
		  const void *rec, struct hd_err *err);

/* The one integer that `sql` gives, or -1 with `err`; NULL counts as 0.
 * [any] */
int64_t hd_sql_int(sqlite3 *db, const char *sql, struct hd_err *err);

#endif
