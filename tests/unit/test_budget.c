#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/action/budget.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define HOUR INT64_C(3600000)

static const struct hd_rates five_an_hour = { 1, { { 5, HOUR } } };

static void has_room_until_the_count_is_reached(void **state)
{
	struct hd_budget b = { 0 };
	const struct hd_rate *rate;

	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(hd_budget_room(&b, &five_an_hour, 1000 + i,
						&rate),
				 1000 + i);
		assert_null(rate);
		hd_budget_add(&b, 1000 + i);
	}
	assert_int_equal(hd_budget_room(&b, &five_an_hour, 2000, &rate),
			 1000 + HOUR);
	assert_ptr_equal(rate, &five_an_hour.items[0]);
	/* The window slides: one leaves, one may come. */
	assert_int_equal(hd_budget_room(&b, &five_an_hour, 1000 + HOUR, NULL),
			 1000 + HOUR);
	hd_budget_add(&b, 1000 + HOUR);
	assert_int_equal(hd_budget_room(&b, &five_an_hour, 1000 + HOUR, NULL),
			 1001 + HOUR);
	assert_int_equal(hd_budget_used(&b, HOUR, 1000 + HOUR), 5);
	hd_budget_fini(&b);
}

static void the_tightest_rate_decides(void **state)
{
	const struct hd_rates rates = { 2, { { 2, 1000 }, { 3, HOUR } } };
	struct hd_budget b = { 0 };
	const struct hd_rate *rate;

	(void)state;
	hd_budget_add(&b, 0);
	hd_budget_add(&b, 0);
	assert_int_equal(hd_budget_room(&b, &rates, 0, &rate), 1000);
	assert_ptr_equal(rate, &rates.items[0]);
	hd_budget_add(&b, 1000);
	assert_int_equal(hd_budget_room(&b, &rates, 5000, &rate), HOUR);
	assert_ptr_equal(rate, &rates.items[1]);
	hd_budget_fini(&b);
}

static void none_at_all_is_never(void **state)
{
	const struct hd_rates none = { 1, { { 0, HOUR } } };
	const struct hd_rates free_of_any = { 0 };
	struct hd_budget b = { 0 };

	(void)state;
	assert_true(hd_budget_room(&b, &none, 5, NULL) == HD_BUDGET_NEVER);
	assert_int_equal(hd_budget_room(&b, &free_of_any, 5, NULL), 5);
}

static void a_clock_that_jumps_back_makes_no_room(void **state)
{
	struct hd_budget b = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++)
		hd_budget_add(&b, 10 * HOUR);
	assert_int_equal(hd_budget_room(&b, &five_an_hour, HOUR, NULL),
			 11 * HOUR);
	hd_budget_add(&b, HOUR); /* counted as the last */
	assert_int_equal(hd_budget_used(&b, HOUR, 10 * HOUR), 6);
	hd_budget_fini(&b);
}

static void forgets_what_is_old(void **state)
{
	struct hd_budget b = { 0 };

	(void)state;
	for (int i = 0; i < 10000; i++) {
		hd_budget_add(&b, i);
		hd_budget_forget(&b, i - 10);
		assert_int_equal(b.count, i < 10 ? i + 1 : 11);
	}
	assert_in_range(b.cap, 11, 64);
	hd_budget_trim(&b, 4);
	assert_int_equal(hd_budget_used(&b, 10000, 9999), 4);
	assert_int_equal(hd_budget_used(&b, 2, 9999), 2);
	hd_budget_fini(&b);
}

static void reads_as_it_was_written(void **state)
{
	static const struct {
		struct hd_rate rate;
		const char *text;
	} cases[] = {
		{ { 5, HOUR }, "5/1h" },     { { 20, 24 * HOUR }, "20/1d" },
		{ { 60, 60000 }, "60/1m" },  { { 1, 90000 }, "1/90s" },
		{ { 0, 1500 }, "0/1500ms" }, { { 7, 36 * HOUR }, "7/36h" },
	};
	char text[HD_RATE_TEXT];

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		hd_rate_text(&cases[i].rate, text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_room_until_the_count_is_reached),
		cmocka_unit_test(the_tightest_rate_decides),
		cmocka_unit_test(none_at_all_is_never),
		cmocka_unit_test(a_clock_that_jumps_back_makes_no_room),
		cmocka_unit_test(forgets_what_is_old),
		cmocka_unit_test(reads_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
