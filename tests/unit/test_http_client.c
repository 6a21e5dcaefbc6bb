/* Class u of bad-inputs.tsv as far as it is the client's, against a server that
 * misbehaves on purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/secret.h"
#include "tests/unit/http_rig.h"
#include "tests/unit/wire.h"

#define HEAD(code, more) "HTTP/1.1 " code " X\r\n" more
/* A label of 64 letters: no resolver asks anybody for that. */
#define NO_SUCH_NAME                                              \
	"http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaa.invalid/"
#define EMPTY "Content-Length: 0\r\n\r\n"

/* Asks a server that answers `reply` for "GET /" or "POST /" with a body. */
static void ask_for(const char *method, const char *reply, struct rig_result *r)
{
	struct rig_server server = { .reply = reply };
	struct hd_http_call call = { .method = method };

	rig_server_start(&server, rig_reply);
	call.url = rig_url(server.port);
	if (strcmp(method, "POST") == 0)
		call.body = HERALD_S("{}");
	rig_ask(NULL, &call, r);
	rig_server_stop(&server);
}

/* ---- status classes ---- */

static const struct {
	const char *id, *method, *reply;
	uint32_t status;
	int64_t retry_after_ms;
} replies[] = {
	{ "200", "GET", HEAD("200", EMPTY), HERALD_OK, 0 },
	{ "204", "GET", HEAD("204", "\r\n"), HERALD_OK, 0 },
	{ "u12 404", "GET", HEAD("404", EMPTY), HERALD_NOT_FOUND, 0 },
	{ "410", "GET", HEAD("410", EMPTY), HERALD_NOT_FOUND, 0 },
	{ "u13 409", "GET", HEAD("409", EMPTY), HERALD_FAILED, 0 },
	{ "u13 412", "POST", HEAD("412", EMPTY), HERALD_FAILED, 0 },
	{ "400", "POST", HEAD("400", EMPTY), HERALD_FAILED, 0 },
	{ "401", "GET", HEAD("401", EMPTY), HERALD_AUTH, 0 },
	{ "403", "GET", HEAD("403", EMPTY), HERALD_FORBIDDEN, 0 },
	{ "408", "POST", HEAD("408", EMPTY), HERALD_RETRY, 0 },
	{ "425", "POST", HEAD("425", EMPTY), HERALD_RETRY, 0 },
	{ "u14 429", "GET", HEAD("429", "Retry-After: 120\r\n" EMPTY),
	  HERALD_QUOTA, 120000 },
	{ "u15 429 far", "GET",
	  HEAD("429", "Retry-After: 1000000000\r\n" EMPTY), HERALD_QUOTA,
	  86400000 },
	{ "u15 429 1e9", "GET", HEAD("429", "Retry-After: 1e9\r\n" EMPTY),
	  HERALD_QUOTA, 86400000 },
	{ "u15 429 Tomorrow", "GET",
	  HEAD("429", "Retry-After: Tomorrow\r\n" EMPTY), HERALD_QUOTA, 0 },
	{ "429 negative", "GET", HEAD("429", "Retry-After: -5\r\n" EMPTY),
	  HERALD_QUOTA, 0 },
	{ "429 past date", "GET",
	  HEAD("429", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n" EMPTY),
	  HERALD_QUOTA, 0 },
	{ "429 far date", "GET",
	  HEAD("429", "Retry-After: Fri, 31 Dec 2199 08:49:37 GMT\r\n" EMPTY),
	  HERALD_QUOTA, 86400000 },
	{ "500 read", "GET", HEAD("500", EMPTY), HERALD_RETRY, 0 },
	{ "500 write", "POST", HEAD("500", EMPTY), HERALD_IN_DOUBT, 0 },
	{ "502 write", "POST", HEAD("502", EMPTY), HERALD_IN_DOUBT, 0 },
	{ "503 write", "POST", HEAD("503", "Retry-After: 7\r\n" EMPTY),
	  HERALD_RETRY, 7000 },
	{ "u17 302", "GET",
	  HEAD("302", "Location: http://127.0.0.1:1/\r\n" EMPTY), HERALD_FAILED,
	  0 },
	{ "not HTTP", "GET", "SSH-2.0-OpenSSH_9.2\r\n", HERALD_BAD_REPLY, 0 },
	{ "not HTTP, write", "POST", "SSH-2.0-OpenSSH_9.2\r\n", HERALD_IN_DOUBT,
	  0 },
	{ "encoding nobody asked for", "GET",
	  HEAD("200", "Content-Encoding: br\r\nContent-Length: 2\r\n\r\nxx"),
	  HERALD_BAD_REPLY, 0 },
};

static void answers_become_classes(void **state)
{
	struct rig_result r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		ask_for(replies[i].method, replies[i].reply, &r);
		if (r.status != replies[i].status ||
		    r.retry_after_ms != replies[i].retry_after_ms)
			fail_msg("%s: %x, retry after %lld: %s", replies[i].id,
				 r.status, (long long)r.retry_after_ms,
				 r.error);
	}
}

static void refused_u01(void **state)
{
	const struct hd_http_call get = { .url = NULL };
	struct hd_http_call call = get;
	struct rig_result r;
	int port;

	(void)state;
	close(wire_listen(&port));
	call.url = rig_url(port);
	rig_ask(NULL, &call, &r);
	assert_int_equal(r.status, HERALD_UNREACHABLE);
	call.body = HERALD_S("{}");
	rig_ask(NULL, &call, &r);
	assert_int_equal(r.status, HERALD_UNREACHABLE);
	assert_non_null(strstr(r.error, "POST http://127.0.0.1:"));
}

/* A listener whose queue is full drops the SYN. */
static void syn_dropped_u02(void **state)
{
	struct hd_http_call call = { .timeout_ms = 300,
				     .body = HERALD_S("{}") };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct rig_result r;
	int port, i, fill[4], fd = wire_listen(&port);

	(void)state;
	listen(fd, 0);
	sin.sin_port = htons((uint16_t)port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (i = 0; i < 4; i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(fill[i], (struct sockaddr *)&sin, sizeof(sin));
	}
	call.url = rig_url(port);
	rig_ask(NULL, &call, &r);
	/* Nothing was sent, so even a POST may be tried again. */
	assert_int_equal(r.status, HERALD_TIMEOUT);
	for (i = 0; i < 4; i++)
		close(fill[i]);
	close(fd);
}

static void never_answers_u03(void **state)
{
	struct hd_http_call call = { .timeout_ms = 200 };
	struct rig_server server = { 0 };
	struct rig_result r;

	(void)state;
	rig_server_start(&server, rig_hang);
	call.url = rig_url(server.port);
	rig_ask(NULL, &call, &r);
	assert_int_equal(r.status, HERALD_TIMEOUT);
	call.method = "PUT";
	rig_ask(NULL, &call, &r);
	assert_int_equal(r.status, HERALD_IN_DOUBT);
	rig_server_stop(&server);
}

static void drip(struct rig_server *server, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	rig_read(server, fd);
	wire_sends(fd, HEAD("200", "Content-Length: 1000\r\n\r\n"));
	while (poll(&p, 1, 20) == 0)
		wire_sends(fd, "x");
}

static void drip_u04(void **state)
{
	struct hd_http_call call = { .timeout_ms = 300 };
	struct rig_server server = { 0 };
	int64_t begun_ms = hd_now_ms();
	struct rig_result r;

	(void)state;
	rig_server_start(&server, drip);
	call.url = rig_url(server.port);
	rig_ask(NULL, &call, &r);
	assert_int_equal(r.status, HERALD_TIMEOUT);
	assert_true(hd_now_ms() - begun_ms < 2000);
	rig_server_stop(&server);
}

static void endless(struct rig_server *server, int fd)
{
	static const char block[65536];

	rig_read(server, fd);
	wire_sends(fd, HEAD("200", "Connection: close\r\n\r\n"));
	while (send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0)
		;
}

static void endless_body_u05(void **state)
{
	struct rig_server server = { 0 };
	struct hd_http_call call = { .max_reply = 100000 };
	struct rig_result r;

	(void)state;
	rig_server_start(&server, endless);
	call.url = rig_url(server.port);
	rig_ask(NULL, &call, &r);
	assert_int_equal(r.status, HERALD_TOO_BIG);
	assert_int_equal(r.body_n, 0);
	assert_non_null(strstr(r.error, "100000"));
	rig_server_stop(&server);
}

static void endless_headers(struct rig_server *server, int fd)
{
	rig_read(server, fd);
	wire_sends(fd, "HTTP/1.1 200 OK\r\n");
	while (send(fd, "X-Rig: 0123456789\r\n", 19, MSG_NOSIGNAL) > 0)
		;
}

static void endless_headers_are_cut(void **state)
{
	struct rig_server server = { 0 };
	struct hd_http_call call = { 0 };
	struct rig_result r;

	(void)state;
	rig_server_start(&server, endless_headers);
	call.url = rig_url(server.port);
	rig_ask(NULL, &call, &r);
	assert_int_equal(r.status, HERALD_TOO_BIG);
	rig_server_stop(&server);
}

/* 1 MiB of zeros in 1 KiB of gzip, sent though nobody asked for it. */
static void gzip_bomb(struct rig_server *server, int fd)
{
	rig_read(server, fd);
	wire_sends(fd, HEAD("200", "Content-Encoding: gzip\r\n"
				   "Connection: close\r\n\r\n"));
	wire_send(fd, server->ud, server->app_bytes);
}

static size_t pack_zeros(size_t n, unsigned char *out, size_t size)
{
	static unsigned char zeros[1 << 20];
	z_stream z = { .next_in = zeros, .avail_in = (uInt)n };

	z.next_out = out;
	z.avail_out = (uInt)size;
	deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static void gzip_bomb_u06(void **state)
{
	unsigned char packed[8192];
	struct rig_server server = { .ud = packed };
	struct hd_http_call call = { .max_reply = 1000000 };
	struct rig_result r;

	(void)state;
	server.app_bytes = pack_zeros(1 << 20, packed, sizeof(packed));
	rig_server_start(&server, gzip_bomb);
	call.url = rig_url(server.port);
	rig_ask(NULL, &call, &r);
	assert_int_equal(r.status, HERALD_TOO_BIG);
	call.max_reply = 1 << 20;
	rig_ask(NULL, &call, &r);
	assert_int_equal(r.status, HERALD_OK);
	assert_int_equal(r.body_n, 1 << 20);
	rig_server_stop(&server);
}

static void redirects_are_not_followed_u17_u18_u19(void **state)
{
	struct rig_server target = { .reply = HEAD("200", EMPTY) };
	struct rig_server server = { 0 };
	struct hd_secret *secret = hd_secret_text_new("hunter2hunter2", 14);
	const char *origins[] = { NULL, NULL };
	struct hd_http_peer_options options = { .origins = origins };
	struct hd_http_call call = { .secret = secret };
	struct rig_result r;
	char reply[256], url[64];

	(void)state;
	rig_server_start(&target, rig_reply);
	snprintf(reply, sizeof(reply),
		 HEAD("301",
		      "Location: http://127.0.0.1:%d/?token=x\r\n" EMPTY),
		 target.port);
	server.reply = reply;
	rig_server_start(&server, rig_reply);
	snprintf(url, sizeof(url), "%s", rig_url(server.port));
	origins[0] = call.url = url;
	rig_ask(&options, &call, &r);
	assert_int_equal(r.status, HERALD_FAILED);
	assert_int_equal(r.code, 301);
	assert_non_null(strstr(r.error, "not followed"));
	assert_null(strstr(r.error, "token"));
	assert_int_equal(atomic_load(&target.connections), 0);
	hd_secret_unref(secret);
	rig_server_stop(&server);
	rig_server_stop(&target);
}

static void no_such_name_u26(void **state)
{
	struct hd_http_call call = { .url = NO_SUCH_NAME };
	struct rig_result r;

	(void)state;
	rig_ask(NULL, &call, &r);
	assert_int_equal(r.status, HERALD_UNREACHABLE);
}

static void reset_after_sending_u29(void **state)
{
	struct rig_server server = { 0 };
	struct hd_http_call call = { 0 };
	struct rig_result r;

	(void)state;
	rig_server_start(&server, rig_reset);
	call.url = rig_url(server.port);
	rig_ask(NULL, &call, &r);
	assert_int_equal(r.status, HERALD_RETRY);
	call.body = HERALD_S("{}");
	rig_ask(NULL, &call, &r);
	assert_int_equal(r.status, HERALD_IN_DOUBT);
	assert_non_null(strstr(r.error, "may have taken effect"));
	rig_server_stop(&server);
}

static void half(struct rig_server *server, int fd)
{
	rig_read(server, fd);
	wire_sends(fd, HEAD("200", "Content-Length: 100\r\n\r\n{\"id\""));
}

static void broken_body(void **state)
{
	struct rig_server server = { 0 };
	struct hd_http_call call = { 0 };
	struct rig_result r;

	(void)state;
	rig_server_start(&server, half);
	call.url = rig_url(server.port);
	rig_ask(NULL, &call, &r);
	assert_int_equal(r.status, HERALD_RETRY);
	call.method = "POST";
	rig_ask(NULL, &call, &r);
	assert_int_equal(r.status, HERALD_IN_DOUBT);
	rig_server_stop(&server);
}

/* Answers the first request of its first connection, takes the second and
 * breaks; serves later connections well. */
static void break_second(struct rig_server *server, int fd)
{
	if (atomic_load(&server->connections) > 1) {
		rig_reply(server, fd);
		return;
	}
	rig_read(server, fd);
	wire_sends(fd, server->reply);
	rig_read(server, fd);
}

static void on_kept_connection(const char *method, uint32_t status,
			       int requests)
{
	struct rig_server server = { .reply = HEAD("200", EMPTY) };
	struct hd_http_call call = { .method = method };
	struct rig_result r = { 0 };
	struct rig_client rig;

	rig_server_start(&server, break_second);
	call.url = rig_url(server.port);
	rig_client_open(&rig, NULL);
	hd_http_send(rig.peer, &call, rig_note, &r);
	rig_wait(&rig, &r);
	assert_int_equal(r.status, HERALD_OK);
	hd_http_send(rig.peer, &call, rig_note, &r);
	rig_wait(&rig, &r);
	if (r.status != status)
		fail_msg("%s: %x %s", method, r.status, r.error);
	rig_client_close(&rig);
	assert_int_equal(atomic_load(&server.requests), requests);
	rig_server_stop(&server);
}

static void only_reads_are_repeated_on_a_kept_connection(void **state)
{
	(void)state;
	on_kept_connection("GET", HERALD_OK, 3);
	on_kept_connection("POST", HERALD_IN_DOUBT, 2);
	on_kept_connection("DELETE", HERALD_IN_DOUBT, 2);
}

/* ---- queue, cancel, close ---- */

static void bound_in_flight_holds(void **state)
{
	const struct hd_http_peer_options options = { .max_in_flight = 2 };
	struct rig_server server = { .reply = HEAD("200", EMPTY) };
	struct rig_result r[20] = { 0 };
	struct hd_http_call call = { 0 };
	struct rig_client rig;
	int i;

	(void)state;
	rig_server_start(&server, rig_reply);
	call.url = rig_url(server.port);
	rig_client_open(&rig, &options);
	for (i = 0; i < 20; i++)
		hd_http_send(rig.peer, &call, rig_note, &r[i]);
	assert_int_equal(hd_http_peer_busy(rig.peer), 20);
	for (i = 0; i < 20; i++) {
		if (r[i].calls == 0)
			rig_wait(&rig, &r[i]);
		assert_int_equal(r[i].status, HERALD_OK);
	}
	assert_true(atomic_load(&server.most) <= 2);
	assert_int_equal(atomic_load(&server.requests), 20);
	rig_client_close(&rig);
	rig_server_stop(&server);
}

static void waiting_counts_against_the_timeout(void **state)
{
	const struct hd_http_peer_options options = { .max_in_flight = 1,
						      .max_waiting = 1 };
	struct rig_server server = { 0 };
	struct rig_result r[3] = { 0 };
	struct hd_http_call call = { .timeout_ms = 60000,
				     .body = HERALD_S("x") };
	struct rig_client rig;
	int i;

	(void)state;
	rig_server_start(&server, rig_hang);
	call.url = rig_url(server.port);
	rig_client_open(&rig, &options);
	hd_http_send(rig.peer, &call, rig_note, &r[0]);
	call.timeout_ms = 150;
	for (i = 1; i < 3; i++)
		hd_http_send(rig.peer, &call, rig_note, &r[i]);
	rig_wait(&rig, &r[2]);
	assert_int_equal(r[2].status, HERALD_BUSY);
	rig_wait(&rig, &r[1]);
	assert_int_equal(r[1].status, HERALD_TIMEOUT);
	assert_non_null(strstr(r[1].error, "max_in_flight"));
	assert_int_equal(r[0].calls, 0);
	rig_client_close(&rig);
	assert_int_equal(r[0].calls, 1);
	rig_server_stop(&server);
}

static void cancel_once_sent(const char *method, uint32_t status)
{
	struct rig_server server = { 0 };
	struct hd_http_call call = { .method = method };
	struct rig_result r = { 0 };
	struct rig_client rig;
	uint64_t id;

	rig_server_start(&server, rig_hang);
	call.url = rig_url(server.port);
	rig_client_open(&rig, NULL);
	id = hd_http_send(rig.peer, &call, rig_note, &r);
	rig_wait_for(&rig, &server.requests, 1);
	hd_http_cancel(rig.peer, id);
	assert_int_equal(r.calls, 0);
	hd_http_cancel(rig.peer, id);
	rig_wait(&rig, &r);
	assert_int_equal(r.status, status);
	rig_client_close(&rig);
	assert_int_equal(r.calls, 1);
	rig_server_stop(&server);
}

static void cancelled_calls_back_once(void **state)
{
	(void)state;
	cancel_once_sent("GET", HERALD_CANCELLED);
	cancel_once_sent("POST", HERALD_IN_DOUBT);
}

static void closing_calls_back_all(void **state)
{
	const struct hd_http_peer_options options = { .max_in_flight = 2 };
	struct rig_server server = { 0 };
	struct rig_result r[5] = { 0 };
	struct hd_http_call call = { 0 };
	struct rig_client rig;
	int i;

	(void)state;
	rig_server_start(&server, rig_hang);
	call.url = rig_url(server.port);
	rig_client_open(&rig, &options);
	for (i = 0; i < 5; i++)
		hd_http_send(rig.peer, &call, rig_note, &r[i]);
	rig_wait_for(&rig, &server.requests, 2);
	rig_client_close(&rig);
	for (i = 0; i < 5; i++) {
		assert_int_equal(r[i].calls, 1);
		assert_int_equal(r[i].status, HERALD_CANCELLED);
	}
	rig_server_stop(&server);
}

struct chain {
	struct rig_client rig;
	struct hd_http_call call;
	int left;
};

static void send_again(void *ud, uint64_t id, const struct hd_http_reply *reply)
{
	struct chain *chain = ud;

	(void)id;
	assert_int_equal(reply->status, HERALD_OK);
	chain->left--;
	if (chain->left > 0)
		hd_http_send(chain->rig.peer, &chain->call, send_again, chain);
	else
		hd_http_peer_free(chain->rig.peer);
}

static void callbacks_may_send_and_free(void **state)
{
	struct rig_server server = { .reply = HEAD("200", EMPTY) };
	struct chain chain = { .left = 100 };

	(void)state;
	rig_server_start(&server, rig_reply);
	rig_client_open(&chain.rig, NULL);
	chain.call.url = rig_url(server.port);
	hd_http_send(chain.rig.peer, &chain.call, send_again, &chain);
	while (chain.left > 0)
		uv_run(&chain.rig.loop, UV_RUN_ONCE);
	chain.rig.peer = NULL;
	rig_client_close(&chain.rig);
	/* All over one kept connection. */
	assert_int_equal(atomic_load(&server.connections), 1);
	assert_int_equal(atomic_load(&server.requests), 100);
	rig_server_stop(&server);
}

/* A name goes through curl's resolver, whose sockets it closes by itself: a
 * watch that was kept on one would bar its number in this loop. */
static void resolver_sockets_leave_no_watch(void **state)
{
	struct hd_http_call call = { .url = NO_SUCH_NAME };
	struct rig_result r = { 0 };
	struct rig_client rig;
	uv_poll_t polls[32];
	int i, fds[32];

	(void)state;
	rig_client_open(&rig, NULL);
	hd_http_send(rig.peer, &call, rig_note, &r);
	rig_wait(&rig, &r);
	assert_int_equal(r.status, HERALD_UNREACHABLE);
	for (i = 0; i < 32; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(uv_poll_init(&rig.loop, &polls[i], fds[i]), 0);
	}
	for (i = 0; i < 32; i++) {
		uv_close((uv_handle_t *)&polls[i], NULL);
		close(fds[i]);
	}
	rig_client_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_become_classes),
		cmocka_unit_test(refused_u01),
		cmocka_unit_test(syn_dropped_u02),
		cmocka_unit_test(never_answers_u03),
		cmocka_unit_test(drip_u04),
		cmocka_unit_test(endless_body_u05),
		cmocka_unit_test(endless_headers_are_cut),
		cmocka_unit_test(gzip_bomb_u06),
		cmocka_unit_test(redirects_are_not_followed_u17_u18_u19),
		cmocka_unit_test(no_such_name_u26),
		cmocka_unit_test(reset_after_sending_u29),
		cmocka_unit_test(broken_body),
		cmocka_unit_test(only_reads_are_repeated_on_a_kept_connection),
		cmocka_unit_test(bound_in_flight_holds),
		cmocka_unit_test(waiting_counts_against_the_timeout),
		cmocka_unit_test(cancelled_calls_back_once),
		cmocka_unit_test(closing_calls_back_all),
		cmocka_unit_test(callbacks_may_send_and_free),
		cmocka_unit_test(resolver_sockets_leave_no_watch),
	};

	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_ALL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
