/* http_client.h - HTTP requests that herald makes
 *
 * One client a loop: libcurl's multi interface, driven by libuv.  A *peer* is
 * what one connector instance talks to: its TLS policy, proxy, bound of
 * requests in flight and the origins that may see its credentials.  Requests
 * above a bound wait in our own queue, in the order in which they came.
 *
 * Every request ends with exactly one callback, on the loop, never inside
 * hd_http_send(), also after a cancel and when client or peer are closed.
 *
 * What is never done: following a redirect, another protocol than HTTP(S),
 * reading a netrc or a proxy from the environment, repeating by itself a
 * request of which a byte may have arrived (libcurl repeats a POST on a kept
 * connection that broke: that is stopped here), keeping a secret in a handle
 * beyond its request.  A 401 to an OAuth2 token is no exception: the service
 * says that it did nothing, and the request is sent once more (http_token.h).
 *
 * All functions are [loop].
 *
 * The process ignores SIGPIPE.
 */
#ifndef HD_NET_HTTP_CLIENT_H
#define HD_NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include <herald/plugin.h> /* status classes, herald_str */

struct hd_err;
struct hd_http_token_options;
struct hd_secret;
struct hd_tls_policy;

struct hd_http_client;
struct hd_http_peer;

struct hd_http_client_options {
	const char *user_agent; /* NULL: "herald/VERSION" */
	unsigned max_in_flight; /* of all peers together; 0: 1000 */
};

/* curl_global_init() has been called.  `options` may be NULL.  NULL and `err`
 * if the system refuses. */
struct hd_http_client *
hd_http_client_new(uv_loop_t *loop,
		   const struct hd_http_client_options *options,
		   struct hd_err *err);

/* Cancels what is under way; the callbacks come on the loop, then `closed` (may
 * be NULL), then the client is gone.  Its peers must have been freed. */
void hd_http_client_free(struct hd_http_client *client,
			 void (*closed)(void *ud), void *ud);

struct hd_http_peer_options {
	const char *name;		 /* connector, for error texts */
	const struct hd_tls_policy *tls; /* copied; NULL: the default */
	const char *proxy;		 /* "http://host:port"; NULL: none */
	const char *proxy_user;		 /* NULL: it asks for nothing */
	struct hd_secret *proxy_secret;	 /* of that user */
	const char *const *no_proxy;	 /* names, addresses, networks that are
					  * reached without it; NULL-ended */
	const struct hd_http_token_options
		*oauth2; /* copied; all requests carry its token; NULL: none */
	const char *const *origins; /* addresses, NULL-ended: credentials (the
				     * secret, an Authorization or Cookie
				     * header, a client certificate) go to
				     * their origins only */
	unsigned max_in_flight;	    /* 0: 16 */
	unsigned max_waiting;	    /* above it BUSY; 0: 10000 */
	uint32_t timeout_ms;	    /* where a call has none; 0: 30000 */
	bool public_only;	    /* refuse private, loopback, link-local and
				     * other special addresses once the name
				     * is resolved; not with a proxy */
};

/* NULL and `err` if an address, the proxy or the policy is not sound. */
struct hd_http_peer *
hd_http_peer_new(struct hd_http_client *client,
		 const struct hd_http_peer_options *options,
		 struct hd_err *err);

/* Cancels the peer's requests; their callbacks still come.  NULL is fine. */
void hd_http_peer_free(struct hd_http_peer *peer);

/* Requests in flight and waiting. */
unsigned hd_http_peer_busy(const struct hd_http_peer *peer);

/* What is asked.  Everything is copied.  Lists end with NULL and may be NULL.
 */
struct hd_http_call {
	const char *method;	  /* NULL: GET, or POST with a body or a form */
	const char *url;	  /* base */
	const char *const *path;  /* segments, each percent-encoded */
	const char *const *query; /* name, value, ... */
	bool form;		  /* `query` becomes the body */
	const char *const *headers; /* "Name: value", ... */
	herald_str body;
	struct hd_secret *secret;  /* goes, unless NULL, ... */
	const char *secret_header; /* ... into this one ("Authorization") ... */
	const char *secret_prefix; /* ... after this text; NULL: none */
	const char *secret_user;   /* set: HTTP Basic */
	uint32_t timeout_ms;	   /* whole, waiting included; 0: the peer's */
	size_t max_reply;	   /* bytes of body, decoded; 0: 1 MiB */
};

/* Valid during the callback. */
struct hd_http_reply {
	uint32_t status; /* HERALD_*, as described at herald_reply.status; a
			  * cancelled request that may have arrived is
			  * IN_DOUBT, unless it was GET or HEAD */
	uint32_t code;	 /* HTTP code; 0: none arrived */
	int64_t retry_after_ms; /* of a Retry-After; 0: none; at most 24 h */
	herald_str body;
	herald_str error; /* for people, where status is not OK: what, where,
			   * why; no secret, no query */
	const char *const *headers; /* name in lower case, value, ..., NULL */
};

typedef void (*hd_http_fn)(void *ud, uint64_t id,
			   const struct hd_http_reply *reply);

/* Begins (or queues) a request and returns its id, never 0.  What is wrong with
 * `call` (address, CR or LF in a header, credentials to a foreign origin)
 * arrives in the callback as BAD_INPUT. */
uint64_t hd_http_send(struct hd_http_peer *peer,
		      const struct hd_http_call *call, hd_http_fn fn, void *ud);

/* Hurries: the callback comes soon.  Unknown ids are ignored. */
void hd_http_cancel(struct hd_http_peer *peer, uint64_t id);

#endif
