/* listener_state.h - what the listener's two threads share
 *
 * The library's thread collects a request, suspends its connection and puts it
 * into `incoming`; the loop takes it from there to its route (`handed`).  An
 * answer, from whatever thread, puts it into `answered`; the loop resumes all
 * of those in one go, and the library's thread, called once more, sends what
 * lies ready.
 *
 * Our lock may be held while the library's own mutex is taken (suspending);
 * resuming is done without it, and the library calls back without its own.
 */
#ifndef HD_NET_LISTENER_STATE_H
#define HD_NET_LISTENER_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <uv.h>

#include "core/net/conn_table.h"
#include "core/net/inbound.h"
#include "core/net/listen_socket.h"
#include "core/net/listener.h"
#include "core/net/route_table.h"
#include "core/net/spare.h"

struct MHD_Daemon;

struct hd_listener {
	struct hd_listener_options o;
	char *name, *url, *cert, *key;
	struct hd_listen_socket sock;
	struct MHD_Daemon *daemon;
	uv_async_t wake;
	uv_timer_t tick;
	struct hd_body_budget budget;
	unsigned handles;      /* of libuv, not yet closed [loop] */
	struct hd_spare spare; /* the library's thread's, once it runs */

	pthread_mutex_t lock;
	pthread_cond_t drained; /* `open` became 0 */
	struct hd_route_table routes;
	struct hd_conn_table conns;
	struct hd_inbound_list incoming, handed, answered;
	unsigned open;	/* suspended or being answered: the library's */
	unsigned owned; /* not yet answered by their owners */
	bool woken;	/* `wake` was sent; its callback looks once more before
			 * it clears this */
	bool stopping, closed;
};

/* Adds to herald_http_rejected_total{listener,reason}. [any] */
void hd_listener_count(const struct hd_listener *listener, const char *reason,
		       unsigned n);

/* With the lock held: something was put into `incoming` or `answered`.  Costs
 * nothing while the loop is at it. [any] */
void hd_listener_wake(struct hd_listener *listener);

/* With the lock held: nobody needs `in` any more.  It has to be freed without
 * the lock. [any] */
bool hd_inbound_is_over(const struct hd_inbound *in);

#endif
