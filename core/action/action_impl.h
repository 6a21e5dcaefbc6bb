/* action_impl.h - what the files of this folder share: action.c (cases in
 * memory), store.c (commits), turn.c (rows that wait for others), call.c
 * (calling plugins), flow.c (what the calls come to), amend.c (a person's
 * word).  Nobody else includes it. */
#ifndef HD_ACTION_ACTION_IMPL_H
#define HD_ACTION_ACTION_IMPL_H

#include "core/action/action.h"
#include "core/action/row.h"
#include "core/base/dict.h"

struct hd_completion;
struct hd_err;
struct hd_park;
struct hd_ration;

struct hd_actions {
	struct hd_actions_env env;
	struct hd_dict active; /* alert id -> case */
	struct hd_dict lanes;
	struct hd_park *park;
	uint64_t calls, commits; /* under way */
	unsigned doubts_told;	 /* at the start */
	bool stopping;
	bool abandoned; /* calls still under way are as after a crash */
	uv_timer_t *patience;
	void (*on_stopped)(void *ud);
	void *on_stopped_ud;
};

typedef void (*hd_step_fn)(struct hd_actions *a, struct hd_row *r);

/* What a person said: told on the timeline in the same commit. */
struct hd_word {
	char *kind, *json;
	void (*fn)(void *ud, const struct hd_err *err);
	void *ud;
};

/* ---- action.c ---- */
void hd_actions_report_stopped(struct hd_actions *a);

/* The case in memory, or read from the journal and kept there; NULL and `err`
 * if it cannot be read or there are no rows. */
struct hd_case *hd_actions_case(struct hd_actions *a, const char *alert,
				struct hd_err *err);

/* Rows that can go on do; a case in which nothing moves leaves memory. */
void hd_actions_settle(struct hd_actions *a, struct hd_case *c);

void hd_actions_alarm(struct hd_actions *a, const char *kind,
		      const struct hd_row *r, const char *text);

/* A person has to settle this one. */
void hd_actions_tell_doubt(struct hd_actions *a, const struct hd_action_row *r);

/* ---- store.c ---- */
/* Stores the row's change and all that follows from it (rows whose turn comes,
 * the alert's end), and calls `next` (may be NULL) when that is durable.  A
 * full disk makes it wait, not fail. */
void hd_action_store(struct hd_actions *a, struct hd_row *r, hd_step_fn next);

/* With a person's word; takes ownership of `word`. */
void hd_action_store_word(struct hd_actions *a, struct hd_row *r,
			  struct hd_word *word);

/* ---- turn.c ---- */
/* Decides the rows whose turn has come.  The first one, or NULL. */
struct hd_row *hd_turn_resolve(struct hd_actions *a, struct hd_case *c);

/* ---- call.c ---- */
/* The row goes on, if it can now. */
void hd_call_advance(struct hd_actions *a, struct hd_row *r);

/* HERALD_IDEMPOTENT ... of the row's action, 0 if it is gone. */
uint32_t hd_call_flags(struct hd_actions *a, const struct hd_row *r);

/* A block of some connector's limit was stored, or could not be: `ud` are the
 * actions. */
void hd_call_on_ration(void *ud, struct hd_ration *ration);

/* ---- flow.c ---- */
void hd_flow_completed(struct hd_actions *a, struct hd_row *r, uint32_t mode,
		       const struct hd_completion *c);

/* The row ends; `message` NULL: keeps the one that it has. */
void hd_flow_end(struct hd_actions *a, struct hd_row *r,
		 enum hd_action_state state, const char *message);

/* It waits: DECIDED is planned or run again, STARTED and PENDING are verified.
 * Ends it instead when there is no time left for that. */
void hd_flow_wait(struct hd_actions *a, struct hd_row *r,
		  enum hd_action_state state, int64_t pause_ms,
		  const char *message);

/* It may or may not have taken place, and its action has these flags. */
void hd_flow_unclear(struct hd_actions *a, struct hd_row *r, uint32_t flags,
		     int64_t pause_ms, const char *message);

/* The undo is done: so the row that it takes back is undone. */
void hd_flow_mark_undone(struct hd_row *undo);

/* The intent is stored, then it is run. */
void hd_flow_begin(struct hd_actions *a, struct hd_row *r);

#endif
