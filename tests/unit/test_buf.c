#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"

static void appends_follow_each_other(void **state)
{
	struct hd_buf buf;

	(void)state;
	hd_buf_init(&buf, 1000);
	assert_string_equal(hd_buf_text(&buf), "");
	hd_buf_adds(&buf, "ab");
	hd_buf_addc(&buf, '\0');
	hd_buf_add(&buf, "cd", 2);
	hd_buf_addf(&buf, "%03d", 7);
	hd_buf_add(&buf, NULL, 0);
	assert_int_equal(buf.n, 8);
	assert_memory_equal(buf.p, "ab\0cd007", 9);
	hd_buf_fini(&buf);
	assert_string_equal(hd_buf_text(&buf), "");
}

static void content_grows_to_the_maximum_and_no_further(void **state)
{
	struct hd_buf buf;
	size_t i;

	(void)state;
	hd_buf_init(&buf, 5000);
	for (i = 0; i < 5000; i++)
		hd_buf_addc(&buf, (char)('a' + i % 26));
	assert_false(hd_buf_failed(&buf));
	assert_int_equal(buf.n, 5000);
	for (i = 0; i < 5000; i++)
		assert_int_equal(buf.p[i], 'a' + i % 26);
	hd_buf_addc(&buf, 'x');
	assert_true(hd_buf_failed(&buf));
	assert_int_equal(buf.n, 5000);
	assert_int_equal(buf.p[5000], '\0');
	hd_buf_fini(&buf);
}

static void failure_lasts_until_cleared(void **state)
{
	struct hd_buf buf;

	(void)state;
	hd_buf_init(&buf, 3);
	hd_buf_adds(&buf, "abcd");
	hd_buf_adds(&buf, "a");
	assert_true(hd_buf_failed(&buf));
	assert_string_equal(hd_buf_text(&buf), "");
	hd_buf_clear(&buf);
	hd_buf_addf(&buf, "abc");
	assert_false(hd_buf_failed(&buf));
	assert_string_equal(hd_buf_text(&buf), "abc");
	assert_null(hd_buf_room(&buf, SIZE_MAX));
	assert_true(hd_buf_failed(&buf));
	hd_buf_fini(&buf);
}

static void room_counts_after_it_grew(void **state)
{
	struct hd_buf buf;
	char *room;

	(void)state;
	hd_buf_init(&buf, 100);
	room = hd_buf_room(&buf, 100);
	assert_non_null(room);
	memset(room, 'x', 100);
	assert_int_equal(buf.n, 0);
	hd_buf_grew(&buf, 2);
	assert_string_equal(hd_buf_text(&buf), "xx");
	hd_buf_fini(&buf);
}

static void stolen_content_is_the_callers(void **state)
{
	struct hd_buf buf;
	char *text;

	(void)state;
	hd_buf_init(&buf, 10);
	text = hd_buf_steal(&buf);
	assert_string_equal(text, "");
	free(text);
	hd_buf_adds(&buf, "abc");
	text = hd_buf_steal(&buf);
	assert_string_equal(text, "abc");
	free(text);
	assert_int_equal(buf.n, 0);
	assert_int_equal(buf.max, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_follow_each_other),
		cmocka_unit_test(content_grows_to_the_maximum_and_no_further),
		cmocka_unit_test(failure_lasts_until_cleared),
		cmocka_unit_test(room_counts_after_it_grew),
		cmocka_unit_test(stolen_content_is_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
