#include "core/journal/reader.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/journal/reader_inside.h"
#include "core/journal/sql.h"

#define LIST_LIMIT 100
#define LOOK_MAX 20000		  /* rows that one call looks at */
#define JUMP_MS INT64_C(86400000) /* how far a clock may have jumped */

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

/* The one state that is asked for if it has an index, or KEEP. */
static enum hd_alert_state indexed_state(unsigned states)
{
	static const enum hd_alert_state rare[] = { HD_ALERT_WAITING,
						    HD_ALERT_DEAD,
						    HD_ALERT_QUARANTINED };
	size_t i;

	for (i = 0; i < sizeof(rare) / sizeof(rare[0]); i++) {
		if (states == 1u << rare[i])
			return rare[i];
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
	enum hd_alert_state state = indexed_state(filter->states);
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

struct oldest {
	struct hd_alert_rec rec;
	int64_t ms; /* 0: none yet */
};

static bool note_oldest(void *arg)
{
	struct oldest *o = arg;
	int64_t ms = o->rec.row.received_ms;

	if (o->ms == 0 || ms < o->ms)
		o->ms = ms;
	return false;
}

/* The first of each severity. */
static int oldest_received(struct hd_reader *reader, struct oldest *o,
			   struct hd_err *err)
{
	int at = next_severity(reader, INT_MAX, err);
	sqlite3_stmt *stmt;

	for (; at >= 0; at = next_severity(reader, at, err)) {
		stmt = hd_reader_stmt(reader, HD_READ_BACKLOG, err);
		if (!stmt)
			return -1;
		sqlite3_bind_int(stmt, 1, at);
		sqlite3_bind_int64(stmt, 2, 0);
		if (hd_reader_each(reader, stmt, &hd_table_alert, &o->rec,
				   note_oldest, o, err) < 0)
			return -1;
	}
	return 0;
}

int hd_reader_oldest(struct hd_reader *reader, enum hd_alert_state state,
		     int64_t *received_ms, struct hd_err *err)
{
	struct oldest o = { .ms = 0 };
	sqlite3_stmt *stmt;
	int rc;

	if (state == HD_ALERT_RECEIVED) {
		rc = oldest_received(reader, &o, err);
	} else {
		stmt = hd_reader_stmt(reader, HD_READ_STATE_OLDEST, err);
		if (!stmt)
			return -1;
		hd_reader_bind(stmt, 1, hd_alert_state_name(state));
		rc = hd_reader_each(reader, stmt, &hd_table_alert, &o.rec,
				    note_oldest, &o, err);
	}
	*received_ms = o.ms;
	return rc;
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
