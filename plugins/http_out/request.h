/* request.h - one POST: who says it, and that it is said once
 *
 * Idempotency-Key is the intention's key, the same for every repetition.  With
 * `sign` the message is signed as Standard Webhooks say; else the secret goes
 * into a header, put in by the host.
 */
#ifndef HERALD_HTTP_OUT_REQUEST_H
#define HERALD_HTTP_OUT_REQUEST_H

#include <stdbool.h>

#include <herald/plugin.h>

#define HTTP_OUT_HEADERS 32
#define HTTP_OUT_HEADER 1024 /* bytes of one, with '\0' */

struct http_out {
	const herald_host *h;
	bool sign, has_secret; /* from start() on */
};

/* Sends `body`; the reply goes to `fn`.  Returns NULL, or why it cannot be
 * sent. [loop] */
const char *http_out_send(struct http_out *out, const herald_call *call,
			  herald_str body, herald_http_fn fn, void *ud);

#endif
