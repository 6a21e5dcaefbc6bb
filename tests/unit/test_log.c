#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/json_text.h"
#include "core/base/log.h"
#include "core/base/log_limit.h"
#include "core/base/secret.h"

static int fd;
static char printed[65536];

static int open_log(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	fd = memfd_create("log", 0);
	return fd < 0 ? -1 : 0;
}

static int close_log(void **state)
{
	(void)state;
	hd_log_init(STDERR_FILENO, HD_LOG_INFO, false);
	return close(fd);
}

/* What was printed since the last time. */
static const char *take_printed(void)
{
	off_t n = lseek(fd, 0, SEEK_CUR);

	assert_true(n >= 0 && (size_t)n < sizeof(printed));
	assert_int_equal(pread(fd, printed, (size_t)n, 0), n);
	printed[n] = '\0';
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return printed;
}

/* Behind the time, whose form is checked. */
static const char *take_behind_time(void)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ ";
	const char *text = take_printed();
	size_t i;

	for (i = 0; form[i] != '\0'; i++) {
		if (form[i] == 'd')
			assert_in_range(text[i], '0', '9');
		else
			assert_int_equal(text[i], form[i]);
	}
	return text + i;
}

static void text_line_has_time_level_and_context(void **state)
{
	static const struct hd_log_context both = { "misp", "7f3a" };
	static const struct hd_log_context connector = { "misp", NULL };

	(void)state;
	hd_log_init(fd, HD_LOG_DEBUG, false);
	hd_log(HD_LOG_WARNING, &both, "circuit open after %d failures", 5);
	assert_string_equal(take_behind_time(),
			    "warning misp: circuit open after 5 failures "
			    "alert=7f3a\n");
	hd_log(HD_LOG_DEBUG, &connector, "x");
	assert_string_equal(take_behind_time(), "debug misp: x\n");
	hd_notice("started");
	assert_string_equal(take_behind_time(), "notice started\n");
}

static void lower_levels_are_left_out(void **state)
{
	(void)state;
	hd_log_init(fd, HD_LOG_NOTICE, false);
	hd_info("a");
	hd_debug("b");
	assert_string_equal(take_printed(), "");
	hd_log_set_level(HD_LOG_INFO);
	hd_info("a");
	hd_debug("b");
	assert_string_equal(take_behind_time(), "info a\n");
}

static void journal_gets_priorities(void **state)
{
	char stream[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(fd, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu",
		 (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	hd_log_init(fd, HD_LOG_DEBUG, false);
	hd_error("e");
	hd_warning("w");
	hd_notice("n");
	hd_info("i");
	hd_debug("d");
	assert_string_equal(take_printed(), "<3>e\n<4>w\n<5>n\n<6>i\n<7>d\n");
	setenv("JOURNAL_STREAM", "1:1", 1);
	hd_log_init(fd, HD_LOG_DEBUG, false);
	hd_info("i");
	assert_string_equal(take_behind_time(), "info i\n");
	unsetenv("JOURNAL_STREAM");
}

static void json_line_is_one_object(void **state)
{
	static const struct hd_log_context both = { "misp", "7f3a" };
	struct hd_json_report report;
	const char *text;
	json_t *line;

	(void)state;
	hd_log_init(fd, HD_LOG_DEBUG, true);
	hd_log(HD_LOG_ERROR, &both, "say \"no\"\n\x1b[0m");
	text = take_printed();
	line = hd_json_read(text, strlen(text), NULL, &report);
	assert_non_null(line);
	assert_int_equal(json_object_size(line), 5);
	assert_int_equal(
		strlen(json_string_value(json_object_get(line, "time"))), 24);
	assert_string_equal(json_string_value(json_object_get(line, "level")),
			    "error");
	assert_string_equal(
		json_string_value(json_object_get(line, "connector")), "misp");
	assert_string_equal(json_string_value(json_object_get(line, "alert")),
			    "7f3a");
	assert_string_equal(json_string_value(json_object_get(line, "text")),
			    "say \"no\"\\u{a}\\u{1b}[0m");
	json_decref(line);
	hd_info("plain");
	text = take_printed();
	line = hd_json_read(text, strlen(text), NULL, &report);
	assert_int_equal(json_object_size(line), 3);
	json_decref(line);
}

static void line_cannot_be_forged(void **state)
{
	static const struct hd_log_context odd = { "a\nb", "c\xff" };

	(void)state;
	hd_log_init(fd, HD_LOG_DEBUG, false);
	hd_log(HD_LOG_INFO, &odd, "user %s", "x\n2026 error\xe2\x80\xa8\xff");
	assert_string_equal(take_behind_time(),
			    "info a\\u{a}b: user x\\u{a}2026 error\\u{2028}"
			    "\\x{ff} alert=c\\x{ff}\n");
}

static void secrets_do_not_appear(void **state)
{
	struct hd_secret *secret = hd_secret_text_new("s3cr\"et\xff", 8);
	struct hd_log_context ctx = { "s3cr\"et\xff", NULL };

	(void)state;
	hd_log_init(fd, HD_LOG_DEBUG, false);
	hd_log(HD_LOG_INFO, &ctx, "sent %s", "token=s3cr\"et\xff!");
	assert_string_equal(take_behind_time(), "info ***: sent token=***!\n");
	hd_secret_unref(secret);
}

static void long_lines_are_cut_at_a_character(void **state)
{
	static const struct hd_log_context ctx = { "misp", "7f3a" };
	static char text[3 * 9000 + 1];
	const char *line;
	size_t i;
	json_t *value;

	(void)state;
	for (i = 0; i < 9000; i++)
		memcpy(text + 3 * i, "\xe2\x82\xac", 3);
	hd_log_init(fd, HD_LOG_DEBUG, false);
	hd_log(HD_LOG_INFO, &ctx, "%s", text);
	line = take_printed();
	assert_in_range(strlen(line), 8190, 8192);
	assert_string_equal(line + strlen(line) - 15, "\xe2\x82\xac "
						      "alert=7f3a\n");
	memset(text, '"', 9000);
	text[9000] = '\0';
	hd_log_init(fd, HD_LOG_DEBUG, true);
	hd_log(HD_LOG_INFO, &ctx, "%s", text);
	line = take_printed();
	assert_in_range(strlen(line), 8191, 8192);
	value = hd_json_read(line, strlen(line), NULL, NULL);
	assert_non_null(value);
	json_decref(value);
}

static void errno_survives(void **state)
{
	(void)state;
	hd_log_init(fd, HD_LOG_DEBUG, false);
	errno = ENOTTY;
	hd_info("x");
	assert_int_equal(errno, ENOTTY);
	assert_string_equal(take_behind_time(), "info x\n");
	hd_log_init(-1, HD_LOG_DEBUG, false);
	errno = ENOTTY;
	hd_info("to nobody");
	assert_int_equal(errno, ENOTTY);
}

/* Whatever the clock does, of 100 lines 5 pass in each second. */
static void repeats_are_held_back(void **state)
{
	static const struct hd_log_context a = { "a", NULL };
	static const struct hd_log_context b = { "b", NULL };
	const char *text;
	int lines = 0;
	int i;

	(void)state;
	hd_log_init(fd, HD_LOG_DEBUG, false);
	for (i = 0; i < 100; i++)
		hd_log(HD_LOG_WARNING, &a, "lost %d", i);
	hd_log(HD_LOG_WARNING, &b, "lost %d", i);
	text = take_printed();
	for (i = 0; text[i] != '\0'; i++)
		lines += text[i] == '\n';
	assert_in_range(lines, 6, 20);
	assert_non_null(strstr(text, "a: lost 4\n"));
	assert_non_null(strstr(text, "b: lost 100\n"));
	for (i = 0; i < 100; i++)
		hd_info("fate");
	text = take_printed();
	for (lines = i = 0; text[i] != '\0'; i++)
		lines += text[i] == '\n';
	assert_true(lines >= 100);
}

static struct hd_log_limit limit;

static bool pass(int64_t now_ms, const char *connector, const char *what)
{
	return hd_log_limit_pass(&limit, now_ms, HD_LOG_WARNING, connector,
				 what);
}

static void place_passes_five_a_second(void **state)
{
	struct hd_log_place held;
	int i;

	(void)state;
	memset(&limit, 0, sizeof(limit));
	for (i = 0; i < 5; i++)
		assert_true(pass(1000 + i, "a", "x"));
	assert_false(pass(1500, "a", "x"));
	assert_false(pass(1999, "a", "x"));
	assert_true(pass(1999, "b", "x"));
	assert_true(pass(1999, "a", "y"));
	assert_true(hd_log_limit_pass(&limit, 1999, HD_LOG_ERROR, "a", "x"));
	assert_false(hd_log_limit_take(&limit, 1999, &held));
	assert_true(hd_log_limit_take(&limit, 2000, &held));
	assert_int_equal(held.held, 2);
	assert_string_equal(held.connector, "a");
	assert_string_equal(held.what, "x");
	assert_int_equal(held.level, HD_LOG_WARNING);
	assert_false(hd_log_limit_take(&limit, 2000, &held));
	for (i = 0; i < 5; i++)
		assert_true(pass(2000, "a", "x"));
	assert_false(pass(2000, "a", "x"));
}

static void surplus_places_pass(void **state)
{
	char what[16];
	int i;
	int j;

	(void)state;
	memset(&limit, 0, sizeof(limit));
	for (i = 0; i < HD_LOG_PLACES; i++) {
		snprintf(what, sizeof(what), "%d", i);
		for (j = 0; j < 6; j++)
			assert_int_equal(pass(1000, "a", what), j < 5);
	}
	for (j = 0; j < 10; j++)
		assert_true(pass(1000, "a", "one more"));
	assert_false(pass(1000, "a", "0"));
}

static void level_names_go_round(void **state)
{
	enum hd_level level;
	int i;

	(void)state;
	for (i = HD_LOG_DEBUG; i <= HD_LOG_ERROR; i++) {
		assert_int_equal(hd_log_level_parse(hd_log_level_name(
							    (enum hd_level)i),
						    &level),
				 0);
		assert_int_equal(level, i);
	}
	assert_int_equal(hd_log_level_parse("loud", &level), -1);
	assert_int_equal(hd_log_level_parse("", &level), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_line_has_time_level_and_context),
		cmocka_unit_test(lower_levels_are_left_out),
		cmocka_unit_test(journal_gets_priorities),
		cmocka_unit_test(json_line_is_one_object),
		cmocka_unit_test(line_cannot_be_forged),
		cmocka_unit_test(secrets_do_not_appear),
		cmocka_unit_test(long_lines_are_cut_at_a_character),
		cmocka_unit_test(errno_survives),
		cmocka_unit_test(repeats_are_held_back),
		cmocka_unit_test(place_passes_five_a_second),
		cmocka_unit_test(surplus_places_pass),
		cmocka_unit_test(level_names_go_round),
	};

	return cmocka_run_group_tests(tests, open_log, close_log);
}
