#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cel_rig.h"

static struct hd_cel_program *compile(struct cel_rig *rig, const char *expr)
{
	struct hd_cel_issues issues = { 0 };
	struct hd_cel_program *p = hd_cel_compile(rig->env, expr, strlen(expr),
						  &rig->options, &issues);

	if (!p)
		print_error("%s: %s\n", expr, issues.items[0].text);
	hd_cel_issues_fini(&issues);
	assert_non_null(p);
	return p;
}

static void paths_are_told(void **state)
{
	static const char expr[] =
		"user.?groups.orValue([]).exists(g, has(g.name) && "
		"g.name == device.owner.name)\n|| evidences[n].user.name == "
		"m['k'] && has(device.owner.age) && l == x.a[0]";
	static const struct {
		const char *path;
		unsigned line, column, length;
		bool tested;
	} wanted[] = {
		{ "user.groups", 1, 7, 6, true },
		{ "user.groups[*].name", 1, 42, 4, true },
		{ "user.groups[*].name", 1, 53, 4, false },
		{ "device.owner.name", 1, 74, 4, false },
		{ "n", 2, 14, 1, false },
		{ "evidences[*].user.name", 2, 22, 4, false },
		{ "m.k", 2, 31, 1, false },
		{ "device.owner", 2, 51, 5, false },
		{ "device.owner.age", 2, 57, 3, true },
		{ "l", 2, 65, 1, false },
		{ "x.a[*]", 2, 73, 1, false },
	};
	struct cel_rig *rig = cel_rig_new(NULL);
	struct hd_cel_program *p = compile(rig, expr);
	const struct hd_cel_ref *refs;
	size_t n = hd_cel_program_refs(p, &refs), i;

	(void)state;
	for (i = 0; i < n && i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (strcmp(refs[i].path, wanted[i].path) != 0 ||
		    refs[i].column != wanted[i].column)
			print_error("%zu: %s at %u:%u+%u\n", i, refs[i].path,
				    refs[i].line, refs[i].column,
				    refs[i].length);
		assert_string_equal(refs[i].path, wanted[i].path);
		assert_int_equal(refs[i].line, wanted[i].line);
		assert_int_equal(refs[i].column, wanted[i].column);
		assert_int_equal(refs[i].length, wanted[i].length);
		assert_int_equal(refs[i].tested, wanted[i].tested);
	}
	assert_int_equal(n, sizeof(wanted) / sizeof(wanted[0]));
	assert_int_equal(refs[0].slot, cel_rig_slot("user"));
	hd_cel_program_free(p);
	cel_rig_free(rig);
}

static void calls_of_own_functions_are_told(void **state)
{
	struct cel_rig *rig = cel_rig_new("{\"s\": \"a\"}");
	struct hd_cel_program *p =
		compile(rig, "pair('vip', 3).size() + pair(s, 1).size() > 1 && "
			     "'b'.twice() == s.lowerAscii()");
	const struct hd_cel_callsite *calls;

	(void)state;
	assert_int_equal(hd_cel_program_calls(p, &calls), 3);
	assert_string_equal(calls[0].function, "pair");
	assert_int_equal(calls[0].column, 1);
	assert_int_equal(calls[0].n, 2);
	assert_string_equal(calls[0].args[0]->u.text, "vip");
	assert_int_equal(calls[0].args[1]->u.integer, 3);
	assert_null(calls[1].args[0]);
	assert_string_equal(calls[2].function, "twice");
	assert_string_equal(calls[2].args[0]->u.text, "b");
	hd_cel_program_free(p);
	cel_rig_free(rig);
}

static struct hd_cel_value resolve(void *ud, unsigned slot,
				   struct hd_cel_call *call)
{
	unsigned *asked = ud;

	asked[slot]++;
	assert_ptr_equal(hd_cel_call_activation(call), ud);
	if (slot == (unsigned)cel_rig_slot("s"))
		return hd_cel_call_string(call, "made", 4);
	if (slot == (unsigned)cel_rig_slot("x"))
		return hd_cel_unknown(3);
	if (slot == (unsigned)cel_rig_slot("d"))
		return hd_cel_call_error(call, "no %s", "d");
	return (struct hd_cel_value){ .kind = HD_CEL_NONE };
}

static void variables_are_asked_for_when_wanted(void **state)
{
	struct cel_rig *rig = cel_rig_new("{\"n\": 1}");
	unsigned asked[HD_CEL_SLOTS] = { 0 };

	(void)state;
	rig->act.resolve = resolve;
	rig->act.ud = asked;
	assert_string_equal(cel_rig_eval(rig, "n == 1 || s == ''"),
			    "bool true");
	assert_int_equal(asked[cel_rig_slot("n")], 0);
	assert_int_equal(asked[cel_rig_slot("s")], 0);
	assert_string_equal(cel_rig_eval(rig, "s + s"), "string mademade");
	assert_int_equal(asked[cel_rig_slot("s")], 2);
	assert_string_equal(cel_rig_eval(rig, "x"), "unknown 3");
	assert_string_equal(cel_rig_eval(rig, "d > 0.0"), "error no d");
	assert_string_equal(cel_rig_eval(rig, "user.name"),
			    "absent user.name (4)");
	cel_rig_free(rig);
}

static struct hd_cel_value make(struct hd_cel_call *call,
				const struct hd_cel_value *args, size_t n)
{
	struct hd_cel_value keys[2] = { hd_cel_string("a"), hd_cel_int(1) };
	struct hd_cel_value values[2] = { hd_cel_null(), hd_cel_uint(2) };

	(void)n;
	switch (args[0].u.integer) {
	case 0:
		return hd_cel_call_map(call, keys, values, 2);
	case 1:
		return hd_cel_call_json_take(call, json_pack("{s:[i,s]}", "k",
							     1, "t"));
	case 2:
		return hd_cel_call_absent(call, "lists.vip");
	case 3:
		return (struct hd_cel_value){ .kind = HD_CEL_NONE };
	case 4:
		return hd_cel_call_alloc(call, (size_t)1 << 30)
			       ? hd_cel_null()
			       : hd_cel_bool(true);
	default:
		return hd_cel_call_cost(call, 1000000) ? hd_cel_null()
						       : hd_cel_bool(true);
	}
}

static struct hd_cel_value first_of(struct hd_cel_call *call,
				    const struct hd_cel_value *args, size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_at(args[0], 0);
}

static void own_functions_can_do_what_built_in_ones_do(void **state)
{
	static const struct {
		const char *expr, *wanted;
	} cases[] = {
		{ "make(0)", "map {\"a\":null,\"1\":2}" },
		{ "make(1).k[1] + make(1).k[1]", "string tt" },
		{ "make(2)", "absent lists.vip (9)" },
		{ "make(3)", "error 'make' gave no value" },
		{ "make(4) || true", "limit the evaluation costs too much" },
		{ "make(5) || true", "limit the evaluation costs too much" },
		{ "[3, 4].head()", "int 3" },
		{ "ns.sub.head(['a']) + 'b'", "string ab" },
		{ "['a'].head() + 1",
		  "issue 1:14+1 '+' cannot be applied to string and int | "
		  "write the number without quotes, or convert: string(x), "
		  "int(x)" },
		{ "s.lowerAscii(1)", "string two" },
		{ "lower(dyn(1))", "error no such overload: lower(int)" },
	};
	struct cel_rig *rig = cel_rig_new("{\"s\": \"A\"}");
	size_t i;

	(void)state;
	hd_cel_env_function(rig->env, "make(int) -> dyn", make, NULL);
	hd_cel_env_function(rig->env, "(list(T)).head() -> T", first_of, NULL);
	hd_cel_env_function(rig->env, "ns.sub.head(list(T)) -> T", first_of,
			    NULL);
	hd_cel_env_function(rig->env, "lower(string) -> string", first_of,
			    NULL);
	/* A further overload of a standard function. */
	hd_cel_env_function(rig->env, "two(string) -> string", first_of, NULL);
	assert_null(hd_cel_env_trouble(rig->env));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got;

		if (i == 9)
			continue;
		got = cel_rig_eval(rig, cases[i].expr);
		if (strcmp(got, cases[i].wanted) != 0)
			print_error("%s: %s\n", cases[i].expr, got);
		assert_string_equal(got, cases[i].wanted);
	}
	cel_rig_free(rig);
}

static struct hd_cel_value add_up(struct hd_cel_call *call,
				  const struct hd_cel_value *args, size_t n)
{
	int64_t sum = 0;

	(void)call;
	while (n > 0)
		sum += args[--n].u.integer;
	return hd_cel_int(sum);
}

static void a_function_has_up_to_32_parameters(void **state)
{
	struct cel_rig *rig = cel_rig_new("{\"n\": 1}");
	char signature[256] = "many(int", call[256] = "many(n";
	unsigned i;

	(void)state;
	for (i = 1; i < 32; i++) {
		strncat(signature, ", int", 6);
		strncat(call, ", n", 4);
	}
	strncat(signature, ") -> int", 9);
	strncat(call, ")", 2);
	assert_int_equal(hd_cel_env_function(rig->env, signature, add_up, NULL),
			 0);
	assert_string_equal(cel_rig_eval(rig, call), "int 32");
	call[strlen(call) - 1] = '\0';
	strncat(call, ", n)", 5);
	assert_non_null(strstr(cel_rig_eval(rig, call), "too many arguments"));
	memcpy(signature, "more(int, int", 13);
	signature[strlen(signature) - 8] = '\0';
	strncat(signature, ", int) -> int", 14);
	assert_int_equal(hd_cel_env_function(rig->env, signature, add_up, NULL),
			 -1);
	cel_rig_free(rig);
}

static void environments_extend_each_other(void **state)
{
	struct cel_rig *rig = cel_rig_new("{\"n\": 1, \"s\": \"a\"}");
	struct hd_cel_env *base = rig->env;

	(void)state;
	rig->env = hd_cel_env_extend(base);
	hd_cel_env_var(rig->env, "extra", "string", cel_rig_slot("s"));
	hd_cel_env_var(rig->env, "n", "string", cel_rig_slot("s"));
	hd_cel_env_function(rig->env, "pair(int) -> int", first_of, NULL);
	assert_null(hd_cel_env_trouble(rig->env));
	assert_string_equal(cel_rig_eval(rig, "extra + n"), "string aa");
	assert_string_equal(cel_rig_eval(rig, "pair('a', 1)"),
			    "list [\"a\",1]");
	assert_string_equal(cel_rig_eval(rig, "LEVEL.HIGH"), "int 4");
	assert_string_equal(cel_rig_eval(rig, "LEVEL.NAME + s"),
			    "string higha");
	hd_cel_env_free(rig->env);
	rig->env = base;
	assert_string_equal(cel_rig_eval(rig, "extra"),
			    "issue 1:1+5 unknown name 'extra'");
	assert_string_equal(cel_rig_eval(rig, "n"), "int 1");
	cel_rig_free(rig);
}

static void trouble_is_kept(void **state)
{
	static const struct {
		const char *signature;
	} bad[] = {
		{ "" },
		{ "f" },
		{ "f()" },
		{ "f() ->" },
		{ "f( -> int" },
		{ "f(list(int) -> int" },
		{ "f(int)-> int" },
		{ "(int.f() -> int" },
		{ "size(string) -> int" },
	};
	struct hd_cel_env *env;
	struct hd_cel_issues issues = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		env = hd_cel_env_new();
		assert_int_equal(hd_cel_env_function(env, bad[i].signature,
						     make, NULL),
				 -1);
		assert_non_null(hd_cel_env_trouble(env));
		hd_cel_env_free(env);
	}
	env = hd_cel_env_new();
	assert_int_equal(hd_cel_env_var(env, "a..b", "int", 0), -1);
	assert_string_equal(hd_cel_env_trouble(env),
			    "variable 'a..b': not a name");
	assert_int_equal(hd_cel_env_var(env, "a", "list(", 0), -1);
	assert_int_equal(hd_cel_env_var(env, "a", "int", HD_CEL_SLOTS), -1);
	assert_int_equal(hd_cel_env_var(env, "a", "int", 0), 0);
	assert_int_equal(hd_cel_env_var(env, "a", "int", 0), -1);
	assert_int_equal(hd_cel_env_const(env, "C",
					  hd_cel_optional_value(hd_cel_null())),
			 -1);
	assert_null(hd_cel_compile(env, "1", 1, NULL, &issues));
	assert_string_equal(issues.items[0].text,
			    "the environment is broken: variable 'a..b': not "
			    "a name");
	hd_cel_issues_fini(&issues);
	hd_cel_env_free(env);
}

static void results_become_json(void **state)
{
	static const struct {
		const char *expr, *json;
	} cases[] = {
		{ "{'a': [1, 2u, 2.5, true, null, 'x']}",
		  "{\"a\": [1, 2, 2.5, true, null, \"x\"]}" },
		{ "{1: 2, true: 3, 4u: 5}",
		  "{\"1\": 2, \"true\": 3, \"4\": 5}" },
		{ "timestamp(0)", "\"1970-01-01T00:00:00Z\"" },
		{ "duration('1.5s')", "\"1.5s\"" },
		{ "b'\\x00\\xff'", "\"AP8=\"" },
		{ "optional.of(1)", "1" },
		{ "optional.none()", "null" },
		{ "18446744073709551615u", "\"18446744073709551615\"" },
		{ "1.0 / 0.0", "\"Infinity\"" },
		{ "ip('::1')", "\"::1\"" },
		{ "int", "\"int\"" },
		{ "m", "{\"k\": [1]}" },
		{ "'a\\u0000b'", "\"a\\u0000b\"" },
	};
	struct cel_rig *rig = cel_rig_new("{\"m\": {\"k\": [1]}}");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hd_cel_program *p = compile(rig, cases[i].expr);
		json_t *json = hd_cel_to_json(
			hd_cel_eval(p, &rig->act, rig->arena));
		char *text = json_dumps(json, JSON_ENCODE_ANY);

		assert_string_equal(text, cases[i].json);
		free(text);
		json_decref(json);
		hd_cel_program_free(p);
	}
	assert_null(hd_cel_to_json(hd_cel_unknown(1)));
	cel_rig_free(rig);
}

static void values_can_be_made_and_looked_at(void **state)
{
	struct hd_cel_arena *arena = hd_cel_arena_new(0);
	struct hd_cel_value keys[20], values[20], map, list, key, value;
	unsigned i;

	(void)state;
	for (i = 0; i < 20; i++) {
		keys[i] = hd_cel_uint(i);
		values[i] = hd_cel_timestamp_ms(-1 - (int64_t)i);
	}
	map = hd_cel_make_map(arena, keys, values, 20);
	list = hd_cel_make_list(arena, values, 20);
	assert_int_equal(hd_cel_size(map), 20);
	assert_int_equal(hd_cel_size(list), 20);
	assert_true(hd_cel_entry(map, 19, &key, &value));
	assert_int_equal(key.u.uinteger, 19);
	assert_false(hd_cel_entry(map, 20, &key, &value));
	assert_true(hd_cel_equal(hd_cel_at(list, 3), values[3]));
	assert_int_equal(hd_cel_at(list, 20).kind, HD_CEL_NONE);
	assert_int_equal(values[0].u.integer, -1);
	assert_int_equal(values[0].n, 999000000);
	keys[5] = hd_cel_int(4);
	map = hd_cel_make_map(arena, keys, values, 20);
	assert_int_equal(map.kind, HD_CEL_ERROR);
	assert_string_equal(hd_cel_error_of(&map)->text,
			    "a key is repeated or no key");
	assert_string_equal(hd_cel_kind_name(HD_CEL_TIMESTAMP),
			    "google.protobuf.Timestamp");
	value = hd_cel_make_string(arena, "abc", 2);
	assert_true(hd_cel_equal(value, hd_cel_string("ab")));
	assert_true(hd_cel_equal(hd_cel_int(1), hd_cel_double(1)));
	assert_false(hd_cel_equal(hd_cel_int(1), hd_cel_string("1")));
	hd_cel_arena_free(arena);
}

/* A function that evaluates another program meanwhile. */
static struct hd_cel_value inner(struct hd_cel_call *call,
				 const struct hd_cel_value *args, size_t n)
{
	struct cel_rig *rig = hd_cel_call_ud(call);
	const char *line;

	(void)args;
	(void)n;
	line = cel_rig_eval(rig, "[1, 2].map(i, i * 2)");
	return hd_cel_call_string(call, line, strlen(line));
}

static void evaluations_may_be_inside_each_other(void **state)
{
	struct cel_rig *rig = cel_rig_new(NULL), *other = cel_rig_new(NULL);

	(void)state;
	hd_cel_env_function(rig->env, "inner() -> string", inner, other);
	assert_string_equal(cel_rig_eval(rig, "[1].map(i, inner() + "
					      "string(i))"),
			    "list [\"list [2,4]1\"]");
	cel_rig_free(rig);
	cel_rig_free(other);
}

static void names_are_looked_for_in_the_container(void **state)
{
	struct hd_cel_env *env = hd_cel_env_new();
	struct cel_rig *rig = cel_rig_new("{\"n\": 1, \"s\": \"deep\"}");
	struct hd_cel_env *own = rig->env;

	(void)state;
	rig->env = env;
	hd_cel_env_var(env, "y", "int", cel_rig_slot("n"));
	hd_cel_env_var(env, "com.example.y", "string", cel_rig_slot("s"));
	hd_cel_env_function(env, "com.f(T) -> T", first_of, NULL);
	rig->options.container = "com.example";
	assert_string_equal(cel_rig_eval(rig, "y"), "string deep");
	assert_string_equal(cel_rig_eval(rig, ".y"), "int 1");
	assert_string_equal(cel_rig_eval(rig, "example.y"), "string deep");
	assert_string_equal(cel_rig_eval(rig, "f([y])"), "string deep");
	hd_cel_env_var(env, "a.b", "map(string, int)", HD_CEL_SLOTS - 1);
	hd_cel_env_var(env, "a.b.c", "int", cel_rig_slot("n"));
	assert_string_equal(cel_rig_eval(rig, "a.b.c"), "int 1");
	assert_string_equal(cel_rig_eval(rig, "(a.b).c"), "absent a.b.c (3)");
	rig->options.container = "other";
	assert_string_equal(cel_rig_eval(rig, "y"), "int 1");
	rig->env = own;
	hd_cel_env_free(env);
	cel_rig_free(rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_told),
		cmocka_unit_test(calls_of_own_functions_are_told),
		cmocka_unit_test(variables_are_asked_for_when_wanted),
		cmocka_unit_test(own_functions_can_do_what_built_in_ones_do),
		cmocka_unit_test(a_function_has_up_to_32_parameters),
		cmocka_unit_test(environments_extend_each_other),
		cmocka_unit_test(trouble_is_kept),
		cmocka_unit_test(results_become_json),
		cmocka_unit_test(values_can_be_made_and_looked_at),
		cmocka_unit_test(evaluations_may_be_inside_each_other),
		cmocka_unit_test(names_are_looked_for_in_the_container),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
