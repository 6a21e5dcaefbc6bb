#include "core/base/json_pool.h"

#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* Bigger than what is kept, and of every size that is. */
static json_t *make_tree(size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		char text[300];

		memset(text, 'x', sizeof(text));
		text[i % sizeof(text)] = '\0';
		json_array_append_new(list, json_pack("{s:s, s:i}", "text",
						      text, "number", (int)i));
	}
	return list;
}

static void check_tree(json_t *list, size_t n)
{
	assert_int_equal(json_array_size(list), n);
	for (size_t i = 0; i < n; i++) {
		json_t *item = json_array_get(list, i);

		assert_int_equal(json_integer_value(
					 json_object_get(item, "number")), i);
		assert_int_equal(json_string_length(
					 json_object_get(item, "text")),
				 i % 300);
	}
}

static void trees_are_whole_though_memory_is_used_again(void **state)
{
	json_t *a, *b;

	(void)state;
	hd_json_pool_start();
	for (int i = 0; i < 5; i++) {
		a = make_tree(6000);
		b = make_tree(100);
		check_tree(a, 6000);
		json_decref(a);
		a = make_tree(3000);
		check_tree(b, 100);
		check_tree(a, 3000);
		json_decref(a);
		json_decref(b);
	}
	hd_json_pool_stop();
}

static void the_last_block_is_the_next_one(void **state)
{
	json_t *a;
	uintptr_t at;

	(void)state;
	hd_json_pool_start();
	a = json_integer(1);
	at = (uintptr_t)a;
	json_decref(a);
	a = json_integer(2);
	assert_int_equal((uintptr_t)a, at);
	json_decref(a);
	hd_json_pool_stop();
}

static void *free_elsewhere(void *tree)
{
	check_tree(tree, 50);
	json_decref(tree);
	return make_tree(50);
}

static void another_thread_may_free_and_make(void **state)
{
	void *back = NULL;
	pthread_t thread;

	(void)state;
	hd_json_pool_start();
	assert_int_equal(pthread_create(&thread, NULL, free_elsewhere,
					make_tree(50)), 0);
	pthread_join(thread, &back);
	check_tree(back, 50);
	json_decref(back);
	hd_json_pool_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees_are_whole_though_memory_is_used_again),
		cmocka_unit_test(the_last_block_is_the_next_one),
		cmocka_unit_test(another_thread_may_free_and_make),
	};

	hd_json_pool_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
