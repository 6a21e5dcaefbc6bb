/* action.h - carrying out what was decided
 *
 * Every row goes its own way: PLAN (read only), guards on the target, RUN, and
 * VERIFY where it is unclear or pending.  What was decided, planned and done
 * is a commit each; nothing is evaluated again.  A row that waits (a retry, a
 * pending end, a stopped connector) leaves memory: only its alert and its time
 * are kept, and it is read from the journal again when it is due.  So a restart
 * is nothing special.
 *
 *   decided ──► (PLAN, guards) ──► started ──► RUN ─┬► done, failed, refused
 *      ▲                                            ├► pending ──► VERIFY ─►
 * ... └──────────── passing trouble ◄──────────────┼─ unclear: VERIFY, or RUN
 *                                                   │  again if idempotent, or
 *                                                   └► in doubt, for a person
 */
#ifndef HD_ACTION_ACTION_H
#define HD_ACTION_ACTION_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "core/action/row.h"

struct hd_actions;
struct hd_err;
struct hd_guards;
struct hd_instance;
struct hd_journal;
struct hd_rations;
struct hd_reader;
struct hd_txn;

struct hd_actions_env {
	uv_loop_t *loop;
	struct hd_journal *journal;
	struct hd_reader *reader;
	struct hd_guards *guards;
	struct hd_rations *rations;
	void *ud;
	/* The connector that has the name now, or NULL. */
	struct hd_instance *(*connector)(void *ud, const char *name);
	/* A deferred row's turn: entry `row->after` ended or is parked.  Sets
	 * params, or makes the row final with a message. */
	void (*resolve)(void *ud, struct hd_case *c, struct hd_row *row);
	/* herald's own trouble: kind ("in doubt", "undo failed"), object, and
	 * a line for people that ends with the command that helps; NULL when it
	 * is over. */
	void (*alarm)(void *ud, const char *kind, const char *object,
		      const char *text);
	/* The alert's last row ended with this commit: may add to `txn`. */
	void (*finishing)(void *ud, struct hd_case *c,
			  enum hd_alert_state state, struct hd_txn *txn);
	/* ... which is stored now. */
	void (*finished)(void *ud, struct hd_case *c,
			 enum hd_alert_state state);
	/* Must it wait at the start until hd_actions_resume()? */
	bool (*holds)(void *ud, const char *alert);
	/* Nothing of it is in memory any more. */
	void (*left)(void *ud, const char *alert);
};

struct hd_actions *hd_actions_new(const struct hd_actions_env *env);
/* Nothing new is begun; calls back when no commit is under way and no call
 * either, for which it waits 10 s: then their rows are left to the next start
 * as they are, as after a crash. */
void hd_actions_stop(struct hd_actions *actions, void (*fn)(void *ud),
		     void *ud);
void hd_actions_free(struct hd_actions *actions);

/* Reads which rows are open: after a start. -1 and `err`. [loop] */
int hd_actions_recover(struct hd_actions *actions, struct hd_err *err);

/* Takes ownership of a case whose decision was just stored, and carries out
 * its rows: now, or when fewer than 1,000 cases are in memory. [loop] */
void hd_actions_take(struct hd_actions *actions, struct hd_case *c);

/* Looks at the open rows of an alert now, whatever their time: after a settle,
 * a retry. [loop] */
void hd_actions_nudge(struct hd_actions *actions, const char *alert);

/* Looks at those that are due. [loop] */
void hd_actions_resume(struct hd_actions *actions, const char *alert);

/* True while rows of the alert are in memory. [loop] */
bool hd_actions_has(const struct hd_actions *actions, const char *alert);

/* Ends the open rows of that connector (""; of all) for that reason: failed, or
 * in doubt if they may have taken place and must not twice. [loop] */
void hd_actions_give_up(struct hd_actions *actions, const char *alert,
			const char *connector, const char *why);

/* What a person decides about rows of an alert. */
struct hd_amend {
	const char *alert;
	const char *row; /* id of one in doubt; NULL: all that failed */
	enum hd_action_state state; /* DONE, or DECIDED: it is run again, with
				     * an hour for its tries; one that plans
				     * is planned and guarded anew */
	const char *message;	    /* of the rows */
	const char *kind, *json;    /* the entry on the alert's timeline */
	/* Stored (`err` NULL) or not. */
	void (*fn)(void *ud, const struct hd_err *err);
	void *ud;
};

/* Stores that with the state of the alert that follows from it, in one commit;
 * then the rows go their way.  Everything is copied.  -1 and `err` (ENOENT: no
 * such row, EBUSY: one is being stored), and fn is not called. [loop] */
int hd_actions_amend(struct hd_actions *actions, const struct hd_amend *amend,
		     struct hd_err *err);

/* What a person takes back. */
struct hd_undoing {
	const char *alert, *row; /* ids; the row is done */
	const char *message;	 /* of the new row */
	const char *kind, *json; /* the entry on the alert's timeline */
	/* Stored (`err` NULL) or not. */
	void (*fn)(void *ud, const struct hd_err *err);
	void *ud;
};

/* Stores a new row NAME/undo for the plugin's own undo action, with the same
 * parameters and the memo of the row, and the idem IDEM/undo; the alert waits
 * again.  It is an action like any other: planned and guarded by its own
 * effect, run, verified if the plugin can.  When it is done, the row becomes
 * UNDONE in the same commit.  One that had failed, was refused or skipped is
 * begun anew.  Everything is copied.  -1 and `err` (ENOENT: no such row,
 * EBUSY: the row or its undo is being worked on, EINVAL: it is not done,
 * ENOTSUP: the plugin cannot take it back, or is gone), and fn is not called.
 * [loop] */
int hd_actions_undo(struct hd_actions *actions, const struct hd_undoing *undo,
		    struct hd_err *err);

/* The connector can be used again: its rows are due now. [loop] */
void hd_actions_wake(struct hd_actions *actions, const char *connector);

/* Cases in memory, and rows that wait in the journal. [loop] */
size_t hd_actions_active(const struct hd_actions *actions);
size_t hd_actions_parked(const struct hd_actions *actions);

#endif
