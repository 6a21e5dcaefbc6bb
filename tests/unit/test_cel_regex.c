#define PCRE2_CODE_UNIT_WIDTH 8

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cel_rig.h"

/* 1 matches, 0 not, -1 not a pattern (the text is in rig->line). */
static int try_match(struct cel_rig *rig, const char *pattern, const char *text,
		     size_t n)
{
	static const char source[] = "s.matches(string(x))";
	const char *got;

	rig->slots[cel_rig_slot("s")] = hd_cel_stringn(text, n);
	rig->slots[cel_rig_slot("x")] = hd_cel_string(pattern);
	got = cel_rig_eval(rig, source);
	if (strcmp(got, "bool true") == 0)
		return 1;
	return strcmp(got, "bool false") == 0 ? 0 : -1;
}

static void patterns_mean_what_re2_says(void **state)
{
	static const struct {
		const char *pattern, *text;
		int wanted;
	} cases[] = {
		{ "", "", 1 },
		{ "a|b|", "c", 1 },
		{ "^$", "\n", 0 },
		{ "a$", "a\n", 0 },
		{ "(?m)a$", "a\n", 1 },
		{ "(?m)^b", "a\nb", 1 },
		{ "(?m)^$", "a\n", 1 },
		{ "\\Aa\\z", "a", 1 },
		{ "a.b", "a\nb", 0 },
		{ "(?s)a.b", "a\nb", 1 },
		{ "(?s:a.b)c.d", "a\nbc\nd", 0 },
		{ "a.b",
		  "a\xc3\xa9"
		  "b",
		  1 },
		{ "^.$", "\xf0\x9f\x90\xb1", 1 },
		{ "\\d+", "\xd9\xa3", 0 },
		{ "\\w", "\xc3\xa9", 0 },
		{ "\\s", "\v", 0 },
		{ "\\v", "\v", 1 },
		{ "[[:space:]]", "\v", 1 },
		{ "[\\s]", "\v", 0 },
		{ "[^\\S]", "\v", 0 },
		{ "\\bfoo\\b", "a foo b", 1 },
		{ "\\bfoo\\b", "afoo", 0 },
		{ "\\Boo", "foo", 1 },
		{ "x{2,3}y", "xxxxy", 1 },
		{ "^x{2,3}y", "xxxxy", 0 },
		{ "^x{2,3}y", "xxxy", 1 },
		{ "^x{2}y", "xy", 0 },
		{ "^x{0}y", "y", 1 },
		{ "^(ab){1,}$", "ababab", 1 },
		{ "^(?:a|ab)(?:c|bcd)(?:d*)$", "abcd", 1 },
		{ "x{,3}", "x{,3}", 1 },
		{ "x{", "x{", 1 },
		{ "(a*)*b", "aaab", 1 },
		{ "(a*)+$", "aaa!", 1 },
		{ "^(a+)+$", "aaa!", 0 },
		{ "(?i)k", "\xe2\x84\xaa", 1 },
		{ "(?i)S", "\xc5\xbf", 1 },
		{ "(?i)\xc3\xa9", "\xc3\x89", 1 },
		{ "(?i)[\xc3\xa0-\xc3\xaf]", "\xc3\x89", 1 },
		{ "(?i)^domain admins$", "Domain ADMINS", 1 },
		{ "(?i:a)b", "AB", 0 },
		{ "a(?i)b|c", "C", 1 },
		{ "(?-i)A", "a", 0 },
		{ "\\pL", "\xc3\xa9", 1 },
		{ "\\p{Greek}+", "\xce\xb1\xce\xb2", 1 },
		{ "\\P{Greek}", "\xce\xb1", 0 },
		{ "\\p{^Lu}", "A", 0 },
		{ "^[\\p{Lu}0-9]+$", "A1\xc3\x89", 1 },
		{ "[^\\p{Lu}]", "A", 0 },
		{ "[]a]", "]", 1 },
		{ "[^]a]", "]", 0 },
		{ "[a-]", "-", 1 },
		{ "[-a]", "-", 1 },
		{ "[[:^digit:]]", "5", 0 },
		{ "[[:word:]-]", "-", 1 },
		{ "[\\]]", "]", 1 },
		{ "\\Qa.b\\Ec", "a.bc", 1 },
		{ "\\Qa.b\\Ec", "axbc", 0 },
		{ "\\x41\\x{1F431}\\101\\07",
		  "A\xf0\x9f\x90\xb1"
		  "A\a",
		  1 },
		{ "(?P<name>a)(?<b>c)", "ac", 1 },
		{ "(?U)a+?", "a", 1 },
		{ "a??b", "b", 1 },
		{ "\\.\\-\\_\\/", ".-_/", 1 },
		{ "[[:^ascii:]]", "\xc3\xa9", 1 },
	};
	struct cel_rig *rig = cel_rig_new(NULL);
	size_t i, bad = 0;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int got = try_match(rig, cases[i].pattern, cases[i].text,
				    strlen(cases[i].text));

		if (got == cases[i].wanted)
			continue;
		print_error("%s on %s gives %d %s\n", cases[i].pattern,
			    cases[i].text, got, rig->line);
		bad++;
	}
	cel_rig_free(rig);
	assert_int_equal(bad, 0);
}

static void what_re2_does_not_have_is_refused(void **state)
{
	static const char *const patterns[] = {
		"(a)\\1",
		"(?=a)",
		"(?!a)",
		"(?<=a)",
		"(?<!a)",
		"(?>a)",
		"a++",
		"a*+",
		"a?+",
		"a{2}+",
		"\\C",
		"(?R)",
		"(?1)",
		"(?&x)",
		"(?P=x)",
		"(?P>x)",
		"(?(1)a|b)",
		"(?C)",
		"(*FAIL)",
		"(?|a)",
		"(?#c)",
		"(?x) a",
		"a**",
		"*a",
		"a{2}{3}",
		"a{1001}",
		"a{3,2}",
		"[b-a]",
		"[a",
		"(a",
		"a)",
		"\\",
		"\\Z",
		"\\G",
		"\\K",
		"\\h",
		"\\R",
		"\\X",
		"\\e",
		"\\g{1}",
		"\\k<a>",
		"\\p{Nope}",
		"\\8",
		"[[:nope:]]",
		"\\x{110000}",
		"\\xg",
		"(?i",
		"(?)",
		"(((a{100}){100}){100})",
		"(?i-)a",
	};
	struct cel_rig *rig = cel_rig_new(NULL);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		int got = try_match(rig, patterns[i], "a", 1);

		if (got != -1)
			print_error("%s is taken\n", patterns[i]);
		assert_int_equal(got, -1);
		assert_non_null(strstr(rig->line, "error pattern: "));
	}
	cel_rig_free(rig);
}

/* ---- against PCRE2, where both mean the same ---- */

static uint64_t seed = 7;

static unsigned roll(unsigned sides)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

static void pattern(char *out, size_t size, unsigned depth)
{
	static const char *const atoms[] = {
		"a",	 "b",	"c",   ".",	   "[ab]",
		"[^a]",	 "\\d", "\\w", "\\W",	   "^",
		"$",	 "\\b", "\\B", "\xc3\xa9", "[\xc3\xa0-\xc3\xbf]",
		"(?i)A", "\\S", "1",   " ",
	};
	static const char *const repeats[] = {
		"", "", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?"
	};
	unsigned n = 1 + roll(3), i;
	size_t len = 0;
	char inner[512];

	for (i = 0; i < n && len < size / 2; i++) {
		unsigned kind = depth > 0 ? roll(3) : 2;

		if (kind == 0) {
			pattern(inner, sizeof(inner) / 4, depth - 1);
			len += (size_t)snprintf(out + len, size - len,
						"(?:%s)%s", inner,
						repeats[roll(10)]);
		} else if (kind == 1) {
			len += (size_t)snprintf(out + len, size - len, "%s",
						i > 0 ? "|" : "");
		} else {
			const char *atom = atoms[roll(19)];
			bool plain = !strchr("^$", atom[0]) &&
				     strcmp(atom, "(?i)A") != 0 &&
				     strcmp(atom, "\\b") != 0 &&
				     strcmp(atom, "\\B") != 0;

			len += (size_t)snprintf(out + len, size - len, "%s%s",
						atom,
						plain ? repeats[roll(10)] : "");
		}
	}
	out[len < size ? len : size - 1] = '\0';
}

static int by_pcre2(const char *p, const char *text, size_t n)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	PCRE2_SIZE at;
	int error, rc;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)p, PCRE2_ZERO_TERMINATED,
					 PCRE2_UTF | PCRE2_DOLLAR_ENDONLY |
						 PCRE2_NEVER_BACKSLASH_C,
					 &error, &at, NULL);

	if (!code) {
		pcre2_match_data_free(data);
		return -1;
	}
	rc = pcre2_match(code, (PCRE2_SPTR)text, n, 0, 0, data, NULL);
	pcre2_code_free(code);
	pcre2_match_data_free(data);
	return rc > 0 ? 1 : rc == PCRE2_ERROR_NOMATCH ? 0 : -2;
}

static void agrees_with_pcre2_where_both_mean_the_same(void **state)
{
	static const char *const pieces[] = { "a",  "b",	"c", "1", " ",
					      "\n", "\xc3\xa9", "A", "_" };
	struct cel_rig *rig = cel_rig_new(NULL);
	unsigned i, j, matched = 0, compared = 0;

	(void)state;
	for (i = 0; i < 20000; i++) {
		char p[512], text[64];
		size_t n = 0;
		int got, wanted;

		pattern(p, sizeof(p) / 2, 3);
		for (j = roll(8); j > 0; j--) {
			const char *piece = pieces[roll(9)];

			memcpy(text + n, piece, strlen(piece));
			n += strlen(piece);
		}
		wanted = by_pcre2(p, text, n);
		got = try_match(rig, p, text, n);
		if (wanted < 0 || got < 0)
			continue;
		compared++;
		matched += wanted == 1;
		if (got != wanted)
			print_error("/%s/ on '%.*s': %d, PCRE2 %d\n", p, (int)n,
				    text, got, wanted);
		assert_int_equal(got, wanted);
	}
	cel_rig_free(rig);
	assert_true(compared > 15000);
	assert_true(matched > 3000 && matched < compared - 3000);
}

/* What runs away is ended; no time is judged. */
#define HANGS_S 300

/* Patterns that make a backtracking matcher run for minutes. */
static void evil_patterns_are_bounded(void **state)
{
	static const char *const patterns[] = {
		"(a+)+$",
		"(a|aa)+$",
		"a*a*a*a*[bc]",
		"(a*)*b",
		"(x+x+)+y",
		"[a-z]*[0-9]",
		"(?:a|b|c|a)*$x",
		"(.*)(.*)(.*)(.*)(.*)[^a!]",
		"(a?){100}a{100}!!",
	};
	struct cel_rig *rig = cel_rig_new(NULL);
	size_t n = 32000, i;
	char *text = malloc(n);

	(void)state;
	alarm(HANGS_S);
	memset(text, 'a', n);
	text[n - 1] = '!';
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		int got = try_match(rig, patterns[i], text, n);

		assert_true(got <= 0);
		if (got < 0)
			assert_string_equal(rig->line,
					    "limit the evaluation costs too "
					    "much");
	}
	free(text);
	cel_rig_free(rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_mean_what_re2_says),
		cmocka_unit_test(what_re2_does_not_have_is_refused),
		cmocka_unit_test(agrees_with_pcre2_where_both_mean_the_same),
		cmocka_unit_test(evil_patterns_are_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
