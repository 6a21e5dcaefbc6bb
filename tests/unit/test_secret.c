#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/base/secret.h"

static char *directory;

static int make_directory(void **state)
{
	(void)state;
	directory = hd_strf("%s/secret.XXXXXX", TEST_BUILDDIR);
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	int rc = rmdir(directory);

	(void)state;
	free(directory);
	return rc;
}

/* The path of a new file; the caller frees it. */
static char *make_file(const char *name, const char *text, size_t n,
		       mode_t mode)
{
	char *path = hd_strf("%s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static void first_line_or_whole_file_is_read(void **state)
{
	static const struct {
		const char *text;
		bool whole;
		const char *secret;
	} cases[] = {
		{ "hunter2hunter2\n", false, "hunter2hunter2" },
		{ "hunter2hunter2", false, "hunter2hunter2" },
		{ "one\r\ntwo\n", false, "one" },
		{ " blanks stay \n", false, " blanks stay " },
		{ "one\ntwo\n", true, "one\ntwo\n" },
	};
	struct hd_secret *secret;
	struct hd_err err;
	char *path;
	size_t i;
	size_t n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		path = make_file("s", cases[i].text, strlen(cases[i].text),
				 0640);
		secret = hd_secret_read(path, cases[i].whole, &err);
		assert_non_null(secret);
		assert_string_equal(hd_secret_get(secret, &n), cases[i].secret);
		assert_int_equal(n, strlen(cases[i].secret));
		hd_secret_unref(secret);
		assert_int_equal(unlink(path), 0);
		free(path);
	}
}

static void doubtful_files_are_refused(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		mode_t mode;
		bool whole;
		int code;
		const char *why;
	} cases[] = {
		{ "secret", 6, 0644, false, EPERM, "mode 0644 lets others in" },
		{ "secret", 6, 0602, false, EPERM, "mode 0602 lets others in" },
		{ "secret", 6, 0601, false, EPERM, "mode 0601 lets others in" },
		{ "secret", 6, 0620, false, EPERM, "mode 0620 lets others in" },
		{ "", 0, 0600, false, EINVAL, "first line is empty" },
		{ "\nx", 2, 0600, false, EINVAL, "first line is empty" },
		{ "", 0, 0600, true, EINVAL, "is empty" },
		{ "a\0b", 3, 0600, false, EINVAL, "holds a NUL byte" },
		{ "a\nb\0", 4, 0600, true, EINVAL, "holds a NUL byte" },
	};
	struct hd_err err;
	char *path;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		path = make_file("s", cases[i].text, cases[i].n, cases[i].mode);
		assert_null(hd_secret_read(path, cases[i].whole, &err));
		text = hd_strf("secret %s: %s", path, cases[i].why);
		assert_string_equal(err.text, text);
		assert_int_equal(err.code, cases[i].code);
		assert_int_equal(unlink(path), 0);
		free(text);
		free(path);
	}
	assert_null(hd_secret_read("/nonexistent/secret", false, &err));
	assert_int_equal(err.code, ENOENT);
	assert_null(hd_secret_read(directory, false, &err));
	assert_non_null(strstr(err.text, "not a regular file"));
	path = hd_strf("%s/fifo", directory);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(hd_secret_read(path, false, &err));
	assert_non_null(strstr(err.text, "not a regular file"));
	unlink(path);
	free(path);
}

static void length_is_bounded(void **state)
{
	static char text[HD_SECRET_MAX + 3];
	struct hd_secret *secret;
	struct hd_err err;
	char *path;
	size_t n;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[HD_SECRET_MAX] = '\n';
	path = make_file("s", text, sizeof(text), 0600);
	secret = hd_secret_read(path, false, &err);
	assert_non_null(secret);
	hd_secret_get(secret, &n);
	assert_int_equal(n, HD_SECRET_MAX);
	hd_secret_unref(secret);
	assert_null(hd_secret_read(path, true, &err));
	assert_int_equal(err.code, EFBIG);
	unlink(path);
	free(path);
	text[HD_SECRET_MAX] = 'x';
	path = make_file("s", text, sizeof(text), 0600);
	assert_null(hd_secret_read(path, false, &err));
	assert_int_equal(err.code, EFBIG);
	unlink(path);
	free(path);
}

static void credentials_are_found_under_both_names(void **state)
{
	struct hd_secret *secret;
	struct hd_err err;
	char *plain = make_file("soar", "token-a", 7, 0400);
	char *prefixed = make_file("secrets_misp", "token-b", 7, 0400);

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_null(hd_secret_credential("soar", false, &err));
	assert_non_null(strstr(err.text, "CREDENTIALS_DIRECTORY is not set"));
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	secret = hd_secret_credential("soar", false, &err);
	assert_non_null(secret);
	assert_string_equal(hd_secret_get(secret, NULL), "token-a");
	hd_secret_unref(secret);
	secret = hd_secret_credential("misp", false, &err);
	assert_non_null(secret);
	assert_string_equal(hd_secret_get(secret, NULL), "token-b");
	hd_secret_unref(secret);
	assert_null(hd_secret_credential("nope", false, &err));
	assert_int_equal(err.code, ENOENT);
	assert_null(hd_secret_credential("../soar", false, &err));
	assert_null(hd_secret_credential("..", false, &err));
	assert_null(hd_secret_credential("a/b", false, &err));
	assert_int_equal(err.code, EINVAL);
	unlink(plain);
	unlink(prefixed);
	free(plain);
	free(prefixed);
}

static void masks(const char *text, const char *masked)
{
	char copy[128];
	size_t n = strlen(text);

	memcpy(copy, text, n);
	n = hd_secret_mask(copy, n);
	copy[n] = '\0';
	assert_string_equal(copy, masked);
}

static void living_secrets_are_masked(void **state)
{
	struct hd_secret *secret = hd_secret_text_new("hunter22", 8);
	struct hd_secret *longer = hd_secret_text_new("hunter22-more", 13);
	struct hd_secret *little = hd_secret_text_new("short", 5);
	struct hd_secret *lines = hd_secret_text_new(
		"-----BEGIN KEY-----\nMIIabcdef\nMIIghijkl\n", 40);

	(void)state;
	masks("", "");
	masks("hunter22", "***");
	masks("a hunter22hunter22 b hunter22", "a ****** b ***");
	masks("x=hunter22-more!", "x=***!");
	masks("hunter2 short", "hunter2 short");
	masks("key MIIghijkl and -----BEGIN KEY-----",
	      "key *** and -----BEGIN KEY-----");
	hd_secret_ref(secret);
	hd_secret_unref(secret);
	masks("hunter22", "***");
	hd_secret_unref(secret);
	masks("hunter22", "hunter22");
	masks("hunter22-more", "***");
	hd_secret_unref(longer);
	hd_secret_unref(little);
	hd_secret_unref(lines);
	hd_secret_unref(NULL);
	masks("hunter22-more", "hunter22-more");
}

static void secret_is_itself_only(void **state)
{
	struct hd_secret *secret = hd_secret_text_new("abcdef", 6);

	(void)state;
	assert_true(hd_secret_is(secret, "abcdef", 6));
	assert_false(hd_secret_is(secret, "abcdef", 5));
	assert_false(hd_secret_is(secret, "abcdeg", 6));
	assert_false(hd_secret_is(secret, "", 0));
	hd_secret_unref(secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_line_or_whole_file_is_read),
		cmocka_unit_test(doubtful_files_are_refused),
		cmocka_unit_test(length_is_bounded),
		cmocka_unit_test(credentials_are_found_under_both_names),
		cmocka_unit_test(living_secrets_are_masked),
		cmocka_unit_test(secret_is_itself_only),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
