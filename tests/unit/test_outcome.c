#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <herald/plugin.h>

#include "core/action/outcome.h"
#include "core/action/row.h"
#include "core/plugin/instance.h"

#define HOUR INT64_C(3600000)

static void no_plan_no_action(void **state)
{
	static const struct {
		uint32_t status;
		enum hd_action_state want;
	} cases[] = {
		{ HERALD_NOT_FOUND, HD_ACTION_FAILED },
		{ HERALD_NOT_APPLICABLE, HD_ACTION_FAILED },
		{ HERALD_RETRY, HD_ACTION_DECIDED },
		{ HERALD_QUOTA, HD_ACTION_DECIDED },
		{ HERALD_AUTH, HD_ACTION_DECIDED },
		{ HERALD_FAILED, HD_ACTION_FAILED },
		{ HERALD_FORBIDDEN, HD_ACTION_FAILED },
		{ HERALD_REFUSED, HD_ACTION_REFUSED },
		{ HERALD_CANCELLED, HD_ACTION_FAILED },
		{ HERALD_IN_DOUBT, HD_ACTION_DECIDED },
		{ HERALD_PENDING, HD_ACTION_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (hd_outcome_of_plan(cases[i].status) != cases[i].want)
			fail_msg("0x%x: %d", (unsigned)cases[i].status,
				 (int)hd_outcome_of_plan(cases[i].status));
}

static void a_run_that_ends_badly(void **state)
{
	(void)state;
	assert_int_equal(hd_outcome_of_run(HERALD_REFUSED), HD_ACTION_REFUSED);
	assert_int_equal(hd_outcome_of_run(HERALD_FAILED), HD_ACTION_FAILED);
	assert_int_equal(hd_outcome_of_run(HERALD_NOT_FOUND), HD_ACTION_FAILED);
	assert_int_equal(hd_outcome_of_run(HERALD_CANCELLED), HD_ACTION_FAILED);
}

/* 1 s doubling to 5 min, with up to a fifth more. */
static void pauses_grow(void **state)
{
	static const int64_t want[] = { 1000,	1000,	2000,	4000,
					8000,	16000,	32000,	64000,
					128000, 256000, 300000, 300000 };
	struct hd_completion c = { .status = HERALD_RETRY };
	struct hd_row row = { 0 };

	(void)state;
	for (row.tries = 0; row.tries < 12; row.tries++)
		for (int i = 0; i < 100; i++) {
			int64_t pause = hd_retry_pause(&row, &c);

			assert_in_range(pause, want[row.tries],
					want[row.tries] * 6 / 5);
		}
	row.tries = INT64_MAX;
	assert_in_range(hd_retry_pause(&row, &c), 300000, 360000);
}

static void the_services_word_counts_within_bounds(void **state)
{
	struct hd_completion c = { .status = HERALD_RETRY,
				   .retry_after_ms = 1500 };
	struct hd_row row = { .tries = 9 };

	(void)state;
	assert_int_equal(hd_retry_pause(&row, &c), 1500);
	c.retry_after_ms = INT64_MAX;
	assert_int_equal(hd_retry_pause(&row, &c), HOUR);
	c.status = HERALD_QUOTA;
	assert_int_equal(hd_retry_pause(&row, &c), 24 * HOUR);
	c.retry_after_ms = -1;
	row.tries = 1;
	assert_in_range(hd_retry_pause(&row, &c), 1000, 1200);
}

static void what_is_pending_is_asked_about(void **state)
{
	struct hd_completion c = { .status = HERALD_PENDING };

	(void)state;
	assert_int_equal(hd_pending_pause(&c), 5000);
	c.retry_after_ms = 200;
	assert_int_equal(hd_pending_pause(&c), 200);
	c.retry_after_ms = 90 * HOUR;
	assert_int_equal(hd_pending_pause(&c), HOUR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_plan_no_action),
		cmocka_unit_test(a_run_that_ends_badly),
		cmocka_unit_test(pauses_grow),
		cmocka_unit_test(the_services_word_counts_within_bounds),
		cmocka_unit_test(what_is_pending_is_asked_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
