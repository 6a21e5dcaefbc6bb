/* http_enrich: the segments of a path that a template made; where the next page
 * is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "http_enrich/address.h"
#include "http_enrich/link.h"
#include "http_enrich/question.h"

#define MAX 3

static const struct {
	const char *path, *segments[MAX + 1];
	bool sound;
} paths[] = {
	{ "", { NULL }, true },
	{ "/", { NULL }, true },
	{ "/a", { "a" }, true },
	{ "a/b", { "a", "b" }, true },
	{ "/v1/ip/192.0.2.1", { "v1", "ip", "192.0.2.1" }, true },
	/* A value was percent-encoded: it stays one segment. */
	{ "/v1/a%2F..%2Fb", { "v1", "a/../b" }, true },
	{ "/%3fx%3D1%23y", { "?x=1#y" }, true },
	{ "/%C3%BC", { "\xc3\xbc" }, true },
	/* The host refuses these two by itself. */
	{ "/..", { ".." }, true },
	{ "/a/", { NULL }, false },
	{ "//a", { NULL }, false },
	{ "/a//b", { NULL }, false },
	{ "/a%", { NULL }, false },
	{ "/a%2", { NULL }, false },
	{ "/a%zz", { NULL }, false },
	{ "/a%00b", { NULL }, false },
	{ "/a/b/c/d", { NULL }, false },
};

static void a_path_is_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const char *out[MAX + 1];
		char path[64];
		size_t n = 0;

		memcpy(path, paths[i].path, strlen(paths[i].path) + 1);
		if (http_enrich_segments(path, out, MAX) != paths[i].sound)
			fail_msg("'%s'", paths[i].path);
		if (!paths[i].sound)
			continue;
		for (; paths[i].segments[n]; n++) {
			assert_non_null(out[n]);
			assert_string_equal(out[n], paths[i].segments[n]);
		}
		assert_null(out[n]);
	}
}

/* ---- the header Link ---- */

static const struct {
	const char *header, *next; /* NULL: none */
} links[] = {
	/* RFC 8288, section 3.5 */
	{ "<http://example.com/TheBook/chapter2>; rel=\"previous\"; "
	  "title=\"previous chapter\"",
	  NULL },
	{ "</TheBook/chapter2>; rel=\"previous\"; "
	  "title*=UTF-8'de'letztes%20Kapitel, </TheBook/chapter4>; "
	  "rel=\"next\"; title*=UTF-8'de'n%c3%a4chstes%20Kapitel",
	  "/TheBook/chapter4" },
	{ "<http://example.org/>; rel=\"start "
	  "http://example.net/relation/other\"",
	  NULL },
	{ "</a>; rel=\"start NEXT\"", "/a" },
	{ "</a>;rel=next", "/a" },
	{ "</a> ; REL = next , </b>; rel=last", "/a" },
	{ ", ,</a>; rel=prev,,</b>; rel=next", "/b" },
	/* Section 3.3: only the first rel counts; 3.2: another context. */
	{ "</a>; rel=prev; rel=next", NULL },
	{ "</a>; rel=next; anchor=\"#foo\", </b>; rel=next", "/b" },
	/* What only looks like one. */
	{ "</a>; rel=nextone", NULL },
	{ "</a>; title=\"x, </evil>; rel=next\"; rel=prev", NULL },
	{ "</a>; title=\"x\\\", </evil>; rel=next\"; rel=last", NULL },
	{ "</a,</b>; rel=next>; rel=prev", NULL },
	{ "</a>", NULL },
	{ "</a>; rel", NULL },
	{ "</a>; rel=\"next", NULL },
	{ "</a", NULL },
	{ "/a; rel=next", NULL },
	{ "<>; rel=next", "" },
	{ "", NULL },
};

static void the_link_to_the_next_page_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		herald_str got = http_enrich_link_next(
			herald_cstr(links[i].header));
		const char *want = links[i].next;

		if (!want != !got.p ||
		    (want && (strlen(want) != got.n ||
			      memcmp(want, got.p, got.n) != 0)))
			fail_msg("'%s': '%.*s'", links[i].header, (int)got.n,
				 got.p ? got.p : "(none)");
	}
}

/* ---- the next page's address ---- */

static const struct {
	const char *url, *next, *address; /* NULL: refused */
} places[] = {
	{ "https://a.example/api", "/v1/x/?page=2",
	  "https://a.example/v1/x/?page=2" },
	{ "https://a.example/api", "https://a.example/v1?after=b#top",
	  "https://a.example/v1?after=b" },
	{ "https://a.example", "HTTPS://A.Example:443/x",
	  "https://a.example/x" },
	{ "https://a.example:443/api?k=v", "https://a.example/x",
	  "https://a.example:443/x" },
	{ "http://a.example:80", "http://a.example?x=1",
	  "http://a.example:80/?x=1" },
	{ "http://[::1]:8080/v1", "http://[::1]:8080/x",
	  "http://[::1]:8080/x" },
	{ "http://[::1]", "http://[::1]:80/x", "http://[::1]/x" },
	/* The path is only ever set behind our own origin. */
	{ "https://a.example", "/@b.example/",
	  "https://a.example/@b.example/" },
	{ "https://a.example", "/\\b.example/",
	  "https://a.example/\\b.example/" },
	/* Elsewhere. */
	{ "https://a.example", "https://b.example/x", NULL },
	{ "https://a.example", "http://a.example/x", NULL },
	{ "https://a.example", "https://a.example:8443/x", NULL },
	{ "https://a.example:8443", "https://a.example/x", NULL },
	{ "https://a.example", "https://a.example.evil.example/x", NULL },
	{ "https://a.example", "https://a.example@evil.example/x", NULL },
	{ "https://a.example", "https://x@a.example/x", NULL },
	{ "https://a.example", "https://evil.example\\@a.example/x", NULL },
	{ "https://a.example", "https://a.example\\.evil.example/x", NULL },
	{ "https://a.example", "//evil.example/x", NULL },
	{ "https://a.example", "ftp://a.example/x", NULL },
	{ "http://[::1]:8080", "http://[::2]:8080/x", NULL },
	/* No address. */
	{ "https://a.example", "page2", NULL },
	{ "https://a.example", "?page=2", NULL },
	{ "https://a.example", "https:///x", NULL },
	{ "https://a.example", "https:", NULL },
	{ "https://a.example", "", NULL },
};

static void the_next_page_stays_at_its_origin(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct hp_text out;
		const char *why;

		hp_text_init(&out, 256);
		why = http_enrich_next_address(herald_cstr(places[i].url),
					       herald_cstr(places[i].next),
					       &out);
		if (!why != (places[i].address != NULL) ||
		    (!why &&
		     strcmp(hp_text_str(&out).p, places[i].address) != 0))
			fail_msg("'%s' from '%s': %s", places[i].next,
				 places[i].url, why ? why : out.p);
		hp_text_fini(&out);
	}
}

static void a_long_address_is_refused(void **state)
{
	struct hp_text out;

	(void)state;
	hp_text_init(&out, 32);
	assert_non_null(http_enrich_next_address(
		HERALD_S("https://a.example"),
		HERALD_S("/0123456789012345678901234567890"), &out));
	hp_text_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_taken_apart),
		cmocka_unit_test(the_link_to_the_next_page_is_found),
		cmocka_unit_test(the_next_page_stays_at_its_origin),
		cmocka_unit_test(a_long_address_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
