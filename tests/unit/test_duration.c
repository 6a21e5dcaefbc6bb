#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/duration.h"
#include "core/base/err.h"

static void durations_go_round(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
		const char *shortest;
	} cases[] = {
		{ "500ms", 500, "500ms" },
		{ "10s", 10000, "10s" },
		{ "5m", 300000, "5m" },
		{ "2h", 7200000, "2h" },
		{ "7d", 604800000, "7d" },
		{ "0s", 0, "0ms" },
		{ "90s", 90000, "90s" },
		{ "60s", 60000, "1m" },
		{ "24h", 86400000, "1d" },
		{ "1500ms", 1500, "1500ms" },
		{ "007s", 7000, "7s" },
		{ "106751991167d", 9223372036828800000, "106751991167d" },
	};
	char text[HD_DURATION_TEXT];
	int64_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(hd_duration_parse(cases[i].text, &ms, NULL),
				 0);
		assert_int_equal(ms, cases[i].ms);
		hd_duration_text(ms, text);
		assert_string_equal(text, cases[i].shortest);
	}
}

static void sizes_go_round(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
		const char *shortest;
	} cases[] = {
		{ "100B", 100, "100B" },
		{ "64KiB", 65536, "64KiB" },
		{ "20GiB", 21474836480, "20GiB" },
		{ "1024KiB", 1048576, "1MiB" },
		{ "3TiB", 3298534883328, "3TiB" },
		{ "0B", 0, "0B" },
		{ "1025B", 1025, "1025B" },
	};
	char text[HD_DURATION_TEXT];
	int64_t bytes;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(hd_size_parse(cases[i].text, &bytes, NULL), 0);
		assert_int_equal(bytes, cases[i].bytes);
		hd_size_text(bytes, text);
		assert_string_equal(text, cases[i].shortest);
	}
}

static void limits_go_round(void **state)
{
	static const struct {
		const char *text;
		int64_t count, window_ms;
		const char *shortest;
	} cases[] = {
		{ "5/1h", 5, 3600000, "5/1h" },
		{ "500/1d", 500, 86400000, "500/1d" },
		{ "0/1d", 0, 86400000, "0/1d" },
		{ "10/60s", 10, 60000, "10/1m" },
	};
	char text[HD_RATE_TEXT];
	struct hd_rate rate;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(hd_rate_parse(cases[i].text, &rate, NULL), 0);
		assert_int_equal(rate.count, cases[i].count);
		assert_int_equal(rate.window_ms, cases[i].window_ms);
		hd_rate_text(&rate, text);
		assert_string_equal(text, cases[i].shortest);
	}
}

static void other_texts_are_refused(void **state)
{
	static const char *const durations[] = {
		"",
		"10",
		"s",
		"10 s",
		" 10s",
		"10s ",
		"-1s",
		"+1s",
		"1.5s",
		"10S",
		"10M",
		"1h30m",
		"10min",
		"1w",
		"1y",
		"0x1s",
		"10ss",
		"9223372036854775808ms",
		"106751991168d",
	};
	static const char *const sizes[] = { "",       "64",   "64K",
					     "64KB",   "64kB", "64kib",
					     "1.5GiB", "-1B",  "8388608TiB" };
	static const char *const rates[] = { "",      "5",    "5/",    "/1h",
					     "5/h",   "5/0s", "5 /1h", "-5/1h",
					     "5/1h/", "x/1h", "5/1KiB" };
	struct hd_rate rate;
	int64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(durations) / sizeof(durations[0]); i++)
		if (hd_duration_parse(durations[i], &value, NULL) == 0)
			fail_msg("a duration: '%s'", durations[i]);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (hd_size_parse(sizes[i], &value, NULL) == 0)
			fail_msg("a size: '%s'", sizes[i]);
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		if (hd_rate_parse(rates[i], &rate, NULL) == 0)
			fail_msg("a limit: '%s'", rates[i]);
}

static void refusal_shows_the_forms(void **state)
{
	struct hd_rate rate;
	struct hd_err err;
	int64_t value;

	(void)state;
	assert_int_equal(hd_duration_parse("10min", &value, &err), -1);
	assert_string_equal(err.text,
			    "'10min' is no duration (500ms, 10s, 5m, 2h, 7d)");
	assert_int_equal(hd_size_parse("64K", &value, &err), -1);
	assert_string_equal(err.text,
			    "'64K' is no size (100B, 64KiB, 1MiB, 20GiB)");
	assert_int_equal(hd_rate_parse("5", &rate, &err), -1);
	assert_string_equal(err.text, "'5' is no limit (COUNT/DURATION: 5/1h)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_go_round),
		cmocka_unit_test(sizes_go_round),
		cmocka_unit_test(limits_go_round),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(refusal_shows_the_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
