/* schema.h - the tables and their versions
 *
 * A store's version is the row "store version" of `meta`.  A new store is made
 * under another name and moved into place when it is whole.  An older one is
 * copied, then brought up to date in one transaction.
 */
#ifndef HD_JOURNAL_SCHEMA_H
#define HD_JOURNAL_SCHEMA_H

#include <sqlite3.h>

#define HD_SCHEMA_VERSION 2
#define HD_SCHEMA_APPLICATION 0x6864616c /* "hdal", for file(1) */

/* Bytes of a page in a new store; an older one keeps its own (8192 before).
 * Measured: a commit touches many pages a little, since ids and uids are
 * random, so a small one writes less: 7 % less CPU than 8192, 10 % more alerts
 * a second. */
#define HD_SCHEMA_PAGE 4096

/* States that an index finds: they are rare, and are asked for.  Each of the
 * others is either in the backlog or the fate of most.  A query is served by
 * the index only if it has these very words.  (With IN, SQLite would make a
 * table at each write.) */
#define HD_SCHEMA_ALERT_RARE \
	"(state='waiting' OR state='dead' OR state='quarantined')"
#define HD_SCHEMA_ACTION_RARE "state<>'done' AND state<>'skipped'"

struct hd_err;

/* Makes all tables, in an empty database. 0 or -1. [worker] */
int hd_schema_create(sqlite3 *db, struct hd_err *err);

/* The version of the store; -1 if it is none, or damaged. [worker] */
int hd_schema_version(sqlite3 *db, struct hd_err *err);

/* From `version`, below ours, to ours, in one transaction. 0 or -1.
 * [worker] */
int hd_schema_migrate(sqlite3 *db, int version, struct hd_err *err);

/* Are tables and indexes as we make them?  Others beside them are let be.
 * 0 or -1 with the name of the first that is not. [worker] */
int hd_schema_check(sqlite3 *db, struct hd_err *err);

#endif
