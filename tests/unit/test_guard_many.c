/* Promise P20 in small: whatever is asked for, in whatever order, with starts
 * and reloads in between, no window ever holds more than its limit, nothing
 * protected is touched, and nothing happens after a halt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "tests/unit/guard_rig.h"
#include "tests/unit/journal_store.h"

#define REQUESTS 10000
#define ACTIONS 3
#define TARGETS 40
#define PROTECTED 10 /* the first of the targets */

static const char *const actions[ACTIONS] = { "lock", "isolate", "block" };
static const char *const full[ACTIONS] = { "ad.lock", "ad.isolate",
					   "ad.block" };

/* What was done, by true time. */
struct deed {
	int64_t at_ms;
	unsigned action, target;
};

struct world {
	struct rig rig;
	struct store store;
	uint64_t seed;
	int64_t now_ms; /* true time: both clocks run with it */
	struct deed *deeds;
	size_t count;
	bool halted;
	unsigned starts, refused;
};

static unsigned any(struct world *w, unsigned n)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(w->seed >> 33) % n;
}

static struct hd_rates any_rates(struct world *w, unsigned most)
{
	static const int64_t windows[] = { 60000, HOUR, 6 * HOUR, DAY };
	struct hd_rates rates = { 0 };
	unsigned n = 1 + any(w, 3);

	for (unsigned i = 0; i < n; i++) {
		rates.items[rates.count].count = any(w, most + 1);
		rates.items[rates.count++].window_ms = windows[any(w, 4)];
	}
	return rates;
}

/* A reload: other limits, counted on what was done before. */
static void set_limits(struct world *w)
{
	for (unsigned i = 0; i < ACTIONS; i++) {
		struct hd_rates each = any_rates(w, 3);

		if (any(w, 4) == 0)
			each.count = 0;
		rig_limit(&w->rig, full[i], HERALD_CONTAINS, any_rates(w, 12),
			  each);
	}
	hd_guards_set_rules(w->rig.guards, w->rig.rules);
}

/* kill -9 and a new process: only the journal is left.  The clock that it
 * starts with is right; the one of the old process may have been anything. */
static void start_again(struct world *w)
{
	struct hd_err err;

	store_close(&w->store);
	if (store_open(&w->store) < 0)
		fail_msg("%s", w->store.err.text);
	rig_guards(&w->rig, NOON + w->now_ms, 7000000 + w->now_ms);
	if (hd_guards_load(w->rig.guards, w->store.reader, &err) < 0)
		fail_msg("%s", err.text);
	if (w->halted)
		hd_guards_halt(w->rig.guards, "a test");
	w->starts++;
}

static struct hd_row *any_row(struct world *w, unsigned *action,
			      unsigned *target)
{
	char text[256];

	*action = any(w, ACTIONS);
	*target = any(w, TARGETS);
	if (*target < PROTECTED / 2)
		snprintf(text, sizeof(text),
			 "{'type':'user','uid':'t%u','user':{'name':'admin%u',"
			 "'groups':[{'name':'Domain Admins'}]}}",
			 *target, *target);
	else if (*target < PROTECTED)
		snprintf(text, sizeof(text),
			 "{'type':'device','uid':'t%u','device':{'hostname':"
			 "'edr.example.com'}}",
			 *target);
	else
		snprintf(text, sizeof(text),
			 "{'type':'user','uid':'t%u','user':{'name':'u%u',"
			 "'groups':[{'name':'Users'}]}}",
			 *target, *target);
	return rig_row(&w->rig, actions[*action], HERALD_CONTAINS, text);
}

static void check_window(const struct world *w, const struct hd_rates *rates,
			 unsigned action, int target)
{
	int64_t now = w->deeds[w->count - 1].at_ms;

	for (size_t r = 0; r < rates->count; r++) {
		int64_t n = 0;

		for (size_t i = w->count; i-- > 0;) {
			const struct deed *d = &w->deeds[i];

			if (d->at_ms <= now - rates->items[r].window_ms)
				break;
			if (d->action == action &&
			    (target < 0 || d->target == (unsigned)target))
				n++;
		}
		if (n > rates->items[r].count)
			fail_msg("%lld of %s in %lld ms, %lld are allowed",
				 (long long)n, full[action],
				 (long long)rates->items[r].window_ms,
				 (long long)rates->items[r].count);
	}
}

static void do_it(struct world *w, unsigned action, unsigned target)
{
	const struct hd_guard_limit *limit =
		hd_guard_rules_limit(w->rig.rules, "ad", actions[action]);

	w->deeds[w->count++] = (struct deed){ w->now_ms, action, target };
	assert_false(w->halted);
	assert_true(target >= PROTECTED);
	check_window(w, &limit->at_most, action, -1);
	check_window(w, &limit->per_target, action, (int)target);
}

/* The intent is stored, then carried out, unless it ends in between. */
static void request(struct world *w)
{
	unsigned action, target;
	struct hd_row *row = any_row(w, &action, &target);
	struct hd_txn *txn;
	char why[512];

	if (rig_ask(&w->rig, row, 7000000 + w->now_ms, why) != HD_PASS) {
		w->refused++;
		assert_int_equal(row->charged_ms, 0);
		return;
	}
	if (any(w, 200) == 0) {
		start_again(w); /* before the commit: it never was */
		return;
	}
	txn = hd_txn_new();
	hd_guard_charge(w->rig.guards, row, txn);
	assert_int_equal(store_commit(&w->store, txn), HD_TXN_OK);
	if (any(w, 200) == 0)
		start_again(w); /* after it: taken, and not given back */
	if (any(w, 100) == 0) {
		hd_guards_halt(w->rig.guards, "a test");
		w->halted = true;
	}
	if (hd_guard_run(w->rig.guards, row, 7000000 + w->now_ms, why,
			 sizeof(why)) == HD_PASS)
		do_it(w, action, target);
	else
		assert_true(w->halted);
}

static void pass_time(struct world *w)
{
	static const unsigned steps[] = { 10, 5000, 60000, 1800000 };

	w->now_ms += any(w, steps[any(w, 4)]);
	/* The wall clock jumps about, and nobody looks. */
	hd_clock_set_offset((int64_t)any(w, 1000000) * 1000 - 500000000);
	if (any(w, 500) == 0)
		start_again(w);
	if (any(w, 200) == 0)
		set_limits(w);
	if (w->halted && any(w, 40) == 0) {
		hd_guards_halt(w->rig.guards, NULL);
		w->halted = false;
	}
}

static void no_window_ever_holds_more(void **state)
{
	struct world w = { .seed = 20261125 };
	const char *seed = getenv("HERALD_TEST_SEED");

	(void)state;
	if (seed)
		w.seed = strtoull(seed, NULL, 10);
	w.deeds = hd_alloc_array(REQUESTS, sizeof(*w.deeds));
	store_new(&w.store);
	assert_int_equal(store_open(&w.store), 0);
	rig_new(&w.rig);
	rig_protect(&w.rig, "admins",
		    "target.user.groups.exists(g, g.name == 'Domain Admins')",
		    true, false);
	rig_guards(&w.rig, NOON, 7000000);
	set_limits(&w);
	for (unsigned i = 0; i < REQUESTS; i++) {
		pass_time(&w);
		request(&w);
	}
	hd_clock_set_offset(0);
	/* Else it would have proved nothing. */
	assert_in_range(w.count, 300, REQUESTS / 2);
	assert_true(w.starts > 20 && w.refused > REQUESTS / 4);
	rig_free(&w.rig);
	store_free(&w.store);
	free(w.deeds);
}

/* A start with a clock that is behind goes on where it was. */
static void a_clock_that_is_behind_makes_no_room(void **state)
{
	static const struct hd_rates once = { 1, { { 1, HOUR } } };
	static const struct hd_rates none = { 0 };
	struct rig rig;
	struct store store;
	struct hd_txn *txn = hd_txn_new();
	struct hd_row *row;
	struct hd_err err;
	char why[512];

	(void)state;
	store_new(&store);
	assert_int_equal(store_open(&store), 0);
	rig_new(&rig);
	rig_limit(&rig, "ad.lock", HERALD_CONTAINS, once, none);
	row = rig_row(&rig, "lock", HERALD_CONTAINS, "{'uid':'t1'}");
	assert_int_equal(rig_ask(&rig, row, 0, why), HD_PASS);
	hd_guard_charge(rig.guards, row, txn);
	assert_int_equal(store_commit(&store, txn), HD_TXN_OK);

	rig_guards(&rig, NOON - 10 * HOUR, 500);
	assert_int_equal(hd_guards_load(rig.guards, store.reader, &err), 0);
	assert_int_equal(rig_ask(&rig,
				 rig_row(&rig, "lock", HERALD_CONTAINS,
					 "{'uid':'t2'}"),
				 500 + HOUR - 1, why),
			 HD_REFUSE);
	assert_int_equal(rig_ask(&rig,
				 rig_row(&rig, "lock", HERALD_CONTAINS,
					 "{'uid':'t2'}"),
				 500 + HOUR, why),
			 HD_PASS);
	rig_free(&rig);
	store_free(&store);
}

/* Rows that arrive faster than their rate: let through in order, none lost. */
static void rows_get_their_turn_in_order(void **state)
{
	static const struct hd_rates rates = { 2,
					       { { 3, 1000 }, { 20, 10000 } } };
	static const struct hd_rates none = { 0 };
	enum { ROWS = 500 };
	struct hd_action_row in = { .connector = "ad",
				    .action = "note",
				    .name = "n",
				    .mode = "live",
				    .effect = 1 };
	struct hd_case *cases[ROWS];
	int64_t passed[ROWS], wait_ms;
	struct rig rig;
	char idem[32], why[512];

	(void)state;
	rig_new(&rig);
	rig_limit(&rig, "ad.note", HERALD_RECORDS, rates, none);
	for (int i = 0; i < ROWS; i++) {
		snprintf(idem, sizeof(idem), "a/b/%d", i);
		in.idem = idem;
		cases[i] = hd_case_new("00000000000000000000000000000001", "b");
		hd_case_add(cases[i], &in);
		passed[i] = i; /* one arrives each ms */
		while (hd_guard_rate(rig.guards, cases[i]->rows[0], passed[i],
				     why, sizeof(why), &wait_ms) != HD_PASS)
			passed[i] += wait_ms;
	}
	for (int i = 1; i < ROWS; i++) {
		assert_true(passed[i] >= passed[i - 1]);
		if (i >= 3)
			assert_true(passed[i] - passed[i - 3] >= 1000);
		if (i >= 20)
			assert_true(passed[i] - passed[i - 20] >= 10000);
	}
	/* And no slower than it must. */
	assert_true(passed[ROWS - 1] <= (ROWS / 20) * 10000);
	for (int i = 0; i < ROWS; i++)
		hd_case_free(cases[i]);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_window_ever_holds_more),
		cmocka_unit_test(a_clock_that_is_behind_makes_no_room),
		cmocka_unit_test(rows_get_their_turn_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
