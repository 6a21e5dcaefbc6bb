/* request.h - one POST: who says it, and that it is said once
 *
 * Idempotency-Key is `key`, the same for every repetition.  With `sign` the
 * message is signed as Standard Webhooks say; else the secret goes into a
 * header, put in by the host.
 */
#ifndef HERALD_HTTP_OUT_REQUEST_H
#define HERALD_HTTP_OUT_REQUEST_H

#include <stdbool.h>

#include <herald/plugin.h>

#define HTTP_OUT_HEADERS 32
#define HTTP_OUT_HEADER 1024 /* bytes of one, with '\0' */

struct http_out_batches;

struct http_out {
	const herald_host *h;
	bool sign, has_secret;		  /* from start() on */
	struct http_out_batches *batches; /* NULL: each alert for itself */
};

struct http_out_post {
	herald_id req;	     /* whose deadline it has; 0: timeout_ms */
	uint32_t timeout_ms; /* 0: the connector's */
	herald_str key;
	const char *type; /* of the content */
	herald_str body;
};

/* Sends it; the reply goes to `fn`.  Returns NULL, or why it cannot be sent.
 * [loop] */
const char *http_out_send(struct http_out *out,
			  const struct http_out_post *post, herald_http_fn fn,
			  void *ud);

#endif
