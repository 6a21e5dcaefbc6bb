/* OAuth2 client credentials and the proxy: what the servers see. */
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

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/secret.h"
#include "core/net/http_token.h"
#include "tests/unit/http_rig.h"
#include "tests/unit/wire.h"

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define NO_REPLY "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"

/* Gives T1, T2, ...; a service accepts the newest or, with `accept`, that. */
static atomic_int issued;
static int life_s;
static const char *accepted; /* NULL: the newest */

static void give_token(struct rig_server *server, int fd)
{
	char body[128], text[256];

	while (rig_read(server, fd) != 0) {
		snprintf(body, sizeof(body),
			 "{\"access_token\":\"T%d-example\",\"token_type\":"
			 "\"bearer\",\"expires_in\":%d}",
			 atomic_fetch_add(&issued, 1) + 1, life_s);
		snprintf(text, sizeof(text),
			 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
			 "Content-Length: %zu\r\n\r\n%s",
			 strlen(body), body);
		wire_sends(fd, text);
	}
}

static void want_token(struct rig_server *server, int fd)
{
	char line[64];
	bool good;

	while (rig_read(server, fd) != 0) {
		if (accepted)
			snprintf(line, sizeof(line), "%s", accepted);
		else
			snprintf(line, sizeof(line), "Bearer T%d-example\r\n",
				 atomic_load(&issued));
		pthread_mutex_lock(&server->lock);
		good = strstr(server->last, line) != NULL;
		pthread_mutex_unlock(&server->lock);
		wire_sends(fd, good ? OK_REPLY : NO_REPLY);
	}
}

/* ---- both servers and a client ---- */

struct stage {
	struct rig_server tokens, service;
	struct rig_client rig;
	struct rig_result r;
	char token_url[64], url[64];
	struct hd_http_call call;
};

static void open_stage(struct stage *s,
		       void (*tokens)(struct rig_server *, int),
		       void (*service)(struct rig_server *, int), bool in_body)
{
	const char *origins[] = { s->url, NULL };
	struct hd_http_token_options oauth2 = {
		.url = s->token_url,
		.client_id = "herald id:1",
		.secret = hd_secret_text_new("a+b/c=secret", 12),
		.scope = "read write",
		.in_body = in_body,
	};
	struct hd_http_peer_options options = { .name = "rig",
						.origins = origins,
						.oauth2 = &oauth2,
						.timeout_ms = 5000 };

	atomic_store(&issued, 0);
	rig_server_start(&s->tokens, tokens);
	rig_server_start(&s->service, service);
	snprintf(s->token_url, sizeof(s->token_url), "%s/token",
		 rig_url(s->tokens.port));
	snprintf(s->url, sizeof(s->url), "%s/x", rig_url(s->service.port));
	s->call.url = s->url;
	rig_client_open(&s->rig, &options);
	hd_secret_unref(oauth2.secret);
}

static void close_stage(struct stage *s)
{
	rig_client_close(&s->rig);
	rig_server_stop(&s->tokens);
	rig_server_stop(&s->service);
}

static void ask(struct stage *s)
{
	hd_http_send(s->rig.peer, &s->call, rig_note, &s->r);
	rig_wait(&s->rig, &s->r);
}

static int fresh(void **state)
{
	(void)state;
	life_s = 3600;
	accepted = NULL;
	return 0;
}

static void token_is_fetched_once(void **state)
{
	struct stage s = { .call = { .method = "POST", .body = { "x", 1 } } };
	struct rig_result more[5] = { 0 };

	(void)state;
	open_stage(&s, give_token, want_token, false);
	for (int i = 0; i < 5; i++)
		hd_http_send(s.rig.peer, &s.call, rig_note, &more[i]);
	assert_int_equal(hd_http_peer_busy(s.rig.peer), 5);
	ask(&s);
	for (int i = 0; i < 5; i++)
		assert_true(more[i].calls == 1 ||
			    (rig_wait(&s.rig, &more[i]), 1));
	for (int i = 0; i < 5; i++)
		assert_int_equal(more[i].status, HERALD_OK);
	assert_int_equal(s.r.status, HERALD_OK);
	assert_int_equal(atomic_load(&s.tokens.requests), 1);
	/* RFC 6749, 2.3.1: both encoded, then Basic: "herald%20id%3A1:a%2Bb..."
	 */
	assert_non_null(strstr(s.tokens.last,
			       "Authorization: Basic aGVyYWxkJTIwaWQlM0ExOmElMk"
			       "JiJTJGYyUzRHNlY3JldA=="));
	assert_non_null(
		strstr(s.tokens.last,
		       "grant_type=client_credentials&scope=read+write"));
	assert_null(strstr(s.tokens.last, "client_id"));
	close_stage(&s);
}

static void secret_in_the_body_where_told(void **state)
{
	struct stage s = { 0 };

	(void)state;
	open_stage(&s, give_token, want_token, true);
	ask(&s);
	assert_int_equal(s.r.status, HERALD_OK);
	assert_null(strstr(s.tokens.last, "Authorization"));
	assert_non_null(strstr(s.tokens.last,
			       "client_id=herald+id%3A1&client_secret="
			       "a%2Bb%2Fc%3Dsecret"));
	close_stage(&s);
}

/* The service knows only the newest token, so a request with one that is over
 * would cost a 401; none is seen. */
static void token_is_renewed_before_its_end(void **state)
{
	struct stage s = { 0 };
	int sent = 0;

	(void)state;
	life_s = 1;
	accepted = "Bearer T";
	open_stage(&s, give_token, want_token, false);
	while (atomic_load(&issued) < 3) {
		ask(&s);
		sent++;
		assert_int_equal(s.r.status, HERALD_OK);
	}
	assert_int_equal(atomic_load(&s.service.requests), sent);
	close_stage(&s);
}

static void a_401_renews_once(void **state)
{
	struct stage s = { .call = { .method = "POST", .body = { "x", 1 } } };

	(void)state;
	accepted = "Bearer T2";
	open_stage(&s, give_token, want_token, false);
	ask(&s);
	assert_int_equal(s.r.status, HERALD_OK);
	assert_string_equal(s.r.body, "ok");
	assert_int_equal(atomic_load(&issued), 2);
	assert_int_equal(atomic_load(&s.service.requests), 2);
	ask(&s);
	assert_int_equal(atomic_load(&issued), 2);
	assert_int_equal(atomic_load(&s.service.requests), 3);
	close_stage(&s);
}

static void who_always_says_401_costs_two_tokens(void **state)
{
	struct stage s = { 0 };

	(void)state;
	accepted = "Bearer never";
	open_stage(&s, give_token, want_token, false);
	for (int i = 0; i < 5; i++) {
		ask(&s);
		assert_int_equal(s.r.status, HERALD_AUTH);
		assert_int_equal(s.r.code, 401);
	}
	assert_int_equal(atomic_load(&issued), 2);
	assert_int_equal(atomic_load(&s.service.requests), 6);
	close_stage(&s);
}

/* ---- a token server that gives none ---- */

#define ANSWER(code, type, n, body)                                           \
	"HTTP/1.1 " code " X\r\nContent-Type: " type "\r\nContent-Length: " n \
	"\r\n\r\n" body

static const struct {
	const char *name, *reply;
	uint32_t status;
	const char *word;
} no_token[] = {
	{ "invalid_client",
	  ANSWER("401", "application/json", "26",
		 "{\"error\":\"invalid_client\"}"),
	  HERALD_AUTH, "invalid_client" },
	{ "invalid_scope",
	  ANSWER("400", "application/json", "25",
		 "{\"error\":\"invalid_scope\"}"),
	  HERALD_AUTH, "invalid_scope" },
	{ "not there", ANSWER("404", "text/plain", "2", "no"), HERALD_AUTH,
	  "HTTP 404" },
	{ "busy", ANSWER("429", "text/plain", "2", "no"), HERALD_QUOTA,
	  "HTTP 429" },
	{ "broken", ANSWER("500", "text/plain", "2", "no"), HERALD_RETRY,
	  "HTTP 500" },
	{ "elsewhere", ANSWER("302", "text/plain", "2", "no"), HERALD_FAILED,
	  "HTTP 302" },
	{ "HTML", ANSWER("200", "text/html", "6", "<html>"), HERALD_BAD_REPLY,
	  "not JSON" },
	{ "other shape", ANSWER("200", "application/json", "2", "{}"),
	  HERALD_BAD_REPLY, "no access_token" },
	{ "other type",
	  ANSWER("200", "application/json", "43",
		 "{\"access_token\":\"abcde\",\"token_type\":\"mac\"}"),
	  HERALD_BAD_REPLY, "Bearer" },
	{ "line break",
	  ANSWER("200", "application/json", "28",
		 "{\"access_token\":\"a\\r\\nX: y\"}"),
	  HERALD_BAD_REPLY, "header" },
	{ "cut off", ANSWER("200", "application/json", "99", "{\"acc"),
	  HERALD_RETRY, "token" },
};

static void reply_and_close(struct rig_server *server, int fd)
{
	if (rig_read(server, fd) != 0)
		wire_sends(fd, server->reply);
}

static void without_a_token_nothing_is_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(no_token) / sizeof(no_token[0]); i++) {
		struct stage s = { .tokens.reply = no_token[i].reply };

		open_stage(&s, reply_and_close, want_token, false);
		ask(&s);
		ask(&s); /* at once: the server is left alone */
		if (s.r.status != no_token[i].status ||
		    !strstr(s.r.error, no_token[i].word))
			fail_msg("%s: %x %s", no_token[i].name, s.r.status,
				 s.r.error);
		assert_non_null(strstr(s.r.error, "oauth2"));
		assert_null(strstr(s.r.error, "secret"));
		assert_true(s.r.retry_after_ms > 0);
		assert_int_equal(atomic_load(&s.tokens.requests), 1);
		assert_int_equal(atomic_load(&s.service.requests), 0);
		close_stage(&s);
	}
}

static void waiting_for_a_token_ends_in_time(void **state)
{
	struct stage s = { .call = { .timeout_ms = 200 } };

	(void)state;
	open_stage(&s, rig_hang, want_token, false);
	ask(&s);
	assert_int_equal(s.r.status, HERALD_TIMEOUT);
	assert_non_null(strstr(s.r.error, "token"));
	close_stage(&s);
}

static void who_waits_for_a_token_can_be_cancelled(void **state)
{
	struct stage s = { 0 };
	struct rig_result other = { 0 };
	uint64_t id;

	(void)state;
	open_stage(&s, rig_hang, want_token, false);
	id = hd_http_send(s.rig.peer, &s.call, rig_note, &s.r);
	hd_http_send(s.rig.peer, &s.call, rig_note, &other);
	rig_wait_for(&s.rig, &s.tokens.requests, 1);
	hd_http_cancel(s.rig.peer, id);
	rig_wait(&s.rig, &s.r);
	assert_int_equal(s.r.status, HERALD_CANCELLED);
	close_stage(&s); /* the other one, and the token's own */
	assert_int_equal(other.calls, 1);
	assert_int_equal(other.status, HERALD_CANCELLED);
}

static void two_credentials_for_one_header_are_refused(void **state)
{
	static const char *const own[] = { "Authorization: Basic eDp5", NULL };
	struct stage s = { 0 };

	(void)state;
	open_stage(&s, give_token, want_token, false);
	s.call.headers = own;
	ask(&s);
	assert_int_equal(s.r.status, HERALD_BAD_INPUT);
	s.call.headers = NULL;
	s.call.secret = hd_secret_text_new("own-secret", 10);
	ask(&s);
	assert_int_equal(s.r.status, HERALD_BAD_INPUT);
	assert_non_null(strstr(s.r.error, "two credentials"));
	s.call.secret_header = "X-Api-Key";
	ask(&s);
	assert_int_equal(s.r.status, HERALD_OK);
	assert_non_null(strstr(s.service.last, "X-Api-Key: own-secret"));
	hd_secret_unref(s.call.secret);
	close_stage(&s);
}

static void token_goes_to_no_other_origin(void **state)
{
	struct stage s = { 0 };

	(void)state;
	open_stage(&s, give_token, want_token, false);
	s.call.url = s.token_url;
	ask(&s);
	assert_int_equal(s.r.status, HERALD_BAD_INPUT);
	assert_int_equal(atomic_load(&s.tokens.requests), 0);
	close_stage(&s);
}

/* ---- the proxy ---- */

static void ask_through(const struct hd_http_peer_options *options,
			const char *url, struct rig_result *r)
{
	const struct hd_http_call call = { .url = url, .timeout_ms = 5000 };

	rig_ask(options, &call, r);
}

static void proxy_is_asked_with_its_credentials(void **state)
{
	struct rig_server proxy = { .reply = OK_REPLY };
	struct hd_http_peer_options options = {
		.name = "rig",
		.proxy_user = "herald",
		.proxy_secret = hd_secret_text_new("proxy-secret", 12),
	};
	struct rig_result r;
	char url[64];

	(void)state;
	rig_server_start(&proxy, rig_reply);
	snprintf(url, sizeof(url), "%s", rig_url(proxy.port));
	options.proxy = url;
	ask_through(&options, "http://service.example/a", &r);
	assert_int_equal(r.status, HERALD_OK);
	assert_non_null(strstr(proxy.last, "GET http://service.example/a "));
	assert_non_null(strstr(proxy.last, "Proxy-Authorization: Basic "
					   "aGVyYWxkOnByb3h5LXNlY3JldA=="));
	hd_secret_unref(options.proxy_secret);
	rig_server_stop(&proxy);
}

static void proxy_that_refuses_us_is_named(void **state)
{
	static const char *const urls[] = { "http://service.example/a",
					    "https://service.example/a" };
	struct rig_server proxy = {
		.reply = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic "
			 "realm=\"x\"\r\nContent-Length: 0\r\n\r\n"
	};
	struct hd_http_peer_options options = { .name = "rig" };
	struct rig_result r;
	char url[64];

	(void)state;
	rig_server_start(&proxy, rig_reply);
	snprintf(url, sizeof(url), "%s", rig_url(proxy.port));
	options.proxy = url;
	for (int i = 0; i < 2; i++) {
		ask_through(&options, urls[i], &r);
		assert_int_equal(r.status, HERALD_AUTH);
		assert_int_equal(r.code, 407);
		assert_non_null(strstr(r.error, "proxy_user"));
	}
	rig_server_stop(&proxy);
}

static void no_proxy_goes_straight(void **state)
{
	static const struct {
		const char *list[3];
		bool direct;
	} cases[] = {
		{ { "127.0.0.1", NULL }, true },
		{ { "service.example", "127.0.0.0/8", NULL }, true },
		{ { "127.0.0.2", "10.0.0.0/8", NULL }, false },
	};
	struct rig_server proxy = { .reply = OK_REPLY };
	struct rig_server service = { .reply = OK_REPLY };
	struct rig_result r;
	char proxy_url[64], url[64];
	int before;

	(void)state;
	rig_server_start(&proxy, rig_reply);
	rig_server_start(&service, rig_reply);
	snprintf(proxy_url, sizeof(proxy_url), "%s", rig_url(proxy.port));
	snprintf(url, sizeof(url), "%s/", rig_url(service.port));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hd_http_peer_options options = {
			.name = "rig",
			.proxy = proxy_url,
			.no_proxy = cases[i].list,
		};

		before = atomic_load(&service.requests);
		ask_through(&options, url, &r);
		assert_int_equal(r.status, HERALD_OK);
		assert_int_equal(atomic_load(&service.requests) - before,
				 cases[i].direct ? 1 : 0);
	}
	assert_int_equal(atomic_load(&proxy.requests), 1);
	rig_server_stop(&proxy);
	rig_server_stop(&service);
}

static void no_proxy_items_are_single(void **state)
{
	static const char *const lists[][2] = { { "a,b", NULL },
						{ "a b", NULL },
						{ "", NULL } };
	struct rig_client rig;

	(void)state;
	rig_client_open(&rig, NULL);
	for (int i = 0; i < 3; i++) {
		const struct hd_http_peer_options options = {
			.name = "rig",
			.proxy = "http://127.0.0.1:1",
			.no_proxy = lists[i],
		};
		struct hd_err err = { 0 };

		assert_null(hd_http_peer_new(rig.client, &options, &err));
		assert_non_null(strstr(err.text, "no_proxy"));
	}
	rig_client_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(token_is_fetched_once, fresh),
		cmocka_unit_test_setup(secret_in_the_body_where_told, fresh),
		cmocka_unit_test_setup(token_is_renewed_before_its_end, fresh),
		cmocka_unit_test_setup(a_401_renews_once, fresh),
		cmocka_unit_test_setup(who_always_says_401_costs_two_tokens,
				       fresh),
		cmocka_unit_test_setup(without_a_token_nothing_is_sent, fresh),
		cmocka_unit_test_setup(waiting_for_a_token_ends_in_time, fresh),
		cmocka_unit_test_setup(who_waits_for_a_token_can_be_cancelled,
				       fresh),
		cmocka_unit_test_setup(
			two_credentials_for_one_header_are_refused, fresh),
		cmocka_unit_test_setup(token_goes_to_no_other_origin, fresh),
		cmocka_unit_test(proxy_is_asked_with_its_credentials),
		cmocka_unit_test(proxy_that_refuses_us_is_named),
		cmocka_unit_test(no_proxy_goes_straight),
		cmocka_unit_test(no_proxy_items_are_single),
	};

	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
