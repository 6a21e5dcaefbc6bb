#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/err.h"

static void setting_tells_code_and_text(void **state)
{
	struct hd_err err = { 0 };

	(void)state;
	assert_int_equal(hd_err_set(&err, EPERM, "file %s", "x"), -1);
	assert_int_equal(err.code, EPERM);
	assert_string_equal(err.text, "file x");
}

static void code_is_never_0(void **state)
{
	struct hd_err err = { 0 };

	(void)state;
	hd_err_set(&err, 0, "x");
	assert_int_equal(err.code, EINVAL);
	hd_err_sys(&err, 0, "x");
	assert_int_equal(err.code, EINVAL);
}

static void system_error_gets_its_words(void **state)
{
	struct hd_err err = { 0 };

	(void)state;
	assert_int_equal(hd_err_sys(&err, ENOENT, "open %s", "/x"), -1);
	assert_int_equal(err.code, ENOENT);
	assert_string_equal(err.text, "open /x: No such file or directory");
}

static void wrapping_puts_text_before(void **state)
{
	struct hd_err err = { 0 };

	(void)state;
	hd_err_set(&err, EIO, "inner");
	assert_int_equal(hd_err_wrap(&err, "outer %d", 1), -1);
	assert_string_equal(err.text, "outer 1: inner");
	assert_int_equal(err.code, EIO);
}

static void long_texts_are_cut(void **state)
{
	struct hd_err err = { 0 };
	char text[2 * HD_ERR_TEXT];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	hd_err_set(&err, EIO, "%s", text);
	assert_int_equal(strlen(err.text), HD_ERR_TEXT - 1);
	hd_err_sys(&err, EIO, "%s", text);
	assert_int_equal(strlen(err.text), HD_ERR_TEXT - 1);
	hd_err_wrap(&err, "front");
	assert_int_equal(strlen(err.text), HD_ERR_TEXT - 1);
	assert_memory_equal(err.text, "front: xx", 9);
}

static void nowhere_to_report_is_fine(void **state)
{
	(void)state;
	assert_int_equal(hd_err_set(NULL, EIO, "x"), -1);
	assert_int_equal(hd_err_sys(NULL, EIO, "x"), -1);
	assert_int_equal(hd_err_wrap(NULL, "x"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setting_tells_code_and_text),
		cmocka_unit_test(code_is_never_0),
		cmocka_unit_test(system_error_gets_its_words),
		cmocka_unit_test(wrapping_puts_text_before),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(nowhere_to_report_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
