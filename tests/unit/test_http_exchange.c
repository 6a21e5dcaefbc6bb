/* What goes out, and what is refused before anything does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/secret.h"
#include "tests/unit/http_rig.h"

#define HEAD(code, more) "HTTP/1.1 " code " X\r\n" more
#define EMPTY "Content-Length: 0\r\n\r\n"
#define JSON "Content-Type: application/json\r\n"

static void serve_and_look(const struct hd_http_peer_options *options,
			   struct hd_http_call *call, const char *path,
			   struct rig_server *server, struct rig_result *r)
{
	const char *origins[] = { NULL, NULL };
	struct hd_http_peer_options o = { 0 };
	char url[128];

	memset(server, 0, sizeof(*server));
	server->reply = HEAD("200", "X-Rig:  yes \r\nContent-Length: 2\r\n\r\n"
				    "ok");
	rig_server_start(server, rig_reply);
	snprintf(url, sizeof(url), "%s%s", rig_url(server->port), path);
	if (options)
		o = *options;
	origins[0] = url;
	if (!o.origins)
		o.origins = origins;
	call->url = url;
	rig_ask(&o, call, r);
	rig_server_stop(server);
}

static void address_and_headers(void **state)
{
	static const char *const path[] = { "a b", "x/../y?z", "\xc3\xa9",
					    NULL };
	static const char *const query[] = { "q", "1&2=3", "t", "a b", NULL };
	static const char *const headers[] = { "X-One: 1", "X-Empty:", NULL };
	struct hd_http_call call = { .path = path,
				     .query = query,
				     .headers = headers };
	static struct rig_server server;
	struct rig_result r;

	(void)state;
	serve_and_look(NULL, &call, "/api/?fixed=1", &server, &r);
	assert_int_equal(r.status, HERALD_OK);
	assert_string_equal(r.body, "ok");
	assert_string_equal(r.header, "yes");
	assert_ptr_equal(strstr(server.last,
				"GET /api/a%20b/x%2F..%2Fy%3Fz/%C3%A9?fixed=1"
				"&q=1%262%3D3&t=a%20b HTTP/1.1\r\n"),
			 server.last);
	assert_non_null(strstr(server.last, "\r\nX-One: 1\r\n"));
	assert_non_null(strstr(server.last, "\r\nX-Empty:\r\n"));
	assert_non_null(strstr(server.last, "\r\nUser-Agent: herald/"));
	assert_null(strstr(server.last, "Expect"));
	assert_null(strstr(server.last, "Accept-Encoding"));
}

static void methods_and_bodies(void **state)
{
	static const char *const fields[] = { "a", "1 2", "b", "&", NULL };
	struct hd_http_call call = { .query = fields, .form = true };
	static struct rig_server server;
	struct rig_result r;

	(void)state;
	serve_and_look(NULL, &call, "/", &server, &r);
	assert_ptr_equal(strstr(server.last, "POST / HTTP/1.1\r\n"),
			 server.last);
	assert_non_null(strstr(server.last, "\r\nContent-Type: "
					    "application/x-www-form-urlencoded"
					    "\r\n"));
	assert_non_null(strstr(server.last, "\r\n\r\na=1+2&b=%26"));

	call = (struct hd_http_call){ .method = "PATCH",
				      .body = HERALD_S("{}") };
	serve_and_look(NULL, &call, "/", &server, &r);
	assert_ptr_equal(strstr(server.last, "PATCH / HTTP/1.1\r\n"),
			 server.last);
	assert_non_null(strstr(server.last, "\r\n\r\n{}"));
	assert_null(strstr(server.last, "Content-Type"));

	call = (struct hd_http_call){ .method = "DELETE" };
	serve_and_look(NULL, &call, "/x", &server, &r);
	assert_ptr_equal(strstr(server.last, "DELETE /x HTTP/1.1\r\n"),
			 server.last);
	assert_null(strstr(server.last, "Content-Length"));

	call = (struct hd_http_call){ .method = "POST" };
	serve_and_look(NULL, &call, "/x", &server, &r);
	assert_non_null(strstr(server.last, "\r\nContent-Length: 0\r\n"));
}

static void secrets_are_put_in(void **state)
{
	struct hd_secret *secret = hd_secret_text_new("open sesame", 11);
	struct hd_http_call call = { .secret = secret,
				     .secret_prefix = "Bearer " };
	static struct rig_server server;
	struct rig_result r;

	(void)state;
	serve_and_look(NULL, &call, "/", &server, &r);
	assert_non_null(strstr(server.last,
			       "\r\nAuthorization: Bearer open sesame\r\n"));
	call = (struct hd_http_call){ .secret = secret,
				      .secret_header = "X-Api-Key" };
	serve_and_look(NULL, &call, "/", &server, &r);
	assert_non_null(strstr(server.last, "\r\nX-Api-Key: open sesame\r\n"));
	call = (struct hd_http_call){ .secret = secret,
				      .secret_user = "Aladdin" };
	serve_and_look(NULL, &call, "/", &server, &r);
	/* RFC 7617, section 2 */
	assert_non_null(strstr(server.last,
			       "\r\nAuthorization: Basic "
			       "QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
	hd_secret_unref(secret);
}

static void secrets_are_masked_in_errors(void **state)
{
	static const char *const query[] = { "key", "in-the-query", NULL };
	struct hd_secret *secret = hd_secret_text_new("tell-nobody", 11);
	struct rig_server server = {
		.reply = HEAD("403", JSON "Content-Length: 27\r\n\r\n"
					  "{\"m\":\"bad key tell-nobody\"}")
	};
	const char *origins[] = { NULL, NULL };
	const struct hd_http_peer_options options = { .origins = origins };
	struct hd_http_call call = { .secret = secret, .query = query };
	struct rig_result r;

	(void)state;
	rig_server_start(&server, rig_reply);
	origins[0] = call.url = rig_url(server.port);
	rig_ask(&options, &call, &r);
	assert_int_equal(r.status, HERALD_FORBIDDEN);
	assert_non_null(strstr(r.error, "HTTP 403"));
	assert_non_null(strstr(r.error, "bad key"));
	assert_null(strstr(r.error, "tell-nobody"));
	assert_null(strstr(r.error, "in-the-query"));
	hd_secret_unref(secret);
	rig_server_stop(&server);
}

/* ---- what is refused before anything goes out ---- */

static void bad_calls_are_refused(void **state)
{
	static const char *const crlf[] = { "X: a\r\nY: b", NULL };
	static const char *const no_colon[] = { "X", NULL };
	static const char *const framing[] = { "Content-Length: 5", NULL };
	static const char *const host[] = { "Host: other", NULL };
	static const char *const dots[] = { "..", NULL };
	static const char *const empty[] = { "", NULL };
	static const struct {
		const char *id;
		struct hd_http_call call;
	} cases[] = {
		{ "CR LF in a header", { .headers = crlf } },
		{ "no colon", { .headers = no_colon } },
		{ "framing header", { .headers = framing } },
		{ "host header", { .headers = host } },
		{ "dot segment", { .path = dots } },
		{ "empty segment", { .path = empty } },
		{ "lower-case method", { .method = "get" } },
		{ "method with a blank", { .method = "GET /x HTTP/1.1" } },
		{ "TRACE", { .method = "TRACE" } },
		{ "no address", { .url = "" } },
		{ "file address", { .url = "file:///etc/passwd" } },
		{ "password in the address", { .url = "http://a:b@h/" } },
		{ "blank in the address", { .url = "http://h/a b" } },
	};
	struct rig_server server = { .reply = HEAD("200", EMPTY) };
	struct hd_http_call call;
	struct rig_result r;
	size_t i;

	(void)state;
	rig_server_start(&server, rig_reply);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		call = cases[i].call;
		if (!call.url)
			call.url = rig_url(server.port);
		rig_ask(NULL, &call, &r);
		if (r.status != HERALD_BAD_INPUT)
			fail_msg("%s: %x", cases[i].id, r.status);
	}
	assert_int_equal(atomic_load(&server.connections), 0);
	rig_server_stop(&server);
}

static void credentials_stay_with_their_origin(void **state)
{
	static const char *const cookie[] = { "Cookie: a=b", NULL };
	static const char *const origins[] = { "http://127.0.0.1:1/base",
					       NULL };
	const struct hd_http_peer_options options = { .origins = origins };
	struct hd_secret *secret = hd_secret_text_new("tell-nobody", 11);
	struct rig_server server = { .reply = HEAD("200", EMPTY) };
	struct hd_http_call call = { .secret = secret };
	struct rig_result r;

	(void)state;
	rig_server_start(&server, rig_reply);
	call.url = rig_url(server.port);
	rig_ask(&options, &call, &r);
	assert_int_equal(r.status, HERALD_BAD_INPUT);
	call.secret = NULL;
	call.headers = cookie;
	rig_ask(&options, &call, &r);
	assert_int_equal(r.status, HERALD_BAD_INPUT);
	assert_int_equal(atomic_load(&server.connections), 0);
	call.headers = NULL;
	rig_ask(&options, &call, &r);
	assert_int_equal(r.status, HERALD_OK);
	hd_secret_unref(secret);
	rig_server_stop(&server);
}

static void public_only_keeps_out_of_our_network(void **state)
{
	const struct hd_http_peer_options options = { .public_only = true };
	struct rig_server server = { .reply = HEAD("200", EMPTY) };
	struct hd_http_call call = { 0 };
	struct rig_result r;
	char url[64];

	(void)state;
	rig_server_start(&server, rig_reply);
	snprintf(url, sizeof(url), "http://localhost:%d/", server.port);
	call.url = url;
	rig_ask(&options, &call, &r);
	assert_int_equal(r.status, HERALD_UNREACHABLE);
	assert_non_null(strstr(r.error, "public"));
	assert_int_equal(atomic_load(&server.connections), 0);
	rig_server_stop(&server);
}

static void environment_sets_no_proxy(void **state)
{
	struct hd_http_call call = { 0 };
	static struct rig_server server;
	struct rig_result r;

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	serve_and_look(NULL, &call, "/", &server, &r);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	assert_int_equal(r.status, HERALD_OK);
}

static void proxy_is_used(void **state)
{
	struct rig_server proxy = { .reply = HEAD("200", EMPTY) };
	struct hd_http_peer_options options = { 0 };
	struct hd_http_call call = { .url = "http://unknown.invalid/x" };
	struct rig_result r;

	(void)state;
	rig_server_start(&proxy, rig_reply);
	options.proxy = rig_url(proxy.port);
	rig_ask(&options, &call, &r);
	assert_int_equal(r.status, HERALD_OK);
	assert_ptr_equal(strstr(proxy.last, "GET http://unknown.invalid/x "),
			 proxy.last);
	rig_server_stop(&proxy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_and_headers),
		cmocka_unit_test(methods_and_bodies),
		cmocka_unit_test(secrets_are_put_in),
		cmocka_unit_test(secrets_are_masked_in_errors),
		cmocka_unit_test(bad_calls_are_refused),
		cmocka_unit_test(credentials_stay_with_their_origin),
		cmocka_unit_test(public_only_keeps_out_of_our_network),
		cmocka_unit_test(environment_sets_no_proxy),
		cmocka_unit_test(proxy_is_used),
	};

	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_ALL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
