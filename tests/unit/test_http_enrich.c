/* http_enrich: the segments of a path that a template made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
