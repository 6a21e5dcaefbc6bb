#include "core/journal/reader.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/journal/chain.h"
#include "core/journal/reader_inside.h"
#include "core/journal/sql.h"

#define LIST_LIMIT 100
#define LOOK_MAX 20000		  /* rows that one call looks at */
#define JUMP_MS INT64_C(86400000) /* how far a clock may have jumped */

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

/* --- lists --- */

struct alert_list {
	struct hd_alert_rec rec;
	hd_alert_fn fn;
	void *ud;
	const struct hd_alert_filter *filter;
	int given, limit;
	int64_t looked, last;
	bool full;    /* ended by limit, by bound, or by the callback */
	bool stopped; /* by the callback */
};

static bool give_alert(void *arg)
{
	struct alert_list *list = arg;

	list->last = list->rec.row.num;
	list->given++;
	list->stopped = !list->fn(list->ud, &list->rec.row);
	list->full = list->stopped || list->given >= list->limit;
	return !list->full;
}

static bool passes(const struct hd_alert_filter *filter,
		   const struct hd_alert_row *row)
{
	if (filter->states != 0 && !(filter->states & 1u << row->state))
		return false;
	if (filter->pipeline && strcmp(filter->pipeline, row->pipeline) != 0)
		return false;
	return row->received_ms >= filter->since_ms;
}

static bool give_filtered(void *arg)
{
	struct alert_list *list = arg;

	list->last = list->rec.row.num;
	if (passes(list->filter, &list->rec.row))
		return give_alert(list);
	list->full = ++list->looked >= LOOK_MAX;
	return !list->full;
}

/* The one state that is asked for, or KEEP. */
static enum hd_alert_state only_state(unsigned states)
{
	int i;

	for (i = 1; i < HD_ALERT_STATES; i++) {
		if (states == 1u << i)
			return (enum hd_alert_state)i;
	}
	return HD_ALERT_KEEP;
}

/* By the index of states. */
static int list_state(struct hd_reader *reader, struct alert_list *list,
		      enum hd_alert_state state, int64_t before,
		      struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_reader_stmt(reader, HD_READ_LIST_STATE, err);

	if (!stmt)
		return -1;
	hd_reader_bind(stmt, 1, hd_alert_state_name(state));
	sqlite3_bind_int64(stmt, 2, before);
	return hd_reader_each(reader, stmt, &hd_table_alert, &list->rec,
			      give_filtered, list, err);
}

/* ",done,merged," for SQL; "" for all. */
static void write_states(unsigned states, char *out, size_t size)
{
	size_t used = 0;
	int i;

	out[0] = '\0';
	for (i = 1; i < HD_ALERT_STATES && states != 0; i++) {
		if (states & 1u << i)
			used += (size_t)snprintf(
				out + used, size - used, ",%s",
				hd_alert_state_name((enum hd_alert_state)i));
	}
	if (used > 0)
		snprintf(out + used, size - used, ",");
}

/* The num of the newest row before `num`, 0 if there is none worth looking
 * at. */
static int64_t older(struct hd_reader *reader, int64_t num, int64_t since_ms)
{
	sqlite3_stmt *stmt = hd_reader_stmt(reader, HD_READ_LIST_OLDER, NULL);
	bool there = false;

	if (!stmt)
		return num;
	sqlite3_bind_int64(stmt, 1, num);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		there = sqlite3_column_int64(stmt, 0) >= since_ms - JUMP_MS;
	sqlite3_reset(stmt);
	return there ? num : 0;
}

/* Over the rows of LOOK_MAX numbers. */
static int list_range(struct hd_reader *reader, struct alert_list *list,
		      int64_t before, struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_reader_stmt(reader, HD_READ_LIST, err);
	const struct hd_alert_filter *filter = list->filter;
	int64_t from = before > LOOK_MAX ? before - LOOK_MAX : 0;
	char states[256];

	if (!stmt)
		return -1;
	write_states(filter->states, states, sizeof(states));
	sqlite3_bind_int64(stmt, 1, before);
	sqlite3_bind_int64(stmt, 2, from);
	sqlite3_bind_int64(stmt, 3, filter->since_ms);
	hd_reader_bind(stmt, 4, filter->pipeline ? filter->pipeline : "");
	hd_reader_bind(stmt, 5, states);
	if (hd_reader_each(reader, stmt, &hd_table_alert, &list->rec,
			   give_filtered, list, err) < 0)
		return -1;
	if (!list->full) {
		list->last = older(reader, from, filter->since_ms);
		list->full = list->last != 0;
	}
	return 0;
}

static int64_t newest(struct hd_reader *reader, struct hd_err *err)
{
	return hd_sql_int(reader->db, "SELECT max(num)FROM alert", err);
}

int hd_reader_list(struct hd_reader *reader,
		   const struct hd_alert_filter *filter, hd_alert_fn fn,
		   void *ud, int64_t *next, struct hd_err *err)
{
	struct alert_list list = { .fn = fn, .ud = ud, .filter = filter };
	enum hd_alert_state state = only_state(filter->states);
	int64_t before = filter->before_num;
	int rc;

	list.limit = filter->limit > 0 ? filter->limit : LIST_LIMIT;
	if (before == 0) {
		before = newest(reader, err);
		if (before < 0)
			return -1;
		before++;
	}
	rc = state != HD_ALERT_KEEP
		     ? list_state(reader, &list, state, before, err)
		     : list_range(reader, &list, before, err);
	if (next)
		*next = rc == 0 && list.full ? list.last : 0;
	return rc;
}

/* The next severity below, or -1. */
static int next_severity(struct hd_reader *reader, int below,
			 struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_reader_stmt(reader, HD_READ_BACKLOG_NEXT, err);
	int severity = -1;

	if (!stmt)
		return -1;
	sqlite3_bind_int(stmt, 1, below);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		severity = sqlite3_column_int(stmt, 0);
	sqlite3_reset(stmt);
	return severity;
}

int hd_reader_backlog(struct hd_reader *reader, int severity, int64_t num,
		      int limit, hd_alert_fn fn, void *ud, struct hd_err *err)
{
	struct alert_list list = { .fn = fn, .ud = ud, .limit = limit };
	int at = severity < 0 ? next_severity(reader, INT_MAX, err)
			      : severity % 99;
	sqlite3_stmt *stmt;

	for (; at >= 0 && !list.full; at = next_severity(reader, at, err)) {
		stmt = hd_reader_stmt(reader, HD_READ_BACKLOG, err);
		if (!stmt)
			return -1;
		sqlite3_bind_int(stmt, 1, at);
		sqlite3_bind_int64(stmt, 2, severity < 0 ? 0 : num);
		severity = -1;
		if (hd_reader_each(reader, stmt, &hd_table_alert, &list.rec,
				   give_alert, &list, err) < 0)
			return -1;
	}
	return 0;
}

int hd_reader_alerts_due(struct hd_reader *reader, int64_t until_ms, int limit,
			 hd_alert_fn fn, void *ud, struct hd_err *err)
{
	struct alert_list list = { .fn = fn, .ud = ud, .limit = limit };
	sqlite3_stmt *stmt = hd_reader_stmt(reader, HD_READ_ALERT_DUE, err);

	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, until_ms);
	return hd_reader_each(reader, stmt, &hd_table_alert, &list.rec,
			      give_alert, &list, err);
}
