/* inbound.h - one request that comes in
 *
 * Built up by libmicrohttpd's thread until it is whole; then the listener hands
 * it over, and it is read-only but for what the listener's lock guards.
 */
#ifndef HD_NET_INBOUND_H
#define HD_NET_INBOUND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "core/base/buf.h"
#include "core/net/framing.h"
#include "core/net/listener.h"

struct MHD_Connection;
struct MHD_Response;
struct hd_gunzip;

#define HD_INBOUND_METHOD_MAX 7 /* "OPTIONS" */

/* What all bodies that are held may take together. */
struct hd_body_budget {
	atomic_size_t used;
	size_t max;
};

enum hd_inbound_state {
	HD_INBOUND_COLLECTING, /* the library's thread has it */
	HD_INBOUND_WAITING,    /* whole, suspended, in the list of incoming */
	HD_INBOUND_HANDED,     /* its route has it */
	HD_INBOUND_ANSWERED    /* there is an answer, by whomever */
};

struct hd_inbound {
	struct hd_http_request pub; /* first: the owner's pointer is ours */
	struct hd_listener *listener;
	struct MHD_Connection *conn;

	/* The library's thread. */
	const char *uri; /* where it lies in the connection */
	size_t uri_n;
	char *uri_text; /* a copy, as sent */
	char method[HD_INBOUND_METHOD_MAX + 1];
	char *path, **query;
	const char **headers;
	struct hd_framing framing;
	struct hd_buf body;
	struct hd_gunzip *gz;
	struct hd_body_budget *budget;
	size_t charged; /* to the budget */
	size_t drained; /* bytes thrown away after a refusal */
	bool begun;
	bool suspended; /* it is or has been */
	char peer[80];
	gid_t *groups;
	unsigned code;	    /* a refusal of ours; 0: none */
	const char *reason; /* its word */

	/* From the route, copied when it was found. */
	uint64_t route;
	hd_request_fn fn, cancelled;
	void *ud;

	bool delivered; /* the loop: `fn` was called */

	/* Guarded by the listener's lock. */
	TAILQ_ENTRY(hd_inbound) link;
	enum hd_inbound_state state;
	bool owner_due; /* the owner has still to answer */
	bool conn_done; /* the library is through with it */
	unsigned holds;
	unsigned reply_code;
	struct MHD_Response *reply;
};
TAILQ_HEAD(hd_inbound_list, hd_inbound);

/* NULL if memory is lacking. */
struct hd_inbound *hd_inbound_new(const char *uri,
				  struct hd_body_budget *budget);
void hd_inbound_free(struct hd_inbound *in);

/* Notes a refusal; the first one stands. */
void hd_inbound_refuse(struct hd_inbound *in, unsigned code,
		       const char *reason);

/* Headers are there: checks them and decodes path and query. */
void hd_inbound_begin(struct hd_inbound *in, struct MHD_Connection *conn,
		      const char *method, const char *version,
		      size_t header_max);

/* The route is found: what it takes, and what follows its path. */
void hd_inbound_route(struct hd_inbound *in,
		      const struct hd_listener_route *route, uint64_t id);

/* Whoever sent it also is in these groups (copied). */
void hd_inbound_groups(struct hd_inbound *in, const gid_t *groups, size_t n);

/* Takes a piece of the body.  False once so much came after a refusal that the
 * connection has to be cut. */
bool hd_inbound_take(struct hd_inbound *in, const void *p, size_t n);

/* The body is whole: completes `pub` unless something is wrong with it. */
void hd_inbound_finish(struct hd_inbound *in);

#endif
