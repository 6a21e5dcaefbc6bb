#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/net/url.h"

static void addresses_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *scheme, *host;
		int port;
		const char *path, *query;
	} cases[] = {
		{ "https://Soar.Example/rest", "https", "soar.example", 443,
		  "/rest", NULL },
		{ "http://h", "http", "h", 80, "", NULL },
		{ "HTTPS://h:8089", "https", "h", 8089, "", NULL },
		{ "http://[::1]:8080/a?b=c", "http", "::1", 8080, "/a", "b=c" },
		{ "http://[::1]", "http", "::1", 80, "", NULL },
		{ "http://h?x", "http", "h", 80, "", "x" },
		{ "http://127.0.0.1:1/", "http", "127.0.0.1", 1, "/", NULL },
	};
	struct hd_url url;
	struct hd_err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (hd_url_parse(&url, cases[i].text, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_string_equal(url.scheme, cases[i].scheme);
		assert_string_equal(url.host, cases[i].host);
		assert_int_equal(url.port, cases[i].port);
		assert_string_equal(url.path, cases[i].path);
		if (cases[i].query)
			assert_string_equal(url.query, cases[i].query);
		else
			assert_null(url.query);
		hd_url_fini(&url);
	}
}

static void bad_addresses_are_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"h",
		"ftp://h/",
		"file:///etc/passwd",
		"http://",
		"http:///x",
		"http://user@h/",
		"http://user:pw@h/",
		"http://h:0/",
		"http://h:65536/",
		"http://h:99999999999999999999/",
		"http://h:/",
		"http://h:8x/",
		"http://h#f",
		"http://h/a b",
		"http://h/\r\nX: y",
		"http://h/\xc3\xa9",
		"http://\xc3\xa9/",
		"http://[::1/",
		"http://[gg]/",
		"http://[::1]x/",
		"http://::1/",
		"http://h%41/",
		"http://a_b!c/",
		"http://.h/",
	};
	struct hd_url url;
	struct hd_err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (hd_url_parse(&url, cases[i], &err) == 0)
			fail_msg("taken: %s", cases[i]);
}

static void passwords_are_not_repeated_in_errors(void **state)
{
	struct hd_url url;
	struct hd_err err;

	(void)state;
	assert_int_equal(hd_url_parse(&url, "http://u:hunter2@h/", &err), -1);
	assert_null(strstr(err.text, "hunter2"));
}

static int same_origin(const char *a, const char *b)
{
	struct hd_url ua, ub;
	int same;

	assert_int_equal(hd_url_parse(&ua, a, NULL), 0);
	assert_int_equal(hd_url_parse(&ub, b, NULL), 0);
	same = hd_url_same_origin(&ua, &ub);
	hd_url_fini(&ua);
	hd_url_fini(&ub);
	return same;
}

static void origins_compare_by_scheme_host_and_port(void **state)
{
	(void)state;
	assert_true(same_origin("https://H/a", "https://h:443/b?c"));
	assert_true(same_origin("http://[::1]", "http://[::1]:80/"));
	assert_false(same_origin("https://h/", "http://h/"));
	assert_false(same_origin("https://h/", "https://h:444/"));
	assert_false(same_origin("https://h/", "https://h.evil/"));
}

static void build(const char *base, const char *const *segments,
		  const char *const *pairs, const char *want)
{
	struct hd_url url;
	struct hd_buf out;
	struct hd_err err = { 0 };

	hd_buf_init(&out, 1000);
	assert_int_equal(hd_url_parse(&url, base, &err), 0);
	if (hd_url_build(&url, segments, pairs, &out, &err) < 0)
		assert_null(want);
	else
		assert_string_equal(hd_buf_text(&out), want);
	hd_url_fini(&url);
	hd_buf_fini(&out);
}

static void addresses_are_put_together(void **state)
{
	static const char *const seg[] = { "a/b", "c?d#e", "100%", NULL };
	static const char *const pairs[] = { "x", "&=", "y", "", NULL };
	static const char *const dots[] = { "a", "..", NULL };
	static const char *const empty[] = { "", NULL };

	(void)state;
	build("https://h", NULL, NULL, "https://h/");
	build("https://h/p/", NULL, NULL, "https://h/p/");
	build("https://h/p/", seg, NULL, "https://h/p/a%2Fb/c%3Fd%23e/100%25");
	build("https://h:8443?k=v", seg, pairs,
	      "https://h:8443/a%2Fb/c%3Fd%23e/100%25?k=v&x=%26%3D&y=");
	build("http://[::1]:80/", NULL, pairs, "http://[::1]/?x=%26%3D&y=");
	build("https://h", dots, NULL, NULL);
	build("https://h", empty, NULL, NULL);
}

static void long_address_is_an_error(void **state)
{
	char segment[2000];
	const char *const seg[] = { segment, NULL };

	(void)state;
	memset(segment, 'a', sizeof(segment) - 1);
	segment[sizeof(segment) - 1] = '\0';
	build("https://h", seg, NULL, NULL);
}

static void paths_are_decoded_or_refused(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *want; /* NULL: refused */
	} cases[] = {
		{ "/", 1, "/" },
		{ "/a%20b", 6, "/a b" },
		{ "/%C3%A9", 7, "/\xc3\xa9" },
		{ "/a+b", 4, "/a+b" },
		{ "/..a/.b", 7, "/..a/.b" },
		{ "", 0, NULL },
		{ "*", 1, NULL },
		{ "http://h/", 9, NULL },
		{ "/a%00", 5, NULL },
		{ "/a\0b", 4, NULL },
		{ "/a\x1f", 3, NULL },
		{ "/a%7f", 5, NULL },
		{ "/%2e%2e/x", 9, NULL },
		{ "/a/..", 5, NULL },
		{ "/./a", 4, NULL },
		{ "/a%2fb", 6, NULL },
		{ "/a%5Cb", 6, NULL },
		{ "/a%", 3, NULL },
		{ "/a%4", 4, NULL },
		{ "/a%4g", 5, NULL },
		{ "/%c3", 4, NULL },
		{ "/%c0%af", 7, NULL },
	};
	struct hd_err err;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got = hd_url_decode_path(cases[i].text, cases[i].n, &err);
		if (!cases[i].want && got)
			fail_msg("taken: %s", cases[i].text);
		if (cases[i].want && !got)
			fail_msg("%s: %s", cases[i].text, err.text);
		if (got)
			assert_string_equal(got, cases[i].want);
		free(got);
	}
}

static void query_is(const char *text, const char *want)
{
	char **list = hd_url_decode_query(text, strlen(text), 4, NULL);
	struct hd_buf out;
	size_t i;

	if (!list) {
		assert_null(want);
		return;
	}
	hd_buf_init(&out, 1000);
	for (i = 0; list[i]; i++)
		hd_buf_addf(&out, "[%s]", list[i]);
	assert_int_equal(i % 2, 0);
	assert_non_null(want);
	assert_string_equal(hd_buf_text(&out), want);
	hd_buf_fini(&out);
	free(list);
}

static void queries_are_decoded_or_refused(void **state)
{
	(void)state;
	query_is("", "");
	query_is("a=1", "[a][1]");
	query_is("a=1&b", "[a][1][b][]");
	query_is("&&a==&", "[a][=]");
	query_is("=x", "[][x]");
	query_is("a+b=%2B%26", "[a b][+&]");
	query_is("a=%0a", "[a][\n]");
	query_is("a=%00", NULL);
	query_is("a=%1", NULL);
	query_is("a=%ff", NULL);
	query_is("a&b&c&d&e", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_taken_apart),
		cmocka_unit_test(bad_addresses_are_refused),
		cmocka_unit_test(passwords_are_not_repeated_in_errors),
		cmocka_unit_test(origins_compare_by_scheme_host_and_port),
		cmocka_unit_test(addresses_are_put_together),
		cmocka_unit_test(long_address_is_an_error),
		cmocka_unit_test(paths_are_decoded_or_refused),
		cmocka_unit_test(queries_are_decoded_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
