/* answer.h - an answer read by the operator's expressions
 *
 * Expressions see `answer` (the parsed body), `code` (HTTP), with pages
 * `items`, and what the templates see.  What comes to nothing is left out; one
 * that fails is told, and the lookup fails with it: half an answer would read
 * as a whole one.
 */
#ifndef HERALD_HTTP_ENRICH_ANSWER_H
#define HERALD_HTTP_ENRICH_ANSWER_H

#include "common/json.h"

/* OK: `out` holds the members for the core.  NOT_FOUND: `hit` says that the
 * service knows nothing.  FAILED, BAD_REPLY: *why says why. [loop] */
uint32_t http_enrich_read(const herald_host *h, struct hp_json *vars,
			  struct hp_json *out, const char **why);

#endif
