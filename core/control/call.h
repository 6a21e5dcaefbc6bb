/* call.h - one call of the control socket
 *
 * Owned by its handler until it is answered: exactly one of the functions
 * marked *ends the call* is called, then or later, and frees it.  A caller that
 * leaves, or a control socket that is closed meanwhile, changes nothing of
 * that, but call->control is NULL then.
 */
#ifndef HD_CONTROL_CALL_H
#define HD_CONTROL_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <jansson.h>

#include "core/journal/reader.h"
#include "core/journal/rows.h"

struct hd_control;
struct hd_err;
struct hd_http_request;

struct hd_call {
	TAILQ_ENTRY(hd_call) link;
	struct hd_control *control; /* NULL: it was freed meanwhile */
	struct hd_http_request *rq;
	unsigned roles;
	char *arg;	/* what stands for {} in the path; NULL: nothing */
	json_t *body;	/* of a POST: an object, perhaps empty */
	char by[32];	/* "uid 1000", for the timeline */
	void *ud;	/* the handler's own, freed by free() with the call */
	bool cancelled; /* the caller left */
};
TAILQ_HEAD(hd_call_list, hd_call);

typedef void (*hd_call_fn)(struct hd_call *call);

/* ---- what was asked ---- */

/* The value of a parameter: in the query, else a text in the body; NULL if
 * there is none. */
const char *hd_call_text(const struct hd_call *call, const char *name);

/* True for 1, true, yes (query) or true (body). */
bool hd_call_flag(const struct hd_call *call, const char *name);

/* A number between the bounds, `out` untouched if it was not given.  -1: ends
 * the call. */
int hd_call_number(struct hd_call *call, const char *name, int64_t min,
		   int64_t max, int64_t *out);

/* A point in time: text or a day (UTC unless it has a zone), epoch, or how long
 * ago ("90s", "2h", "7d").  -1: ends the call. */
int hd_call_since(struct hd_call *call, const char *name, int64_t *out_ms);

/* The alert that call->arg means.  -1: ends the call. */
int hd_call_alert(struct hd_call *call, char id[HD_ID_TEXT]);

/* The action that call->arg means; `out` is borrowed from the reader.  -1: ends
 * the call. */
int hd_call_action(struct hd_call *call, struct hd_action_row *out);

/* ---- answers: each ends the call ---- */

/* 200.  Takes the reference. */
void hd_call_answer(struct hd_call *call, json_t *body_take);

/* 4xx or 5xx: {"error", "help"}; help is the command that helps, NULL for
 * none. */
void hd_call_refuse(struct hd_call *call, unsigned code, const char *help,
		    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The journal could not be read, or a commit failed. */
void hd_call_fail(struct hd_call *call, const struct hd_err *err);

#endif
