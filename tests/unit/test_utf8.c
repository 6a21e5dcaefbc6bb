#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/base/utf8.h"

#define TEXT(literal) literal, sizeof(literal) - 1
#define FFFD "\xef\xbf\xbd"

/* Every character there is survives being written and read. */
static void every_character_goes_round(void **state)
{
	char text[4];
	uint32_t c;
	uint32_t again;
	size_t n;

	(void)state;
	for (c = 0; c <= 0x10ffff; c++) {
		n = hd_utf8_put(text, c);
		if (c >= 0xd800 && c <= 0xdfff) {
			assert_int_equal(hd_utf8_next(text, n, &again), 0);
			continue;
		}
		assert_int_equal(hd_utf8_next(text, n, &again), n);
		assert_int_equal(again, c);
		assert_int_equal(hd_utf8_next(text, n - 1, NULL), 0);
	}
}

/* Of all texts of two or three bytes exactly the shortest forms of characters
 * are well-formed. */
static void only_shortest_forms_are_characters(void **state)
{
	unsigned lead;
	unsigned i;
	uint32_t c;
	char again[4];

	(void)state;
	for (lead = 0x80; lead < 0x100; lead++) {
		for (i = 0; i < 0x10000; i++) {
			char text[3] = { (char)lead, (char)(i >> 8), (char)i };
			size_t n = hd_utf8_next(text, 3, &c);

			if (n == 0)
				continue;
			assert_int_equal(hd_utf8_put(again, c), n);
			assert_memory_equal(again, text, n);
			assert_false(c >= 0xd800 && c <= 0xdfff);
		}
	}
}

/* The last rows are table 3-8 and its neighbours in the Unicode standard. */
static void broken_text_is_mended(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *mended;
	} cases[] = {
		{ TEXT("plain"), "plain" },
		{ TEXT("\xc3\xa9\xf0\x9f\x98\x80"),
		  "\xc3\xa9\xf0\x9f\x98\x80" },
		{ TEXT(""), "" },
		{ TEXT("a\xff"), "a" FFFD },
		{ TEXT("\xc3"), FFFD },
		{ TEXT("\xf0\x9f\x98"), FFFD },
		{ TEXT("\xf0\x9f\x98x"), FFFD "x" },
		{ TEXT("\xf4\x90\x80\x80"), FFFD FFFD FFFD FFFD },
		{ TEXT("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"),
		  FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A" },
		{ TEXT("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"),
		  FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A" },
		{ TEXT("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"),
		  FFFD FFFD FFFD FFFD FFFD "A" FFFD FFFD "B" },
		{ TEXT("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"),
		  FFFD FFFD FFFD FFFD "A" },
	};
	struct hd_buf out;
	bool mended;
	size_t i;

	(void)state;
	hd_buf_init(&out, 1000);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hd_buf_clear(&out);
		mended = hd_utf8_mend(&out, cases[i].text, cases[i].n);
		assert_string_equal(hd_buf_text(&out), cases[i].mended);
		assert_int_equal(mended,
				 strcmp(cases[i].text, cases[i].mended) != 0);
		assert_int_equal(hd_utf8_valid(cases[i].text, cases[i].n),
				 !mended);
		assert_true(hd_utf8_valid(hd_buf_text(&out), out.n));
	}
	hd_buf_fini(&out);
}

static void unruly_characters_are_shown(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *shown;
	} cases[] = {
		{ TEXT("caf\xc3\xa9 \\ \""), "caf\xc3\xa9 \\ \"" },
		{ TEXT("a\nb\x1b[31m"), "a\\u{a}b\\u{1b}[31m" },
		{ TEXT("\0\x7f"), "\\u{0}\\u{7f}" },
		{ TEXT("\xc2\x85\xc2\x9b"), "\\u{85}\\u{9b}" },
		{ TEXT("\xc2\xa0"), "\xc2\xa0" },
		{ TEXT("\xe2\x80\xa8\xe2\x80\xa9"), "\\u{2028}\\u{2029}" },
		{ TEXT("exe\xe2\x80\xae"
		       "fdp"),
		  "exe\\u{202e}fdp" },
		{ TEXT("\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9"),
		  "\\u{202a}\\u{2066}\\u{2069}" },
		{ TEXT("\xe2\x80\x8e\xd8\x9c"), "\\u{200e}\\u{61c}" },
		{ TEXT("\xe2\x80\x90\xe2\x81\xa5"),
		  "\xe2\x80\x90\xe2\x81\xa5" },
		{ TEXT("x\xff\xe2\x82"), "x\\x{ff}\\x{e2}\\x{82}" },
	};
	struct hd_buf out;
	size_t i;

	(void)state;
	hd_buf_init(&out, 1000);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hd_buf_clear(&out);
		hd_utf8_escape(&out, cases[i].text, cases[i].n);
		assert_string_equal(hd_buf_text(&out), cases[i].shown);
	}
	hd_buf_fini(&out);
}

static void cutting_splits_no_character(void **state)
{
	static const char text[] = "a\xc3\xa9\xf0\x9f\x98\x80z";
	static const size_t cuts[] = { 0, 1, 1, 3, 3, 3, 3, 7, 8, 8 };
	size_t max;

	(void)state;
	for (max = 0; max < sizeof(cuts) / sizeof(cuts[0]); max++)
		assert_int_equal(hd_utf8_cut(text, 8, max), cuts[max]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_goes_round),
		cmocka_unit_test(only_shortest_forms_are_characters),
		cmocka_unit_test(broken_text_is_mended),
		cmocka_unit_test(unruly_characters_are_shown),
		cmocka_unit_test(cutting_splits_no_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
