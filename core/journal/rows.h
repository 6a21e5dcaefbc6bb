/* rows.h - the shapes of what the journal keeps
 *
 * One struct a table, used to write (txn.h) and to read (reader.h).  Texts are
 * UTF-8 ending with '\0'; NULL means "" when writing, and is never given when
 * reading.  All times are milliseconds of the wall clock since 1970, since
 * they outlive a restart; 0 means none.
 */
#ifndef HD_JOURNAL_ROWS_H
#define HD_JOURNAL_ROWS_H

#include <stddef.h>
#include <stdint.h>

#define HD_ID_TEXT 33 /* 32 lower-case hex digits and '\0' */

/* Bytes that may be long or hold '\0'.  p NULL: none (or, in a change, keep).*/
struct hd_bytes {
	const void *p;
	size_t n;
};

/* An alert's states, as design.md names them.  *Running* is no state of the
 * journal: after a restart a running alert begins anew, so it is *received*.
 * 0 is no state: "keep" in a change. */
enum hd_alert_state {
	HD_ALERT_KEEP,
	HD_ALERT_RECEIVED, /* not decided yet */
	HD_ALERT_WAITING,  /* decided, has open action rows */
	HD_ALERT_DONE,	   /* this and all below are final */
	HD_ALERT_MERGED,
	HD_ALERT_SILENCED,
	HD_ALERT_DROPPED,
	HD_ALERT_DEAD,
	HD_ALERT_QUARANTINED,
	HD_ALERT_STATES
};

enum hd_action_state {
	HD_ACTION_KEEP,
	HD_ACTION_DECIDED,
	HD_ACTION_AWAITING, /* approval */
	HD_ACTION_STARTED,
	HD_ACTION_PENDING,  /* begun, not ended: VERIFY when due */
	HD_ACTION_IN_DOUBT, /* open: a person settles it */
	HD_ACTION_DONE,	    /* this and all below are final */
	HD_ACTION_FAILED,
	HD_ACTION_REFUSED,
	HD_ACTION_SKIPPED,
	HD_ACTION_UNDONE,
	HD_ACTION_STATES
};

/* "received", "in doubt", ...; "" for KEEP. [any] */
const char *hd_alert_state_name(enum hd_alert_state state);
const char *hd_action_state_name(enum hd_action_state state);

/* The state of that name, or KEEP (0) if there is none. [any] */
enum hd_alert_state hd_alert_state_of(const char *name);
enum hd_action_state hd_action_state_of(const char *name);

/* Alerts: `alert`, and with record and raw `body`. */
struct hd_alert_row {
	const char *id;	   /* hd_journal_new_id() */
	const char *uid;   /* the source's own id; "" = never a redelivery */
	const char *scope; /* plugin, within which uid is unique */
	const char *connector;
	int severity; /* OCSF severity_id, 0..6 and 99 */
	int64_t received_ms;
	enum hd_alert_state state; /* when new: RECEIVED or QUARANTINED */
	const char *title;
	const char *reason;
	struct hd_bytes record; /* JSON text; new rows only, see hd_body */
	struct hd_bytes raw;	/* as received; new rows only */

	/* What follows is empty in a new row. */
	const char *pipeline;
	const char *config; /* digest of the configuration that decided */
	const char *level;
	int64_t score_low, score_high; /* 0..100, equal when certain */
	const char *leader;	       /* MERGED: id of the alert it repeats */
	int64_t due_ms;
	int64_t changed_ms;
	int64_t entries; /* number of entries in its chain */
	int64_t num;	 /* grows with each alert; the cursor of lists */
};

struct hd_score {
	int64_t low, high;
};

/* A change of an alert.  All zero changes nothing. */
struct hd_alert_change {
	enum hd_alert_state if_state; /* not KEEP: fails unless it is in it */
	enum hd_alert_state state;
	const char *pipeline, *config, *title, *level, *leader, *reason;
	const struct hd_score *score;
	const int64_t *due_ms;
	const int *severity;
	struct hd_bytes record, answers, ledger; /* kept beside what came in */
};

/* What an alert holds. */
struct hd_body {
	struct hd_bytes raw;	  /* as received */
	struct hd_bytes received; /* record as mapped from it */
	struct hd_bytes record;	  /* as decided; as received until then */
	struct hd_bytes answers, ledger; /* n 0 until decided */
};

/* What happened to an alert: `entry`. */
struct hd_entry_row {
	int64_t seq; /* from 1 */
	int64_t utc_ms;
	const char *kind;
	const char *json;
};

/* One intention: `action`.  It carries all that is needed to carry it out. */
struct hd_action_row {
	const char *id;	   /* made from idem by hd_journal_action_id() */
	const char *idem;  /* unique for ever: alert id/pipeline/entry name */
	const char *alert; /* id */
	const char *pipeline, *name, *connector, *action;
	int effect;	     /* HERALD_RECORDS ... HERALD_DESTROYS */
	const char *mode;    /* dry_run, notify, live: at the decision */
	const char *undo_of; /* id of the action that it reverts, or "" */
	const char *params;  /* JSON */
	const char *spec;    /* JSON: limits, retry, or_else, undo_after ... */
	const char *target;  /* JSON, from PLAN */
	const char *target_uid;
	const char *summary; /* from PLAN */
	const char *memo;    /* JSON */
	enum hd_action_state state;
	int64_t due_ms; /* when to look at it again; 0: now or by a person */
	int64_t tries;
	int64_t retry_until_ms, deadline_ms;
	const char *result;  /* JSON */
	const char *ticket;  /* JSON {"uid","src_url"} */
	const char *message; /* for people: why refused, what failed */
	int64_t created_ms, changed_ms;
};

/* A change of an action.  All zero changes nothing. */
struct hd_action_change {
	enum hd_action_state if_state; /* not KEEP: fails unless it is in it */
	enum hd_action_state state;
	const char *params, *spec, *target, *target_uid, *summary, *memo,
		*result, *ticket, *message, *mode;
	const int64_t *due_ms, *tries, *retry_until_ms, *deadline_ms;
};

struct hd_window_row {
	const char *pipeline, *key; /* key: digest of the dedup key */
	const char *leader;	    /* alert id */
	int64_t first_ms, until_ms;
	int64_t count;
	int severity; /* of the leader */
};

struct hd_budget_row {
	const char *scope; /* action, or action and target uid */
	int64_t utc_ms;
	int64_t n;
};

struct hd_quota_row {
	const char *connector, *window; /* window: "500/1d" */
	int64_t since_ms;
	int64_t used;
};

struct hd_state_row {
	const char *connector, *key;
	struct hd_bytes value;
};

struct hd_silence_row {
	const char *id;
	const char *cond; /* expression */
	const char *who, *because;
	int64_t from_ms, until_ms;
};

#endif
