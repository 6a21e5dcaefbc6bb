#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#include <string.h>
#include <time.h>

#include "cel_rig.h"

/* What runs away is ended; no time is judged. */
#define HANGS_S 300

#define COSTS "limit the evaluation costs too much"
#define MEMORY "limit the evaluation needs too much memory"

static json_t *numbers(size_t n)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(array, json_integer((json_int_t)i));
	return array;
}

/* Each would run or grow far beyond the limits; none may be absorbed. */
static void nothing_runs_away(void **state)
{
	static const char *const cases[] = {
		"l.all(a, l.all(b, a + b >= 0))",
		"l.all(a, l.all(b, l.all(c, true)))",
		"l.map(a, l).size() > 0 && l.map(a, l.map(b, l)).size() > 0",
		"l.exists(a, l.exists(b, a + b < 0)) || true",
		"true || l.all(a, true) && l.map(a, l.map(b, b)) == []",
		"l.map(a, l) == l.map(a, l) && l.all(a, l.map(x, l) == [])",
		"s.replace('a', s).size() > 0",
		"s.replace('a', s) == '' || true",
		"l.map(a, s + s) == []",
		"cel.bind(t, s + s + s + s, cel.bind(u, t + t + t + t, "
		"cel.bind("
		"v, u + u + u + u, v + v + v + v))).size() > 0 || true",
		"l.map(a, '%s'.format([l])).size() > 0",
		"l.all(a, !s.matches('(a|b|ab)*c'))",
		"l.all(a, !s.contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'))",
		"l.all(a, l == l)",
		"l.all(a, a in l || true)",
		"l.all(a, s.lastIndexOf('ab') < 0)",
		"l.all(a, s.split('').size() > 0)",
		"l.transformMap(i, v, l.transformMap(j, w, s + s))",
		"l.map(a, base64.encode(bytes(s))).size() > 0",
		("l.all(a, timestamp(0).getHours('Europe/' + 'Berlin') >= 0 && "
		 "l.all(b, true))"),
	};
	struct cel_rig *rig = cel_rig_new(NULL);
	json_t *list = numbers(4000);
	static char text[30000];
	size_t i, bad = 0;

	(void)state;
	alarm(HANGS_S);
	memset(text, 'a', sizeof(text));
	rig->slots[cel_rig_slot("l")] = hd_cel_json(list);
	rig->slots[cel_rig_slot("s")] = hd_cel_stringn(text, sizeof(text));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = cel_rig_eval(rig, cases[i]);
		bool ok = strcmp(got, COSTS) == 0 || strcmp(got, MEMORY) == 0;

		if (i == 4)
			ok = strcmp(got, "bool true") == 0;
		if (!ok) {
			print_error("%s: %.60s\n", cases[i], got);
			bad++;
		}
	}
	json_decref(list);
	cel_rig_free(rig);
	assert_int_equal(bad, 0);
}

static void cost_is_counted_by_the_node(void **state)
{
	struct cel_rig *rig = cel_rig_new("{\"n\": 1, \"l\": [1, 2, 3]}");

	(void)state;
	rig->options.limits.cost = 3;
	assert_string_equal(cel_rig_eval(rig, "n + n"), "int 2");
	rig->options.limits.cost = 2;
	assert_string_equal(cel_rig_eval(rig, "n + n"), COSTS);
	/* The macro, its range, and for each element itself, the comparison
	 * and its two sides. */
	rig->options.limits.cost = 14;
	assert_string_equal(cel_rig_eval(rig, "l.all(i, i > 0)"), "bool true");
	rig->options.limits.cost = 13;
	assert_string_equal(cel_rig_eval(rig, "l.all(i, i > 0)"), COSTS);
	assert_string_equal(cel_rig_eval(rig, "l.all(i, i > 0) || true"),
			    COSTS);
	cel_rig_free(rig);
}

static void memory_is_bounded_between_resets(void **state)
{
	struct cel_rig *rig = cel_rig_new("{\"s\": \"abc\"}");
	struct hd_cel_issues issues = { 0 };
	struct hd_cel_program *p = hd_cel_compile(rig->env, "s + s", 5, NULL,
						  &issues);
	struct hd_cel_arena *arena = hd_cel_arena_new(100);
	struct hd_cel_value v;
	unsigned i;

	(void)state;
	for (i = 0; i < 100; i++) {
		v = hd_cel_eval(p, &rig->act, arena);
		assert_int_equal(v.kind, HD_CEL_STRING);
		hd_cel_arena_reset(arena);
	}
	for (i = 0; i < 100 && v.kind != HD_CEL_ERROR; i++)
		v = hd_cel_eval(p, &rig->act, arena);
	assert_int_equal(v.kind, HD_CEL_ERROR);
	assert_int_equal(hd_cel_error_of(&v)->code, HD_CEL_E_LIMIT);
	assert_int_equal(i, 7);
	hd_cel_arena_free(arena);
	hd_cel_program_free(p);
	cel_rig_free(rig);
}

static void macros_nest_four_deep(void **state)
{
	struct cel_rig *rig = cel_rig_new("{\"l\": [1]}");

	(void)state;
	assert_string_equal(
		cel_rig_eval(rig, "l.all(a, l.all(b, l.all(c, l.all(d, d > 0 "
				  "&& c > 0))))"),
		"bool true");
	assert_string_equal(
		cel_rig_eval(rig, "l.all(a, l.all(b, l.all(c, l.all(d, "
				  "l.all(e, true)))))"),
		"issue 1:39+3 more than 4 macros inside each other");
	rig->options.limits.comprehensions = 5;
	assert_string_equal(cel_rig_eval(rig,
					 "l.all(a, l.all(b, l.all(c, l.all(d, "
					 "l.all(e, true)))))"),
			    "bool true");
	cel_rig_free(rig);
}

/* Comparing or writing what is nested a thousand deep ends, too. */
static void deep_json_does_no_harm(void **state)
{
	struct cel_rig *rig = cel_rig_new(NULL);
	json_t *deep = json_array();
	unsigned i;

	(void)state;
	for (i = 0; i < 1500; i++) {
		json_t *outer = json_array();

		json_array_append_new(outer, deep);
		deep = outer;
	}
	rig->slots[cel_rig_slot("x")] = hd_cel_json(deep);
	assert_string_equal(cel_rig_eval(rig, "x == x"), "bool false");
	assert_string_equal(cel_rig_eval(rig, "'%s'.format([x])"),
			    "limit a text nested too deep or too long");
	json_decref(deep);
	cel_rig_free(rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_runs_away),
		cmocka_unit_test(cost_is_counted_by_the_node),
		cmocka_unit_test(memory_is_bounded_between_resets),
		cmocka_unit_test(macros_nest_four_deep),
		cmocka_unit_test(deep_json_does_no_harm),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
