#include "core/journal/sql.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/journal/table.h"
#include "core/journal/walwrite.h"

#define SQL_MAX 8192
/* Somebody else's lock: an operator's sqlite3, or our own checkpoint. */
#define BUSY_MS 5000

/* The settings that every connection needs.  walwrite.h rests on synchronous
 * being FULL.  secure_delete FAST wipes what is removed where that costs no
 * write of its own. */
static const char settings[] = "PRAGMA synchronous=FULL;"
			       "PRAGMA wal_autocheckpoint=0;"
			       "PRAGMA cell_size_check=ON;"
			       "PRAGMA trusted_schema=OFF;"
			       "PRAGMA secure_delete=FAST;"
			       "PRAGMA temp_store=MEMORY;";

/* Counting what SQLite allocates takes a lock of the whole process.  If
 * somebody has used SQLite before, it stays as it is. */
static void configure(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	hd_walwrite_register(); /* without it no store can be opened */
}

sqlite3 *hd_sql_open(const char *path, int flags, struct hd_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	sqlite3 *db = NULL;

	pthread_once(&once, configure);
	if (sqlite3_open_v2(path, &db,
			    flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
			    HD_WALWRITE_VFS) != SQLITE_OK) {
		hd_sql_error(db, err);
		sqlite3_close(db);
		return NULL;
	}
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, BUSY_MS);
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (hd_sql_run(db, settings, err) < 0) {
		sqlite3_close(db);
		return NULL;
	}
	return db;
}

/* The errno that says best what the code means. */
static int errno_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_NOMEM:
		return ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EBUSY;
	case SQLITE_CONSTRAINT:
		return EEXIST;
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return EACCES;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return EBADMSG;
	case SQLITE_TOOBIG:
		return EFBIG;
	default:
		return EIO;
	}
}

int hd_sql_error(sqlite3 *db, struct hd_err *err)
{
	if (!db)
		return hd_err_set(err, ENOMEM, "sqlite: out of memory");
	return hd_err_set(err, errno_of(sqlite3_errcode(db)), "sqlite: %s (%d)",
			  sqlite3_errmsg(db), sqlite3_extended_errcode(db));
}

int hd_sql_run(sqlite3 *db, const char *sql, struct hd_err *err)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return hd_sql_error(db, err);
	return 0;
}

sqlite3_stmt *hd_sql_prepare(sqlite3 *db, const char *sql, struct hd_err *err)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt,
			       NULL) != SQLITE_OK)
		hd_sql_error(db, err);
	return stmt;
}

sqlite3_stmt *hd_sql_select(sqlite3 *db, const struct hd_table *table,
			    const char *tail, struct hd_err *err)
{
	sqlite3_stmt *stmt;
	struct hd_buf sql;

	hd_buf_init(&sql, SQL_MAX);
	hd_table_select(&sql, table, tail);
	stmt = hd_sql_prepare(db, hd_buf_text(&sql), err);
	hd_buf_fini(&sql);
	return stmt;
}

int hd_sql_upsert(sqlite3 *db, const struct hd_table *table, const char *key,
		  const void *rec, struct hd_err *err)
{
	sqlite3_stmt *stmt;
	struct hd_buf sql;
	int rc;

	hd_buf_init(&sql, SQL_MAX);
	hd_table_upsert(&sql, table, key);
	stmt = hd_sql_prepare(db, hd_buf_text(&sql), err);
	hd_buf_fini(&sql);
	if (!stmt)
		return -1;
	rc = hd_table_bind(stmt, table, rec);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc != SQLITE_DONE)
		hd_sql_error(db, err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

int64_t hd_sql_int(sqlite3 *db, const char *sql, struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_sql_prepare(db, sql, err);
	int64_t value = -1;

	if (!stmt)
		return -1;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int64(stmt, 0);
	else
		hd_sql_error(db, err);
	sqlite3_finalize(stmt);
	return value;
}
