#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/lookup/breaker.h"

static int64_t fail_until_open(struct hd_breaker *b, int64_t now)
{
	for (int i = 1; i < HD_BREAKER_FAILURES; i++) {
		assert_true(hd_breaker_allows(b, now));
		assert_false(hd_breaker_failure(b, now));
	}
	assert_true(hd_breaker_failure(b, now));
	return hd_breaker_wait(b, now);
}

static void opens_after_failures_in_a_row(void **state)
{
	struct hd_breaker b = { 0 };

	(void)state;
	assert_int_equal(fail_until_open(&b, 1000), 5000);
	assert_false(hd_breaker_allows(&b, 1000));
	assert_false(hd_breaker_allows(&b, 5999));
}

static void success_in_between_starts_anew(void **state)
{
	struct hd_breaker b = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++) {
		hd_breaker_failure(&b, 1);
		hd_breaker_failure(&b, 1);
		hd_breaker_success(&b);
	}
	assert_true(hd_breaker_allows(&b, 2));
}

static void half_open_lets_one_through(void **state)
{
	struct hd_breaker b = { 0 };

	(void)state;
	fail_until_open(&b, 0);
	assert_true(hd_breaker_allows(&b, 5000));
	assert_false(hd_breaker_allows(&b, 5000));
	hd_breaker_success(&b);
	assert_true(hd_breaker_allows(&b, 5001));
	assert_true(hd_breaker_allows(&b, 5001));
}

static void pause_doubles_up_to_five_minutes(void **state)
{
	struct hd_breaker b = { 0 };
	int64_t now = 0, pause = fail_until_open(&b, now);

	(void)state;
	for (int i = 0; i < 10; i++) {
		int64_t want = pause * 2 < 300000 ? pause * 2 : 300000;

		now += pause;
		assert_true(hd_breaker_allows(&b, now));
		assert_true(hd_breaker_failure(&b, now));
		pause = hd_breaker_wait(&b, now);
		assert_int_equal(pause, want);
	}
}

static void hold_needs_no_probe_at_its_end(void **state)
{
	struct hd_breaker b = { 0 };

	(void)state;
	hd_breaker_hold(&b, 60000);
	assert_false(hd_breaker_allows(&b, 59999));
	assert_true(hd_breaker_allows(&b, 60000));
	assert_true(hd_breaker_allows(&b, 60000));
}

/* An answer that was under way when the hold came does not end it. */
static void success_does_not_end_a_hold(void **state)
{
	struct hd_breaker b = { 0 };

	(void)state;
	hd_breaker_hold(&b, 60000);
	hd_breaker_success(&b);
	assert_false(hd_breaker_allows(&b, 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_after_failures_in_a_row),
		cmocka_unit_test(success_in_between_starts_anew),
		cmocka_unit_test(half_open_lets_one_through),
		cmocka_unit_test(pause_doubles_up_to_five_minutes),
		cmocka_unit_test(hold_needs_no_probe_at_its_end),
		cmocka_unit_test(success_does_not_end_a_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
