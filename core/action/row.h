/* row.h - an intention in memory: one row of the journal's table `action`
 *
 * A case is one alert's rows.  A row carries all that is needed to carry it
 * out; it is written by the decision and changed only by core/action.
 */
#ifndef HD_ACTION_ROW_H
#define HD_ACTION_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#include "core/journal/rows.h"

struct hd_case;
struct hd_mark;
struct hd_storing;
struct hd_txn;

/* What the configuration said of the entry beside its parameters: the member
 * `spec` of the row, as JSON
 *   {"after": "case", "or_else": true,
 *    "defer": {"if": EXPR, "with": {NAME: TEMPLATE}}}
 * `after` names the entries that must have ended (or be parked) first, with
 * blanks between them.  `defer` is there while the row waits for its turn (an
 * empty one if it only waits); the rest stays. */
struct hd_row {
	struct hd_case *owner;
	char id[HD_ID_TEXT];
	char *idem, *name, *connector, *action, *mode, *undo_of;
	char *params, *spec, *target, *target_uid, *summary, *memo;
	char *result, *ticket, *message;
	int effect;
	enum hd_action_state state;
	int64_t due_ms, tries, retry_until_ms, deadline_ms,
		created_ms; /* UTC */

	/* of this process only */
	bool busy;    /* a call or a commit is under way */
	bool queued;  /* waits for its connector to have room */
	bool fresh;   /* STARTED was written by us and RUN not called yet: any
		       * other STARTED row may or may not have had its effect */
	bool held;    /* waits for its connector to be started */
	bool changed; /* not yet written */
	bool added;   /* not yet in the journal at all */
	int64_t charged_ms; /* its budget was taken then (UTC), not stored yet
			     */
	struct hd_storing *storing; /* the commit that carries it, or NULL */
	char *after;		    /* from spec; NULL: none */
	bool deferred, or_else;	    /* from spec */
	struct hd_row *next_queued;
};

struct hd_case {
	char alert[HD_ID_TEXT];
	struct hd_mark *mark; /* in case herald crashes over it; or NULL */
	char *pipeline;
	char *record; /* JSON text for plugins; NULL: read it from the journal
		       */
	char *score;  /* "score=65 level=high" for the log; NULL: not known */
	struct hd_row **rows;
	size_t count;
	int64_t began_ms; /* monotonic, of the alert; 0: before this process */
	int pins;	  /* calls and commits under way */
	int unstored;	  /* commits that wait for room on the disk */
	bool ending;	  /* its end is written, or being written */
	bool lost;	  /* what it holds is not what the journal holds */
};

/* A case without rows. [loop] */
struct hd_case *hd_case_new(const char *alert, const char *pipeline);
void hd_case_free(struct hd_case *c); /* nothing under way */

/* Adds a row as read from the journal or newly decided.  Rows stay where they
 * are as long as the case. [loop] */
struct hd_row *hd_case_add(struct hd_case *c, const struct hd_action_row *row);

/* By the entry's name, or by the row's id; NULL: none. [loop] */
/* Writes into the spec whether the row waits for its connector to be started:
 * a new process starts it, and the row's time is then now. [loop] */
void hd_row_note_held(struct hd_row *row);
bool hd_row_was_held(const struct hd_action_row *row);

struct hd_row *hd_case_find(const struct hd_case *c, const char *name);
struct hd_row *hd_case_row(const struct hd_case *c, const char *id);

/* Adds an insert of this row to `txn`. [loop] */
void hd_row_insert(const struct hd_row *row, struct hd_txn *txn);
/* Adds an update with all that can change. [loop] */
void hd_row_update(const struct hd_row *row, struct hd_txn *txn);

/* Replaces a text; NULL makes it empty. [loop] */
void hd_row_set(char **field, const char *text);

/* Decided for good: spec.defer is taken away. [loop] */
void hd_row_settle_turn(struct hd_row *row);
/* Waits for its turn again: an or_else that is run again. [loop] */
void hd_row_await_turn(struct hd_row *row);

bool hd_row_is_final(const struct hd_row *row);
bool hd_row_is_planned(const struct hd_row *row);

/* KEEP while a row is open, else DONE or DEAD: an action that failed, with no
 * or_else of its own that worked (or whose own or_else did), makes the alert
 * dead. [loop] */
enum hd_alert_state hd_case_outcome(const struct hd_case *c);

/* {"NAME": {"state","result","message"}} of all rows that ended: what
 * expressions see as `done`.  The caller owns the reference. [loop] */
json_t *hd_case_done(const struct hd_case *c);

#endif
