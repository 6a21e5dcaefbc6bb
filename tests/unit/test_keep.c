#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/clock.h"
#include "core/pipeline/keep.h"
#include "tests/unit/journal_store.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

struct fixture {
	struct store store;
	struct hd_keeper *keeper;
	int idle;
};

static void note_idle(void *ud)
{
	((struct fixture *)ud)->idle++;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	store_new(&f->store);
	if (store_open(&f->store) < 0)
		return -1;
	f->keeper = hd_keeper_new(&f->store.loop, f->store.journal, note_idle,
				  f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hd_keeper_stop(f->keeper);
	hd_keeper_free(f->keeper);
	store_turn(&f->store);
	store_free(&f->store);
	free(f);
	return 0;
}

/* An alert received `age_ms` ago that came to that state. */
static void add_to(struct hd_txn *txn, int n, int64_t age_ms,
		   enum hd_alert_state state)
{
	const struct hd_alert_change change = { .state = state };
	static const char raw[8192]; /* pages of its own */
	char id[HD_ID_TEXT];
	struct hd_alert_row row;

	hd_journal_new_id(id);
	row = alert_row(id, n);
	row.received_ms = hd_utc_ms() - age_ms;
	row.raw = (struct hd_bytes){ raw, sizeof(raw) };
	hd_txn_alert_new(txn, &row);
	if (state != HD_ALERT_RECEIVED)
		hd_txn_alert_update(txn, id, &change);
}

static void add(struct fixture *f, int n, int64_t age_ms,
		enum hd_alert_state state)
{
	struct hd_txn *txn = hd_txn_new();

	add_to(txn, n, age_ms, state);
	assert_int_equal(store_commit(&f->store, txn), HD_TXN_OK);
}

/* `count` that were done `age_ms` ago, in a few commits. */
static void add_many(struct fixture *f, int from, int count, int64_t age_ms)
{
	struct hd_txn *txn;

	for (int i = 0; i < count;) {
		txn = hd_txn_new();
		do
			add_to(txn, from + i, age_ms, HD_ALERT_DONE);
		while (++i < count && i % 100 != 0);
		assert_int_equal(store_commit(&f->store, txn), HD_TXN_OK);
	}
}

/* Runs until it has nothing more to forget. */
static void run(struct fixture *f, const struct hd_keep *keep, int commits)
{
	hd_keeper_set(f->keeper, keep);
	hd_keeper_start(f->keeper);
	while (f->idle < commits)
		uv_run(&f->store.loop, UV_RUN_ONCE);
	assert_false(hd_keeper_is_busy(f->keeper));
	hd_keeper_stop(f->keeper);
}

static int64_t alerts(struct fixture *f)
{
	return store_int(&f->store, "select count(*) from alert");
}

static void what_ended_well_goes_by_age(void **state)
{
	static const enum hd_alert_state states[] = {
		HD_ALERT_RECEIVED, HD_ALERT_WAITING, HD_ALERT_DEAD,
		HD_ALERT_DONE,	   HD_ALERT_MERGED,  HD_ALERT_DROPPED,
	};
	const struct hd_keep keep = { .done_ms = DAY, .ids_ms = 7 * DAY };
	struct fixture *f = *state;

	for (int i = 0; i < 6; i++)
		add(f, i + 1, 2 * DAY, states[i]);
	for (int i = 0; i < 6; i++)
		add(f, i + 7, 23 * HOUR, states[i]);
	run(f, &keep, 1);
	/* Of the old ones those that wait or are for people stay. */
	assert_int_equal(alerts(f), 6 + 3);
}

static void many_go_a_little_at_a_time(void **state)
{
	const struct hd_keep keep = { .done_ms = DAY, .ids_ms = 7 * DAY };
	struct fixture *f = *state;

	for (int i = 0; i < 450; i++)
		add(f, i + 1, 2 * DAY, HD_ALERT_DONE);
	run(f, &keep, 3);
	assert_int_equal(alerts(f), 0);
}

/* The journal measures itself after a commit, once a second. */
static int64_t measured_bytes(struct fixture *f)
{
	struct hd_journal_stats stats;
	int64_t used;

	do {
		struct hd_txn *txn = hd_txn_new();

		hd_txn_meta_put(txn, "test", "x");
		assert_int_equal(store_commit(&f->store, txn), HD_TXN_OK);
		used = store_int(&f->store,
				 "select (page_count - freelist_count) * "
				 "page_size from pragma_page_count, "
				 "pragma_freelist_count, pragma_page_size");
		hd_journal_stats(f->store.journal, &stats);
	} while (stats.used_bytes != used);
	return used;
}

static void beyond_the_size_the_oldest_go_first(void **state)
{
	struct hd_keep keep = { .done_ms = 90 * DAY, .ids_ms = 90 * DAY };
	struct fixture *f = *state;

	for (int i = 0; i < 500; i++)
		add(f, i + 1, 500 - i, HD_ALERT_DONE);
	run(f, &keep, 1);
	assert_int_equal(alerts(f), 500);
	keep.size_bytes = measured_bytes(f) - 1;
	f->idle = 0;
	run(f, &keep, 3); /* 200, and then it is small enough */
	assert_int_equal(alerts(f), 300);
	assert_int_equal(store_int(&f->store,
				   "select count(*) from alert where num <= "
				   "200"),
			 0);
}

static int64_t file_bytes(struct fixture *f)
{
	return store_int(&f->store, "select page_count * page_size from "
				    "pragma_page_count, pragma_page_size");
}

/* 2,000 alerts of 8 KiB; all but 100 go by age. */
static void the_file_comes_down_with_what_it_holds(void **state)
{
	const struct hd_keep keep = { .done_ms = DAY, .ids_ms = 7 * DAY };
	struct fixture *f = *state;
	struct hd_journal_stats stats;
	int64_t full;

	add_many(f, 1, 1900, 2 * DAY);
	add_many(f, 1901, 100, 0);
	full = file_bytes(f);
	assert_true(full > INT64_C(2000) * 8192);
	run(f, &keep, 10);
	assert_int_equal(alerts(f), 100);
	measured_bytes(f);
	do /* nothing is committed but what shrinks it */
		uv_run(&f->store.loop, UV_RUN_NOWAIT);
	while (file_bytes(f) > full / 2);
	hd_journal_stats(f->store.journal, &stats);
	assert_true(stats.wal_bytes < INT64_C(64) << 20);
}

static void a_bound_holds_for_the_file(void **state)
{
	struct hd_keep keep = { .done_ms = 90 * DAY,
				.ids_ms = 90 * DAY,
				.size_bytes = 4 << 20 };
	struct fixture *f = *state;

	add_many(f, 1, 1500, 1000);
	assert_true(file_bytes(f) > 12 << 20);
	measured_bytes(f);
	run(f, &keep, 6); /* then it is measured, and small enough */
	assert_true(alerts(f) > 100);
	/* 64 pages more than the bound are not worth a step */
	while (file_bytes(f) > keep.size_bytes + 64 * 4096)
		measured_bytes(f);
}

static void what_is_known_is_forgotten_later(void **state)
{
	const struct hd_keep keep = { .done_ms = DAY, .ids_ms = 7 * DAY };
	struct fixture *f = *state;
	char id[HD_ID_TEXT];
	bool known;

	add(f, 1, 2 * DAY, HD_ALERT_DONE);
	add(f, 2, 8 * DAY, HD_ALERT_DONE);
	run(f, &keep, 1);
	assert_int_equal(alerts(f), 0);
	for (int n = 1; n <= 2; n++) {
		struct hd_alert_row row;
		struct hd_txn *txn = hd_txn_new();

		hd_journal_new_id(id);
		row = alert_row(id, n);
		row.received_ms = hd_utc_ms();
		hd_txn_alert_new(txn, &row);
		assert_int_equal(store_commit_new(&f->store, txn, id, &known,
						  NULL),
				 HD_TXN_OK);
		assert_int_equal(known, n == 1);
	}
}

static void no_jump_of_the_clock_makes_it_forget(void **state)
{
	const struct hd_keep keep = { .done_ms = DAY, .ids_ms = 7 * DAY };
	struct fixture *f = *state;

	hd_utc_steady_ms(); /* the process begins */
	add(f, 1, 0, HD_ALERT_DONE);
	hd_clock_set_offset(3650 * DAY);
	run(f, &keep, 1);
	hd_clock_set_offset(0);
	assert_int_equal(alerts(f), 1);
}

static void windows_that_are_over_go(void **state)
{
	const struct hd_keep keep = { .done_ms = DAY, .ids_ms = 7 * DAY };
	struct fixture *f = *state;
	struct hd_txn *txn = hd_txn_new();
	struct hd_window_row row = { .pipeline = "p",
				     .leader = "0123456789abcdef0123456789abcd"
					       "ef",
				     .count = 1 };

	row.key = "over";
	row.until_ms = hd_utc_ms() - 1000;
	hd_txn_window_put(txn, &row);
	row.key = "open";
	row.until_ms = hd_utc_ms() + HOUR;
	hd_txn_window_put(txn, &row);
	assert_int_equal(store_commit(&f->store, txn), HD_TXN_OK);
	run(f, &keep, 1);
	assert_int_equal(store_int(&f->store, "select count(*) from window"),
			 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_ended_well_goes_by_age),
		TEST(many_go_a_little_at_a_time),
		TEST(beyond_the_size_the_oldest_go_first),
		TEST(the_file_comes_down_with_what_it_holds),
		TEST(a_bound_holds_for_the_file),
		TEST(what_is_known_is_forgotten_later),
		TEST(no_jump_of_the_clock_makes_it_forget),
		TEST(windows_that_are_over_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
