#include "core/journal/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/journal/sql.h"

/* The text in `meta`: "received=3;waiting=0;...;action done=7;" */
static void write_counts(const struct hd_counts *counts, struct hd_buf *out)
{
	int i;

	for (i = 1; i < HD_ALERT_STATES; i++)
		hd_buf_addf(out, "%s=%" PRId64 ";",
			    hd_alert_state_name((enum hd_alert_state)i),
			    counts->alerts[i]);
	for (i = 1; i < HD_ACTION_STATES; i++)
		hd_buf_addf(out, "action %s=%" PRId64 ";",
			    hd_action_state_name((enum hd_action_state)i),
			    counts->actions[i]);
}

/* The number behind the next "=", or -1. */
static int64_t next_count(const char **text)
{
	const char *at = strchr(*text, '=');
	char *end = NULL;
	int64_t value;

	if (!at)
		return -1;
	value = strtoll(at + 1, &end, 10);
	if (*end != ';')
		return -1;
	*text = end + 1;
	return value;
}

static int read_counts(const char *text, struct hd_counts *out)
{
	int i;

	memset(out, 0, sizeof(*out));
	for (i = 1; i < HD_ALERT_STATES; i++) {
		out->alerts[i] = next_count(&text);
		if (out->alerts[i] < 0)
			return -1;
	}
	for (i = 1; i < HD_ACTION_STATES; i++) {
		out->actions[i] = next_count(&text);
		if (out->actions[i] < 0)
			return -1;
	}
	return 0;
}

int hd_store_put_counts(struct hd_store *store)
{
	struct hd_text_rec rec = { .name = "store counts" };
	sqlite3_stmt *stmt;
	struct hd_buf text;
	int rc;

	if (!store->counts_differ &&
	    memcmp(&store->counts, &store->stored, sizeof(store->counts)) == 0)
		return SQLITE_DONE;
	stmt = hd_store_stmt(store, HD_STMT_META_UPSERT);
	if (!stmt)
		return sqlite3_extended_errcode(store->db);
	hd_buf_init(&text, 4096);
	write_counts(&store->counts, &text);
	rec.text.p = hd_buf_text(&text);
	rec.text.n = text.n;
	rc = hd_table_bind(stmt, &hd_table_meta, &rec);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	sqlite3_reset(stmt);
	hd_buf_fini(&text);
	return rc;
}

int hd_store_get_counts(sqlite3 *db, struct hd_counts *out)
{
	struct hd_text_rec rec = { 0 };
	sqlite3_stmt *stmt;
	int rc = -1;

	stmt = hd_sql_select(db, &hd_table_meta, "WHERE name='store counts'",
			     NULL);
	if (stmt && sqlite3_step(stmt) == SQLITE_ROW &&
	    hd_table_read(stmt, &hd_table_meta, &rec))
		rc = read_counts(rec.text.p, out);
	sqlite3_finalize(stmt);
	return rc;
}

int hd_store_count(sqlite3 *db, struct hd_counts *out, struct hd_err *err)
{
	static const char sql[] = "SELECT 0,state,count(*)FROM alert "
				  "GROUP BY state UNION ALL "
				  "SELECT 1,state,count(*)FROM action "
				  "GROUP BY state";
	sqlite3_stmt *stmt = hd_sql_prepare(db, sql, err);
	const char *name;
	int64_t *to;
	int rc;

	if (!stmt)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		name = (const char *)sqlite3_column_text(stmt, 1);
		to = sqlite3_column_int(stmt, 0) == 0
			     ? &out->alerts[hd_alert_state_of(name)]
			     : &out->actions[hd_action_state_of(name)];
		*to += sqlite3_column_int64(stmt, 2);
	}
	if (rc != SQLITE_DONE)
		hd_sql_error(db, err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}
