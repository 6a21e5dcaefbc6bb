#include "core/journal/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/err.h"
#include "core/journal/chain.h"
#include "core/journal/schema.h"
#include "core/journal/sql.h"

/* --- structure --- */

static bool is_index_trouble(const char *line)
{
	return strstr(line, "missing from index") ||
	       strncmp(line, "wrong # of entries in index", 27) == 0 ||
	       strncmp(line, "non-unique entry in index", 25) == 0;
}

/* "NULL value in t.c", "non-TEXT value in t.c": the row's digest tells. */
static bool is_row_trouble(const char *line)
{
	return strstr(line, " value in ") != NULL;
}

int hd_check_structure(sqlite3 *db, bool *indexes, struct hd_err *err)
{
	sqlite3_stmt *stmt;
	const char *line;
	int rc;

	*indexes = false;
	stmt = hd_sql_prepare(db, "PRAGMA integrity_check", err);
	if (!stmt)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		line = (const char *)sqlite3_column_text(stmt, 0);
		if (!line || strcmp(line, "ok") == 0 || is_row_trouble(line))
			continue;
		if (!is_index_trouble(line))
			break;
		*indexes = true;
	}
	if (rc == SQLITE_ROW)
		hd_err_set(err, EBADMSG, "%.300s", line);
	else if (rc != SQLITE_DONE)
		hd_sql_error(db, err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

/* --- rows --- */

struct check {
	sqlite3 *db;
	struct hd_journal_report *out;
	struct hd_counts *counts;
	hd_damaged_fn fn;
	void *ud;
	sqlite3_stmt *entries;
	int64_t alerts, actions; /* rows, damaged ones too */
};

static void __attribute__((format(printf, 2, 3)))
note(struct check *check, const char *fmt, ...)
{
	va_list ap;

	if (check->out->first[0])
		return;
	va_start(ap, fmt);
	vsnprintf(check->out->first, sizeof(check->out->first), fmt, ap);
	va_end(ap);
}

static void note_damaged(struct check *check, const char *table, int64_t num,
			 sqlite3_stmt *stmt)
{
	char key[HD_ROW_KEY];

	hd_table_key(stmt, key);
	check->out->damaged++;
	note(check, "table %s, row %lld (%s): damaged", table, (long long)num,
	     key);
	if (check->fn)
		check->fn(check->ud, table, num, stmt);
}

static bool chain_is_whole(struct check *check, const struct hd_alert_rec *rec)
{
	uint8_t head[HD_CHAIN_SIZE];
	struct hd_entry_row row;
	int64_t seq = 0;

	sqlite3_reset(check->entries);
	sqlite3_bind_int64(check->entries, 1, rec->row.num);
	hd_chain_begin(rec->row.id, head);
	while (sqlite3_step(check->entries) == SQLITE_ROW) {
		check->out->rows++;
		if (!hd_chain_read(check->entries, head, ++seq, &row))
			return false;
	}
	return seq == rec->row.entries &&
	       memcmp(head, rec->head, HD_CHAIN_SIZE) == 0;
}

static void look_at_alert(struct check *check, const struct hd_alert_rec *rec)
{
	check->counts->alerts[rec->row.state]++;
	if (chain_is_whole(check, rec))
		return;
	check->out->broken++;
	note(check, "alert %s: its chain of entries is not whole", rec->row.id);
}

/* Room for a row of any table. */
union any_rec {
	struct hd_alert_rec alert;
	struct hd_action_rec action;
	struct hd_decision_rec decision;
	struct hd_window_rec window;
	struct hd_silence_rec silence;
	struct hd_aside_rec aside;
};

static int64_t num_of(const struct hd_table *table, const void *rec)
{
	return *(const int64_t *)(const void *)((const char *)rec +
						table->num_at);
}

static void look_at_row(struct check *check, const struct hd_table *table,
			sqlite3_stmt *stmt)
{
	union any_rec rec;
	bool sound;

	memset(&rec, 0, sizeof(rec));
	sound = hd_table_read(stmt, table, &rec);
	check->out->rows++;
	check->alerts += table == &hd_table_alert;
	check->actions += table == &hd_table_action;
	if (!sound)
		note_damaged(check, table->name, num_of(table, &rec), stmt);
	else if (table == &hd_table_alert)
		look_at_alert(check, &rec.alert);
	else if (table == &hd_table_action)
		check->counts->actions[rec.action.row.state]++;
}

/* Over the table itself, no index: what an index does not show is seen. */
static int look_at_table(struct check *check, const struct hd_table *table,
			 struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_sql_select(check->db, table, "NOT INDEXED",
					   err);
	int rc;

	if (!stmt)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		look_at_row(check, table, stmt);
	if (rc != SQLITE_DONE) {
		hd_sql_error(check->db, err);
		hd_err_wrap(err, "table %s", table->name);
	}
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

static int64_t sum(const int64_t *counts, int n)
{
	int64_t total = 0;
	int i;

	for (i = 0; i < n; i++)
		total += counts[i];
	return total;
}

/* Each alert has a body, and as many rows are there as were counted. */
static int look_for_missing(struct check *check, struct hd_err *err)
{
	struct hd_counts stored;
	int64_t bodies = hd_sql_int(check->db,
				    "SELECT count(*)FROM alert WHERE num NOT IN"
				    "(SELECT num FROM body)",
				    err);
	int64_t missing = 0;

	if (bodies < 0)
		return -1;
	if (hd_store_get_counts(check->db, &stored) < 0) {
		note(check, "the counts of rows are not there");
		check->out->missing += bodies;
		return 0;
	}
	missing = sum(stored.alerts, HD_ALERT_STATES) - check->alerts;
	check->out->missing += bodies + (missing > 0 ? missing : 0);
	missing = sum(stored.actions, HD_ACTION_STATES) - check->actions;
	check->out->missing += missing > 0 ? missing : 0;
	if (check->out->missing > 0)
		note(check, "%lld rows are missing",
		     (long long)check->out->missing);
	return 0;
}

int hd_check_rows(sqlite3 *db, struct hd_journal_report *out,
		  struct hd_counts *counts, hd_damaged_fn fn, void *ud,
		  struct hd_err *err)
{
	struct check check = {
		.db = db, .out = out, .counts = counts, .fn = fn, .ud = ud
	};
	const struct hd_table *const *table;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	memset(counts, 0, sizeof(*counts));
	check.entries = hd_sql_prepare(db, HD_CHAIN_SELECT, err);
	if (!check.entries)
		return -1;
	for (table = hd_tables; *table && rc == 0; table++)
		rc = look_at_table(&check, *table, err);
	if (rc == 0)
		rc = look_for_missing(&check, err);
	sqlite3_finalize(check.entries);
	return rc;
}

static int check_all(sqlite3 *db, struct hd_journal_report *out,
		     struct hd_err *err)
{
	struct hd_counts counts;
	bool indexes;

	if (hd_schema_version(db, err) < 0 || hd_schema_check(db, err) < 0 ||
	    hd_check_structure(db, &indexes, err) < 0 ||
	    hd_check_rows(db, out, &counts, NULL, NULL, err) < 0)
		return -1;
	out->indexes = indexes;
	if (indexes && !out->first[0])
		snprintf(out->first, sizeof(out->first),
			 "an index does not fit its table");
	return 0;
}

int hd_check_file(const char *path, struct hd_journal_report *out,
		  struct hd_err *err)
{
	sqlite3 *db = hd_sql_open(path, SQLITE_OPEN_READONLY, err);
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (db)
		rc = check_all(db, out, err);
	if (rc < 0)
		hd_err_wrap(err, "store %s", path);
	sqlite3_close(db);
	return rc;
}

int hd_journal_check(const char *dir, struct hd_journal_report *out,
		     struct hd_err *err)
{
	char path[HD_FOLDER_FILE];

	snprintf(path, sizeof(path), "%s/" HD_STORE_FILE, dir);
	return hd_check_file(path, out, err);
}
