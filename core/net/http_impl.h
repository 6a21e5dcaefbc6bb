/* http_impl.h - the inside of client, peer and call, for http_*.c only
 *
 * A call is always in one of four lists: waiting, flying and tokenless (it
 * waits for an OAuth2 token) are its peer's, done is the client's.
 */
#ifndef HD_NET_HTTP_IMPL_H
#define HD_NET_HTTP_IMPL_H

#include <sys/queue.h>
#include <uv.h>

#include "core/base/buf.h"
#include "core/net/http_client.h"
#include "core/net/http_exchange.h"

struct hd_curl_loop;
struct hd_http_token;

struct call {
	TAILQ_ENTRY(call) link;
	uint64_t id;
	struct hd_http_peer *peer;
	hd_http_fn fn;
	void *ud;
	struct hd_http_exchange ex;
	int64_t deadline_ms;
	bool renewed;		/* sent again with another token */
	unsigned token_serial;	/* of the token that it was sent with */
	uint32_t status, code;	/* once done */
	int64_t retry_after_ms; /* where no answer says it */
	struct hd_buf error;
};
TAILQ_HEAD(call_list, call);

struct hd_http_peer {
	TAILQ_ENTRY(hd_http_peer) link;
	struct hd_http_client *client;
	struct hd_http_setting setting;
	unsigned max_in_flight, max_waiting;
	uint32_t timeout_ms;
	struct hd_http_token *token; /* NULL: no OAuth2 */
	struct call_list flying, waiting, tokenless;
	unsigned flying_n, waiting_n, tokenless_n;
	unsigned calls; /* with those done */
	bool freed;
};
TAILQ_HEAD(peer_list, hd_http_peer);

struct hd_http_client {
	struct hd_curl_loop *curl;
	uv_timer_t kick, sweep;
	char *user_agent;
	unsigned max_in_flight, flying_n, waiting_n, tokenless_n;
	uint64_t last_id;
	struct peer_list peers; /* who started something stands last */
	struct call_list done;
	bool closing, shut;
	unsigned parts; /* timers and curl, not yet closed */
	void (*closed)(void *ud);
	void *closed_ud;
};

/* Frees what a peer holds; it is in no list of the client's any more, and has
 * no calls. [loop] */
void hd_http_peer_fini(struct hd_http_peer *peer);

/* A token came, or will not: `ud` is the peer whose calls waited. [loop] */
void hd_http_on_token(void *ud);

#endif
