/* engine.h - from a source's record to rows of actions
 *
 *   emit ─► parse, map, complete ─► journal: received ─► settled, the 2xx
 *                                        │
 *        run: pipeline, step by step ◄───┘   (at most `running` at once; the
 *                                        │    rest waits in the journal, by
 *                                        ▼    severity and age)
 *        journal: decided ─► core/action carries out the rows ─► the end
 *
 * A pipeline in which no step waits or touches anything but its alert is run
 * at once: received and decided are one commit then, before the 2xx.  What
 * comes of it still happens only when that is stored.
 *
 * One owner at a time: an alert in memory belongs to the engine, on the loop.
 */
#ifndef HD_PIPELINE_ENGINE_H
#define HD_PIPELINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include <uv.h>

#include <herald/plugin.h>

#include "core/journal/rows.h"
#include "core/pipeline/program.h"

struct hd_actions;
struct hd_alert;
struct hd_amend;
struct hd_case;
struct hd_engine;
struct hd_err;
struct hd_guards;
struct hd_instance;
struct hd_journal;
struct hd_lookups;
struct hd_rations;
struct hd_reader;
struct hd_windows;

struct hd_engine_env {
	uv_loop_t *loop;
	struct hd_journal *journal;
	struct hd_reader *reader;
	struct hd_guards *guards;
	struct hd_lookups *lookups;
	struct hd_rations *rations;
	void *ud;
	/* The connector that has the name now, or NULL. */
	struct hd_instance *(*connector)(void *ud, const char *name);
	/* herald's own trouble: kind ("dead", "in doubt", "rule error"),
	 * object, and a line for people; NULL when it is over. */
	void (*alarm)(void *ud, const char *kind, const char *object,
		      const char *text);
	/* The line about an alert that came to its end. */
	void (*line)(void *ud, const char *line);
};

struct hd_engine *hd_engine_new(const struct hd_engine_env *env);
void hd_engine_free(struct hd_engine *engine); /* after hd_engine_stop() */

/* The configuration that new alerts begin with (a reference is taken). [loop]
 */
void hd_engine_set_program(struct hd_engine *engine,
			   struct hd_program *program);
struct hd_program *hd_engine_program(const struct hd_engine *engine);

/* Reads what a former process left: windows, open rows, the backlog.  Call it
 * once, with the connectors started. -1 and `err`. [loop] */
int hd_engine_recover(struct hd_engine *engine, struct hd_err *err);

/* As herald_host.emit, of `instance`. [loop] */
uint32_t hd_engine_emit(struct hd_engine *engine, struct hd_instance *instance,
			const herald_record *const *records, uint32_t n,
			uint64_t tag);

/* The instance is destroyed: nothing is settled with it any more. [loop] */
void hd_engine_forget(struct hd_engine *engine,
		      const struct hd_instance *instance);

/* A file that a person gives, as if `instance` had received it: the same map,
 * but a uid of its own, so that the same file twice is two alerts.  Unless
 * `act`, none of its actions is carried out, and it takes no part in dedup.
 * `row` is the JSON Pointer of the row in it; NULL: where it usually stands.
 * fn is told the id once it is stored, or NULL and why not.  -1 and `err` if it
 * cannot be taken; then fn is not called. [loop] */
typedef void (*hd_submitted_fn)(void *ud, const char *id, const char *why);
struct hd_submission {
	const char *json;
	size_t n;
	const char *row;
	bool act;
	hd_submitted_fn fn;
	void *ud;
};
int hd_engine_submit(struct hd_engine *engine, struct hd_instance *instance,
		     const struct hd_submission *submission,
		     struct hd_err *err);

/* Tries a dead alert again, as a person wishes: its failed rows, as
 * hd_actions_amend() does; one of which nothing was decided begins anew.
 * [loop] */
int hd_engine_retry(struct hd_engine *engine, const struct hd_amend *amend,
		    struct hd_err *err);

/* Begins nothing new; `fn` when no commit or call is under way.  Alerts that
 * wait for answers are left to the next start. [loop] */
void hd_engine_stop(struct hd_engine *engine, void (*fn)(void *ud), void *ud);

struct hd_engine_stats {
	size_t running;	  /* alerts in memory */
	size_t receiving; /* records that wait for the journal */
	size_t backlog;	  /* received, not decided, running ones included */
	size_t acting;	  /* alerts whose actions are in memory */
	size_t parked;	  /* alerts whose actions wait in the journal */
	uint64_t received, redelivered, busy;
	const char *closed; /* why nothing is accepted, or NULL */
};
void hd_engine_stats(const struct hd_engine *engine,
		     struct hd_engine_stats *out);

struct hd_actions *hd_engine_actions(struct hd_engine *engine);

/* ---- for steps ---- */
uv_loop_t *hd_engine_loop(struct hd_engine *engine);
struct hd_windows *hd_engine_windows(struct hd_engine *engine);
struct hd_lookups *hd_engine_lookups(struct hd_engine *engine);
struct hd_instance *hd_engine_connector(struct hd_engine *engine,
					const char *name);
/* The record of an alert, in memory or stored; new reference, or NULL. */
json_t *hd_engine_record(struct hd_engine *engine, const char *id);
/* A step that waited is done: the alert goes on with the next one. */
void hd_run_continue(struct hd_alert *alert);
void hd_engine_alarm(struct hd_engine *engine, const char *kind,
		     const char *object, const char *text);

#endif
