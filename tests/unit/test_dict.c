#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dict.h"

#define MANY 3000

static int numbers[MANY];

static const char *key_of(int i)
{
	static char text[16];

	snprintf(text, sizeof(text), "key%d", i);
	return text;
}

static void values_are_found_replaced_and_taken_out(void **state)
{
	struct hd_dict dict;
	int a = 1;
	int b = 2;

	(void)state;
	hd_dict_init(&dict);
	assert_null(hd_dict_get(&dict, "x"));
	assert_null(hd_dict_del(&dict, "x"));
	assert_null(hd_dict_put(&dict, "x", &a));
	assert_ptr_equal(hd_dict_get(&dict, "x"), &a);
	assert_ptr_equal(hd_dict_put(&dict, "x", &b), &a);
	assert_int_equal(hd_dict_count(&dict), 1);
	assert_null(hd_dict_get(&dict, ""));
	assert_null(hd_dict_put(&dict, "", &a));
	assert_ptr_equal(hd_dict_get(&dict, ""), &a);
	assert_ptr_equal(hd_dict_del(&dict, "x"), &b);
	assert_null(hd_dict_get(&dict, "x"));
	assert_null(hd_dict_del(&dict, "x"));
	assert_int_equal(hd_dict_count(&dict), 1);
	hd_dict_fini(&dict);
	assert_int_equal(hd_dict_count(&dict), 0);
}

/* Grows, and finds what it holds through many removals and returns. */
static void many_values_stay_right(void **state)
{
	struct hd_dict dict;
	int round;
	int i;

	(void)state;
	hd_dict_init(&dict);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < MANY; i++)
			hd_dict_put(&dict, key_of(i), &numbers[i]);
		assert_int_equal(hd_dict_count(&dict), MANY);
		for (i = 0; i < MANY; i++)
			assert_ptr_equal(hd_dict_get(&dict, key_of(i)),
					 &numbers[i]);
		for (i = 0; i < MANY; i++)
			if (i % 7 != round)
				assert_ptr_equal(hd_dict_del(&dict, key_of(i)),
						 &numbers[i]);
		for (i = 0; i < MANY; i++)
			assert_ptr_equal(hd_dict_get(&dict, key_of(i)),
					 i % 7 == round ? &numbers[i] : NULL);
	}
	hd_dict_fini(&dict);
}

static void coming_and_going_needs_no_more_room(void **state)
{
	struct hd_dict dict;
	int i;

	(void)state;
	hd_dict_init(&dict);
	for (i = 0; i < MANY; i++) {
		assert_null(hd_dict_put(&dict, key_of(i), &numbers[i]));
		assert_ptr_equal(hd_dict_del(&dict, key_of(i)), &numbers[i]);
	}
	assert_int_equal(hd_dict_count(&dict), 0);
	assert_true(dict.cap <= 16);
	hd_dict_fini(&dict);
}

static void walk_gives_each_once_and_allows_removal(void **state)
{
	bool seen[100] = { false };
	struct hd_dict dict;
	const char *key;
	size_t at = 0;
	int *value;
	int count = 0;
	int i;

	(void)state;
	hd_dict_init(&dict);
	for (i = 0; i < 100; i++)
		hd_dict_put(&dict, key_of(i), &numbers[i]);
	while ((value = hd_dict_next(&dict, &at, &key))) {
		i = (int)(value - numbers);
		assert_false(seen[i]);
		seen[i] = true;
		assert_string_equal(key, key_of(i));
		if (i % 2 == 0)
			assert_ptr_equal(hd_dict_del(&dict, key), value);
		count++;
	}
	assert_int_equal(count, 100);
	assert_int_equal(hd_dict_count(&dict), 50);
	for (at = 0; (value = hd_dict_next(&dict, &at, NULL));)
		assert_int_equal((value - numbers) % 2, 1);
	hd_dict_fini(&dict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found_replaced_and_taken_out),
		cmocka_unit_test(many_values_stay_right),
		cmocka_unit_test(coming_and_going_needs_no_more_room),
		cmocka_unit_test(walk_gives_each_once_and_allows_removal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
