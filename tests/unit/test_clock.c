#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/clock.h"

static void text_of_times_is_iso_8601(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ 951782400123, "2000-02-29T00:00:00.123Z" },
		{ 1795565142000, "2026-11-25T00:05:42.000Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999Z" },
		{ INT64_MIN, "0000-01-01T00:00:00.000Z" },
	};
	char text[HD_UTC_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hd_utc_text(cases[i].ms, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void known_forms_of_time_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "0", 0 },
		{ "1795564742", 1795564742000 },
		{ "1795564742.5", 1795564742500 },
		{ "1795564742.0379", 1795564742037 },
		{ "1795564742123", 1795564742123 },
		{ "1795564742123.9", 1795564742123 },
		{ "999999999999", 999999999999000 },
		{ "2026-11-25T00:05:42Z", 1795565142000 },
		{ "2026-11-25 00:05:42.123", 1795565142123 },
		{ "2026-11-25T02:05:42+02:00", 1795565142000 },
		{ "2026-11-25T02:05:42.000+0200", 1795565142000 },
		{ "2026-11-24t18:35:42,5-05:30", 1795565142500 },
		{ "2026-11-25 01:05:42 +0100", 1795565142000 },
		{ "1969-12-31T23:59:59Z", -1000 },
		{ "0001-01-01T00:00:00Z", -62135596800000 },
		{ "9999-12-31T23:59:59.999Z", 253402300799999 },
		{ "2016-12-31T23:59:60Z", 1483228800000 },
		{ "2000-02-29T00:00:00Z", 951782400000 },
		{ "2000-03-01T00:00:00Z", 951868800000 },
	};
	int64_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ms = 0;
		if (hd_time_parse(cases[i].text, strlen(cases[i].text), &ms) <
			    0 ||
		    ms != cases[i].ms)
			fail_msg("%s: %lld, not %lld", cases[i].text,
				 (long long)ms, (long long)cases[i].ms);
	}
}

static void other_text_is_no_time(void **state)
{
	static const char *const cases[] = {
		"",
		" ",
		"-1",
		"now",
		"12x",
		"1795564742.",
		".5",
		"1795564742.5.5",
		"1e9",
		" 1795564742",
		"99999999999999999999",
		"2026-11-25",
		"2026-13-25T00:05:42Z",
		"2026-00-25T00:05:42Z",
		"2026-11-31T00:05:42Z",
		"2026-02-29T00:05:42Z",
		"1900-02-29T00:05:42Z",
		"2026-11-00T00:05:42Z",
		"2026-11-25T24:00:00Z",
		"2026-11-25T00:60:00Z",
		"2026-11-25T00:05:61Z",
		"2026-11-25T00:05Z",
		"2026-11-25T00:05:42.Z",
		"2026-11-25T00:05:42X",
		"2026-11-25T00:05:42Zx",
		"2026-11-25T00:05:42+2:00",
		"2026-11-25T00:05:42+24:00",
		"2026-11-25T00:05:42 CET",
		"0000-01-01T00:00:00Z",
	};
	int64_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (hd_time_parse(cases[i], strlen(cases[i]), &ms) == 0)
			fail_msg("taken for a time: '%s'", cases[i]);
}

static void only_told_bytes_are_read(void **state)
{
	int64_t ms;

	(void)state;
	assert_int_equal(hd_time_parse("1795564742x", 10, &ms), 0);
	assert_int_equal(ms, 1795564742000);
	assert_int_equal(hd_time_parse("17\0", 3, &ms), -1);
	assert_int_equal(hd_time_parse("2026-11-25T00:05:42\0", 20, &ms), -1);
}

static void offset_moves_the_wall_clock_only(void **state)
{
	int64_t now = hd_now_ms();
	int64_t utc = hd_utc_ms();

	(void)state;
	hd_clock_set_offset(INT64_C(3600000));
	assert_true(hd_utc_ms() - utc >= 3600000);
	assert_true(hd_now_ms() - now < 3600000);
	hd_clock_set_offset(0);
	assert_true(hd_utc_ms() - utc < 3600000);
	assert_true(hd_now_us() / 1000 >= now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_of_times_is_iso_8601),
		cmocka_unit_test(known_forms_of_time_are_read),
		cmocka_unit_test(other_text_is_no_time),
		cmocka_unit_test(only_told_bytes_are_read),
		cmocka_unit_test(offset_moves_the_wall_clock_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
