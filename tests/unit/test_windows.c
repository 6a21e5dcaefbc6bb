#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/clock.h"
#include "core/pipeline/windows.h"
#include "tests/unit/journal_store.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static int clocks_right(void **state)
{
	(void)state;
	hd_clock_set_offset(0);
	return 0;
}

static void a_window_is_its_pipelines_and_keys(void **state)
{
	struct hd_windows w;
	struct hd_window *win;

	(void)state;
	hd_windows_init(&w);
	win = hd_windows_open(&w, "p", "k", A, 3, hd_utc_ms(), HOUR);
	assert_ptr_equal(hd_windows_find(&w, "p", "k"), win);
	assert_null(hd_windows_find(&w, "q", "k"));
	assert_null(hd_windows_find(&w, "p", "l"));
	assert_string_equal(win->leader, A);
	assert_int_equal(win->severity, 3);
	assert_int_equal(hd_windows_count(&w, A), 1);
	win->count = 5;
	assert_int_equal(hd_windows_count(&w, A), 5);
	assert_int_equal(hd_windows_count(&w, B), 1);
	hd_windows_fini(&w);
}

/* It lasts from the leader's receipt, and repeats do not prolong it. */
static void a_window_is_over_when_its_time_is(void **state)
{
	struct hd_windows w;

	(void)state;
	hd_windows_init(&w);
	hd_windows_open(&w, "p", "k", A, 3, hd_utc_ms() - HOUR - 1000, HOUR);
	assert_null(hd_windows_find(&w, "p", "k"));
	assert_int_equal(hd_windows_count(&w, A), 1);
	hd_windows_open(&w, "p", "k", A, 3, hd_utc_ms() - HOUR + 60000, HOUR);
	assert_non_null(hd_windows_find(&w, "p", "k"));
	hd_windows_fini(&w);
}

static void the_next_leader_replaces_the_window(void **state)
{
	struct hd_windows w;
	struct hd_window *win;

	(void)state;
	hd_windows_init(&w);
	hd_windows_open(&w, "p", "k", A, 3, hd_utc_ms(), HOUR)->count = 7;
	hd_windows_leader_failed(&w, A);
	assert_true(hd_windows_find(&w, "p", "k")->failed);
	win = hd_windows_open(&w, "p", "k", B, 5, hd_utc_ms(), HOUR);
	assert_false(win->failed);
	assert_int_equal(win->count, 1);
	assert_int_equal(hd_windows_count(&w, A), 1);
	/* It has no window any more: nothing happens. */
	hd_windows_leader_failed(&w, A);
	assert_false(hd_windows_find(&w, "p", "k")->failed);
	hd_windows_fini(&w);
}

/* A wall clock that jumped between receipt and decision ages nothing. */
static void no_jump_shortens_a_window(void **state)
{
	static const int64_t jumps[] = { -10 * 365 * DAY, -HOUR, HOUR,
					 10 * 365 * DAY };

	(void)state;
	hd_utc_steady_ms(); /* the process begins */
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct hd_windows w;
		int64_t before = hd_utc_ms();

		hd_windows_init(&w);
		hd_clock_set_offset(jumps[i]);
		hd_windows_open(&w, "p", "before", A, 3, before, HOUR);
		hd_windows_open(&w, "p", "after", B, 3, hd_utc_ms(), HOUR);
		if (!hd_windows_find(&w, "p", "before") ||
		    !hd_windows_find(&w, "p", "after"))
			fail_msg("jump of %lld ms", (long long)jumps[i]);
		hd_clock_set_offset(-jumps[i]);
		assert_non_null(hd_windows_find(&w, "p", "before"));
		assert_non_null(hd_windows_find(&w, "p", "after"));
		hd_clock_set_offset(0);
		hd_windows_fini(&w);
	}
}

/* ---- over a restart ---- */

static void set_state(struct store *s, const char *id,
		      enum hd_alert_state state)
{
	const struct hd_alert_change change = { .state = state };
	struct hd_txn *txn = hd_txn_new();

	hd_txn_alert_update(txn, id, &change);
	assert_int_equal(store_commit(s, txn), HD_TXN_OK);
}

static void keep(struct store *s, struct hd_windows *w, const char *key)
{
	struct hd_txn *txn = hd_txn_new();

	hd_windows_store(hd_windows_find(w, "p", key), txn);
	assert_int_equal(store_commit(s, txn), HD_TXN_OK);
}

/* Those of a leader that ended in the state, and of one an hour old. */
static void leader_with(struct store *s, struct hd_windows *w, const char *key,
			enum hd_alert_state state, int n)
{
	char id[HD_ID_TEXT];

	store_alert(s, id, n);
	hd_windows_open(w, "p", key, id, 4, hd_utc_ms(), HOUR)->count = n;
	keep(s, w, key);
	if (state != HD_ALERT_RECEIVED)
		set_state(s, id, state);
}

static void a_restart_knows_windows_and_leaders(void **state)
{
	static const struct {
		const char *key;
		enum hd_alert_state state;
		bool failed;
	} cases[] = {
		{ "received", HD_ALERT_RECEIVED, false },
		{ "waiting", HD_ALERT_WAITING, false },
		{ "done", HD_ALERT_DONE, false },
		{ "dropped", HD_ALERT_DROPPED, true },
		{ "dead", HD_ALERT_DEAD, true },
	};
	struct hd_windows w, again;
	struct store s = { 0 };

	(void)state;
	store_new(&s);
	assert_int_equal(store_open(&s), 0);
	hd_windows_init(&w);
	for (int i = 0; i < 5; i++)
		leader_with(&s, &w, cases[i].key, cases[i].state, i + 1);
	hd_windows_fini(&w);
	hd_windows_init(&again);
	assert_int_equal(hd_windows_load(&again, s.reader, &s.err), 0);
	for (int i = 0; i < 5; i++) {
		struct hd_window *win = hd_windows_find(&again, "p",
							cases[i].key);

		assert_non_null(win);
		if (win->failed != cases[i].failed)
			fail_msg("%s", cases[i].key);
		assert_int_equal(win->count, i + 1);
		assert_int_equal(win->severity, 4);
		assert_int_equal(hd_windows_count(&again, win->leader), i + 1);
	}
	hd_windows_fini(&again);
	store_free(&s);
}

/* After a restart the wall clock counts. */
static void a_window_that_ended_meanwhile_is_gone(void **state)
{
	struct hd_windows w;
	struct store s = { 0 };

	(void)state;
	store_new(&s);
	assert_int_equal(store_open(&s), 0);
	hd_windows_init(&w);
	leader_with(&s, &w, "k", HD_ALERT_DONE, 1);
	hd_windows_fini(&w);
	hd_clock_set_offset(HOUR - 60000);
	hd_windows_init(&w);
	assert_int_equal(hd_windows_load(&w, s.reader, &s.err), 0);
	assert_non_null(hd_windows_find(&w, "p", "k"));
	hd_windows_fini(&w);
	hd_clock_set_offset(HOUR + 60000);
	hd_windows_init(&w);
	assert_int_equal(hd_windows_load(&w, s.reader, &s.err), 0);
	assert_null(hd_windows_find(&w, "p", "k"));
	hd_windows_fini(&w);
	store_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_is_its_pipelines_and_keys),
		cmocka_unit_test(a_window_is_over_when_its_time_is),
		cmocka_unit_test(the_next_leader_replaces_the_window),
		cmocka_unit_test_teardown(no_jump_shortens_a_window,
					  clocks_right),
		cmocka_unit_test(a_restart_knows_windows_and_leaders),
		cmocka_unit_test_teardown(a_window_that_ended_meanwhile_is_gone,
					  clocks_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
