/* exchange.h - requests to MISP, and what its answers mean
 *
 * All but the version is asked by POST: MISP ignores the body of a PUT and then
 * returns everything.
 */
#ifndef HERALD_MISP_EXCHANGE_H
#define HERALD_MISP_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include <herald/plugin.h>

#include "common/json.h"
#include "common/text.h"

struct misp;

/* POST of `body` to /FIRST/SECOND; false if memory is lacking, and `fn` is not
 * called then. [loop] */
bool misp_post(struct misp *m, herald_id req, const char *first,
	       const char *second, struct hp_json *body, herald_http_fn fn,
	       void *ud);

/* GET /servers/getVersion. [loop] */
void misp_get_version(struct misp *m, herald_id req, herald_http_fn fn);

/* A reply, read and judged. */
struct misp_answer {
	uint32_t status; /* HERALD_OK, or what to end with */
	int64_t retry_after_ms;
	struct hp_json body; /* empty where it is no JSON */
	struct hp_text why;  /* why it is not OK */
};

/* The caller closes it. [loop] */
void misp_answer_open(struct misp_answer *a, struct misp *m,
		      const herald_reply *reply);
void misp_answer_close(struct misp_answer *a);

/* Makes an answer that is OK another one, with words. [loop] */
void misp_answer_spoil(struct misp_answer *a, uint32_t status, const char *why);

/* Ends a request with the answer's status. [loop] */
void misp_answer_end(const struct misp_answer *a, struct misp *m,
		     herald_id req);

#endif
