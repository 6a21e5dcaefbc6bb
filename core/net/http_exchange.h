/* http_exchange.h - one call as a curl handle, and what came back
 *
 * Checks what the caller gave, builds address, headers and credentials, and
 * holds everything that the handle points to.  Knows nothing of queues and
 * callbacks.  All functions are [loop].
 */
#ifndef HD_NET_HTTP_EXCHANGE_H
#define HD_NET_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <curl/curl.h>

#include "core/base/buf.h"
#include "core/net/tls.h"
#include "core/net/url.h"

struct hd_err;
struct hd_http_call;
struct hd_secret;

#define HD_HTTP_REPLY_MAX (1024 * 1024)
#define HD_HTTP_HEADERS_MAX (64 * 1024)
#define HD_HTTP_METHOD_MAX 23

/* What is the same for all requests of a peer. */
struct hd_http_setting {
	char *name;
	char *proxy; /* "" for none: libcurl then looks nowhere else */
	char *proxy_user, *no_proxy; /* NULL: none */
	struct hd_secret *proxy_secret;
	bool bearer; /* each request will carry a token */
	struct hd_tls_policy tls;
	struct hd_url *origins;
	size_t origin_count;
	const char *user_agent; /* borrowed from the client */
	bool public_only;
};

struct hd_http_exchange {
	char method[HD_HTTP_METHOD_MAX + 1];
	bool repeatable; /* GET or HEAD */
	bool has_body;
	char *url;
	char *label; /* "POST https://soar.example/rest/x": no query */
	char *body;
	size_t body_n;
	struct curl_slist *headers, *connect_to;
	struct curl_slist *token;  /* a line that goes before `headers` */
	CURL *easy;		   /* NULL unless armed */
	char why[CURL_ERROR_SIZE]; /* curl's words */

	/* What went out. */
	bool sent;	     /* a byte of it left for the service */
	bool repeat_refused; /* libcurl wanted to send it again */
	unsigned proxy_code; /* what a proxy said to CONNECT; 0: nothing */
	unsigned begun;	     /* how often it began to send it */
	long sent_before;    /* bytes, a proxy's and earlier tries' */

	/* What came back. */
	struct hd_buf reply;
	struct hd_buf header_text; /* name '\0' value '\0' ... */
	size_t header_count;
	bool too_big;
};

/* Checks and copies.  Returns 0, or -1 and `err`; hd_http_exchange_fini() is
 * due in both cases. */
int hd_http_exchange_init(struct hd_http_exchange *ex,
			  const struct hd_http_setting *setting,
			  const struct hd_http_call *call, struct hd_err *err);

/* Puts in the token, in place of an earlier one.  Returns 0 or -1. */
int hd_http_exchange_authorize(struct hd_http_exchange *ex,
			       const struct hd_secret *token,
			       struct hd_err *err);

/* Forgets what went out and came back: ready to be sent once more. */
void hd_http_exchange_again(struct hd_http_exchange *ex);

/* Wipes what held credentials. */
void hd_http_exchange_fini(struct hd_http_exchange *ex);

#endif
