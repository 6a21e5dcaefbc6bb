#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/action/row.h"
#include "tests/unit/json_help.h"

#define ALERT "0123456789abcdef0123456789abcdef"
#define ROWS 4

struct made {
	const char *name;
	enum hd_action_state state;
	const char *or_else_of; /* NULL: an entry of its own */
};

static struct hd_row *add(struct hd_case *c, const struct made *m)
{
	char idem[128], spec[128] = "{}";
	struct hd_action_row row = { 0 };

	snprintf(idem, sizeof(idem), ALERT "/p/%s", m->name);
	if (m->or_else_of)
		snprintf(spec, sizeof(spec),
			 "{\"after\":\"%s\",\"or_else\":true}", m->or_else_of);
	row.idem = idem;
	row.alert = ALERT;
	row.name = m->name;
	row.spec = spec;
	row.state = m->state;
	return hd_case_add(c, &row);
}

static const struct {
	const char *name;
	struct made rows[ROWS];
	enum hd_alert_state want;
} cases[] = {
	{ "nothing to do is done", { { 0 } }, HD_ALERT_DONE },
	{ "all done", { { "a", HD_ACTION_DONE, NULL } }, HD_ALERT_DONE },
	{ "refused, skipped and undone end well",
	  { { "a", HD_ACTION_REFUSED, NULL },
	    { "b", HD_ACTION_SKIPPED, NULL },
	    { "c", HD_ACTION_UNDONE, NULL } },
	  HD_ALERT_DONE },
	{ "one that failed",
	  { { "a", HD_ACTION_FAILED, NULL }, { "b", HD_ACTION_DONE, NULL } },
	  HD_ALERT_DEAD },
	{ "one that is open",
	  { { "a", HD_ACTION_DONE, NULL }, { "b", HD_ACTION_PENDING, NULL } },
	  HD_ALERT_KEEP },
	{ "one that failed and one that is open",
	  { { "a", HD_ACTION_FAILED, NULL }, { "b", HD_ACTION_STARTED, NULL } },
	  HD_ALERT_KEEP },
	{ "in doubt is open",
	  { { "a", HD_ACTION_IN_DOUBT, NULL } },
	  HD_ALERT_KEEP },
	{ "waiting for a person is open",
	  { { "a", HD_ACTION_AWAITING, NULL } },
	  HD_ALERT_KEEP },
	{ "decided is open",
	  { { "a", HD_ACTION_DECIDED, NULL } },
	  HD_ALERT_KEEP },
	{ "an or_else that worked",
	  { { "a", HD_ACTION_FAILED, NULL }, { "o", HD_ACTION_DONE, "a" } },
	  HD_ALERT_DONE },
	{ "an or_else that failed too",
	  { { "a", HD_ACTION_FAILED, NULL }, { "o", HD_ACTION_FAILED, "a" } },
	  HD_ALERT_DEAD },
	{ "an or_else that was refused",
	  { { "a", HD_ACTION_FAILED, NULL }, { "o", HD_ACTION_REFUSED, "a" } },
	  HD_ALERT_DEAD },
	{ "an or_else of another",
	  { { "a", HD_ACTION_FAILED, NULL }, { "o", HD_ACTION_DONE, "b" } },
	  HD_ALERT_DEAD },
	{ "the or_else of an or_else",
	  { { "a", HD_ACTION_FAILED, NULL },
	    { "o", HD_ACTION_FAILED, "a" },
	    { "oo", HD_ACTION_DONE, "o" } },
	  HD_ALERT_DONE },
	{ "an or_else of a refused one, which failed",
	  { { "a", HD_ACTION_REFUSED, NULL }, { "o", HD_ACTION_FAILED, "a" } },
	  HD_ALERT_DEAD },
};

static void the_alert_ends_as_its_rows_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hd_case *c = hd_case_new(ALERT, "p");

		for (size_t k = 0; k < ROWS && cases[i].rows[k].name; k++)
			add(c, &cases[i].rows[k]);
		if (hd_case_outcome(c) != cases[i].want)
			fail_msg("%s: %s", cases[i].name,
				 hd_alert_state_name(hd_case_outcome(c)));
		hd_case_free(c);
	}
}

static void rows_stay_where_they_are(void **state)
{
	struct hd_case *c = hd_case_new(ALERT, "p");
	struct hd_row *first = add(c, &(struct made){ "first", 1, NULL });
	char name[16];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		add(c, &(struct made){ name, 1, NULL });
	}
	assert_ptr_equal(hd_case_find(c, "first"), first);
	assert_ptr_equal(hd_case_row(c, first->id), first);
	assert_null(hd_case_find(c, "r100"));
	assert_null(hd_case_row(c, ALERT));
	hd_case_free(c);
}

static void done_is_what_has_ended(void **state)
{
	struct hd_case *c = hd_case_new(ALERT, "p");
	struct hd_row *a = add(c, &(struct made){ "a", HD_ACTION_DONE, NULL });
	json_t *done;

	(void)state;
	add(c, &(struct made){ "b", HD_ACTION_IN_DOUBT, NULL });
	add(c, &(struct made){ "c", HD_ACTION_FAILED, NULL });
	hd_row_set(&a->result, "{\"id\":7}");
	hd_row_set(&a->message, "case 7");
	done = hd_case_done(c);
	assert_true(json_same(done,
			      "{'a': {'state': 'done', 'result': {'id': 7},"
			      " 'message': 'case 7'}, 'c': {'state': 'failed',"
			      " 'result': {}, 'message': ''}}"));
	json_decref(done);
	hd_case_free(c);
}

static struct hd_row *with_spec(struct hd_case *c, const char *spec)
{
	const struct hd_action_row row = { .idem = ALERT "/p/x",
					   .alert = ALERT,
					   .name = "x",
					   .spec = spec,
					   .due_ms = 5,
					   .state = HD_ACTION_DECIDED };

	return hd_case_add(c, &row);
}

static bool spec_is(const struct hd_row *r, const char *want)
{
	json_t *spec = json_of(r->spec);
	bool same = json_same(spec, want);

	json_decref(spec);
	return same;
}

static void a_turn_is_kept_in_the_spec(void **state)
{
	struct hd_case *c = hd_case_new(ALERT, "p");
	struct hd_row *r = with_spec(c, "{\"after\":\"a b\",\"or_else\":true,"
					"\"defer\":{\"with\":{\"x\":\"y\"}}}");

	(void)state;
	assert_true(r->deferred && r->or_else);
	assert_string_equal(r->after, "a b");
	hd_row_await_turn(r); /* it does already */
	assert_true(spec_is(r, "{'after': 'a b', 'or_else': true,"
			       " 'defer': {'with': {'x': 'y'}}}"));
	hd_row_settle_turn(r);
	assert_false(r->deferred);
	assert_true(r->or_else);
	assert_true(spec_is(r, "{'after': 'a b', 'or_else': true}"));
	hd_row_await_turn(r);
	assert_true(r->deferred);
	assert_true(spec_is(r, "{'after': 'a b', 'or_else': true,"
			       " 'defer': {}}"));
	hd_case_free(c);
}

static void that_a_row_is_held_is_kept_in_the_spec(void **state)
{
	struct hd_case *c = hd_case_new(ALERT, "p"), *again;
	struct hd_row *r = with_spec(c, "{}");

	(void)state;
	assert_int_equal(r->due_ms, 5);
	r->held = true;
	hd_row_note_held(r);
	again = hd_case_new(ALERT, "p");
	assert_int_equal(with_spec(again, r->spec)->due_ms, 0);
	r->held = false;
	hd_row_note_held(r);
	assert_true(spec_is(r, "{}"));
	hd_case_free(again);
	hd_case_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_alert_ends_as_its_rows_do),
		cmocka_unit_test(rows_stay_where_they_are),
		cmocka_unit_test(done_is_what_has_ended),
		cmocka_unit_test(a_turn_is_kept_in_the_spec),
		cmocka_unit_test(that_a_row_is_held_is_kept_in_the_spec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
