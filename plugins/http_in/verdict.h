/* verdict.h - what a sender is told of what it sent
 *
 * The host keeps whatever a sender that is let in has sent; what is no JSON
 * object, or cannot be held exactly, it keeps for a person (quarantined).  The
 * sender is told that it sent such a thing, once it is stored: 400 for what is
 * no JSON object, 422 for what cannot be held exactly.  Of a batch with sound
 * alerts in it the answer is 200 and says which were not.
 */
#ifndef HERALD_HTTP_IN_VERDICT_H
#define HERALD_HTTP_IN_VERDICT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <herald/plugin.h>

struct http_in_batch;

/* Of a request in which something was not sound. */
struct http_in_verdict {
	SLIST_ENTRY(http_in_verdict) link;
	herald_id req;
	uint32_t code;
	char body[512];
};

/* Those of requests that are not settled.  All zero is empty. */
struct http_in_verdicts {
	SLIST_HEAD(, http_in_verdict) list;
};

/* Judges the batch; where all is sound nothing is kept.  False if memory is
 * lacking. [loop] */
bool http_in_verdict(struct http_in_verdicts *verdicts, const herald_host *h,
		     const struct http_in_batch *batch, herald_id req);

/* The verdict on this request, or NULL: all was sound.  The caller frees it.
 * [loop] */
struct http_in_verdict *http_in_verdict_take(struct http_in_verdicts *verdicts,
					     herald_id req);

void http_in_verdicts_free(struct http_in_verdicts *verdicts);

#endif
