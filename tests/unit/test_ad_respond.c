/* ad_respond: what an action makes of an attribute, and how a later value
 * stands to that.  Values are those of fixtures/ldap/useraccountcontrol.json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ad_respond/change.h"
#include "core/plugin/instance_impl.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define GUID "195d28c7-908c-4c3f-b701-c78d87bc754c"

static herald_host h;

static void only_the_one_bit_is_changed(void **state)
{
	static const struct {
		enum ad_action action;
		const char *now, *after;
	} cases[] = {
		{ AD_DISABLE, "512", "514" },
		{ AD_DISABLE, "66048", "66050" },
		{ AD_DISABLE, "546", "546" },
		{ AD_ENABLE, "514", "512" },
		{ AD_ENABLE, "66050", "66048" },
		{ AD_ENABLE, "512", "512" },
		/* a signed number of 32 bits */
		{ AD_DISABLE, "-2147483136", "-2147483134" },
		{ AD_FORCE_PASSWORD, "134400423525294850", "0" },
		{ AD_FORCE_PASSWORD, "0", "0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ad_change change;

		assert_true(ad_change_make(&change, cases[i].action, GUID,
					   herald_cstr(cases[i].now)));
		assert_string_equal(change.before, cases[i].now);
		assert_string_equal(change.after, cases[i].after);
		assert_string_equal(change.guid, GUID);
		assert_string_equal(change.attribute,
				    cases[i].action == AD_FORCE_PASSWORD
					    ? "pwdLastSet"
					    : "userAccountControl");
	}
}

static void what_is_no_number_is_not_changed(void **state)
{
	struct ad_change change;

	(void)state;
	assert_false(ad_change_make(&change, AD_DISABLE, GUID,
				    (herald_str){ NULL, 0 }));
	assert_false(ad_change_make(&change, AD_DISABLE, GUID,
				    HERALD_S("512x")));
}

static void a_value_stands_in_one_of_three_ways(void **state)
{
	struct ad_change change;

	(void)state;
	ad_change_make(&change, AD_DISABLE, GUID, HERALD_S("512"));
	assert_int_equal(ad_change_stands(&change, HERALD_S("514")), AD_DONE);
	assert_int_equal(ad_change_stands(&change, HERALD_S("512")), AD_OPEN);
	assert_int_equal(ad_change_stands(&change, HERALD_S("66050")),
			 AD_MOVED_ON);
	assert_int_equal(ad_change_stands(&change, (herald_str){ NULL, 0 }),
			 AD_MOVED_ON);
	ad_change_turn(&change);
	assert_int_equal(ad_change_stands(&change, HERALD_S("512")), AD_DONE);
	assert_int_equal(ad_change_stands(&change, HERALD_S("514")), AD_OPEN);
	/* disabled before us: the way back changes nothing */
	ad_change_make(&change, AD_DISABLE, GUID, HERALD_S("514"));
	ad_change_turn(&change);
	assert_int_equal(ad_change_stands(&change, HERALD_S("514")), AD_DONE);
}

static void a_memo_is_read_as_it_was_written(void **state)
{
	struct ad_change change, again;
	struct hp_json memo;

	(void)state;
	ad_change_make(&change, AD_DISABLE, GUID, HERALD_S("66048"));
	hp_json_open(&memo, &h, (herald_str){ NULL, 0 });
	ad_change_write(&change, &memo);
	assert_true(ad_change_read(&again, &memo));
	hp_json_close(&memo);
	assert_string_equal(again.guid, GUID);
	assert_string_equal(again.attribute, "userAccountControl");
	assert_string_equal(again.before, "66048");
	assert_string_equal(again.after, "66050");
}

static void a_memo_that_is_none_is_refused(void **state)
{
	static const char *const memos[] = {
		"{}",
		"{\"guid\":\"" GUID "\",\"attribute\":\"member\","
		"\"before\":\"1\",\"after\":\"2\"}",
		"{\"guid\":\"" GUID "\",\"attribute\":\"pwdLastSet\","
		"\"before\":\"\",\"after\":\"2\"}",
		"{\"guid\":\"*\",\"attribute\":\"pwdLastSet\","
		"\"before\":\"1\",\"after\":\"2\"}",
		"{\"guid\":\"" GUID "\",\"attribute\":\"pwdLastSet\","
		"\"before\":\"1\",\"after\":\"1111111111111111111111111\"}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(memos); i++) {
		struct ad_change change;
		struct hp_json memo;

		assert_true(hp_json_open(&memo, &h, herald_cstr(memos[i])));
		if (ad_change_read(&change, &memo))
			fail_msg("%s", memos[i]);
		hp_json_close(&memo);
	}
}

static int set_up(void **state)
{
	(void)state;
	hd_host_fill_json(&h);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_one_bit_is_changed),
		cmocka_unit_test(what_is_no_number_is_not_changed),
		cmocka_unit_test(a_value_stands_in_one_of_three_ways),
		cmocka_unit_test(a_memo_is_read_as_it_was_written),
		cmocka_unit_test(a_memo_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
