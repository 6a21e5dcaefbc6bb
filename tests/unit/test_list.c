#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/list.h"

struct item {
	int number;
	struct hd_list link;
};

/* The numbers from first to last, and back again, as one decimal number. */
static int digits_of(const struct hd_list *list)
{
	const struct hd_list *at;
	int digits = 0;

	for (at = list->next; at != list; at = at->next)
		digits = digits * 10 +
			 hd_list_item(at, const struct item, link)->number;
	for (at = list->prev; at != list; at = at->prev)
		digits = digits * 10 +
			 hd_list_item(at, const struct item, link)->number;
	return digits;
}

static void links_stay_in_order(void **state)
{
	struct item items[4] = { { .number = 0 },
				 { .number = 1 },
				 { .number = 2 },
				 { .number = 3 } };
	struct hd_list list;

	(void)state;
	hd_list_init(&list);
	assert_true(hd_list_empty(&list));
	assert_null(hd_list_first(&list));
	assert_null(hd_list_pop_first(&list));
	hd_list_push_last(&list, &items[2].link);
	hd_list_push_last(&list, &items[3].link);
	hd_list_push_first(&list, &items[1].link);
	assert_int_equal(digits_of(&list), 123321);
	hd_list_remove(&items[2].link);
	assert_int_equal(digits_of(&list), 1331);
	hd_list_remove(&items[2].link);
	hd_list_insert(&items[3].link, &items[2].link);
	assert_int_equal(digits_of(&list), 123321);
	assert_ptr_equal(hd_list_pop_first(&list), &items[1].link);
	assert_ptr_equal(hd_list_first(&list), &items[2].link);
	assert_int_equal(digits_of(&list), 2332);
}

static void walk_allows_removal(void **state)
{
	struct item items[4] = { { .number = 1 },
				 { .number = 2 },
				 { .number = 3 },
				 { .number = 4 } };
	struct hd_list list;
	struct hd_list *at;
	struct hd_list *after;
	size_t i;

	(void)state;
	hd_list_init(&list);
	for (i = 0; i < 4; i++)
		hd_list_push_last(&list, &items[i].link);
	hd_list_each(at, after,
		     &list) if (hd_list_item(at, struct item, link)->number %
					2 ==
				0) hd_list_remove(at);
	assert_int_equal(digits_of(&list), 1331);
	hd_list_each(at, after, &list) hd_list_remove(at);
	assert_true(hd_list_empty(&list));
}

static void all_can_be_moved(void **state)
{
	struct item items[4] = { { .number = 1 },
				 { .number = 2 },
				 { .number = 3 },
				 { .number = 4 } };
	struct hd_list a;
	struct hd_list b;

	(void)state;
	hd_list_init(&a);
	hd_list_init(&b);
	hd_list_move_all(&a, &b);
	assert_true(hd_list_empty(&a));
	hd_list_push_last(&a, &items[0].link);
	hd_list_push_last(&a, &items[1].link);
	hd_list_push_last(&b, &items[2].link);
	hd_list_push_last(&b, &items[3].link);
	hd_list_move_all(&a, &b);
	assert_int_equal(digits_of(&a), 12344321);
	assert_true(hd_list_empty(&b));
	hd_list_move_all(&b, &a);
	assert_int_equal(digits_of(&b), 12344321);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_stay_in_order),
		cmocka_unit_test(walk_allows_removal),
		cmocka_unit_test(all_can_be_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
