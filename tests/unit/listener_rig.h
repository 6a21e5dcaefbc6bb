/* listener_rig.h - a listener in a loop in a thread, with echoing routes
 *
 * POST /in, GET /get, POST /tree (a prefix) answer with what they saw; POST
 * /keep leaves the answer to the test.  Deadlines are short.
 */
#ifndef TESTS_UNIT_LISTENER_RIG_H
#define TESTS_UNIT_LISTENER_RIG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "core/net/listener.h"
#include "tests/unit/wire.h"

#define BODY "{\"result\":{\"a\":1}}" /* 18 bytes */
#define POST_IN "POST /in HTTP/1.1\r\n"
#define HOST "Host: h\r\n"
#define CL "Content-Length: 18\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define BYTES(text) (text), sizeof(text) - 1

struct listener_rig {
	pthread_t thread;
	uv_loop_t loop;
	uv_async_t call;
	struct hd_listener *listener;
	int port;
	atomic_int served, cancelled;

	/* Work for the loop's thread, done one at a time. */
	pthread_mutex_t lock;
	pthread_cond_t done;
	void (*work)(struct listener_rig *host);

	uint64_t route;
	struct hd_http_request *kept; /* by the route "/keep" */
};

extern const struct hd_listener_options listener_rig_fast;

void listener_rig_start(struct listener_rig *host,
			const struct hd_listener_options *o);
void listener_rig_stop(struct listener_rig *host);

/* One for all tests of a group, and what cmocka calls around them. */
extern struct listener_rig listener_rig_shared;
int listener_rig_set_up(void **state);
int listener_rig_tear_down(void **state);

/* Runs `work` in the loop's thread and waits for its end. */
void listener_rig_do(struct listener_rig *host,
		     void (*work)(struct listener_rig *host));

/* In the loop's thread, or before the start. */
void listener_rig_route(struct listener_rig *host, const char *method,
			const char *path, bool prefix, hd_request_fn fn,
			uint64_t *id);

/* The route of "/keep". */
void listener_rig_keep(void *ud, struct hd_http_request *rq);

/* Waits until the routes have seen `n` requests. */
void listener_rig_wait(struct listener_rig *host, int n);

/* The metric of refusals, and whether it comes to `n`: the loop counts after it
 * has cut, so what the client sees may come first. */
double listener_rig_rejected(const char *reason);
bool listener_rig_counted(const char *reason, double n);

#endif
