/* reader_inside.h - shared by the parts of the reader */
#ifndef HD_JOURNAL_READER_INSIDE_H
#define HD_JOURNAL_READER_INSIDE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "core/base/err.h"
#include "core/journal/arena.h"
#include "core/journal/inside.h"
#include "core/journal/reader.h"
#include "core/journal/table.h"

enum hd_read {
	HD_READ_BEGIN,
	HD_READ_END,
	HD_READ_ALERT,
	HD_READ_ALERT_PREFIX,
	HD_READ_ALERT_LAST,
	HD_READ_ALERT_UID,
	HD_READ_ALERT_UID_ANY,
	HD_READ_LIST_STATE,
	HD_READ_STATE_OLDEST,
	HD_READ_LIST,
	HD_READ_LIST_OLDER,
	HD_READ_BACKLOG_NEXT,
	HD_READ_BACKLOG,
	HD_READ_ALERT_DUE,
	HD_READ_BODY,
	HD_READ_DECISION,
	HD_READ_ENTRIES,
	HD_READ_ACTION,
	HD_READ_ACTION_PREFIX,
	HD_READ_ACTIONS_OF,
	HD_READ_ACTIONS_IN,
	HD_READ_ACTIONS_IN_RARE,
	HD_READ_ACTIONS_OPEN,
	HD_READ_ACTIONS_LAST,
	HD_READ_WINDOWS,
	HD_READ_BUDGETS,
	HD_READ_BUDGETS_OF,
	HD_READ_QUOTAS,
	HD_READ_STATES,
	HD_READ_STATES_OF,
	HD_READ_SILENCES,
	HD_READ_META,
	HD_READ_CONFIG,
	HD_READ_COUNT
};

struct hd_reader {
	struct hd_journal *journal;
	sqlite3 *db;
	sqlite3_stmt *stmts[HD_READ_COUNT];
	struct hd_arena row; /* what the last single row holds */
};

/* The statement, reset, or NULL and `err`. */
sqlite3_stmt *hd_reader_stmt(struct hd_reader *reader, enum hd_read which,
			     struct hd_err *err);

void hd_reader_bind(sqlite3_stmt *stmt, int index, const char *text);

/* Called with the row that was read into the list's `rec`. */
typedef bool (*hd_give_fn)(void *list);

/* Each sound row of the bound statement, until `give` returns false.  Resets
 * it. 0 or -1. */
int hd_reader_each(struct hd_reader *reader, sqlite3_stmt *stmt,
		   const struct hd_table *table, void *rec, hd_give_fn give,
		   void *list, struct hd_err *err);

/* The first row of the bound statement; its texts live until the next single
 * row is read.  Resets it. */
enum hd_found hd_reader_one(struct hd_reader *reader, sqlite3_stmt *stmt,
			    const struct hd_table *table, void *rec,
			    struct hd_err *err);

/* Several statements that see the same. 0 or -1. */
int hd_reader_begin(struct hd_reader *reader, struct hd_err *err);
void hd_reader_end(struct hd_reader *reader);

enum hd_found hd_reader_alert_rec(struct hd_reader *reader, const char *id,
				  struct hd_alert_rec *rec, struct hd_err *err);

/* Of rows whose ids begin with `text`: how many, and the first's id. */
int hd_reader_prefix(struct hd_reader *reader, enum hd_read which,
		     const char *text, char id[HD_ID_TEXT], int *count,
		     struct hd_err *err);

#endif
