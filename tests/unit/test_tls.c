/* Whom the client believes (u20-u25, P11): a server that cannot prove who it is
 * sees not one byte of what was meant for another.  And the listener's TLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/err.h"
#include "core/base/secret.h"
#include "core/net/listener.h"
#include "core/net/tls.h"
#include "tests/unit/certs.h"
#include "tests/unit/http_rig.h"
#include "tests/unit/wire.h"

#define LOCAL "IP:127.0.0.1,DNS:localhost"
#define REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static struct made ca, good, other_name, expired, lone;
static char *ca_path, *empty_path, *good_cert, *good_key;

static int make_all(void **state)
{
	(void)state;
	certs_make(&ca, NULL, -10, 3650, NULL);
	certs_make(&good, LOCAL, -1, 30, &ca);
	certs_make(&other_name, "DNS:splunk.test", -1, 30, &ca);
	certs_make(&expired, LOCAL, -5, 3, &ca);
	certs_make(&lone, LOCAL, -1, 30, NULL);
	ca_path = certs_file(ca.cert_pem);
	empty_path = certs_file("");
	good_cert = certs_file(good.cert_pem);
	good_key = certs_file(good.key_pem);
	return 0;
}

static void drop_file(char *path)
{
	unlink(path);
	free(path);
}

static int free_all(void **state)
{
	(void)state;
	certs_free(&ca);
	certs_free(&good);
	certs_free(&other_name);
	certs_free(&expired);
	certs_free(&lone);
	drop_file(ca_path);
	drop_file(empty_path);
	drop_file(good_cert);
	drop_file(good_key);
	return 0;
}

/* ---- a TLS server ---- */

static void serve_tls(struct rig_server *server, int fd)
{
	SSL *ssl = SSL_new(server->ud);
	int n;

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		while ((n = SSL_read(ssl, server->last,
				     sizeof(server->last) - 1)) > 0) {
			server->last[n] = '\0';
			atomic_fetch_add(&server->app_bytes, (size_t)n);
			SSL_write(ssl, REPLY, sizeof(REPLY) - 1);
		}
	}
	SSL_free(ssl);
}

static SSL_CTX *context(const struct made *m, int max_version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	SSL_CTX_use_certificate(ctx, m->cert);
	SSL_CTX_use_PrivateKey(ctx, m->key);
	if (max_version != 0) {
		SSL_CTX_set_security_level(ctx, 0);
		SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
		SSL_CTX_set_max_proto_version(ctx, max_version);
	}
	return ctx;
}

/* Asks with a secret; *bytes is what the server could read. */
static void ask_context(SSL_CTX *ctx, const struct hd_tls_policy *policy,
			struct rig_result *r, size_t *bytes)
{
	static struct rig_server server;
	struct hd_secret *secret = hd_secret_text_new("tell-nobody", 11);
	const char *origins[] = { NULL, NULL };
	struct hd_http_peer_options options = { .name = "splunk",
						.tls = policy,
						.origins = origins };
	struct hd_http_call call = { .secret = secret, .body = HERALD_S("{}") };
	char url[64];

	memset(&server, 0, sizeof(server));
	server.ud = ctx;
	rig_server_start(&server, serve_tls);
	snprintf(url, sizeof(url), "https://127.0.0.1:%d/x", server.port);
	origins[0] = call.url = url;
	rig_ask(&options, &call, r);
	rig_server_stop(&server);
	*bytes = atomic_load(&server.app_bytes);
	if (r->status == HERALD_OK) {
		assert_non_null(strstr(server.last, "tell-nobody"));
		assert_non_null(strstr(server.last, "\r\nHost: 127.0.0.1:"));
	}
	hd_secret_unref(secret);
}

static void ask_server(const struct made *m, int max_version,
		       const struct hd_tls_policy *policy, struct rig_result *r,
		       size_t *bytes)
{
	SSL_CTX *ctx = context(m, max_version);

	ask_context(ctx, policy, r, bytes);
	SSL_CTX_free(ctx);
}

static void distrust_sends_nothing(void **state)
{
	struct hd_tls_policy by_default = { 0 };
	struct hd_tls_policy by_ca = { .ca_file = ca_path };
	struct hd_tls_policy by_pin = { .pin = other_name.pin };
	struct hd_tls_policy by_both = { .ca_file = ca_path,
					 .pin = other_name.pin };
	struct hd_tls_policy named = { .ca_file = ca_path,
				       .server_name = "soar.test" };
	const struct {
		const char *id;
		const struct made *m;
		int max_version;
		const struct hd_tls_policy *policy;
		const char *word;
	} rows[] = {
		{ "u20 wrong name", &other_name, 0, &by_ca, "server_name" },
		{ "another server_name", &other_name, 0, &named,
		  "heraldctl trust splunk" },
		{ "u21 expired", &expired, 0, &by_ca, "expired" },
		{ "u22 self-signed", &lone, 0, &by_default,
		  "heraldctl trust splunk" },
		{ "CA missing", &good, 0, &by_default, "tls.ca_file" },
		{ "u23 TLS 1.0 only", &good, TLS1_VERSION, &by_ca, "TLS 1.2" },
		{ "TLS 1.1 only", &good, TLS1_1_VERSION, &by_ca, "TLS 1.2" },
		{ "u24 pin mismatch", &good, 0, &by_pin, "tls.pin" },
		{ "pin mismatch with CA", &good, 0, &by_both, "tls.pin" },
	};
	struct rig_result r;
	size_t i, bytes;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* Who it is stays as it is; a handshake may go well later. */
		const uint32_t status = rows[i].max_version
						? HERALD_UNREACHABLE
						: HERALD_BAD_CONFIG;

		ask_server(rows[i].m, rows[i].max_version, rows[i].policy, &r,
			   &bytes);
		if (r.status != status || bytes != 0 ||
		    !strstr(r.error, rows[i].word))
			fail_msg("%s: %x, %zu bytes: %s", rows[i].id, r.status,
				 bytes, r.error);
	}
}

static void trust_is_given(void **state)
{
	struct hd_tls_policy by_ca = { .ca_file = ca_path };
	struct hd_tls_policy named = { .ca_file = ca_path,
				       .server_name = "splunk.test" };
	struct hd_tls_policy by_pin = { .pin = lone.pin };
	struct hd_tls_policy pinned_expired = { .pin = expired.pin };
	struct hd_tls_policy by_both = { .ca_file = ca_path, .pin = good.pin };
	struct hd_tls_policy blind = { .insecure = true };
	const struct {
		const char *id;
		const struct made *m;
		int max_version;
		const struct hd_tls_policy *policy;
	} rows[] = {
		{ "authority", &good, 0, &by_ca },
		{ "TLS 1.2", &good, TLS1_2_VERSION, &by_ca },
		{ "name of another", &other_name, 0, &named },
		{ "pin alone", &lone, 0, &by_pin },
		{ "pin stands in for dates", &expired, 0, &pinned_expired },
		{ "both", &good, 0, &by_both },
		{ "verification off", &lone, 0, &blind },
	};
	struct rig_result r;
	size_t i, bytes;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask_server(rows[i].m, rows[i].max_version, rows[i].policy, &r,
			   &bytes);
		if (r.status != HERALD_OK || bytes == 0)
			fail_msg("%s: %x: %s", rows[i].id, r.status, r.error);
	}
}

static void own_certificate_is_shown(void **state)
{
	struct hd_tls_policy with = { .ca_file = ca_path,
				      .cert_file = good_cert,
				      .key_file = good_key };
	struct hd_tls_policy without = { .ca_file = ca_path };
	SSL_CTX *ctx = context(&good, 0);
	struct rig_result r;
	size_t bytes;

	(void)state;
	SSL_CTX_set_verify(ctx,
			   SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   NULL);
	SSL_CTX_load_verify_file(ctx, ca_path);
	ask_context(ctx, &with, &r, &bytes);
	assert_int_equal(r.status, HERALD_OK);
	ask_context(ctx, &without, &r, &bytes);
	assert_int_not_equal(r.status, HERALD_OK);
	assert_int_equal(bytes, 0);
	SSL_CTX_free(ctx);
}

static void bad_policies_are_refused_at_load_u25(void **state)
{
	const struct {
		struct hd_tls_policy policy;
		const char *word;
	} rows[] = {
		{ { .ca_file = "/nonexistent/ca.pem" }, "/nonexistent/ca.pem" },
		{ { .ca_file = empty_path }, "empty" },
		{ { .ca_file = good_key }, "no certificate" },
		{ { .pin = "sha256//abc" }, "tls.pin" },
		{ { .pin = "md5//AAAA" }, "tls.pin" },
		{ { .insecure = true, .pin = good.pin }, "verify" },
		{ { .key_file = good_key }, "without tls.cert_file" },
		{ { .cert_file = good_cert }, "private key" },
		{ { .cert_file = ca_path, .key_file = good_key },
		  "not the certificate's" },
	};
	struct hd_err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(hd_tls_policy_check(&rows[i].policy, &err),
				 -1);
		if (!strstr(err.text, rows[i].word))
			fail_msg("%zu: %s", i, err.text);
	}
}

/* ---- the listener ---- */

static void answer(void *ud, struct hd_http_request *rq)
{
	(void)ud;
	hd_http_respond(rq, 200, NULL, rq->body.p, rq->body.n);
}

static struct hd_listener *listen_tls(uv_loop_t *loop, const char *cert,
				      const char *key, struct hd_err *err)
{
	const struct hd_listener_options o = { .name = "tls",
					       .address = "127.0.0.1:0",
					       .tls_cert = cert,
					       .tls_key = key };

	return hd_listener_new(loop, &o, err);
}

/* Client and listener in one loop. */
static void listener_serves_tls(void **state)
{
	static const struct hd_listener_route route = { .method = "POST",
							.path = "/in",
							.fn = answer };
	struct hd_tls_policy policy = { .ca_file = ca_path };
	struct hd_http_peer_options options = { .tls = &policy };
	struct hd_http_call call = { .body = HERALD_S("hello") };
	struct rig_result r = { 0 };
	struct hd_listener *listener;
	struct rig_client rig;
	struct hd_err err = { 0 };
	char url[64];
	int i;

	(void)state;
	rig_client_open(&rig, &options);
	listener = listen_tls(&rig.loop, good_cert, good.key_pem, &err);
	if (!listener)
		fail_msg("%s", err.text);
	assert_int_not_equal(hd_listener_route_add(listener, &route, &err), 0);
	assert_int_equal(hd_listener_start(listener, &err), 0);
	snprintf(url, sizeof(url), "%s/in", hd_listener_url(listener));
	assert_memory_equal(url, "https://127.0.0.1:", 18);
	call.url = url;
	for (i = 0; i < 3; i++) {
		hd_http_send(rig.peer, &call, rig_note, &r);
		rig_wait(&rig, &r);
		if (r.status != HERALD_OK)
			fail_msg("%s", r.error);
		assert_string_equal(r.body, "hello");
	}
	hd_listener_free(listener);
	rig_client_close(&rig);
}

static int connect_version(int port, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	int fd = wire_connect(port), rc;

	SSL_set_security_level(ssl, 0);
	SSL_set_min_proto_version(ssl, version);
	SSL_set_max_proto_version(ssl, version);
	SSL_set_fd(ssl, fd);
	rc = SSL_connect(ssl);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(fd);
	return rc;
}

static void listener_refuses_old_tls(void **state)
{
	struct hd_listener *listener;
	struct hd_err err = { 0 };
	uv_loop_t loop;
	int port;

	(void)state;
	uv_loop_init(&loop);
	listener = listen_tls(&loop, good.cert_pem, good.key_pem, &err);
	assert_non_null(listener);
	assert_int_equal(hd_listener_start(listener, &err), 0);
	port = hd_listener_port(listener);
	assert_int_not_equal(connect_version(port, TLS1_VERSION), 1);
	assert_int_not_equal(connect_version(port, TLS1_1_VERSION), 1);
	assert_int_equal(connect_version(port, TLS1_2_VERSION), 1);
	assert_int_equal(connect_version(port, TLS1_3_VERSION), 1);
	hd_listener_free(listener);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void listener_checks_its_pair(void **state)
{
	struct hd_err err = { 0 };
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	assert_null(listen_tls(&loop, good_cert, lone.key_pem, &err));
	assert_non_null(strstr(err.text, "not the certificate's"));
	assert_null(listen_tls(&loop, good_cert, NULL, &err));
	assert_null(listen_tls(&loop, "/nonexistent", good_key, &err));
	assert_non_null(strstr(err.text, "/nonexistent"));
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distrust_sends_nothing),
		cmocka_unit_test(trust_is_given),
		cmocka_unit_test(own_certificate_is_shown),
		cmocka_unit_test(bad_policies_are_refused_at_load_u25),
		cmocka_unit_test(listener_serves_tls),
		cmocka_unit_test(listener_refuses_old_tls),
		cmocka_unit_test(listener_checks_its_pair),
	};

	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_ALL);
	return cmocka_run_group_tests(tests, make_all, free_all);
}
