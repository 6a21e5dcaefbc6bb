#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/clock.h"
#include "core/heraldd/alarm.h"

#define DAY_MS INT64_C(86400000)

struct fixture {
	struct hd_alarms alarms;
	char last[256];
	int sent;
};

static void note(void *ud, const char *kind, const char *object,
		 const char *text)
{
	struct fixture *f = ud;

	f->sent++;
	snprintf(f->last, sizeof(f->last), "%s|%s|%s", kind, object, text);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	hd_alarms_init(&f->alarms);
	f->alarms.send = note;
	f->alarms.ud = f;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hd_alarms_fini(&f->alarms);
	free(f);
	return 0;
}

static void once_an_hour_for_each_kind_and_object(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		hd_alarms_raise(&f->alarms, "dead", "one", "a");
	assert_int_equal(f->sent, 1);
	assert_string_equal(f->last, "dead|one|a");
	hd_alarms_raise(&f->alarms, "dead", "two", "b");
	hd_alarms_raise(&f->alarms, "disk", "one", "c");
	assert_int_equal(f->sent, 3);
}

static void what_lasts_is_told_again_each_day(void **state)
{
	struct fixture *f = *state;
	int64_t now = hd_now_ms();

	hd_alarms_raise(&f->alarms, "disk", "journal", "full -> status");
	hd_alarms_raise(&f->alarms, "dead", "one", "dead -> retry");
	hd_alarms_repeat(&f->alarms, now + DAY_MS - 1000);
	assert_int_equal(f->sent, 2);
	hd_alarms_repeat(&f->alarms, now + DAY_MS + 1000);
	assert_int_equal(f->sent, 3);
	assert_string_equal(f->last, "disk|journal|full -> status");
	hd_alarms_repeat(&f->alarms, now + DAY_MS + 2000);
	assert_int_equal(f->sent, 3);
}

static void the_end_is_told_to_whom_the_trouble_was(void **state)
{
	struct fixture *f = *state;

	hd_alarms_raise(&f->alarms, "disk", "journal", NULL);
	assert_int_equal(f->sent, 0);
	hd_alarms_raise(&f->alarms, "disk", "journal", "full -> status");
	hd_alarms_raise(&f->alarms, "disk", "journal", NULL);
	assert_string_equal(f->last, "disk|journal|over: full");
	hd_alarms_repeat(&f->alarms, hd_now_ms() + 2 * DAY_MS);
	assert_int_equal(f->sent, 2);
	/* the next one is a new one */
	hd_alarms_raise(&f->alarms, "disk", "journal", "full -> status");
	assert_int_equal(f->sent, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			once_an_hour_for_each_kind_and_object, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_lasts_is_told_again_each_day, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_end_is_told_to_whom_the_trouble_was, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
