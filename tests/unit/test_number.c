#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/number.h"

static void reals_get_their_shortest_text(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0.0, "0.0" },
		{ -0.0, "-0.0" },
		{ 1.0, "1.0" },
		{ -1.5, "-1.5" },
		{ 0.1, "0.1" },
		{ 0.3, "0.3" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 1795564742.5, "1795564742.5" },
		{ 1795564742.037, "1795564742.037" },
		{ 0.000001, "0.000001" },
		{ 0.050505, "0.050505" },
		{ 100.01, "100.01" },
		{ 123456789012345.0, "123456789012345.0" },
		{ 1e15, "1e+15" },
		{ 1e-7, "1e-07" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 5e-324, "5e-324" },
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ DBL_MIN, "2.2250738585072014e-308" },
		{ 9007199254740993.0, "9007199254740992.0" },
	};
	char text[HD_NUMBER_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(hd_number_put_real(cases[i].value, text),
				 strlen(cases[i].text));
		assert_string_equal(text, cases[i].text);
	}
}

static void integers_get_their_text(void **state)
{
	static const struct {
		int64_t value;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ -1, "-1" },
		{ 10, "10" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
	};
	char text[HD_NUMBER_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(hd_number_put_int(cases[i].value, text),
				 strlen(cases[i].text));
		assert_string_equal(text, cases[i].text);
	}
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void expect_round_trip(double value)
{
	char text[HD_NUMBER_TEXT];
	size_t n = hd_number_put_real(value, text);
	double again = 0;

	assert_int_equal(hd_number_get_real(text, n, &again), 0);
	if (memcmp(&again, &value, sizeof(value)) != 0)
		fail_msg("%a written as %s reads as %a", value, text, again);
	if (strtod(text, NULL) != value)
		fail_msg("%a written as %s", value, text);
}

static void every_real_reads_back(void **state)
{
	uint64_t seed = 88172645463325252u;
	uint64_t bits;
	double value;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		bits = next_random(&seed);
		memcpy(&value, &bits, sizeof(value));
		if (isfinite(value))
			expect_round_trip(value);
		/* And what people write: some digits, some decimals. */
		expect_round_trip((double)(bits >> (bits % 60)) /
				  pow(10, (double)(bits % 9)));
	}
}

static void texts_give_the_nearest_double(void **state)
{
	static const char *const cases[] = {
		"0.1",
		"-0.0",
		"123456.789",
		"9007199254740993.0",
		"0.000000000000001",
		"1e23",
		"8.5e-4",
		"179769313486231570000000000000000000000.0",
		"2.2250738585072011e-308",
		"0.1000000000000000055511151231257827021181583404541015625",
		"0.1000000000000000055511151231257827021181583404541015626",
	};
	double value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(hd_number_get_real(cases[i], strlen(cases[i]),
						    &value),
				 0);
		if (value != strtod(cases[i], NULL))
			fail_msg("%s: %a", cases[i], value);
	}
	assert_int_equal(hd_number_get_real("1.5999", 3, &value), 0);
	assert_true(value == 1.5);
	assert_int_equal(hd_number_get_real("-1e999", 6, &value), 0);
	assert_true(isinf(value) && value < 0);
}

/* Runs where a locale with a decimal comma is installed. */
static void locale_has_no_say(void **state)
{
	char text[HD_NUMBER_TEXT];
	double value;

	(void)state;
	if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
		skip();
	hd_number_put_real(1.0 / 3, text);
	assert_string_equal(text, "0.3333333333333333");
	assert_int_equal(hd_number_get_real("1.5e0", 5, &value), 0);
	assert_true(value == 1.5);
	setlocale(LC_NUMERIC, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reals_get_their_shortest_text),
		cmocka_unit_test(integers_get_their_text),
		cmocka_unit_test(every_real_reads_back),
		cmocka_unit_test(texts_give_the_nearest_double),
		cmocka_unit_test(locale_has_no_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
