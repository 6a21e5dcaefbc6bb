/* Class h of bad-inputs.tsv, each row with its id, and the total deadlines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "tests/unit/listener_rig.h"

enum want {
	SERVED,	 /* 200, and the route saw it `served` times */
	REFUSED, /* `status` and closed, the route saw nothing, `reason` counted
		  */
	CUT	 /* closed within the deadline, no reply needed */
};

static const struct row {
	const char *id, *bytes;
	size_t n;
	enum want want;
	int status;
	const char *reason;
	int served;
} rows[] = {
	{ "h01 plain valid POST", BYTES(POST_IN HOST CL "\r\n" BODY), SERVED,
	  200, NULL, 1 },
	{ "h03 two different CL",
	  BYTES(POST_IN HOST CL "Content-Length: 4\r\n\r\n" BODY), REFUSED, 400,
	  "two_lengths", 0 },
	{ "h05 CL list",
	  BYTES(POST_IN HOST "Content-Length: 18, 18\r\n\r\n" BODY), REFUSED,
	  400, "malformed", 0 },
	{ "h06 negative CL",
	  BYTES(POST_IN HOST "Content-Length: -1\r\n\r\n" BODY), REFUSED, 400,
	  "malformed", 0 },
	{ "h07 CL with plus",
	  BYTES(POST_IN HOST "Content-Length: +18\r\n\r\n" BODY), REFUSED, 400,
	  "malformed", 0 },
	{ "h08 CL 2^64",
	  BYTES(POST_IN HOST "Content-Length: 18446744073709551616\r\n\r\n"),
	  REFUSED, 413, "malformed", 0 },
	{ "h09 CL 10 GB declared",
	  BYTES(POST_IN HOST "Content-Length: 10737418240\r\n\r\n" BODY),
	  REFUSED, 413, "body_size", 0 },
	{ "h10 CL hex", BYTES(POST_IN HOST "Content-Length: 0x12\r\n\r\n" BODY),
	  REFUSED, 400, "malformed", 0 },
	{ "h11 TE: xchunked",
	  BYTES(POST_IN HOST "Transfer-Encoding: xchunked\r\n\r\n" BODY),
	  REFUSED, 400, "transfer_encoding", 0 },
	{ "h12 TE: gzip, chunked",
	  BYTES(POST_IN HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"
			     "0\r\n\r\n"),
	  REFUSED, 400, "transfer_encoding", 0 },
	{ "CL beside TE", BYTES(POST_IN HOST CL CHUNKED "\r\n0\r\n\r\n"),
	  REFUSED, 400, "length_and_encoding", 0 },
	{ "h14 obs-fold header",
	  BYTES(POST_IN HOST "X-A: 1\r\n 2\r\n" CL "\r\n" BODY), REFUSED, 400,
	  "line", 0 },
	{ "obs-fold of the last header",
	  BYTES(POST_IN HOST CL "X-A: 1\r\n 2\r\n\r\n" BODY), REFUSED, 400,
	  "line", 0 },
	{ "h15 bare LF line ends",
	  BYTES("POST /in HTTP/1.1\nHost: h\nContent-Length: 18\n\n" BODY),
	  REFUSED, 400, "line", 0 },
	{ "one bare LF in the middle",
	  BYTES(POST_IN "Host: h\n" CL "\r\n" BODY), REFUSED, 400, "line", 0 },
	{ "bare LF before the body", BYTES(POST_IN HOST CL "\n" BODY), REFUSED,
	  400, "line", 0 },
	{ "h16 bare CR in header",
	  BYTES(POST_IN HOST "X: a\rb\r\n" CL "\r\n" BODY), REFUSED, 400,
	  "control_byte", 0 },
	{ "NUL in a value", BYTES(POST_IN HOST "X: a\0b\r\n" CL "\r\n" BODY),
	  REFUSED, 400, "line", 0 },
	{ "blank before the colon",
	  BYTES(POST_IN HOST "X : a\r\n" CL "\r\n" BODY), REFUSED, 400,
	  "header_name", 0 },
	{ "h18 NUL in URL",
	  BYTES("POST /in\0x HTTP/1.1\r\n" HOST CL "\r\n" BODY), REFUSED, 400,
	  "request_line", 0 },
	{ "h19 %00 in URL",
	  BYTES("POST /in%00x HTTP/1.1\r\n" HOST CL "\r\n" BODY), REFUSED, 400,
	  "target", 0 },
	{ "h20 %2e%2e/ in URL",
	  BYTES("POST /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" HOST CL
		"\r\n" BODY),
	  REFUSED, 400, "target", 0 },
	{ "h24 no Host", BYTES(POST_IN CL "\r\n" BODY), REFUSED, 400,
	  "malformed", 0 },
	{ "h25 two Hosts",
	  BYTES(POST_IN "Host: a\r\nHost: b\r\n" CL "\r\n" BODY), REFUSED, 400,
	  "two_hosts", 0 },
	{ "two Authorizations",
	  BYTES(POST_IN HOST "Authorization: a\r\nAuthorization: b\r\n" CL
			     "\r\n" BODY),
	  REFUSED, 400, "two_authorizations", 0 },
	{ "h26 HTTP/0.9", BYTES("GET /\r\n"), REFUSED, 400, "malformed", 0 },
	{ "h28 HTTP/2 preface", BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	  REFUSED, 505, "malformed", 0 },
	{ "h29 TLS client hello on plain port",
	  BYTES("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\0\0\0\0\0\0"),
	  CUT, 0, "header_deadline", 0 },
	{ "h31 lower-case method",
	  BYTES("post /in HTTP/1.1\r\n" HOST CL "\r\n" BODY), REFUSED, 405,
	  "method", 0 },
	{ "h32 CONNECT", BYTES("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"),
	  REFUSED, 405, "method", 0 },
	{ "h33 TRACE", BYTES("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"), REFUSED,
	  405, "method", 0 },
	{ "h34 chunk size 2^64",
	  BYTES(POST_IN HOST CHUNKED "\r\nFFFFFFFFFFFFFFFFF\r\nx"), REFUSED,
	  413, "malformed", 0 },
	{ "h38 trailer smuggles header",
	  BYTES(POST_IN HOST CHUNKED "\r\n12\r\n" BODY
				     "\r\n0\r\nX-Auth: Bearer x\r\n\r\n"),
	  SERVED, 200, NULL, 1 },
	{ "h39 one-byte chunks",
	  BYTES(POST_IN HOST CHUNKED "\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),
	  SERVED, 200, NULL, 1 },
	{ "h40 Expect: 100-continue",
	  BYTES(POST_IN HOST "Expect: 100-continue\r\n" CL "\r\n" BODY), SERVED,
	  200, NULL, 1 },
	{ "h41 Expect: unknown",
	  BYTES(POST_IN HOST "Expect: 200-ok\r\n" CL "\r\n" BODY), REFUSED, 417,
	  "expect", 0 },
	{ "h42 pipelined twice",
	  BYTES(POST_IN HOST CL "\r\n" BODY POST_IN HOST CL "\r\n" BODY),
	  SERVED, 200, NULL, 2 },
	{ "h44 body longer than CL",
	  BYTES(POST_IN HOST CL "\r\n" BODY
				"GET /admin HTTP/1.1\r\nHost: h\r\n\r\n"),
	  SERVED, 200, NULL, 1 },
	{ "h45 gzip declared, none sent",
	  BYTES(POST_IN HOST "Content-Encoding: gzip\r\n" CL "\r\n" BODY),
	  REFUSED, 400, "gzip", 0 },
	{ "other encoding",
	  BYTES(POST_IN HOST "Content-Encoding: br\r\n" CL "\r\n" BODY),
	  REFUSED, 415, "content_encoding", 0 },
	{ "no length", BYTES(POST_IN HOST "\r\n"), REFUSED, 411, "no_length",
	  0 },
	{ "unknown path", BYTES("GET /nothing HTTP/1.1\r\n" HOST "\r\n"),
	  REFUSED, 404, "path", 0 },
	{ "wrong method", BYTES("GET /in HTTP/1.1\r\n" HOST "\r\n"), REFUSED,
	  405, "method", 0 },
	{ "absolute form", BYTES("GET http://h/get HTTP/1.1\r\n" HOST "\r\n"),
	  REFUSED, 400, "target", 0 },
	{ "chunked over the bound", BYTES(POST_IN HOST CHUNKED "\r\n2000\r\n"),
	  CUT, 0, "body_deadline", 0 },
};

static void check_row(const struct row *row)
{
	double before = row->reason ? listener_rig_rejected(row->reason) : 0;
	int served = atomic_load(&listener_rig_shared.served);
	int wanted = row->want == SERVED ? row->served : 0;
	struct wire_answer a;

	wire_ask(listener_rig_shared.port, row->bytes, row->n, wanted, &a);
	served = atomic_load(&listener_rig_shared.served) - served;
	if (a.status != row->status || served != row->served ||
	    (row->want != SERVED && !a.closed) ||
	    (row->want == SERVED && a.replies < row->served))
		fail_msg("%s: status %d, %d replies, closed %d, served %d",
			 row->id, a.status, a.replies, a.closed, served);
	if (row->reason && !listener_rig_counted(row->reason, before + 1))
		fail_msg("%s: reason is not '%s': %s", row->id, row->reason,
			 wire_body(&a));
}

/* Not here: h21, h23, h36 (large, below), h43 (below), h46 (what a body is made
 * of is the route's). */
static void bad_framing_is_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

static void h21_url_of_64_kib(void **state)
{
	struct wire_answer a;
	struct hd_buf rq;
	int i;

	(void)state;
	hd_buf_init(&rq, 100000);
	hd_buf_adds(&rq, "POST /");
	for (i = 0; i < 65536; i++)
		hd_buf_addc(&rq, 'a');
	hd_buf_adds(&rq, " HTTP/1.1\r\n" HOST CL "\r\n" BODY);
	wire_ask(listener_rig_shared.port, rq.p, rq.n, 0, &a);
	/* The rest may still be on its way when the library closes: then the
	 * reply is lost to the reset. */
	assert_true(a.status == 414 || a.status == 0);
	assert_true(a.closed);
	hd_buf_fini(&rq);
}

static void h23_5000_headers(void **state)
{
	struct wire_answer a;
	struct hd_buf rq;
	int i;

	(void)state;
	hd_buf_init(&rq, 100000);
	hd_buf_adds(&rq, POST_IN HOST);
	for (i = 0; i < 5000; i++)
		hd_buf_addf(&rq, "X%d: 1\r\n", i);
	hd_buf_adds(&rq, CL "\r\n" BODY);
	wire_ask(listener_rig_shared.port, rq.p, rq.n, 0, &a);
	assert_true(a.status == 431 || a.status == 0);
	assert_true(a.closed);
	hd_buf_fini(&rq);
}

static void headers(struct hd_buf *rq, size_t bytes)
{
	hd_buf_clear(rq);
	hd_buf_adds(rq, POST_IN HOST CL "X-Pad: ");
	while (rq->n < bytes - 4)
		hd_buf_addc(rq, 'p');
	hd_buf_adds(rq, "\r\n\r\n" BODY);
}

static void header_total_of_16_kib_is_the_bound(void **state)
{
	struct wire_answer a;
	struct hd_buf rq;
	int fd;

	(void)state;
	hd_buf_init(&rq, 100000);
	headers(&rq, 16384);
	wire_ask(listener_rig_shared.port, rq.p, rq.n, 1, &a);
	assert_int_equal(a.status, 200);
	/* In small pieces: the parser's buffer must not move meanwhile. */
	fd = wire_connect(listener_rig_shared.port);
	wire_send(fd, rq.p, 30);
	wire_send(fd, rq.p + 30, 9000);
	wire_send(fd, rq.p + 9030, rq.n - 9030);
	wire_read(fd, 1, WIRE_MS, &a);
	assert_int_equal(a.status, 200);
	close(fd);
	headers(&rq, 16385);
	wire_ask(listener_rig_shared.port, rq.p, rq.n, 0, &a);
	assert_int_equal(a.status, 431);
	assert_true(a.closed);
	hd_buf_fini(&rq);
}

static void h36_chunk_extension_of_64_kib(void **state)
{
	int served = atomic_load(&listener_rig_shared.served);
	struct wire_answer a;
	struct hd_buf rq;
	int i;

	(void)state;
	hd_buf_init(&rq, 100000);
	hd_buf_adds(&rq, POST_IN HOST CHUNKED "\r\n12;");
	for (i = 0; i < 65536; i++)
		hd_buf_addc(&rq, 'e');
	hd_buf_adds(&rq, "\r\n" BODY "\r\n0\r\n\r\n");
	wire_ask(listener_rig_shared.port, rq.p, rq.n, 0, &a);
	/* The library's own 500, which nobody else can turn into a 4xx. */
	assert_true(a.status == 0 || a.status == 500);
	assert_true(a.closed);
	assert_int_equal(atomic_load(&listener_rig_shared.served), served);
	hd_buf_fini(&rq);
}

static void h43_body_shorter_than_length(void **state)
{
	int served = atomic_load(&listener_rig_shared.served);
	int fd = wire_connect(listener_rig_shared.port);
	struct wire_answer a;

	(void)state;
	wire_sends(fd, POST_IN HOST CL "\r\n{\"res");
	shutdown(fd, SHUT_WR);
	wire_read(fd, 0, WIRE_MS, &a);
	assert_true(a.closed);
	assert_int_equal(a.status, 0);
	assert_int_equal(atomic_load(&listener_rig_shared.served), served);
	close(fd);
}

/* ---- deadlines ---- */

/* A byte now and then: idle never, late all the same. */
static void drip_header_is_cut(void **state)
{
	double before = listener_rig_rejected("header_deadline");
	int64_t begun_ms = hd_now_ms();
	int fd = wire_connect(listener_rig_shared.port);
	struct wire_answer a = { 0 };

	(void)state;
	wire_sends(fd, POST_IN "X: ");
	while (!a.closed && hd_now_ms() - begun_ms < WIRE_MS) {
		wire_sends(fd, "x");
		wire_read(fd, 0, 50, &a);
	}
	assert_true(a.closed);
	assert_true(hd_now_ms() - begun_ms >= 400);
	assert_true(listener_rig_counted("header_deadline", before + 1));
	close(fd);
}

static void drip_body_is_cut(void **state)
{
	double before = listener_rig_rejected("body_deadline");
	int64_t begun_ms = hd_now_ms();
	int fd = wire_connect(listener_rig_shared.port);
	struct wire_answer a = { 0 };

	(void)state;
	wire_sends(fd, POST_IN HOST "Content-Length: 4000\r\n\r\n");
	while (!a.closed && hd_now_ms() - begun_ms < WIRE_MS) {
		wire_sends(fd, "x");
		wire_read(fd, 0, 50, &a);
	}
	assert_true(a.closed);
	assert_true(listener_rig_counted("body_deadline", before + 1));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_framing_is_refused),
		cmocka_unit_test(h21_url_of_64_kib),
		cmocka_unit_test(h23_5000_headers),
		cmocka_unit_test(header_total_of_16_kib_is_the_bound),
		cmocka_unit_test(h36_chunk_extension_of_64_kib),
		cmocka_unit_test(h43_body_shorter_than_length),
		cmocka_unit_test(drip_header_is_cut),
		cmocka_unit_test(drip_body_is_cut),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, listener_rig_set_up,
				      listener_rig_tear_down);
}
