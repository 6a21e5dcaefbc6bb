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
#include "common/reply.h"

struct misp;

/* POST of `body` to /FIRST/SECOND; false if memory is lacking, and `fn` is not
 * called then. [loop] */
bool misp_post(struct misp *m, herald_id req, const char *first,
	       const char *second, struct hp_json *body, herald_http_fn fn,
	       void *ud);

/* GET /servers/getVersion. [loop] */
void misp_get_version(struct misp *m, herald_id req, herald_http_fn fn);

/* A reply, read, and judged as MISP means it.  The caller closes it. [loop] */
void misp_answer_open(struct hp_answer *a, struct misp *m,
		      const herald_reply *reply);

#endif
