/* alert.h - an alert under way
 *
 * Owned by the engine, on the loop.  Steps read and change it; what it came to
 * is written in one commit at its end (decide.h).
 */
#ifndef HD_PIPELINE_ALERT_H
#define HD_PIPELINE_ALERT_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "core/expr/expr.h"
#include "core/journal/rows.h"
#include "core/pipeline/asked.h"
#include "core/pipeline/ledger.h"

struct hd_case;
struct hd_engine;
struct hd_mark;
struct hd_pipeline;
struct hd_program;

struct hd_alert {
	struct hd_engine *engine;
	struct hd_program *program; /* one reference */
	const struct hd_pipeline *pipeline;
	char id[HD_ID_TEXT];
	struct hd_mark *mark; /* in case herald crashes over it; or NULL */
	char *connector;
	int64_t received_ms; /* UTC */
	int64_t began_ms;    /* monotonic */
	int64_t now_ms;	     /* UTC, `now` of this run */
	int severity;
	json_t *record;
	char *text;   /* the record as the journal has it; NULL: it changed */
	bool changed; /* since it was received */
	struct hd_asked asked;	 /* lookups and their answers */
	struct hd_ledger ledger; /* contributions to the score */
	struct hd_case *rows;	 /* actions decided so far */
	char *claim;   /* key of the dedup window it opened, or NULL */
	json_t *notes; /* timeline: [[kind, {...}], ...] */

	bool unstored; /* its commit is under way: nobody may know of it */
	bool decided;  /* in that commit */
	json_t *held;  /* alarms until then: [[where, text], ...], or NULL */

	size_t step;	  /* the one that runs */
	int64_t step_us;  /* when it began, monotonic */
	void *step_state; /* of a step that waits */

	unsigned failed_entries; /* of respond: their conditions had errors */
	enum hd_alert_state end; /* KEEP until a step ends it */
	char *reason;
	char leader[HD_ID_TEXT]; /* of one that is merged */
	bool dry_run; /* a person tries what would be done (submit) */
};

/* Labels that are herald's own begin like this: a source's are taken away. */
#define HD_LABEL_OWN "herald:"
#define HD_LABEL_DRY_RUN "herald:dry_run"

/* Before the record is changed: what was stored of it holds no longer. */
void hd_alert_change(struct hd_alert *alert);

/* What expressions see of it.  Borrowed parts, valid until it changes. */
void hd_alert_scope(const struct hd_alert *alert, struct hd_expr_scope *scope);

/* A step ends the alert: MERGED, DROPPED, SILENCED or DONE. */
void hd_alert_end(struct hd_alert *alert, enum hd_alert_state state,
		  const char *reason);

/* An entry on its timeline, stored with the decision.  Takes the reference. */
void hd_alert_note(struct hd_alert *alert, const char *kind, json_t *what_take);

/* It is stored: what was held back for that is told. */
void hd_alert_stored(struct hd_alert *alert);

/* An expression of the configuration failed: logged as an alarm, and noted. */
void hd_alert_alarm(struct hd_alert *alert, const char *where, const char *why);

#endif
