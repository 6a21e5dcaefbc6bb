#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "core/base/err.h"
#include "core/base/secret.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/expr/expr.h"
#include "core/plugin/module.h"
#include "core/plugin/options.h"
#include "core/plugin/tls_options.h"
#include "tests/unit/plugin_help.h"

static const struct hd_module *demo, *plain;
static struct hd_expr_env *expr;

#define DEMO "plugin: demo\nlisten: in\n"

/* Reads `lines` as a section of `m`; NULL after complaints, which are to be
 * freed.  The configuration is gone when it returns, as after a reload. */
static struct hd_options *read_lines(const struct hd_module *m,
				     const char *lines, bool inline_secrets,
				     struct hd_complaints **complaints)
{
	struct hd_options_from from = {
		.plugin = hd_module_plugin(m),
		.name = "c",
		.expr = expr,
		.inline_secrets = inline_secrets,
	};
	struct hd_options *o;
	struct hd_conf *conf;

	*complaints = hd_complaints_new();
	from.complaints = *complaints;
	from.node = help_section(lines, &conf, *complaints);
	o = hd_options_read(&from);
	assert_true((o == NULL) == (hd_complaints_errors(*complaints) > 0));
	hd_conf_unref(conf);
	return o;
}

static struct hd_options *read_sound(const char *lines)
{
	struct hd_complaints *complaints;
	struct hd_options *o = read_lines(demo, lines, true, &complaints);

	help_expect_no_complaints(complaints);
	hd_complaints_free(complaints);
	return o;
}

static void expect_text(const struct hd_options *o, const char *name,
			size_t index, const char *text)
{
	herald_str s = hd_options_text(o, name, index);

	if (!s.p || strcmp(s.p, text) != 0)
		fail_msg("%s[%zu] is '%s', not '%s'", name, index,
			 s.p ? s.p : "(none)", text);
	assert_int_equal(s.n, strlen(text));
}

static void defaults_are_values(void **state)
{
	struct hd_options *o = read_sound(DEMO);

	(void)state;
	expect_text(o, "greeting", 0, "hello");
	assert_null(hd_options_text(o, "greeting", 1).p);
	assert_int_equal(hd_options_number(o, "count"), 3);
	assert_int_equal(hd_options_number(o, "pause"), 1500);
	assert_int_equal(hd_options_number(o, "room"), 65536);
	assert_int_equal(hd_options_number(o, "colour"), 1);
	assert_int_equal(hd_options_number(o, "emit_at_start"), 0);
	expect_text(o, "tags", 0, "a");
	expect_text(o, "tags", 1, "b");
	assert_int_equal(hd_options_count(o, "tags"), 2);
	assert_null(hd_options_text(o, "url", 0).p);
	assert_null(hd_options_text(o, "no_such_option", 0).p);
	assert_int_equal(hd_options_number(o, "no_such_option"), 0);
	hd_options_free(o);
}

static void given_values_outlive_the_configuration(void **state)
{
	struct hd_options *o = read_sound(
		DEMO "greeting: 'good day'\ncount: 7\npause: 2m\nroom: 1MiB\n"
		     "colour: blue\ntags: [x, 'y z']\nnames: {b: two, a: one}\n"
		     "data: {k: [1, true, 'x']}\nurl: 'https://x.example/api'\n"
		     "emit_at_start: yes\n");

	(void)state;
	expect_text(o, "greeting", 0, "good day");
	assert_int_equal(hd_options_number(o, "count"), 7);
	assert_int_equal(hd_options_number(o, "pause"), 120000);
	assert_int_equal(hd_options_number(o, "room"), 1 << 20);
	assert_int_equal(hd_options_number(o, "colour"), 2);
	assert_int_equal(hd_options_number(o, "emit_at_start"), 1);
	expect_text(o, "tags", 1, "y z");
	assert_string_equal(hd_options_key(o, "names", 0).p, "b");
	expect_text(o, "names", 0, "two");
	assert_string_equal(hd_options_key(o, "names", 1).p, "a");
	assert_null(hd_options_key(o, "names", 2).p);
	expect_text(o, "data", 0, "{\"k\":[1,true,\"x\"]}");
	assert_string_equal(hd_options_url(o, 0), "https://x.example/api");
	assert_null(hd_options_url(o, 1));
	hd_options_free(o);
}

static void a_single_value_is_a_list_of_one(void **state)
{
	struct hd_options *o = read_sound(DEMO "tags: alone\n");

	(void)state;
	assert_int_equal(hd_options_count(o, "tags"), 1);
	expect_text(o, "tags", 0, "alone");
	hd_options_free(o);
}

static void a_secret_is_never_a_text(void **state)
{
	struct hd_options *o = read_sound(DEMO "secret: s3cr3t-word\n");
	size_t n;

	(void)state;
	assert_null(hd_options_text(o, "secret", 0).p);
	assert_string_equal(hd_secret_get(hd_options_secret(o, "secret", 0),
					  &n),
			    "s3cr3t-word");
	assert_true(hd_options_secret_is(o, "secret", "s3cr3t-word", 11));
	assert_false(hd_options_secret_is(o, "secret", "s3cr3t-wore", 11));
	assert_false(hd_options_secret_is(o, "secret", "s3cr3t-wor", 10));
	assert_false(hd_options_secret_is(o, "greeting", "hello", 5));
	hd_options_free(o);
}

static void digests_tell_what_changed(void **state)
{
	struct hd_options *a = read_sound(DEMO "secret: one-secret\n");
	struct hd_options *b = read_sound(DEMO "secret: two-secret\n");
	struct hd_options *c = read_sound(DEMO
					  "secret: one-secret\ncount: 4\n");
	struct hd_options *d = read_sound("listen: in\ncount: 3\n"
					  "secret: one-secret\nplugin: demo\n");

	(void)state;
	assert_string_equal(hd_options_digest(a), hd_options_digest(b));
	assert_string_not_equal(hd_options_digest_all(a),
				hd_options_digest_all(b));
	assert_string_not_equal(hd_options_digest(a), hd_options_digest(c));
	/* Order, and saying a default aloud, change nothing. */
	assert_string_equal(hd_options_digest_all(a), hd_options_digest_all(d));
	hd_options_free(a);
	hd_options_free(b);
	hd_options_free(c);
	hd_options_free(d);
}

static void host_options_are_read_for_those_who_act(void **state)
{
	struct hd_options *o = read_sound(
		DEMO "mode: notify\nmax_in_flight: 5\nlimit: [4/1m, 500/1d]\n"
		     "retries: 1\ncache_ttl: 1h\nshare: none\nlinger: 20ms\n"
		     "types: [ip]\nfills: [user, location]\n"
		     "log_level: warning\nmount: /a/b\n");
	const struct hd_common *c = hd_options_common(o);

	(void)state;
	assert_int_equal(c->mode, HD_MODE_NOTIFY);
	assert_int_equal(c->timeout_ms, 5000); /* the plugin's default */
	assert_int_equal(c->max_in_flight, 5);
	assert_int_equal(c->limits.count, 2);
	assert_int_equal(c->limits.items[1].count, 500);
	assert_int_equal(c->limits.items[1].window_ms, 86400000);
	assert_int_equal(c->retries, 1);
	assert_int_equal(c->cache_ttl_ms, 3600000);
	assert_int_equal(c->share, HD_SHARE_NONE);
	assert_int_equal(c->linger_ms, 20);
	assert_string_equal(c->types[0], "ip");
	assert_null(c->types[1]);
	assert_string_equal(c->fills, "user,location");
	assert_int_equal(hd_options_number(o, "log_level"), HERALD_WARNING);
	/* A plugin with sockets of its own follows the same. */
	assert_int_equal(hd_options_number(o, "timeout"), 5000);
	assert_int_equal(hd_options_number(o, "tls_verify"), 1);
	hd_options_free(o);
}

static void without_host_options_everything_is_as_declared(void **state)
{
	struct hd_options *o = read_sound(DEMO);
	const struct hd_common *c = hd_options_common(o);

	(void)state;
	assert_int_equal(c->mode, HD_MODE_LIVE);
	assert_int_equal(c->limits.count, 0);
	assert_int_equal(c->cache_ttl_ms, -1);
	assert_int_equal(c->share, HD_SHARE_DEFAULT);
	assert_null(c->types);
	assert_null(c->fills);
	hd_options_free(o);
}

static void tls_is_a_mapping_and_read_by_parts(void **state)
{
	char lines[256], day[16];
	time_t soon = time(NULL) + 10 * 86400;
	struct hd_options *o;
	struct tm tm;

	(void)state;
	o = read_sound(DEMO "tls: {server_name: x.example, "
			    "pin: 'sha256//YWJj'}\n");
	expect_text(o, "tls_server_name", 0, "x.example");
	expect_text(o, "tls_pin", 0, "sha256//YWJj");
	assert_int_equal(hd_tls_insecure_until(o), 0);
	hd_options_free(o);

	gmtime_r(&soon, &tm);
	strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	snprintf(lines, sizeof(lines), DEMO "tls: {verify: false, until: %s}\n",
		 day);
	o = read_sound(lines);
	assert_int_equal(hd_options_number(o, "tls_verify"), 0);
	assert_true(hd_tls_insecure_until(o) > (int64_t)soon * 1000);
	hd_options_free(o);
}

static const struct {
	const char *lines, *words;
} refused[] = {
	{ DEMO "greting: x\n", "unknown key 'greting'" },
	{ DEMO "greting: x\n", "did you mean 'greeting'?" },
	{ DEMO "count: 11\n", "count" },
	{ DEMO "count: x\n", "count" },
	{ DEMO "pause: soon\n", "pause" },
	{ DEMO "colour: pink\n", "colour" },
	{ DEMO "greeting: [a, b]\n", "greeting" },
	{ DEMO "names: [a]\n", "names" },
	{ DEMO "url: 'ftp://x/'\n", "url" },
	{ DEMO "secret: literal-secret\n", "secret" },
	{ DEMO "timeout: 2d\n", "timeout" },
	{ DEMO "limit: often\n", "limit" },
	{ DEMO "share: some\n", "share" },
	{ DEMO "isolate: true\n", "isolate" },
	{ DEMO "reserve: 20%\n", "reserve" },
	{ DEMO "silent_after: 2h\n", "silent_after" },
	{ DEMO "oauth2: {url: x}\n", "oauth2" },
	{ DEMO "oauth2: {url: 'https://x/'}\n", "client_id" },
	{ DEMO "oauth2: {url: 'https://x/', client_id: a, secret: literal}\n",
	  "secret" },
	{ DEMO "oauth2: {url: 'https://x/', client_id: a, auth: cookie}\n",
	  "auth" },
	{ DEMO "oauth2: {ulr: 'https://x/'}\n", "did you mean 'url'?" },
	{ DEMO "oauth2_url: 'https://x/'\n", "unknown key 'oauth2_url'" },
	{ DEMO "no_proxy: [a]\n", "'no_proxy' without 'proxy'" },
	{ DEMO "proxy_user: a\n", "'proxy_user' without 'proxy'" },
	{ DEMO "proxy: 'http://p:1'\nproxy_user: a\n",
	  "'proxy_user' without 'proxy_secret'" },
	{ DEMO "tls_pin: x\n", "unknown key 'tls_pin'" },
	{ DEMO "tls: {pni: x}\n", "unknown key 'pni'" },
	{ DEMO "tls: {verify: false}\n", "verify: false needs an end" },
	{ DEMO "tls: {verify: false, until: 2020-01-01}\n", "ended on" },
	{ DEMO "tls: {verify: false, until: 2999-01-01}\n",
	  "more than 90 days ahead" },
	{ DEMO "tls: {until: 2999-01-01}\n", "stands with verify: false" },
	{ DEMO "map: []\n", "'map' means nothing to plugin demo" },
	{ DEMO "types: [sha256]\n", "has no lookups of 'sha256'" },
	{ DEMO "mount: a\n", "mount 'a'" },
	{ DEMO "mount: /a/\n", "mount '/a/'" },
	{ "plugin: demo\n", "has routes and no 'listen'" },
	{ DEMO "rule: '1 +'\n", "rule" },
	{ DEMO "text: 'a ${'\n", "text" },
};

static void what_is_wrong_is_complained_of(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct hd_complaints *complaints;
		struct hd_options *o = read_lines(demo, refused[i].lines, false,
						  &complaints);

		if (o)
			fail_msg("taken: %s", refused[i].lines);
		help_expect_complaint(complaints, refused[i].words);
		hd_complaints_free(complaints);
	}
}

static void options_of_other_kinds_are_told_apart(void **state)
{
	static const char *const lines[] = { "mode: live",
					     "listen: x",
					     "map: []",
					     "mount: /x",
					     "proxy: 'http://p:1'",
					     "oauth2: {url: 'https://x/'}" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct hd_complaints *complaints;
		char text[64];

		snprintf(text, sizeof(text), "plugin: plain\n%s\n", lines[i]);
		assert_null(read_lines(plain, text, false, &complaints));
		help_expect_complaint(complaints,
				      "means nothing to plugin plain");
		hd_complaints_free(complaints);
	}
}

static void defaults_may_be_lists_in_config_syntax(void **state)
{
	static const struct {
		const char *def;
		const char *items[4];
	} cases[] = {
		{ "a", { "a" } },
		{ "a,b", { "a", "b" } },
		{ "[4/1m, 500/1d]", { "4/1m", "500/1d" } },
		{ "[ a , b ]", { "a", "b" } },
		{ "[]", { NULL } },
		{ "", { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *at = cases[i].def, *item;
		size_t n, k = 0;

		while (hd_common_next_default(&at, &item, &n)) {
			assert_non_null(cases[i].items[k]);
			assert_int_equal(n, strlen(cases[i].items[k]));
			assert_memory_equal(item, cases[i].items[k], n);
			k++;
		}
		assert_null(cases[i].items[k]);
	}
}

static int set_up(void **state)
{
	static const struct hd_risk_levels levels = { 20, 40, 60, 80 };
	struct hd_err err;
	char dir[64];

	(void)state;
	expr = hd_expr_env_new(&levels, "UTC");
	help_make_dir(dir, sizeof(dir));
	help_copy_plugin("demo", dir, "demo");
	help_copy_plugin("plain", dir, "plain");
	demo = hd_module_load(dir, "demo", &err);
	plain = hd_module_load(dir, "plain", &err);
	help_remove_dir(dir);
	return demo && plain ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	hd_expr_env_free(expr);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_values),
		cmocka_unit_test(given_values_outlive_the_configuration),
		cmocka_unit_test(a_single_value_is_a_list_of_one),
		cmocka_unit_test(a_secret_is_never_a_text),
		cmocka_unit_test(digests_tell_what_changed),
		cmocka_unit_test(host_options_are_read_for_those_who_act),
		cmocka_unit_test(
			without_host_options_everything_is_as_declared),
		cmocka_unit_test(tls_is_a_mapping_and_read_by_parts),
		cmocka_unit_test(what_is_wrong_is_complained_of),
		cmocka_unit_test(options_of_other_kinds_are_told_apart),
		cmocka_unit_test(defaults_may_be_lists_in_config_syntax),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
