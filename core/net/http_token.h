/* http_token.h - a token by OAuth2 client credentials, kept and renewed
 *
 * RFC 6749, 4.4: our name and secret go to the token server, a bearer token
 * comes back and is used until shortly before its end.  One request for a token
 * is under way at a time, whoever asks; while a token is still good the next
 * one is fetched beside it, so that nobody waits.  After a failure the server
 * is left alone for some seconds: a wrong secret, repeated for each alert,
 * locks accounts.
 *
 * The token server has a peer of its own: its address is the only one that sees
 * the client's secret.  It is always verified; what a connector's `tls` says of
 * its service's key or name (pin, server_name, verify) is not about it, ca_file
 * and our own certificate are.
 *
 * All functions are [loop].
 */
#ifndef HD_NET_HTTP_TOKEN_H
#define HD_NET_HTTP_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

struct hd_err;
struct hd_http_client;
struct hd_http_peer_options;
struct hd_http_token;
struct hd_secret;

struct hd_http_token_options {
	const char *url;       /* of the token server */
	const char *client_id; /* who we are there */
	struct hd_secret *secret;
	const char *scope, *audience; /* NULL: not said */
	bool in_body; /* id and secret as form fields, not HTTP Basic */
};

/* The token, or the trouble, may have changed: look again. */
typedef void (*hd_http_token_fn)(void *ud);

/* `service` are the options of the peer that the token is for: name, CA and
 * certificate, proxy and time-out are the same.  NULL and `err` if an address
 * is not sound. */
struct hd_http_token *
hd_http_token_new(struct hd_http_client *client,
		  const struct hd_http_token_options *options,
		  const struct hd_http_peer_options *service,
		  hd_http_token_fn changed, void *ud, struct hd_err *err);

/* No callback comes after it.  NULL is fine. */
void hd_http_token_free(struct hd_http_token *token);

enum hd_http_token_state {
	HD_HTTP_TOKEN_GOOD,  /* `secret` and `serial` are set */
	HD_HTTP_TOKEN_ASKED, /* `changed` will be called */
	HD_HTTP_TOKEN_NONE   /* `status`, `why` and `retry_after_ms` are set */
};

/* Borrowed, valid until the loop goes on. */
struct hd_http_token_look {
	struct hd_secret *secret;
	unsigned serial;
	uint32_t status; /* HERALD_*: never NOT_FOUND, never IN_DOUBT */
	const char *why;
	int64_t retry_after_ms;
};

/* Asks the server where that is due. */
enum hd_http_token_state hd_http_token_look(struct hd_http_token *token,
					    struct hd_http_token_look *out);

/* The service said 401 to the token of that number.  True if another one is
 * worth a try: there is a newer one, or this one is dropped now. */
bool hd_http_token_refused(struct hd_http_token *token, unsigned serial);

/* It said 401 to the renewed one too: no renewing for that reason for a while,
 * or each request would cost a token. */
void hd_http_token_hopeless(struct hd_http_token *token);

#endif
