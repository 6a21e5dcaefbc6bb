#include "core/journal/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/journal/chain.h"
#include "core/journal/reader_inside.h"
#include "core/journal/schema.h"
#include "core/journal/sql.h"

#define SQL_MAX 8192

/* Selects of whole rows, or (no table) plain statements. */
static const struct {
	const struct hd_table *table;
	const char *text;
} statements[HD_READ_COUNT] = {
	[HD_READ_BEGIN] = { NULL, "BEGIN" },
	[HD_READ_END] = { NULL, "COMMIT" },
	[HD_READ_ALERT] = { &hd_table_alert, "WHERE id=?1" },
	[HD_READ_ALERT_PREFIX] = { NULL,
				   "SELECT id FROM alert WHERE id>=?1 AND "
				   "id<?2 ORDER BY id LIMIT 100" },
	[HD_READ_ALERT_LAST] = { &hd_table_alert, "ORDER BY num DESC" },
	[HD_READ_ALERT_UID] = { &hd_table_alert,
				"WHERE uid=?1 AND uid<>'' AND scope=?2 "
				"ORDER BY num DESC" },
	[HD_READ_ALERT_UID_ANY] = { &hd_table_alert, "WHERE uid=?1 AND uid<>'' "
						     "ORDER BY num DESC" },
	[HD_READ_LIST_STATE] = { &hd_table_alert,
				 "WHERE " HD_SCHEMA_ALERT_RARE " AND state=?1 "
				 "AND num<?2 ORDER BY num DESC" },
	[HD_READ_STATE_OLDEST] = { &hd_table_alert,
				   "WHERE " HD_SCHEMA_ALERT_RARE
				   " AND state=?1 ORDER BY num" },
	[HD_READ_LIST] = { &hd_table_alert,
			   "WHERE num<?1 AND num>=?2 AND received_ms>=?3 AND "
			   "(?4='' OR pipeline=?4)AND"
			   "(?5='' OR instr(?5,','||state||',')>0)"
			   "ORDER BY num DESC" },
	[HD_READ_LIST_OLDER] = { NULL,
				 "SELECT received_ms FROM alert WHERE num<?1 "
				 "ORDER BY num DESC LIMIT 1" },
	[HD_READ_BACKLOG_NEXT] = { NULL, "SELECT severity%99 FROM alert WHERE "
					 "state='received' AND severity%99<?1 "
					 "ORDER BY severity%99 DESC LIMIT 1" },
	[HD_READ_BACKLOG] = { &hd_table_alert,
			      "WHERE state='received' AND severity%99=?1 AND "
			      "num>?2 ORDER BY num" },
	[HD_READ_ALERT_DUE] = { &hd_table_alert,
				"WHERE due_ms>0 AND due_ms<=?1 "
				"ORDER BY due_ms" },
	[HD_READ_BODY] = { &hd_table_body, "WHERE num=?1" },
	[HD_READ_DECISION] = { &hd_table_decision, "WHERE num=?1" },
	[HD_READ_ENTRIES] = { NULL, HD_CHAIN_SELECT },
	[HD_READ_ACTION] = { &hd_table_action,
			     "JOIN alert ON alert.num=action.alert_num WHERE "
			     "alert.id>=substr(?1,1,16)AND "
			     "alert.id<substr(?1,1,16)||'g' AND action.id=?1" },
	[HD_READ_ACTION_PREFIX] = { NULL,
				    "SELECT action.id FROM alert JOIN action "
				    "ON action.alert_num=alert.num WHERE "
				    "alert.id>=substr(?1,1,16)AND "
				    "alert.id<substr(?1,1,16)||'g' AND "
				    "action.id>=?1 AND action.id<?2 "
				    "LIMIT 100" },
	[HD_READ_ACTIONS_OF] = { &hd_table_action,
				 "WHERE alert_num=(SELECT num FROM alert "
				 "WHERE id=?1)ORDER BY num" },
	[HD_READ_ACTIONS_IN] = { &hd_table_action,
				 "WHERE state=?1 ORDER BY num" },
	[HD_READ_ACTIONS_IN_RARE] = { &hd_table_action,
				      "WHERE " HD_SCHEMA_ACTION_RARE
				      " AND state=?1 ORDER BY num" },
	[HD_READ_ACTIONS_OPEN] = { &hd_table_action,
				   "WHERE " HD_SCHEMA_ACTION_RARE
				   " AND state IN('decided',"
				   "'awaiting approval','started','pending',"
				   "'in doubt')ORDER BY due_ms,num" },
	[HD_READ_ACTIONS_LAST] = { &hd_table_action, "ORDER BY num DESC" },
	[HD_READ_WINDOWS] = { &hd_table_window,
			      "WHERE until_ms>?1 ORDER BY num" },
	[HD_READ_BUDGETS] = { &hd_table_budget,
			      "WHERE utc_ms>=?1 ORDER BY num" },
	[HD_READ_BUDGETS_OF] = { &hd_table_budget,
				 "WHERE utc_ms>=?1 AND scope=?2 "
				 "ORDER BY utc_ms" },
	[HD_READ_QUOTAS] = { &hd_table_quota, "ORDER BY num" },
	[HD_READ_STATES] = { &hd_table_state, "ORDER BY connector,key" },
	[HD_READ_STATES_OF] = { &hd_table_state,
				"WHERE connector=?1 ORDER BY key" },
	[HD_READ_SILENCES] = { &hd_table_silence, "ORDER BY num" },
	[HD_READ_META] = { &hd_table_meta, "WHERE name=?1" },
	[HD_READ_CONFIG] = { &hd_table_config, "WHERE name=?1" },
};

/* --- life --- */

struct hd_reader *hd_reader_open(struct hd_journal *journal, struct hd_err *err)
{
	struct hd_reader *reader;
	char path[HD_FOLDER_FILE];
	sqlite3 *db;

	hd_folder_file(&journal->store.folder, HD_STORE_FILE, path);
	db = hd_sql_open(path, SQLITE_OPEN_READONLY, err);
	if (!db) {
		hd_err_wrap(err, "store %s", path);
		return NULL;
	}
	reader = hd_alloc(sizeof(*reader));
	reader->journal = journal;
	reader->db = db;
	return reader;
}

void hd_reader_close(struct hd_reader *reader)
{
	int i;

	if (!reader)
		return;
	for (i = 0; i < HD_READ_COUNT; i++)
		sqlite3_finalize(reader->stmts[i]);
	sqlite3_close(reader->db);
	hd_arena_clear(&reader->row);
	free(reader);
}

/* --- statements --- */

sqlite3_stmt *hd_reader_stmt(struct hd_reader *reader, enum hd_read which,
			     struct hd_err *err)
{
	sqlite3_stmt **stmt = &reader->stmts[which];

	if (*stmt)
		sqlite3_reset(*stmt);
	else if (statements[which].table)
		*stmt = hd_sql_select(reader->db, statements[which].table,
				      statements[which].text, err);
	else
		*stmt = hd_sql_prepare(reader->db, statements[which].text, err);
	return *stmt;
}

void hd_reader_bind(sqlite3_stmt *stmt, int index, const char *text)
{
	sqlite3_bind_text(stmt, index, text, -1, SQLITE_TRANSIENT);
}

static void note_damage(struct hd_reader *reader, const struct hd_table *table,
			sqlite3_stmt *stmt)
{
	hd_damage_found(reader->journal, table->name,
			sqlite3_column_int64(stmt, 0), stmt);
}

int hd_reader_each(struct hd_reader *reader, sqlite3_stmt *stmt,
		   const struct hd_table *table, void *rec, hd_give_fn give,
		   void *list, struct hd_err *err)
{
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (!hd_table_read(stmt, table, rec))
			note_damage(reader, table, stmt);
		else if (!give(list))
			break;
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		hd_sql_error(reader->db, err);
	sqlite3_reset(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

static enum hd_found read_row(struct hd_reader *reader, sqlite3_stmt *stmt,
			      const struct hd_table *table, void *rec,
			      struct hd_err *err)
{
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_DONE)
		return HD_NOT_FOUND;
	if (rc != SQLITE_ROW) {
		hd_sql_error(reader->db, err);
		return HD_READ_FAILED;
	}
	if (!hd_table_read(stmt, table, rec)) {
		note_damage(reader, table, stmt);
		hd_err_set(err, EBADMSG, "%s: the row is damaged", table->name);
		return HD_DAMAGED;
	}
	if (hd_table_keep(table, rec, &reader->row))
		return HD_FOUND;
	hd_err_sys(err, ENOMEM, "%s", table->name);
	return HD_READ_FAILED;
}

enum hd_found hd_reader_one(struct hd_reader *reader, sqlite3_stmt *stmt,
			    const struct hd_table *table, void *rec,
			    struct hd_err *err)
{
	enum hd_found found = read_row(reader, stmt, table, rec, err);

	sqlite3_reset(stmt);
	return found;
}

static int run_plain(struct hd_reader *reader, enum hd_read which,
		     struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_reader_stmt(reader, which, err);
	int rc;

	if (!stmt)
		return -1;
	rc = sqlite3_step(stmt);
	sqlite3_reset(stmt);
	return rc == SQLITE_DONE ? 0 : hd_sql_error(reader->db, err);
}

int hd_reader_begin(struct hd_reader *reader, struct hd_err *err)
{
	return run_plain(reader, HD_READ_BEGIN, err);
}

/* It only read: there is nothing that could fail to be kept. */
void hd_reader_end(struct hd_reader *reader)
{
	run_plain(reader, HD_READ_END, NULL);
}

int hd_reader_prefix(struct hd_reader *reader, enum hd_read which,
		     const char *text, char id[HD_ID_TEXT], int *count,
		     struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_reader_stmt(reader, which, err);
	char above[HD_ID_TEXT + 1];
	size_t n = strlen(text);
	int rc;

	*count = 0;
	id[0] = '\0';
	if (!stmt)
		return -1;
	if (n == 0 || n >= HD_ID_TEXT || strspn(text, "0123456789abcdef") != n)
		return 0;
	memcpy(above, text, n);
	memcpy(above + n, "g", 2); /* above all hex digits */
	hd_reader_bind(stmt, 1, text);
	hd_reader_bind(stmt, 2, above);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *found = (const char *)sqlite3_column_text(stmt, 0);

		if (!hd_ops_is_id(found))
			continue;
		if (*count == 0)
			memcpy(id, found, HD_ID_TEXT);
		(*count)++;
	}
	if (rc != SQLITE_DONE)
		hd_sql_error(reader->db, err);
	sqlite3_reset(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}
