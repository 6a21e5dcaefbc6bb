#include "core/journal/reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/journal/chain.h"
#include "core/journal/reader_inside.h"
#include "core/journal/sql.h"

/* --- one alert --- */

enum hd_found hd_reader_alert_rec(struct hd_reader *reader, const char *id,
				  struct hd_alert_rec *rec, struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_reader_stmt(reader, HD_READ_ALERT, err);

	if (!stmt)
		return HD_READ_FAILED;
	hd_arena_clear(&reader->row);
	hd_reader_bind(stmt, 1, id);
	return hd_reader_one(reader, stmt, &hd_table_alert, rec, err);
}

enum hd_found hd_reader_alert(struct hd_reader *reader, const char *id,
			      struct hd_alert_row *out, struct hd_err *err)
{
	struct hd_alert_rec rec = { 0 };
	enum hd_found found = hd_reader_alert_rec(reader, id, &rec, err);

	if (found == HD_FOUND)
		*out = rec.row;
	return found;
}

/* A row that may be one of several: the first that is sound. */
struct first_alert {
	struct hd_alert_rec rec;
	struct hd_arena *arena;
	bool found;
};

static bool take_first(void *list)
{
	struct first_alert *first = list;

	first->found = hd_table_keep(&hd_table_alert, &first->rec,
				     first->arena);
	return false;
}

static enum hd_found first_sound(struct hd_reader *reader, sqlite3_stmt *stmt,
				 struct hd_alert_row *out, struct hd_err *err)
{
	struct first_alert first = { .arena = &reader->row };

	hd_arena_clear(&reader->row);
	if (hd_reader_each(reader, stmt, &hd_table_alert, &first.rec,
			   take_first, &first, err) < 0)
		return HD_READ_FAILED;
	if (reader->row.failed) {
		hd_err_sys(err, ENOMEM, "alert");
		return HD_READ_FAILED;
	}
	if (first.found)
		*out = first.rec.row;
	return first.found ? HD_FOUND : HD_NOT_FOUND;
}

enum hd_found hd_reader_by_uid(struct hd_reader *reader, const char *scope,
			       const char *uid, struct hd_alert_row *out,
			       struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_reader_stmt(
		reader, scope ? HD_READ_ALERT_UID : HD_READ_ALERT_UID_ANY, err);

	if (!stmt)
		return HD_READ_FAILED;
	hd_reader_bind(stmt, 1, uid);
	if (scope)
		hd_reader_bind(stmt, 2, scope);
	return first_sound(reader, stmt, out, err);
}

static enum hd_found resolve_last(struct hd_reader *reader, char id[HD_ID_TEXT],
				  int *count, struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_reader_stmt(reader, HD_READ_ALERT_LAST, err);
	struct hd_alert_row row;
	enum hd_found found;

	if (!stmt)
		return HD_READ_FAILED;
	found = first_sound(reader, stmt, &row, err);
	*count = found == HD_FOUND;
	if (found == HD_FOUND)
		snprintf(id, HD_ID_TEXT, "%s", row.id);
	return found;
}

enum hd_found hd_reader_resolve(struct hd_reader *reader, const char *text,
				char id[HD_ID_TEXT], int *count,
				struct hd_err *err)
{
	int n = 0;

	if (!count)
		count = &n;
	*count = 0;
	if (strcmp(text, "@last") == 0)
		return resolve_last(reader, id, count, err);
	if (hd_reader_prefix(reader, HD_READ_ALERT_PREFIX, text, id, count,
			     err) < 0)
		return HD_READ_FAILED;
	if (*count == 0)
		return HD_NOT_FOUND;
	return *count == 1 ? HD_FOUND : HD_AMBIGUOUS;
}

/* --- its body --- */

static enum hd_found read_by_num(struct hd_reader *reader, enum hd_read which,
				 const struct hd_table *table, int64_t num,
				 void *rec, struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_reader_stmt(reader, which, err);

	if (!stmt)
		return HD_READ_FAILED;
	sqlite3_bind_int64(stmt, 1, num);
	return hd_reader_one(reader, stmt, table, rec, err);
}

static enum hd_found read_body(struct hd_reader *reader, int64_t num,
			       struct hd_body *out, struct hd_err *err)
{
	struct hd_decision_rec decision = { 0 };
	struct hd_body_rec body = { 0 };
	enum hd_found found, decided;

	found = read_by_num(reader, HD_READ_BODY, &hd_table_body, num, &body,
			    err);
	if (found == HD_READ_FAILED)
		return found;
	if (found == HD_FOUND) {
		out->raw = body.raw;
		out->received = body.record;
		out->record = body.record;
	}
	decided = read_by_num(reader, HD_READ_DECISION, &hd_table_decision, num,
			      &decision, err);
	if (decided == HD_FOUND) {
		out->answers = decision.answers;
		out->ledger = decision.ledger;
		if (decision.record.n != 0)
			out->record = decision.record;
	}
	if (decided == HD_DAMAGED || decided == HD_READ_FAILED)
		return decided;
	if (found == HD_NOT_FOUND) {
		hd_err_set(err, EBADMSG, "body: the row is missing");
		return HD_DAMAGED;
	}
	return found;
}

enum hd_found hd_reader_body(struct hd_reader *reader, const char *id,
			     struct hd_body *out, struct hd_err *err)
{
	struct hd_alert_rec rec = { 0 };
	enum hd_found found;

	memset(out, 0, sizeof(*out));
	if (hd_reader_begin(reader, err) < 0)
		return HD_READ_FAILED;
	found = hd_reader_alert_rec(reader, id, &rec, err);
	if (found == HD_FOUND)
		found = read_body(reader, rec.row.num, out, err);
	hd_reader_end(reader);
	return found;
}

/* --- its entries --- */

static enum hd_found broken(struct hd_err *err, const char *id, int64_t seq)
{
	hd_err_set(err, EBADMSG,
		   "alert %s: its chain of entries is broken at entry %lld", id,
		   (long long)seq);
	return HD_DAMAGED;
}

static enum hd_found read_entries(struct hd_reader *reader,
				  const struct hd_alert_rec *rec,
				  hd_entry_fn fn, void *ud, struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_reader_stmt(reader, HD_READ_ENTRIES, err);
	uint8_t head[HD_CHAIN_SIZE];
	struct hd_entry_row row;
	int64_t seq = 0;
	int rc;

	if (!stmt)
		return HD_READ_FAILED;
	sqlite3_bind_int64(stmt, 1, rec->row.num);
	hd_chain_begin(rec->row.id, head);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (!hd_chain_read(stmt, head, ++seq, &row))
			return broken(err, rec->row.id, seq);
		if (!fn(ud, &row))
			return HD_FOUND;
	}
	if (rc != SQLITE_DONE) {
		hd_sql_error(reader->db, err);
		return HD_READ_FAILED;
	}
	if (seq != rec->row.entries ||
	    memcmp(head, rec->head, HD_CHAIN_SIZE) != 0)
		return broken(err, rec->row.id, seq + 1);
	return HD_FOUND;
}

enum hd_found hd_reader_entries(struct hd_reader *reader, const char *id,
				hd_entry_fn fn, void *ud, struct hd_err *err)
{
	struct hd_alert_rec rec = { 0 };
	enum hd_found found;

	if (hd_reader_begin(reader, err) < 0)
		return HD_READ_FAILED;
	found = hd_reader_alert_rec(reader, id, &rec, err);
	if (found == HD_FOUND)
		found = read_entries(reader, &rec, fn, ud, err);
	if (reader->stmts[HD_READ_ENTRIES])
		sqlite3_reset(reader->stmts[HD_READ_ENTRIES]);
	hd_reader_end(reader);
	return found;
}
