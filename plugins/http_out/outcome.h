/* outcome.h - what a receiver's answer means for the actions that it is about
 *
 * Of what was sent in one request: a message, an alert, or a batch of them.
 */
#ifndef HERALD_HTTP_OUT_OUTCOME_H
#define HERALD_HTTP_OUT_OUTCOME_H

#include <herald/plugin.h>

#include "common/json.h"

#include "http_out/request.h"

struct http_out_answer {
	struct http_out *out;
	const herald_reply *reply;
	struct hp_json body;  /* closed where it is no JSON */
	struct hp_json vars;  /* for expressions: {"answer", "index"} */
	struct hp_json words; /* {"each": [a word on each alert]} */
	const char *why;      /* such words are wanted, and there are none */
	bool each;
};

/* `batch` is the number of alerts of a batch, of which the option `each` tells;
 * 0: it is none.  The reply must stay until it is closed. [loop] */
void http_out_answer_open(struct http_out_answer *a, struct http_out *out,
			  const herald_reply *reply, size_t batch);
void http_out_answer_close(struct http_out_answer *a);

/* Ends `req`, which was at place `index` of what was sent. [loop] */
void http_out_answer_end(struct http_out_answer *a, herald_id req,
			 size_t index);

#endif
