#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/lookup/quota.h"

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
static void sliding_window_remembers_the_one_before(void **state)
{
	const struct hd_rate rates[] = { { 10, MINUTE } };
	struct hd_quota *q = hd_quota_new(rates, 1, false);
	int64_t wait;

	(void)state;
	assert_int_equal(hd_quota_take(q, T0 + MINUTE - 1, 10), 0);
	wait = hd_quota_take(q, T0 + MINUTE, 1);
	assert_in_range(wait, MINUTE / 10, MINUTE / 10 + 1);
	assert_int_equal(hd_quota_take(q, T0 + MINUTE + wait, 1), 0);
	assert_true(hd_quota_take(q, T0 + MINUTE + wait, 1) > 0);
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

static void state_survives_a_restart(void **state)
{
	const struct hd_rate rates[] = { { 5, DAY } };
	struct hd_quota *a = hd_quota_new(rates, 1, true);
	struct hd_quota *b = hd_quota_new(rates, 1, true);
	int64_t start, used;

	(void)state;
	assert_int_equal(hd_quota_take(a, T0 + 5, 4), 0);
	assert_true(hd_quota_get(a, 0, &start, &used));
	assert_false(hd_quota_get(a, 1, &start, &used));
	assert_true(hd_quota_get(a, 0, &start, &used));
	hd_quota_set(b, 0, start, used);
	assert_int_equal(hd_quota_left(b, T0 + 6), 1);
	hd_quota_free(a);
	hd_quota_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_windows_must_have_room),
		cmocka_unit_test(refused_takes_nothing),
		cmocka_unit_test(calendar_day_begins_anew_at_midnight),
		cmocka_unit_test(sliding_window_remembers_the_one_before),
		cmocka_unit_test(clock_that_goes_back_opens_nothing),
		cmocka_unit_test(state_survives_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
