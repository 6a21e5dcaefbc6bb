#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/plugin/quota.h"

#define MINUTE 60000
#define DAY INT64_C(86400000)
#define T0 (INT64_C(20000) * DAY) /* a midnight in UTC */

static void all_windows_must_have_room(void **state)
{
	const struct hd_rate rates[] = { { 4, MINUTE }, { 6, DAY } };
	struct hd_quota *q = hd_quota_new(rates, 2, true);

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(hd_quota_take(q, T0, 1), 0);
	assert_true(hd_quota_take(q, T0, 1) > 0);
	/* two minutes later the minute is free, and the day has 2 left */
	assert_int_equal(hd_quota_take(q, T0 + 2 * MINUTE, 1), 0);
	assert_int_equal(hd_quota_take(q, T0 + 2 * MINUTE, 1), 0);
	assert_int_equal(hd_quota_take(q, T0 + 4 * MINUTE, 1),
			 DAY - 4 * MINUTE);
	hd_quota_free(q);
}

static void refused_takes_nothing(void **state)
{
	const struct hd_rate rates[] = { { 10, MINUTE }, { 3, DAY } };
	struct hd_quota *q = hd_quota_new(rates, 2, true);

	(void)state;
	assert_true(hd_quota_take(q, T0, 5) > 0);
	assert_int_equal(hd_quota_left(q, T0), 3);
	assert_int_equal(hd_quota_take(q, T0, 3), 0);
	assert_int_equal(hd_quota_left(q, T0), 0);
	hd_quota_free(q);
}

static void calendar_day_begins_anew_at_midnight(void **state)
{
	const struct hd_rate rates[] = { { 2, DAY } };
	struct hd_quota *q = hd_quota_new(rates, 1, true);
	int64_t late = T0 + DAY - 1000;

	(void)state;
	assert_int_equal(hd_quota_take(q, late, 2), 0);
	assert_int_equal(hd_quota_take(q, late, 1), 1000);
	assert_int_equal(hd_quota_take(q, T0 + DAY, 2), 0);
	hd_quota_free(q);
}

/* Without the calendar the day slides: what was used an hour ago counts. */
static void sliding_window_remembers_what_was_taken(void **state)
{
	const struct hd_rate rates[] = { { 10, MINUTE } };
	struct hd_quota *q = hd_quota_new(rates, 1, false);
	size_t window = 9;

	(void)state;
	assert_int_equal(hd_quota_take(q, T0 + MINUTE - 1, 10), 0);
	assert_int_equal(hd_quota_wait(q, T0 + MINUTE, 1, &window), MINUTE - 1);
	assert_int_equal(window, 0);
	assert_true(hd_quota_take(q, T0 + 2 * MINUTE - 2, 1) > 0);
	assert_int_equal(hd_quota_take(q, T0 + 2 * MINUTE - 1, 10), 0);
	hd_quota_free(q);
}

/* Numbers that look like chance and are the same each time. */
static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Whatever is asked, no window of the length holds more than the count; and
 * room comes back at most a 64th of the window late. */
static void no_window_holds_more_than_the_count(void **state)
{
	enum { TAKES = 20000, COUNT = 50 };
	static int64_t at[TAKES];
	const struct hd_rate rates[] = { { COUNT, MINUTE } };
	struct hd_quota *q = hd_quota_new(rates, 1, false);
	int64_t now = T0, late = 0;
	uint32_t seed = 7;
	int n = 0;

	(void)state;
	while (n < TAKES) {
		now += next(&seed) % 16 == 0 ? next(&seed) % MINUTE
					     : next(&seed) % 700;
		if (hd_quota_take(q, now, 1) == 0) {
			if (n >= COUNT)
				assert_true(at[n - COUNT] <= now - MINUTE);
			at[n++] = now;
		} else if (now - MINUTE - at[n - COUNT] > late) {
			late = now - MINUTE - at[n - COUNT];
		}
	}
	assert_true(late < MINUTE / 64);
	hd_quota_free(q);
}

static void clock_that_goes_back_opens_nothing(void **state)
{
	const struct hd_rate rates[] = { { 2, MINUTE } };
	struct hd_quota *q = hd_quota_new(rates, 1, true);

	(void)state;
	assert_int_equal(hd_quota_take(q, T0 + 10 * MINUTE, 2), 0);
	assert_true(hd_quota_take(q, T0, 1) > 0);
	assert_int_equal(hd_quota_left(q, T0 - DAY), 0);
	hd_quota_free(q);
}

static void recalled_use_counts_in_any_order(void **state)
{
	const struct hd_rate rates[] = { { 5, DAY } };
	struct hd_quota *q = hd_quota_new(rates, 1, false);

	(void)state;
	hd_quota_recall(q, 0, T0 + 7000, 1);
	hd_quota_recall(q, 0, T0 - 2 * DAY, 100);
	hd_quota_recall(q, 0, T0 - DAY / 2, 3);
	assert_int_equal(hd_quota_left(q, T0 + 7000), 1);
	assert_int_equal(hd_quota_wait(q, T0 + 7000, 2, NULL), DAY / 2 - 7000);
	assert_int_equal(hd_quota_left(q, T0 + DAY / 2), 4);
	hd_quota_free(q);
}

static void many_recalled_marks_are_not_forgotten(void **state)
{
	const struct hd_rate rates[] = { { 1000, DAY } };
	struct hd_quota *q = hd_quota_new(rates, 1, false);

	(void)state;
	for (int i = 200; i > 0; i--)
		hd_quota_recall(q, 0, T0 - i * (DAY / 201), 1);
	for (int i = 200; i > 0; i--)
		hd_quota_recall(q, 0, T0 - i * (DAY / 201) - DAY / 402, 1);
	assert_true(hd_quota_left(q, T0) <= 600);
	hd_quota_free(q);
}

static void inherited_use_counts_under_the_new_limit(void **state)
{
	const struct hd_rate was[] = { { 9, MINUTE }, { 6, DAY } };
	const struct hd_rate now[] = { { 5, DAY } };
	struct hd_quota *a = hd_quota_new(was, 2, true);
	struct hd_quota *b = hd_quota_new(now, 1, true);

	(void)state;
	assert_int_equal(hd_quota_take(a, T0 + 5, 4), 0);
	hd_quota_inherit(b, 0, a, 1);
	assert_int_equal(hd_quota_left(b, T0 + 6), 1);
	hd_quota_free(a);
	hd_quota_free(b);
}

static void limit_of_nothing_gives_nothing(void **state)
{
	const struct hd_rate rates[] = { { 0, DAY } };
	struct hd_quota *q = hd_quota_new(rates, 1, true);

	(void)state;
	assert_int_equal(hd_quota_wait(q, T0, 1, NULL), DAY);
	assert_int_equal(hd_quota_left(q, T0), 0);
	hd_quota_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_windows_must_have_room),
		cmocka_unit_test(refused_takes_nothing),
		cmocka_unit_test(calendar_day_begins_anew_at_midnight),
		cmocka_unit_test(sliding_window_remembers_what_was_taken),
		cmocka_unit_test(no_window_holds_more_than_the_count),
		cmocka_unit_test(clock_that_goes_back_opens_nothing),
		cmocka_unit_test(recalled_use_counts_in_any_order),
		cmocka_unit_test(many_recalled_marks_are_not_forgotten),
		cmocka_unit_test(inherited_use_counts_under_the_new_limit),
		cmocka_unit_test(limit_of_nothing_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
