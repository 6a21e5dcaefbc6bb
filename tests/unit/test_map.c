#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/alloc.h"
#include "core/base/hash.h"
#include "core/base/map.h"

/* Appendix A of the paper: key and input are the bytes 0, 1, 2, ...  The empty
 * input's value is the first of its reference vectors. */
static void hash_is_siphash_2_4(void **state)
{
	static const struct hd_hash_key key = { UINT64_C(0x0706050403020100),
						UINT64_C(0x0f0e0d0c0b0a0908) };
	uint8_t input[15];
	uint8_t i;

	(void)state;
	for (i = 0; i < sizeof(input); i++)
		input[i] = i;
	assert_true(hd_hash(&key, input, 15) == UINT64_C(0xa129ca6149be45e5));
	assert_true(hd_hash(&key, input, 0) == UINT64_C(0x726fdb47dd0e0e31));
}

static void own_key_is_random_and_stays(void **state)
{
	const struct hd_hash_key *key = hd_hash_own_key();

	(void)state;
	assert_true(key->k0 != 0 && key->k1 != 0);
	assert_ptr_equal(hd_hash_own_key(), key);
}

static int numbers[3000];

static const char *key_of(int i)
{
	static char text[16];

	snprintf(text, sizeof(text), "key%d", i);
	return text;
}

static void values_are_found_replaced_and_removed(void **state)
{
	struct hd_map *map = hd_map_new();
	int a = 1;
	int b = 2;

	(void)state;
	assert_null(hd_map_get(map, "x"));
	assert_null(hd_map_remove(map, "x"));
	assert_null(hd_map_set(map, "x", &a));
	assert_ptr_equal(hd_map_get(map, "x"), &a);
	assert_ptr_equal(hd_map_set(map, "x", &b), &a);
	assert_int_equal(hd_map_count(map), 1);
	assert_null(hd_map_get(map, ""));
	assert_null(hd_map_set(map, "", &a));
	assert_ptr_equal(hd_map_get(map, ""), &a);
	assert_null(hd_map_setn(map, "x\0y", 3, &a));
	assert_ptr_equal(hd_map_get(map, "x"), &b);
	assert_ptr_equal(hd_map_getn(map, "x\0y", 3), &a);
	assert_ptr_equal(hd_map_removen(map, "x\0y", 3), &a);
	assert_ptr_equal(hd_map_remove(map, "x"), &b);
	assert_null(hd_map_get(map, "x"));
	assert_int_equal(hd_map_count(map), 1);
	hd_map_free(map, NULL);
	hd_map_free(NULL, NULL);
}

/* Grows, and finds what it held through many removals and returns. */
static void many_values_stay_right(void **state)
{
	struct hd_map *map = hd_map_new();
	int round;
	int i;

	(void)state;
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 3000; i++)
			hd_map_set(map, key_of(i), &numbers[i]);
		assert_int_equal(hd_map_count(map), 3000);
		for (i = 0; i < 3000; i++)
			assert_ptr_equal(hd_map_get(map, key_of(i)),
					 &numbers[i]);
		for (i = 0; i < 3000; i++)
			if (i % 7 != round)
				assert_ptr_equal(hd_map_remove(map, key_of(i)),
						 &numbers[i]);
		for (i = 0; i < 3000; i++)
			assert_ptr_equal(hd_map_get(map, key_of(i)),
					 i % 7 == round ? &numbers[i] : NULL);
	}
	hd_map_free(map, NULL);
}

/* One key that comes and goes does not make the map grow for ever. */
static void coming_and_going_is_swept(void **state)
{
	struct hd_map *map = hd_map_new();
	int i;

	(void)state;
	for (i = 0; i < 3000; i++) {
		assert_null(hd_map_set(map, key_of(i), &numbers[i]));
		assert_ptr_equal(hd_map_remove(map, key_of(i)), &numbers[i]);
	}
	assert_int_equal(hd_map_count(map), 0);
	hd_map_free(map, NULL);
}

static void walk_keeps_the_order_and_allows_removal(void **state)
{
	struct hd_map *map = hd_map_new();
	const char *key;
	size_t place = 0;
	int *value;
	int seen = 0;
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		hd_map_set(map, key_of(i), &numbers[i]);
	while ((value = hd_map_next(map, &place, &key))) {
		assert_ptr_equal(value, &numbers[seen]);
		assert_string_equal(key, key_of(seen));
		if (seen % 2 == 0)
			hd_map_remove(map, key);
		seen++;
	}
	assert_int_equal(seen, 100);
	place = 0;
	for (i = 1; (value = hd_map_next(map, &place, NULL)); i += 2)
		assert_ptr_equal(value, &numbers[i]);
	assert_int_equal(i, 101);
	hd_map_free(map, NULL);
}

static void freeing_frees_the_values(void **state)
{
	struct hd_map *map = hd_map_new();

	(void)state;
	hd_map_set(map, "a", hd_strdup("x"));
	hd_map_set(map, "b", hd_strdup("y"));
	free(hd_map_remove(map, "a"));
	hd_map_free(map, free);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_is_siphash_2_4),
		cmocka_unit_test(own_key_is_random_and_stays),
		cmocka_unit_test(values_are_found_replaced_and_removed),
		cmocka_unit_test(many_values_stay_right),
		cmocka_unit_test(coming_and_going_is_swept),
		cmocka_unit_test(walk_keeps_the_order_and_allows_removal),
		cmocka_unit_test(freeing_frees_the_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
