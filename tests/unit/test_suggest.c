#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/suggest.h"

static void distance_counts_the_four_changes(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} cases[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "abc", "", 3 },
		{ "because", "because", 0 },
		{ "becuase", "because", 1 },
		{ "Because", "bECAUSE", 0 },
		{ "kitten", "sitting", 3 },
		{ "ca", "abc", 3 },
		{ "ab", "ba", 1 },
		{ "abcd", "badc", 2 },
		{ "plugin", "plugins", 1 },
		{ "plugin", "pugin", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (hd_text_distance(cases[i].a, cases[i].b) !=
			    cases[i].distance ||
		    hd_text_distance(cases[i].b, cases[i].a) !=
			    cases[i].distance)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
	}
}

static void nearest_name_is_suggested(void **state)
{
	static const char *const names[] = {
		"because", "by",      "do",	 "score",      "scope",
		"within",  "at_most", "or_else", "per_target", "idempotent_key",
		NULL
	};
	static const struct {
		const char *word, *name;
	} cases[] = {
		{ "becuase", "because" },
		{ "withni", "within" },
		{ "atmost", "at_most" },
		{ "scores", "score" },
		{ "scopd", "scope" },
		{ "bz", "by" },
		{ "SCORE", "score" },
		{ "per_tagrets", "per_target" },
		{ "idmptent_ky", "idempotent_key" },
		{ "x", NULL },
		{ "", NULL },
		{ "xz", NULL },
		{ "threshold", NULL },
		{ "abcde", NULL },
	};
	const char *found;
	char word[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		found = hd_suggest(cases[i].word, names);
		if (!found != !cases[i].name ||
		    (found && strcmp(found, cases[i].name) != 0))
			fail_msg("%s: %s", cases[i].word, found);
	}
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(hd_suggest(word, names));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distance_counts_the_four_changes),
		cmocka_unit_test(nearest_name_is_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
