/* Marks and suspects: each end is that of a child process. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/err.h"
#include "core/plugin/fatal.h"
#include "core/plugin/inflight.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccc"

static char dir[] = "/tmp/herald-inflight-XXXXXX";

static void open_file(struct hd_last_end *last)
{
	struct hd_err err;

	if (hd_inflight_open(dir, last, &err) < 0)
		fail_msg("%s", err.text);
}

/* A process that opens the file, does `work`, and ends as that does. */
static int in_child(void (*work)(void))
{
	struct hd_last_end last;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		close(STDERR_FILENO); /* its last words are none of ours */
		open_file(&last);
		hd_fatal_install();
		work();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* "a2 b1": the suspects and their crashes, in the order of the file. */
static const char *suspects(void)
{
	static char text[256];
	struct hd_suspect s;
	size_t at = 0, n = 0;

	text[0] = '\0';
	while (hd_inflight_suspect(&at, &s))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%c%u",
				      n != 0 ? " " : "", s.alert[0], s.crashes);
	return text;
}

/* What the next process is told. */
static const char *look(struct hd_last_end *last)
{
	open_file(last);
	return suspects();
}

static int clean(void **state)
{
	char path[64];

	(void)state;
	hd_inflight_stopping();
	hd_inflight_close();
	snprintf(path, sizeof(path), "%s/inflight", dir);
	unlink(path);
	return 0;
}

/* ---- what children do ---- */

static void stop(void)
{
	hd_inflight_note(A, "misp", "lookup");
	hd_inflight_stopping();
}

static void kill_outside(void)
{
	hd_inflight_note(A, "misp", "lookup");
	kill(getpid(), SIGKILL);
}

static void kill_inside(void)
{
	hd_inflight_note(A, "misp", "lookup");
	hd_inflight_enter(hd_inflight_note(B, "misp", "lookup"));
	hd_inflight_clear(hd_inflight_note(C, "misp", "lookup"));
	kill(getpid(), SIGKILL);
}

static void leave_then_abort(void)
{
	struct hd_mark *mark = hd_inflight_note(A, "misp", "lookup");

	hd_inflight_enter(mark);
	hd_inflight_leave(mark);
	hd_inflight_note(B, "vt", "lookup");
	abort();
}

static void abort_in_a_batch(void)
{
	hd_inflight_enter(hd_inflight_note(A, "misp", "lookup"));
	hd_inflight_enter(hd_inflight_note(B, "misp", "lookup"));
	hd_inflight_note(C, "misp", "lookup");
	abort();
}

static void abort_in_b(void)
{
	hd_inflight_note(A, "misp", "lookup");
	hd_inflight_enter(hd_inflight_note(B, NULL, "step"));
	hd_inflight_enter(hd_inflight_note(B, "misp", "lookup"));
	abort();
}

static void exit_in_b(void)
{
	hd_inflight_enter(hd_inflight_note(B, "misp", "lookup"));
	exit(0);
}

static void nothing(void)
{
	hd_inflight_stopping();
}

/* ---- tests ---- */

static void a_clean_stop_makes_no_suspects(void **state)
{
	struct hd_last_end last;

	(void)state;
	assert_int_equal(in_child(stop), 0);
	assert_string_equal(look(&last), "");
	assert_false(last.crashed);
}

static void a_kill_outside_any_call_makes_none_either(void **state)
{
	struct hd_last_end last;

	(void)state;
	assert_true(WIFSIGNALED(in_child(kill_outside)));
	assert_string_equal(look(&last), "");
	assert_true(last.crashed);
	assert_int_equal(last.signal, -1);
}

static void a_kill_inside_suspects_who_was_inside(void **state)
{
	struct hd_last_end last;

	(void)state;
	in_child(kill_inside);
	assert_string_equal(look(&last), "b1");
}

static void a_signal_outside_suspects_all_under_way(void **state)
{
	struct hd_last_end last;

	(void)state;
	in_child(leave_then_abort);
	assert_string_equal(look(&last), "a1 b1");
	assert_true(last.crashed);
	assert_int_equal(last.signal, SIGABRT);
}

static void crashes_add_up_for_the_guilty_one(void **state)
{
	struct hd_last_end last;
	struct hd_suspect s;
	size_t at = 0;

	(void)state;
	in_child(abort_in_a_batch);
	in_child(abort_in_b);
	in_child(nothing); /* a clean stop forgets nothing */
	in_child(abort_in_b);
	assert_string_equal(look(&last), "a1 b3");
	assert_true(hd_inflight_suspect(&at, &s));
	assert_false(s.fresh);
	assert_true(hd_inflight_suspect(&at, &s));
	assert_true(s.fresh);
	assert_string_equal(s.connector, "misp");
	assert_string_equal(s.call, "lookup");
	hd_inflight_absolve(B);
	assert_string_equal(suspects(), "a1");
}

static void an_exit_is_a_crash(void **state)
{
	struct hd_last_end last;

	(void)state;
	assert_int_equal(in_child(exit_in_b), 0);
	assert_string_equal(look(&last), "b1");
	assert_int_equal(last.signal, 0);
}

static void overwrite(long at, const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/inflight", dir);
	file = fopen(path, "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
}

static void after_a_reboot_nothing_counts(void **state)
{
	struct hd_last_end last;

	(void)state;
	in_child(abort_in_b);
	overwrite(24, "another-boot");
	assert_string_equal(look(&last), "");
	assert_false(last.crashed);
}

static void a_file_that_is_none_of_ours_is_begun_anew(void **state)
{
	struct hd_last_end last;

	(void)state;
	in_child(abort_in_b);
	overwrite(0, "something else");
	assert_string_equal(look(&last), "");
	assert_false(last.crashed);
}

static void marks_end_and_begin_again(void **state)
{
	struct hd_last_end last;
	static struct hd_mark *marks[8193];

	(void)state;
	open_file(&last);
	for (size_t i = 0; i < 8192; i++)
		assert_non_null(marks[i] = hd_inflight_note(A, "x", "run"));
	assert_null(hd_inflight_note(A, "x", "run"));
	hd_inflight_clear(marks[17]);
	assert_ptr_equal(hd_inflight_note(B, "x", "run"), marks[17]);
}

static void without_a_file_there_are_no_marks(void **state)
{
	(void)state;
	assert_null(hd_inflight_note(A, "misp", "lookup"));
	hd_inflight_enter(NULL);
	hd_inflight_leave(NULL);
	hd_inflight_clear(NULL);
	assert_string_equal(suspects(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(without_a_file_there_are_no_marks,
					  clean),
		cmocka_unit_test_teardown(a_clean_stop_makes_no_suspects,
					  clean),
		cmocka_unit_test_teardown(
			a_kill_outside_any_call_makes_none_either, clean),
		cmocka_unit_test_teardown(a_kill_inside_suspects_who_was_inside,
					  clean),
		cmocka_unit_test_teardown(
			a_signal_outside_suspects_all_under_way, clean),
		cmocka_unit_test_teardown(crashes_add_up_for_the_guilty_one,
					  clean),
		cmocka_unit_test_teardown(an_exit_is_a_crash, clean),
		cmocka_unit_test_teardown(after_a_reboot_nothing_counts, clean),
		cmocka_unit_test_teardown(
			a_file_that_is_none_of_ours_is_begun_anew, clean),
		cmocka_unit_test_teardown(marks_end_and_begin_again, clean),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
