/* reply.h - what an HTTP reply of a JSON service says
 *
 * The host has judged the transport and the code (herald_reply.status).  This
 * adds what no code tells: a login page with 200 is no answer, and a refusal
 * names its reason in its body.
 */
#ifndef HERALD_PLUGINS_REPLY_H
#define HERALD_PLUGINS_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include <herald/plugin.h>

#include "common/json.h"
#include "common/text.h"

#define HP_WHY_MAX 1024 /* for the text of a message */

/* The body as JSON object or array, whatever the code was.  False if it is none
 * (`body` is then empty).  The caller closes it in any case. [loop] */
bool hp_reply_open(const herald_host *h, const herald_reply *reply,
		   struct hp_json *body);

/* The status to act on: that of the reply, or BAD_REPLY where it is OK and the
 * body is no JSON.  Where it is not OK, `why` (initialised by the caller) says
 * so for people, with the service's own words. [loop] */
uint32_t hp_reply_judge(const herald_reply *reply, struct hp_json *body,
			struct hp_text *why);

/* A reply, read and judged.  A service that means something else by a code
 * changes `status` before it acts on it. */
struct hp_answer {
	uint32_t status; /* HERALD_OK, or what to end with */
	int64_t retry_after_ms;
	struct hp_json body; /* empty where it is no JSON */
	struct hp_text why;  /* why it is not OK */
};

/* The caller closes it. [loop] */
void hp_answer_open(struct hp_answer *a, const herald_host *h,
		    const herald_reply *reply);
void hp_answer_close(struct hp_answer *a);

/* Makes it an answer with another status, and adds words. [loop] */
void hp_answer_spoil(struct hp_answer *a, uint32_t status, const char *why);

/* Ends a request with the answer's status. [loop] */
void hp_answer_end(const struct hp_answer *a, const herald_host *h,
		   herald_id req);

/* True if the service has taken the request, whatever became of its answer: it
 * may have broken off or be too big. [any] */
bool hp_reply_was_taken(const herald_reply *reply);

/* The status of hp_reply_judge() for a request that changes something: what was
 * taken, and whose answer cannot be read, may have taken effect. [any] */
uint32_t hp_reply_of_change(const herald_reply *reply, uint32_t status);

/* Ends a request with a status and words for people. [any] */
void hp_end(const herald_host *h, herald_id req, uint32_t status,
	    int64_t retry_after_ms, const struct hp_text *why);

#endif
