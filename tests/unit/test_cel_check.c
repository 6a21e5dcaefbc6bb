#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cel_rig.h"

struct line {
	const char *expr, *wanted;
};

#define COMPARE "a condition compares, as in x > 0 or x == \"a\""

static void run(const struct line *cases, size_t n, const char *record)
{
	struct cel_rig *rig = cel_rig_new(record);
	size_t i, bad = 0;

	for (i = 0; i < n; i++) {
		const char *got = cel_rig_eval(rig, cases[i].expr);

		if (strcmp(got, cases[i].wanted) == 0)
			continue;
		print_error("%s\n\tgives  %s\n\twanted %s\n", cases[i].expr,
			    got, cases[i].wanted);
		bad++;
	}
	cel_rig_free(rig);
	assert_int_equal(bad, 0);
}

#define RUN(cases, record) run(cases, sizeof(cases) / sizeof(cases[0]), record)

static void names_that_are_near_are_suggested(void **state)
{
	static const struct line cases[] = {
		{ "user.nam == 'x'", "issue 1:6+3 no attribute 'nam' in user | "
				     "did you mean 'name'?" },
		{ "device['hostnam']", "issue 1:8+9 no attribute 'hostnam' in "
				       "device | did you mean 'hostname'?" },
		{ "device.owner.ag", "issue 1:14+2 no attribute 'ag' in user | "
				     "did you mean 'age'?" },
		{ "devise.hostname", "issue 1:1+6 unknown name 'devise' | did "
				     "you mean 'device'?" },
		{ "LEVEL.HIHG", "issue 1:7+4 unknown name 'LEVEL.HIHG' | did "
				"you mean 'LEVEL.HIGH'?" },
		{ "s.startswith('a')",
		  "issue 1:3+10 unknown function 'startswith' | did you mean "
		  "'startsWith'?" },
		{ "math.gratest(1)",
		  "issue 1:6+7 unknown function 'math.gratest' | did you mean "
		  "'math.greatest'?" },
		{ "l.exist(i, i > 1)", "issue 1:3+5 unknown function 'exist' | "
				       "did you mean 'exists'?" },
		{ "zzzzzz", "issue 1:1+6 unknown name 'zzzzzz'" },
		{ "evidences.exists(ev, evv.url == '')",
		  "issue 1:22+3 unknown name 'evv' | did you mean 'ev'?" },
	};

	(void)state;
	RUN(cases, NULL);
}

static void types_that_do_not_fit_are_both_named(void **state)
{
	static const struct line cases[] = {
		{ "n == '4'", "issue 1:3+2 '==' compares int with string, "
			      "which are never equal | write the number "
			      "without quotes, or convert: string(x), int(x)" },
		{ "user != 3", "issue 1:6+2 '!=' compares user with int, which "
			       "are never equal" },
		{ "n + 0.5", "issue 1:3+1 '+' cannot be applied to int and "
			     "double | convert one side: double(x), int(x)" },
		{ "n < s",
		  "issue 1:3+1 '<' cannot be applied to int and string | write "
		  "the number without quotes, or convert: string(x), int(x)" },
		{ "-s", "issue 1:1+1 '-' cannot be applied to string" },
		{ "!n", "issue 1:1+1 '!' cannot be applied to int" },
		{ "n && b", "issue 1:1+1 '&&' wants bool, not int | " COMPARE },
		{ "b ? 1 : 'a'",
		  "issue 1:3+1 the two results of '?' differ in type: int and "
		  "string | give both the same type, or write dyn(...)" },
		{ "n ? 1 : 2", "issue 1:1+1 the condition of '?' is int, bool "
			       "is wanted | " COMPARE },
		{ "n in ['a']",
		  "issue 1:3+2 'in' looks for int in list(string)" },
		{ "n in s", "issue 1:3+2 'in' looks for int in string | 'a in "
			    "b' for texts is written b.contains(a)" },
		{ "s.contains(1)",
		  "issue 1:3+8 'contains' cannot be called on string with "
		  "(int) | it is string.contains(string) -> bool" },
		{ "pair('a')",
		  "issue 1:1+4 'pair' cannot be called with (string) | it is "
		  "pair(string, int) -> list(dyn)" },
		{ "l['a']", "issue 1:2+1 no [string] of list(int)" },
		{ "l.exists(i, i)", "issue 1:13+1 the condition of 'exists' is "
				    "int, bool is wanted" },
		{ "n.exists(i, true)",
		  "issue 1:3+6 'exists' runs over a list or a map, not int" },
		{ "n.name", "issue 1:3+4 int has no attributes ('name')" },
		{ "{1.5: 1}", "issue 1:2+3 a key may be bool, int, uint or "
			      "string, not double" },
		{ "[?1]", "issue 1:3+1 '?' wants an optional, not int" },
		{ "s.optMap(x, x)",
		  "issue 1:3+6 'optMap' wants an optional, not string" },
		{ "optional.of(1).optFlatMap(x, x)",
		  "issue 1:30+1 'optFlatMap' wants an optional as its result, "
		  "not int | use optMap()" },
	};

	(void)state;
	RUN(cases, NULL);
}

static void all_complaints_are_told_at_once(void **state)
{
	static const struct line cases[] = {
		{ "n == 'a' || user.nam == '' ||\n x.y && foo(3) > s.bar",
		  "issue 1:3+2 '==' compares int with string, which are never "
		  "equal | write the number without quotes, or convert: "
		  "string(x), int(x)\nissue 1:18+3 no attribute 'nam' in user "
		  "| did you mean 'name'?\nissue 2:9+3 unknown function "
		  "'foo'\nissue 2:20+3 string has no attributes ('bar')" },
	};

	(void)state;
	RUN(cases, NULL);
}

static void what_has_no_type_is_checked_later(void **state)
{
	static const struct line cases[] = {
		{ "x.a.b + 1 > 2 || true", "bool true" },
		{ "m.a == 'x' && m.b == 1", "absent m.a (3)" },
		{ "dyn(n) == '4'", "bool false" },
		{ "device == null", "bool false" },
		{ "device.owner == null || true", "bool true" },
		{ "n == 4.0", "bool true" },
		{ "n in [1.5, 4.0]", "bool true" },
		{ "1u < n", "bool true" },
		{ "size(device)", "int 1" },
		{ "'hostname' in device", "bool true" },
		{ "device.exists(k, k == 'hostname')", "bool true" },
	};

	(void)state;
	RUN(cases, "{\"n\": 4, \"m\": {}, \"device\": {\"hostname\": \"pc\"}}");
}

static void literals_are_checked_at_load(void **state)
{
	static const struct line cases[] = {
		{ "s.matches('(a+)+\\\\1')",
		  "issue 1:11+10 pattern: RE2 has no back references" },
		{ "s.matches('a(?=b)')",
		  "issue 1:11+8 pattern: a group that RE2 does not have "
		  "(look-around, atomic, recursion, ...)" },
		{ "timestamp(0).getHours('Europe/Berln')",
		  "issue 1:23+14 unknown time zone 'Europe/Berln'" },
		{ "timestamp(0).getHours('../../etc/passwd')",
		  "issue 1:23+18 unknown time zone '../../etc/passwd'" },
	};

	(void)state;
	RUN(cases, NULL);
}

static void deduced_types_are_told(void **state)
{
	static const struct line cases[] = {
		{ "l.map(i, string(i))", "list(string)" },
		{ "{'a': [1u]}", "map(string, list(uint))" },
		{ "user.?groups", "optional_type(list(group))" },
		{ "user.?groups.orValue([])", "list(group)" },
		{ "evidences.map(e, e.user.name)", "list(string)" },
		{ "[1, 'a']", "list(dyn)" },
		{ "[]", "list(dyn)" },
		{ "x.a", "dyn" },
		{ "b ? x : 1", "dyn" },
		{ "type(1)", "type(int)" },
		{ "l.transformMap(i, v, v > i)", "map(int, bool)" },
		{ "timestamp(0) - timestamp(1)", "duration" },
		{ "cel.bind(y, [n], y + y)", "list(int)" },
		{ "optional.of(1).optMap(y, 'a')", "optional_type(string)" },
		{ "[optional.of(1), optional.none()]",
		  "list(optional_type(int))" },
	};
	struct cel_rig *rig = cel_rig_new(NULL);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hd_cel_issues issues = { 0 };
		struct hd_cel_program *p = hd_cel_compile(rig->env,
							  cases[i].expr,
							  strlen(cases[i].expr),
							  NULL, &issues);

		assert_non_null(p);
		assert_string_equal(hd_cel_program_type(p), cases[i].wanted);
		hd_cel_program_free(p);
	}
	cel_rig_free(rig);
}

static void the_result_can_be_wanted(void **state)
{
	struct cel_rig *rig = cel_rig_new("{\"x\": 1}");

	(void)state;
	rig->options.expect = "bool";
	assert_string_equal(cel_rig_eval(rig, "n"),
			    "issue 1:1+1 the expression is int, bool is "
			    "wanted | " COMPARE);
	assert_string_equal(cel_rig_eval(rig, "x"), "int 1");
	rig->options.expect = "list(dyn)";
	assert_string_equal(cel_rig_eval(rig, "[1]"), "list [1]");
	rig->options.expect = "optional_type(";
	assert_string_equal(cel_rig_eval(rig, "[1]"),
			    "issue 1:1+1 'optional_type(' is not a type");
	cel_rig_free(rig);
}

/* For a configuration it is wrong; for the language it only fails when it is
 * evaluated. */
static void what_always_fails_can_be_refused(void **state)
{
	struct cel_rig *rig = cel_rig_new("{\"n\": 1, \"b\": false}");

	(void)state;
	assert_string_equal(cel_rig_eval(rig, "b || 1 / 0 == 1"),
			    "error division by zero");
	rig->options.no_failing = true;
	assert_string_equal(cel_rig_eval(rig, "b || 1 / 0 == 1"),
			    "issue 1:8+1 this always fails: division by zero");
	assert_string_equal(cel_rig_eval(rig,
					 "duration('5x') > duration('1s')"),
			    "issue 1:1+8 this always fails: not a duration (as "
			    "1h30m or 2.5s), or out of range");
	assert_string_equal(cel_rig_eval(rig, "1 / (n - 1) == 1"),
			    "error division by zero");
	cel_rig_free(rig);
}

/* Types that would double at each step stay small. */
static void types_do_not_grow_without_bound(void **state)
{
	struct cel_rig *rig = cel_rig_new(NULL);
	char text[8192];
	size_t n = 0, i;

	(void)state;
	hd_cel_env_function(rig->env, "duo(T, U) -> duo(T, U)", NULL, NULL);
	n += (size_t)snprintf(text, sizeof(text), "cel.bind(v0, duo(1, 2), ");
	for (i = 1; i < 100; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "cel.bind(v%zu, duo(v%zu, v%zu), ", i,
				      i - 1, i - 1);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "1");
	for (i = 0; i < 100; i++)
		text[n++] = ')';
	text[n] = '\0';
	assert_string_equal(cel_rig_eval(rig, text), "int 1");
	cel_rig_free(rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_are_near_are_suggested),
		cmocka_unit_test(types_that_do_not_fit_are_both_named),
		cmocka_unit_test(all_complaints_are_told_at_once),
		cmocka_unit_test(what_has_no_type_is_checked_later),
		cmocka_unit_test(literals_are_checked_at_load),
		cmocka_unit_test(deduced_types_are_told),
		cmocka_unit_test(the_result_can_be_wanted),
		cmocka_unit_test(what_always_fails_can_be_refused),
		cmocka_unit_test(types_do_not_grow_without_bound),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
