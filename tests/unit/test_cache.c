#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/lookup/cache.h"

static struct hd_answer *answer(int64_t mark)
{
	return hd_answer_new(HD_HIT, 0, NULL, NULL, mark, 0);
}

static void put(struct hd_cache *cache, const char *key, int64_t mark,
		int64_t until)
{
	struct hd_answer *a = answer(mark);

	hd_cache_put(cache, key, a, NULL, 10, until);
	hd_answer_unref(a);
}

static void gives_what_was_put_until_its_time(void **state)
{
	struct hd_cache *cache = hd_cache_new(10, 1 << 20);

	(void)state;
	put(cache, "a", 1, 100);
	assert_int_equal(hd_cache_get(cache, "a", 99)->made_ms, 1);
	assert_null(hd_cache_get(cache, "b", 0));
	assert_null(hd_cache_get(cache, "a", 100));
	assert_int_equal(hd_cache_count(cache), 0);
	hd_cache_free(cache);
}

static void newer_answer_replaces(void **state)
{
	struct hd_cache *cache = hd_cache_new(10, 1 << 20);

	(void)state;
	put(cache, "a", 1, 100);
	put(cache, "a", 2, 200);
	assert_int_equal(hd_cache_get(cache, "a", 150)->made_ms, 2);
	assert_int_equal(hd_cache_count(cache), 1);
	hd_cache_free(cache);
}

static void least_recently_used_goes_first(void **state)
{
	struct hd_cache *cache = hd_cache_new(3, 1 << 20);

	(void)state;
	put(cache, "a", 1, 100);
	put(cache, "b", 2, 100);
	put(cache, "c", 3, 100);
	assert_non_null(hd_cache_get(cache, "a", 1));
	put(cache, "d", 4, 100);
	assert_null(hd_cache_get(cache, "b", 1));
	assert_non_null(hd_cache_get(cache, "a", 1));
	assert_non_null(hd_cache_get(cache, "c", 1));
	assert_non_null(hd_cache_get(cache, "d", 1));
	hd_cache_free(cache);
}

static void answer_outlives_the_cache_for_who_holds_it(void **state)
{
	struct hd_cache *cache = hd_cache_new(3, 1 << 20);
	struct hd_answer *held;

	(void)state;
	put(cache, "a", 7, 100);
	held = hd_answer_ref(hd_cache_get(cache, "a", 1));
	hd_cache_free(cache);
	assert_int_equal(held->made_ms, 7);
	hd_answer_unref(held);
}

static void stays_within_its_bound(void **state)
{
	struct hd_cache *cache = hd_cache_new(100, 1 << 20);
	char key[32];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		put(cache, key, i, 100);
		assert_true(hd_cache_count(cache) <= 100);
	}
	hd_cache_free(cache);
}

static void stays_within_its_bytes(void **state)
{
	struct hd_cache *cache = hd_cache_new(1000000, 100000);
	struct hd_answer *a = answer(1);
	char key[32];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		hd_cache_put(cache, key, a, NULL, (size_t)(i % 500), 100);
		assert_true(hd_cache_bytes(cache) <= 100000);
	}
	assert_true(hd_cache_count(cache) > 20);
	hd_cache_put(cache, "huge", a, NULL, 200000, 100);
	assert_null(hd_cache_get(cache, "huge", 1));
	hd_answer_unref(a);
	hd_cache_free(cache);
}

static void what_waits_as_text_comes_as_a_tree(void **state)
{
	static const char text[] = "{\"data\":{\"n\":3}}";
	struct hd_cache *cache = hd_cache_new(3, 1 << 20);
	struct hd_answer *a = answer(7), *got;
	size_t before;

	(void)state;
	hd_cache_put(cache, "a", a, text, sizeof(text) - 1, 100);
	hd_answer_unref(a);
	before = hd_cache_bytes(cache);
	for (int i = 0; i < 2; i++) {
		got = hd_cache_get(cache, "a", 1);
		assert_int_equal(got->made_ms, 7);
		assert_int_equal(json_integer_value(json_object_get(
					 json_object_get(got->result, "data"),
					 "n")), 3);
		assert_true(hd_cache_bytes(cache) > before);
	}
	hd_cache_put(cache, "a", got, NULL, 0, 100);
	assert_int_equal(hd_cache_count(cache), 1);
	hd_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_what_was_put_until_its_time),
		cmocka_unit_test(newer_answer_replaces),
		cmocka_unit_test(least_recently_used_goes_first),
		cmocka_unit_test(answer_outlives_the_cache_for_who_holds_it),
		cmocka_unit_test(stays_within_its_bound),
		cmocka_unit_test(stays_within_its_bytes),
		cmocka_unit_test(what_waits_as_text_comes_as_a_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
