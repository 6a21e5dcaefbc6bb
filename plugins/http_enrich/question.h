/* question.h - a request made from the operator's templates
 *
 * Templates see `value`, `type` and `context`, with pages `page` and `cursor`
 * too.  A value from an alert can
 * change neither the path nor the query nor a header that it stands in: in the
 * path it is percent-encoded, the rest is the host's to encode.
 */
#ifndef HERALD_HTTP_ENRICH_QUESTION_H
#define HERALD_HTTP_ENRICH_QUESTION_H

#include <herald/plugin.h>

#include "common/json.h"

/* The variables as a document: {"value", "type", "context"}.  The caller closes
 * it.  False: no memory. [loop] */
bool http_enrich_vars(struct hp_json *vars, const herald_host *h,
		      const char *type, const herald_lookup *q);

#define HTTP_ENRICH_REPLY_MAX (8u << 20) /* bytes */

/* Which page of an answer. */
struct http_enrich_turn {
	const char *address; /* the whole; NULL: as `path` and `query` say */
	herald_str cursor;   /* for `next_query`; {NULL, 0} on the first page */
	uint32_t max_reply;
};

/* Sends it; the reply goes to `fn`.  NULL, or why it cannot be asked (`vars`
 * lacks what a template needs, ...). [loop] */
const char *http_enrich_ask(const herald_host *h, struct hp_json *vars,
			    herald_id req, const struct http_enrich_turn *turn,
			    herald_http_fn fn, void *ud);

/* Decodes the segments of a path in place: "/a/b%2Fc" to {"a", "b/c", NULL}.
 * False if one is empty, broken, or there are more than `max`. [any] */
bool http_enrich_segments(char *path, const char **out, size_t max);

#endif
