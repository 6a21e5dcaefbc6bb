#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/health.h"

static int forget_all(void **state)
{
	size_t count;
	struct hd_health_part *all = hd_health_all(&count);
	size_t i;

	(void)state;
	for (i = 0; i < count; i++)
		hd_health_forget(all[i].name);
	free(all);
	hd_clock_set_offset(0);
	return 0;
}

static void change_is_told_once(void **state)
{
	(void)state;
	assert_false(hd_health_set("connector misp", HD_HEALTH_OK, NULL));
	assert_false(hd_health_set("connector misp", HD_HEALTH_OK, NULL));
	assert_true(hd_health_set("connector misp", HD_HEALTH_DEGRADED, "a"));
	assert_false(hd_health_set("connector misp", HD_HEALTH_DEGRADED, "b"));
	assert_true(hd_health_set("connector misp", HD_HEALTH_OK, NULL));
	assert_true(hd_health_set("new", HD_HEALTH_FAILED, "x"));
}

static void since_is_when_the_state_changed(void **state)
{
	struct hd_health_part first;
	struct hd_health_part part;

	(void)state;
	hd_health_set("p", HD_HEALTH_DEGRADED, "slow");
	assert_true(hd_health_of("p", &first));
	assert_string_equal(first.why, "slow");
	hd_clock_set_offset(3600000);
	hd_health_set("p", HD_HEALTH_DEGRADED, "slower");
	assert_true(hd_health_of("p", &part));
	assert_int_equal(part.since_utc_ms, first.since_utc_ms);
	assert_string_equal(part.why, "slower");
	hd_health_set("p", HD_HEALTH_FAILED, "refused");
	assert_true(hd_health_of("p", &part));
	assert_true(part.since_utc_ms >= first.since_utc_ms + 3600000);
}

static void parts_are_listed_by_name(void **state)
{
	static const char *const names[] = { "b", "journal", "a" };
	static const char *const sorted[] = { "a", "b", "journal" };
	struct hd_health_part *all;
	size_t count;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		hd_health_set(names[i], HD_HEALTH_OK, "fine");
	all = hd_health_all(&count);
	assert_int_equal(count, 3);
	for (i = 0; i < 3; i++)
		assert_string_equal(all[i].name, sorted[i]);
	free(all);
	hd_health_forget("b");
	hd_health_forget("never there");
	all = hd_health_all(&count);
	assert_int_equal(count, 2);
	assert_string_equal(all[1].name, "journal");
	free(all);
	assert_false(hd_health_of("b", &(struct hd_health_part){ 0 }));
}

static void worst_part_counts(void **state)
{
	(void)state;
	assert_int_equal(hd_health_worst(), HD_HEALTH_OK);
	hd_health_set("a", HD_HEALTH_OK, NULL);
	hd_health_set("b", HD_HEALTH_FAILED, "x");
	hd_health_set("c", HD_HEALTH_DEGRADED, "y");
	assert_int_equal(hd_health_worst(), HD_HEALTH_FAILED);
	hd_health_set("b", HD_HEALTH_OK, NULL);
	assert_int_equal(hd_health_worst(), HD_HEALTH_DEGRADED);
	assert_string_equal(hd_health_word(HD_HEALTH_DEGRADED), "degraded");
}

static void long_texts_are_cut(void **state)
{
	struct hd_health_part part;
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_true(hd_health_set(text, HD_HEALTH_FAILED, text));
	assert_false(hd_health_set(text, HD_HEALTH_FAILED, text));
	assert_true(hd_health_of(text, &part));
	assert_int_equal(strlen(part.name), HD_HEALTH_NAME - 1);
	assert_int_equal(strlen(part.why), HD_HEALTH_WHY - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(change_is_told_once, forget_all),
		cmocka_unit_test_teardown(since_is_when_the_state_changed,
					  forget_all),
		cmocka_unit_test_teardown(parts_are_listed_by_name, forget_all),
		cmocka_unit_test_teardown(worst_part_counts, forget_all),
		cmocka_unit_test_teardown(long_texts_are_cut, forget_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
