/* http_rig.h - a small server in threads, and a client run to its end
 */
#ifndef TESTS_UNIT_HTTP_RIG_H
#define TESTS_UNIT_HTTP_RIG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "core/net/http_client.h"
#include "core/net/tls.h"

/* ---- the server: one thread a connection ---- */

struct rig_server {
	int fd, port;
	pthread_t thread;
	void (*serve)(struct rig_server *server, int fd);
	const char *reply;	/* for rig_reply */
	void *ud;		/* for the test's own */
	atomic_int connections; /* ever made */
	atomic_int open, most;	/* at once */
	atomic_int requests;
	atomic_size_t app_bytes; /* TLS: what was decrypted */
	pthread_mutex_t lock;
	char last[65536]; /* request, under the lock */
};

void rig_server_start(struct rig_server *server,
		      void (*serve)(struct rig_server *server, int fd));
/* The clients must have closed: waits for the connections' ends. */
void rig_server_stop(struct rig_server *server);

/* Reads a request and notes it; 0 at the end. */
size_t rig_read(struct rig_server *server, int fd);

/* Ways to serve. */
void rig_reply(struct rig_server *server, int fd); /* `reply`, kept open */
void rig_hang(struct rig_server *server, int fd);
void rig_reset(struct rig_server *server, int fd); /* after the request */

/* ---- the client ---- */

struct rig_result {
	int calls;
	uint32_t status, code;
	int64_t retry_after_ms;
	char body[4096], error[2048];
	size_t body_n;
	char header[256]; /* value of "x-rig" */
};

struct rig_client {
	uv_loop_t loop;
	struct hd_http_client *client;
	struct hd_http_peer *peer;
	uv_timer_t tick; /* for rig_wait */
	int closed;
};

/* NULL options: those of the peer below. */
void rig_client_open(struct rig_client *rig,
		     const struct hd_http_peer_options *options);
void rig_client_close(struct rig_client *rig);

/* "http://127.0.0.1:port"; static. */
const char *rig_url(int port);

/* A hd_http_fn; `ud` is a rig_result. */
void rig_note(void *ud, uint64_t id, const struct hd_http_reply *reply);

/* Runs the loop until `result` was noted or all is over. */
void rig_wait(struct rig_client *rig, struct rig_result *result);

/* Runs it until *counter is at least `n`. */
void rig_wait_for(struct rig_client *rig, atomic_int *counter, int n);

/* Opens, sends, waits, closes. */
void rig_ask(const struct hd_http_peer_options *options,
	     const struct hd_http_call *call, struct rig_result *result);

#endif
