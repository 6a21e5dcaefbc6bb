#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/http_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/err.h"
#include "tests/unit/wire.h"

struct visit {
	struct rig_server *server;
	int fd;
};

static void *serve_one(void *ud)
{
	struct visit *visit = ud;
	struct rig_server *server = visit->server;

	server->serve(server, visit->fd);
	close(visit->fd);
	free(visit);
	atomic_fetch_sub(&server->open, 1);
	return NULL;
}

static void *accept_all(void *ud)
{
	struct rig_server *server = ud;
	struct visit *visit;
	pthread_t thread;
	int fd, open;

	while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
		atomic_fetch_add(&server->connections, 1);
		open = atomic_fetch_add(&server->open, 1) + 1;
		if (open > atomic_load(&server->most))
			atomic_store(&server->most, open);
		visit = malloc(sizeof(*visit));
		visit->server = server;
		visit->fd = fd;
		pthread_create(&thread, NULL, serve_one, visit);
		pthread_detach(thread);
	}
	return NULL;
}

void rig_server_start(struct rig_server *server,
		      void (*serve)(struct rig_server *server, int fd))
{
	server->serve = serve;
	pthread_mutex_init(&server->lock, NULL);
	server->fd = wire_listen(&server->port);
	pthread_create(&server->thread, NULL, accept_all, server);
}

void rig_server_stop(struct rig_server *server)
{
	int64_t end_ms = hd_now_ms() + WIRE_MS;

	shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->fd);
	while (atomic_load(&server->open) != 0) {
		if (hd_now_ms() > end_ms)
			fail_msg("%d connections are still open",
				 atomic_load(&server->open));
		sched_yield();
	}
	pthread_mutex_destroy(&server->lock);
}

size_t rig_read(struct rig_server *server, int fd)
{
	char *text = malloc(sizeof(server->last));
	size_t n = wire_read_request(fd, text, sizeof(server->last));

	if (n != 0) {
		pthread_mutex_lock(&server->lock);
		memcpy(server->last, text, n + 1);
		pthread_mutex_unlock(&server->lock);
		atomic_fetch_add(&server->requests, 1);
	}
	free(text);
	return n;
}

void rig_reply(struct rig_server *server, int fd)
{
	while (rig_read(server, fd) != 0)
		wire_sends(fd, server->reply);
}

void rig_hang(struct rig_server *server, int fd)
{
	while (rig_read(server, fd) != 0)
		;
}

void rig_reset(struct rig_server *server, int fd)
{
	const struct linger hard = { .l_onoff = 1 };

	rig_read(server, fd);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

/* ---- the client ---- */

void rig_client_open(struct rig_client *rig,
		     const struct hd_http_peer_options *options)
{
	const struct hd_http_peer_options none = { .name = "rig" };
	struct hd_err err = { 0 };

	memset(rig, 0, sizeof(*rig));
	uv_loop_init(&rig->loop);
	uv_timer_init(&rig->loop, &rig->tick);
	uv_unref((uv_handle_t *)&rig->tick);
	rig->client = hd_http_client_new(&rig->loop, NULL, &err);
	assert_non_null(rig->client);
	rig->peer = hd_http_peer_new(rig->client, options ? options : &none,
				     &err);
	if (!rig->peer)
		fail_msg("%s", err.text);
}

static void note_closed(void *ud)
{
	struct rig_client *rig = ud;

	rig->closed++;
}

void rig_client_close(struct rig_client *rig)
{
	hd_http_peer_free(rig->peer);
	hd_http_client_free(rig->client, note_closed, rig);
	uv_close((uv_handle_t *)&rig->tick, NULL);
	uv_run(&rig->loop, UV_RUN_DEFAULT);
	assert_int_equal(rig->closed, 1);
	assert_int_equal(uv_loop_close(&rig->loop), 0);
}

const char *rig_url(int port)
{
	static char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
	return url;
}

void rig_note(void *ud, uint64_t id, const struct hd_http_reply *reply)
{
	struct rig_result *r = ud;
	const char *header = herald_pair(reply->headers, "x-rig");

	assert_int_not_equal(id, 0);
	r->calls++;
	r->status = reply->status;
	r->code = reply->code;
	r->retry_after_ms = reply->retry_after_ms;
	r->body_n = reply->body.n;
	snprintf(r->body, sizeof(r->body), "%s",
		 reply->body.p ? reply->body.p : "");
	snprintf(r->error, sizeof(r->error), "%s",
		 reply->error.p ? reply->error.p : "");
	snprintf(r->header, sizeof(r->header), "%s", header ? header : "");
	if (reply->status != HERALD_OK && r->error[0] == '\0')
		fail_msg("status %x without a word", reply->status);
}

static void on_tick(uv_timer_t *timer)
{
	(void)timer;
}

/* One run looks at the timers before it waits for sockets: a reply that came
 * from a timer would leave it waiting for nothing, were it not for the tick. */
void rig_wait(struct rig_client *rig, struct rig_result *result)
{
	int calls = result->calls;

	uv_timer_start(&rig->tick, on_tick, 10, 10);
	while (result->calls == calls && uv_run(&rig->loop, UV_RUN_ONCE))
		;
	uv_timer_stop(&rig->tick);
	assert_int_equal(result->calls, calls + 1);
}

void rig_wait_for(struct rig_client *rig, atomic_int *counter, int n)
{
	int64_t end_ms = hd_now_ms() + WIRE_MS;

	while (atomic_load(counter) < n) {
		assert_true(hd_now_ms() < end_ms);
		uv_run(&rig->loop, UV_RUN_NOWAIT);
	}
}

void rig_ask(const struct hd_http_peer_options *options,
	     const struct hd_http_call *call, struct rig_result *result)
{
	struct rig_client rig;

	memset(result, 0, sizeof(*result));
	rig_client_open(&rig, options);
	assert_int_not_equal(hd_http_send(rig.peer, call, rig_note, result), 0);
	assert_int_equal(result->calls, 0);
	rig_wait(&rig, result);
	rig_client_close(&rig);
	assert_int_equal(result->calls, 1);
}
