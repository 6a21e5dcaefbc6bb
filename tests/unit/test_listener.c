#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "tests/unit/listener_rig.h"

/* ---- what the route sees ---- */

static void ask(const char *text, struct wire_answer *a)
{
	wire_ask(listener_rig_shared.port, text, strlen(text), 1, a);
}

static void request_arrives_whole(void **state)
{
	struct wire_answer a;

	(void)state;
	ask("POST /in?a=1&b=x%20y+z&c HTTP/1.1\r\n" HOST
	    "X-One: 1 \r\nX-two:\r\n" CL "\r\n" BODY,
	    &a);
	assert_string_equal(wire_body(&a),
			    "POST|/in||18|" BODY "|a,1,b,x y z,c,,|"
			    "x-one=1,x-two=,|7");
	assert_non_null(strstr(a.text, "X-Herald: yes\r\n"));
	assert_false(a.closed);
	ask("GET /get HTTP/1.1\r\n" HOST "\r\n", &a);
	assert_string_equal(wire_body(&a), "GET|/get||0||||7");
}

static void prefix_gives_the_rest(void **state)
{
	struct wire_answer a;

	(void)state;
	ask("POST /tree/a%20b/c HTTP/1.1\r\n" HOST CL "\r\n" BODY, &a);
	assert_string_equal(wire_body(&a),
			    "POST|/tree/a b/c|/a b/c|18|" BODY "|||7");
	ask("POST /treehouse HTTP/1.1\r\n" HOST CL "\r\n" BODY, &a);
	assert_int_equal(a.status, 404);
}

static void wrong_method_is_told_the_right_one(void **state)
{
	struct wire_answer a;

	(void)state;
	ask("PUT /get HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", &a);
	assert_int_equal(a.status, 405);
	assert_non_null(strstr(a.text, "\r\nAllow: GET, HEAD\r\n"));
}

static void kept_connection_serves_many(void **state)
{
	int fd = wire_connect(listener_rig_shared.port), i;
	struct wire_answer a;

	(void)state;
	for (i = 0; i < 50; i++) {
		wire_sends(fd, POST_IN HOST CL "\r\n" BODY);
		wire_read(fd, 1, WIRE_MS, &a);
		assert_int_equal(a.status, 200);
	}
	close(fd);
}

static void *ask_often(void *ud)
{
	int fd = wire_connect(listener_rig_shared.port), i, *bad = ud;
	struct wire_answer *a = malloc(sizeof(*a));

	for (i = 0; i < 400; i++) {
		wire_sends(fd, POST_IN HOST CL "\r\n" BODY);
		wire_read(fd, 1, WIRE_MS, a);
		if (a->status != 200)
			(*bad)++;
	}
	free(a);
	close(fd);
	return NULL;
}

/* Answers and requests cross each other between the threads all the time: one
 * that nobody is woken for would wait for its deadline. */
static void no_request_is_forgotten(void **state)
{
	pthread_t threads[16];
	int bad[16] = { 0 }, i;

	(void)state;
	for (i = 0; i < 16; i++)
		pthread_create(&threads[i], NULL, ask_often, &bad[i]);
	for (i = 0; i < 16; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(bad[i], 0);
	}
}

static size_t gzip(const char *p, size_t n, unsigned char *out, size_t size)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9,
				      Z_DEFAULT_STRATEGY),
			 Z_OK);
	z.next_in = (Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)n;
	z.next_out = out;
	z.avail_out = (uInt)size;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static void ask_gzip(const char *p, size_t n, size_t cut, struct wire_answer *a)
{
	unsigned char packed[4096];
	struct hd_buf rq;
	size_t packed_n = gzip(p, n, packed, sizeof(packed)) - cut;

	hd_buf_init(&rq, 10000);
	hd_buf_addf(&rq,
		    POST_IN HOST "Content-Encoding: gzip\r\n"
				 "Content-Length: %zu\r\n\r\n",
		    packed_n);
	hd_buf_add(&rq, packed, packed_n);
	wire_ask(listener_rig_shared.port, rq.p, rq.n, 1, a);
	hd_buf_fini(&rq);
}

static void gzip_is_inflated_within_the_bound(void **state)
{
	static char zeros[1000000];
	struct wire_answer a;

	(void)state;
	ask_gzip(BODY, 18, 0, &a);
	assert_string_equal(wire_body(&a), "POST|/in||18|" BODY "|||7");
	ask_gzip(zeros, 4096, 0, &a);
	assert_int_equal(a.status, 200);
	ask_gzip(zeros, 4097, 0, &a);
	assert_int_equal(a.status, 413);
	ask_gzip(zeros, sizeof(zeros), 0, &a);
	assert_int_equal(a.status, 413);
	ask_gzip(BODY, 18, 3, &a);
	assert_int_equal(a.status, 400);
}

static void pause_route(struct listener_rig *host)
{
	hd_listener_route_pause(host->listener, host->route, true);
}

static void unpause_route(struct listener_rig *host)
{
	hd_listener_route_pause(host->listener, host->route, false);
}

static void paused_route_says_503(void **state)
{
	struct wire_answer a;

	(void)state;
	listener_rig_do(&listener_rig_shared, pause_route);
	ask(POST_IN HOST CL "\r\n" BODY, &a);
	assert_int_equal(a.status, 503);
	assert_non_null(strstr(a.text, "\r\nRetry-After: "));
	listener_rig_do(&listener_rig_shared, unpause_route);
	ask(POST_IN HOST CL "\r\n" BODY, &a);
	assert_int_equal(a.status, 200);
}

static void same_route_twice_is_refused(struct listener_rig *host)
{
	const struct hd_listener_route route = { .method = "POST",
						 .path = "/in" };
	struct hd_err err = { 0 };

	assert_int_equal(hd_listener_route_add(host->listener, &route, &err),
			 0);
	assert_non_null(strstr(err.text, "taken"));
}

static void route_is_taken(void **state)
{
	(void)state;
	listener_rig_do(&listener_rig_shared, same_route_twice_is_refused);
}

/* ---- hosts of their own ---- */

static void unanswered_request_gets_503_and_cancel(void **state)
{
	struct hd_listener_options o = listener_rig_fast;
	struct wire_answer a;
	struct listener_rig host;

	(void)state;
	o.answer_ms = 200;
	listener_rig_start(&host, &o);
	wire_ask(host.port,
		 BYTES("POST /keep HTTP/1.1\r\n" HOST CL "\r\n" BODY), 1, &a);
	assert_int_equal(a.status, 503);
	listener_rig_stop(&host);
	assert_int_equal(atomic_load(&host.cancelled), 1);
}

/* A reset is seen while suspended; a sender that only closed its half is one
 * that waits. */
static void sender_that_is_gone_is_noticed(void **state)
{
	const struct linger hard = { .l_onoff = 1 };
	struct hd_listener_options o = listener_rig_fast;
	struct listener_rig host;
	int64_t begun_ms;
	int fd;

	(void)state;
	o.answer_ms = 60000;
	listener_rig_start(&host, &o);
	fd = wire_connect(host.port);
	wire_sends(fd, "POST /keep HTTP/1.1\r\n" HOST CL "\r\n" BODY);
	listener_rig_wait(&host, 1);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fd);
	begun_ms = hd_now_ms();
	while (atomic_load(&host.cancelled) == 0 &&
	       hd_now_ms() - begun_ms < WIRE_MS)
		sched_yield();
	assert_int_equal(atomic_load(&host.cancelled), 1);
	listener_rig_stop(&host);
}

static void half_closed_sender_gets_its_answer(void **state)
{
	int fd = wire_connect(listener_rig_shared.port);
	struct wire_answer a;

	(void)state;
	wire_sends(fd, POST_IN HOST CL "\r\n" BODY);
	shutdown(fd, SHUT_WR);
	wire_read(fd, 1, WIRE_MS, &a);
	assert_int_equal(a.status, 200);
	close(fd);
}

static void too_many_waiting_get_503(void **state)
{
	struct hd_listener_options o = listener_rig_fast;
	struct wire_answer a;
	struct listener_rig host;
	int fd;

	(void)state;
	o.waiting = 1;
	listener_rig_start(&host, &o);
	fd = wire_connect(host.port);
	wire_sends(fd, "POST /keep HTTP/1.1\r\n" HOST CL "\r\n" BODY);
	listener_rig_wait(&host, 1);
	wire_ask(host.port, BYTES(POST_IN HOST CL "\r\n" BODY), 1, &a);
	assert_int_equal(a.status, 503);
	assert_non_null(strstr(a.text, "\r\nRetry-After: "));
	/* Freed while one is open: it is answered, and its owner told. */
	listener_rig_stop(&host);
	wire_read(fd, 1, WIRE_MS, &a);
	assert_int_equal(a.status, 503);
	assert_int_equal(atomic_load(&host.cancelled), 1);
	close(fd);
}

static void stop_listening(struct listener_rig *host)
{
	hd_listener_stop(host->listener);
}

static void answer_kept(struct listener_rig *host)
{
	hd_http_respond(host->kept, 200, NULL, "kept", 4);
	host->kept = NULL;
}

static void stopping_ends_what_was_begun(void **state)
{
	static const char post[] = POST_IN HOST CL "\r\n" BODY;
	struct wire_answer a;
	struct listener_rig host;
	int kept, other;

	(void)state;
	listener_rig_start(&host, &listener_rig_fast);
	kept = wire_connect(host.port);
	wire_sends(kept, "POST /keep HTTP/1.1\r\n" HOST CL "\r\n" BODY);
	other = wire_connect(host.port);
	wire_sends(other, post);
	wire_read(other, 1, WIRE_MS, &a);
	assert_int_equal(a.status, 200);
	listener_rig_wait(&host, 2);
	listener_rig_do(&host, stop_listening);
	wire_sends(other, post);
	wire_read(other, 0, WIRE_MS, &a);
	assert_int_equal(a.status, 503);
	assert_true(a.closed);
	listener_rig_do(&host, answer_kept);
	wire_read(kept, 1, WIRE_MS, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(wire_body(&a), "kept");
	close(kept);
	close(other);
	listener_rig_stop(&host);
	assert_int_equal(atomic_load(&host.served), 2);
}

static void ignore_cancel(void *ud, struct hd_http_request *rq)
{
	(void)ud;
	(void)rq;
}

static void add_slow(struct listener_rig *host)
{
	const struct hd_listener_route route = { .method = "POST",
						 .path = "/slow",
						 .fn = listener_rig_keep,
						 .cancelled = ignore_cancel,
						 .ud = host };

	hd_listener_route_add(host->listener, &route, NULL);
}

static void owner_may_answer_when_all_is_gone(void **state)
{
	struct wire_answer a;
	struct listener_rig host;
	int fd;

	(void)state;
	listener_rig_start(&host, &listener_rig_fast);
	listener_rig_do(&host, add_slow);
	fd = wire_connect(host.port);
	wire_sends(fd, "POST /slow HTTP/1.1\r\n" HOST CL "\r\n" BODY);
	listener_rig_wait(&host, 1);
	listener_rig_stop(&host);
	wire_read(fd, 1, WIRE_MS, &a);
	assert_int_equal(a.status, 503);
	close(fd);
	assert_memory_equal(host.kept->body.p, BODY, 18);
	answer_kept(&host);
}

static void connections_of_one_address_are_bounded(void **state)
{
	struct hd_listener_options o = listener_rig_fast;
	struct wire_answer a;
	struct listener_rig host;
	double before = listener_rig_rejected("connections");
	int fds[2], i;

	(void)state;
	o.per_address = 2;
	listener_rig_start(&host, &o);
	for (i = 0; i < 2; i++) {
		fds[i] = wire_connect(host.port);
		wire_sends(fds[i], POST_IN HOST CL "\r\n" BODY);
		wire_read(fds[i], 1, WIRE_MS, &a);
		assert_int_equal(a.status, 200);
	}
	wire_ask(host.port, BYTES(POST_IN HOST CL "\r\n" BODY), 1, &a);
	assert_int_equal(a.status, 0);
	assert_true(a.closed);
	assert_true(listener_rig_counted("connections", before + 1));
	for (i = 0; i < 2; i++)
		close(fds[i]);
	listener_rig_stop(&host);
}

static void bodies_are_bounded_together(void **state)
{
	struct hd_listener_options o = listener_rig_fast;
	struct wire_answer a;
	struct listener_rig host;
	int fd;

	(void)state;
	o.bodies_max = 20;
	listener_rig_start(&host, &o);
	fd = wire_connect(host.port);
	wire_sends(fd, "POST /keep HTTP/1.1\r\n" HOST CL "\r\n" BODY);
	listener_rig_wait(&host, 1);
	wire_ask(host.port, BYTES(POST_IN HOST CL "\r\n" BODY), 1, &a);
	assert_int_equal(a.status, 503);
	listener_rig_do(&host, answer_kept);
	wire_read(fd, 1, WIRE_MS, &a);
	assert_int_equal(a.status, 200);
	close(fd);
	listener_rig_stop(&host);
}

static void *answer_elsewhere(void *ud)
{
	hd_http_respond(ud, 202, NULL, "from a thread", 13);
	return NULL;
}

static void answer_in_thread(void *ud, struct hd_http_request *rq)
{
	pthread_t thread;

	(void)ud;
	pthread_create(&thread, NULL, answer_elsewhere, rq);
	pthread_detach(thread);
}

static void add_threaded(struct listener_rig *host)
{
	listener_rig_route(host, "POST", "/thread", false, answer_in_thread,
			   NULL);
}

static void answer_may_come_from_any_thread(void **state)
{
	int fd = wire_connect(listener_rig_shared.port), i;
	struct wire_answer a;

	(void)state;
	listener_rig_do(&listener_rig_shared, add_threaded);
	for (i = 0; i < 50; i++) {
		wire_sends(fd, "POST /thread HTTP/1.1\r\n" HOST CL "\r\n" BODY);
		wire_read(fd, 1, WIRE_MS, &a);
		assert_int_equal(a.status, 202);
		assert_string_equal(wire_body(&a), "from a thread");
	}
	close(fd);
}

static void bad_answer(void *ud, struct hd_http_request *rq)
{
	static const char *const injected[] = { "X: a\r\nSet-Cookie: b", NULL };

	(void)ud;
	hd_http_respond(rq, 200, injected, "x", 1);
}

static void add_bad(struct listener_rig *host)
{
	listener_rig_route(host, "POST", "/bad", false, bad_answer, NULL);
}

static void injected_header_makes_500(void **state)
{
	struct wire_answer a;

	(void)state;
	listener_rig_do(&listener_rig_shared, add_bad);
	ask("POST /bad HTTP/1.1\r\n" HOST CL "\r\n" BODY, &a);
	assert_int_equal(a.status, 500);
	assert_null(strstr(a.text, "Set-Cookie"));
}

static void unix_socket_knows_its_peer(void **state)
{
	char path[] = "/tmp/herald-test-XXXXXX", *dir = mkdtemp(path);
	struct hd_listener_options o = listener_rig_fast;
	struct wire_answer a;
	struct listener_rig host;
	char address[64], want[64];
	int fd;

	(void)state;
	snprintf(address, sizeof(address), "unix:%s/s", dir);
	o.address = address;
	listener_rig_start(&host, &o);
	assert_int_equal(host.port, 0);
	fd = wire_connect_unix(address + 5);
	wire_sends(fd, POST_IN HOST CL "\r\n" BODY);
	wire_read(fd, 1, WIRE_MS, &a);
	snprintf(want, sizeof(want), "|7|uid %u", (unsigned)getuid());
	assert_non_null(strstr(wire_body(&a), want));
	close(fd);
	listener_rig_stop(&host);
	assert_int_equal(access(address + 5, F_OK), -1);
	rmdir(dir);
}

static void taken_address_is_said(void **state)
{
	struct hd_listener_options o = listener_rig_fast;
	struct hd_err err = { 0 };
	char address[64];

	(void)state;
	snprintf(address, sizeof(address), "127.0.0.1:%d",
		 listener_rig_shared.port);
	o.address = address;
	assert_null(hd_listener_new(&listener_rig_shared.loop, &o, &err));
	assert_non_null(strstr(err.text, address));
	assert_non_null(strstr(err.text, "in use"));
	o.address = "127.0.0.1";
	assert_null(hd_listener_new(&listener_rig_shared.loop, &o, &err));
	o.address = "::1:80";
	assert_null(hd_listener_new(&listener_rig_shared.loop, &o, &err));
	assert_non_null(strstr(err.text, "brackets"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_arrives_whole),
		cmocka_unit_test(prefix_gives_the_rest),
		cmocka_unit_test(wrong_method_is_told_the_right_one),
		cmocka_unit_test(kept_connection_serves_many),
		cmocka_unit_test(no_request_is_forgotten),
		cmocka_unit_test(gzip_is_inflated_within_the_bound),
		cmocka_unit_test(paused_route_says_503),
		cmocka_unit_test(route_is_taken),
		cmocka_unit_test(unanswered_request_gets_503_and_cancel),
		cmocka_unit_test(sender_that_is_gone_is_noticed),
		cmocka_unit_test(half_closed_sender_gets_its_answer),
		cmocka_unit_test(too_many_waiting_get_503),
		cmocka_unit_test(stopping_ends_what_was_begun),
		cmocka_unit_test(owner_may_answer_when_all_is_gone),
		cmocka_unit_test(connections_of_one_address_are_bounded),
		cmocka_unit_test(bodies_are_bounded_together),
		cmocka_unit_test(answer_may_come_from_any_thread),
		cmocka_unit_test(injected_header_makes_500),
		cmocka_unit_test(unix_socket_knows_its_peer),
		cmocka_unit_test(taken_address_is_said),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, listener_rig_set_up,
				      listener_rig_tear_down);
}
