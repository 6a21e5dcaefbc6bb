/* listener.h - HTTP requests that herald serves
 *
 * libmicrohttpd with its own thread does TLS and framing; this file bounds
 * (sizes, total deadlines, connections), refuses what two readers could read
 * differently, collects and inflates the body, and hands whole requests to the
 * loop.  The connection is suspended meanwhile, and the request is no part of
 * it: a sender that leaves takes nothing along.
 *
 * A request has one owner, the route's `fn`, until hd_http_respond(), which is
 * due exactly once.  When the deadline passes or the listener stops, the host
 * answers 503 and calls `cancelled`; the owner's answer is then without effect,
 * and still due.
 *
 * The process ignores SIGPIPE.
 */
#ifndef HD_NET_LISTENER_H
#define HD_NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include <herald/plugin.h> /* herald_str */

struct hd_err;
struct hd_listener;

struct hd_listener_options {
	const char *name;     /* for the log and the metrics */
	const char *address;  /* "host:port", "[v6]:port", ":port", port 0: any;
			       * "unix:/path" */
	const char *tls_cert; /* PEM text or path, chain included; NULL: none */
	const char *tls_key;  /* PEM text or path */
	unsigned unix_mode;   /* of the socket file; 0: 0660 */
	size_t header_max;    /* bytes of request line and headers; 0: 16 KiB */
	size_t bodies_max;    /* of all bodies held together; 0: 256 MiB */
	unsigned connections; /* at once; 0: 1000 */
	unsigned per_address; /* connections of one address; 0: 100 */
	unsigned waiting;     /* requests not yet answered; 0: 1000 */
	unsigned header_ms;   /* until the headers are whole; 0: 10000 */
	unsigned body_ms;     /* from there until the body is; 0: 60000 */
	unsigned idle_ms;     /* kept connection without request; 0: 60000 */
	unsigned answer_ms;   /* from there until the answer; 0: 60000 */
};

/* Binds the address; nothing is served before hd_listener_start().  Everything
 * is copied.  NULL and `err` if the address is taken or not ours, or
 * certificate and key are not sound. [loop] */
struct hd_listener *hd_listener_new(uv_loop_t *loop,
				    const struct hd_listener_options *options,
				    struct hd_err *err);

/* Begins to serve.  Returns 0 or -1. [loop] */
int hd_listener_start(struct hd_listener *listener, struct hd_err *err);

/* Takes no new connection; requests that still come are answered 503, those
 * under way go on. [loop] */
void hd_listener_stop(struct hd_listener *listener);

/* Requests that owners have not answered yet. [any] */
unsigned hd_listener_busy(struct hd_listener *listener);

/* Answers 503 to whatever is left (calling `cancelled`), ends all connections
 * and the thread; waits at most 0.5 s for the last answers to leave.  The
 * owners' answers to cancelled requests may still come later.  The rest is
 * freed when the loop next runs.  Not inside a callback of one of its own
 * routes.  NULL is fine. [loop] */
void hd_listener_free(struct hd_listener *listener);

/* The port in use, 0 for a unix socket. [any] */
int hd_listener_port(const struct hd_listener *listener);

/* "http://127.0.0.1:8088", "https://[::1]:8088", "unix:/path": for people.
 * Borrowed from `listener`, valid until it is freed. [any] */
const char *hd_listener_url(const struct hd_listener *listener);

/* A request.  Valid until it is answered; read-only, in any thread. */
struct hd_http_request {
	uint64_t cookie; /* of the route */
	const char *method;
	herald_str path;   /* decoded; of a prefix route what follows the
			    * prefix, else empty */
	herald_str target; /* decoded path as a whole */
	herald_str body;   /* inflated */
	herald_str peer;   /* "192.0.2.1:4711", "uid 0": for the log only */
	const char *const *query;   /* name, value, ..., NULL; decoded */
	const char *const *headers; /* likewise; names in lower case */
	int64_t deadline_ms;	    /* on the clock of hd_now_ms() */
	bool has_creds;		    /* came by a unix socket: */
	uid_t uid;
	gid_t gid;
	pid_t pid;
	const gid_t *groups; /* supplementary ones, or NULL */
	size_t group_count;
};

typedef void (*hd_request_fn)(void *ud, struct hd_http_request *rq);

struct hd_listener_route {
	const char *method;	 /* upper case; "GET" serves HEAD as well */
	const char *path;	 /* "/services/collector/event" */
	bool prefix;		 /* also everything below */
	size_t max_body;	 /* bytes, decoded; 0: 1 MiB */
	uint64_t cookie;	 /* comes back in the request */
	hd_request_fn fn;	 /* [loop] */
	hd_request_fn cancelled; /* [loop] may be NULL */
	void *ud;
};

/* The longest path that fits wins; a path without this method gets 405 with
 * Allow, an unknown one 404.  Returns an id, or 0 and `err` if method and path
 * are taken or not sound. [loop] */
uint64_t hd_listener_route_add(struct hd_listener *listener,
			       const struct hd_listener_route *route,
			       struct hd_err *err);

/* While paused the route answers 503 with Retry-After by itself. [loop] */
void hd_listener_route_pause(struct hd_listener *listener, uint64_t id,
			     bool paused);

/* `fn` is not called again; requests it has are still to be answered (and
 * `cancelled` may still be called for them). [loop] */
void hd_listener_route_remove(struct hd_listener *listener, uint64_t id);

/* As removed, but its address answers 503 with Retry-After until a route of the
 * same method and path is added, or hd_listener_routes_forget(). [loop] */
void hd_listener_route_leave(struct hd_listener *listener, uint64_t id);
void hd_listener_routes_forget(struct hd_listener *listener);

/* Answers and takes the request from the owner.  `headers` are "Name: value",
 * ..., NULL; may be NULL.  One with CR, LF or a control byte, and a code
 * outside 200..599, make the answer a 500 (logged).  Answers are collected and
 * sent together in the loop's next turn. [any] */
void hd_http_respond(struct hd_http_request *rq, unsigned code,
		     const char *const *headers, const void *body, size_t n);

#endif
