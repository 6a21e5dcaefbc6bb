#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cel_rig.h"

#define RECORD                                                             \
	"{\"n\": 5, \"s\": \"a\", \"b\": true, \"m\": {\"k\": 1},"         \
	" \"user\": {\"name\": \"bob\", \"groups\": [{\"name\": \"g\"}]}," \
	" \"evidences\": [{\"url\": \"u0\"}, {\"user\": {\"name\": "       \
	"\"eve\"}}]}"

struct line {
	const char *expr, *wanted;
};

static void run(struct cel_rig *rig, const struct line *cases, size_t n)
{
	size_t i, bad = 0;

	for (i = 0; i < n; i++) {
		const char *got = cel_rig_eval(rig, cases[i].expr);

		if (strcmp(got, cases[i].wanted) == 0)
			continue;
		print_error("%s\n\tgives  %s\n\twanted %s\n", cases[i].expr,
			    got, cases[i].wanted);
		bad++;
	}
	assert_int_equal(bad, 0);
}

#define RUN(rig, cases) run(rig, cases, sizeof(cases) / sizeof(cases[0]))

static void unknown_variables_are_absorbed(void **state)
{
	static const struct line cases[] = {
		{ "x", "unknown 7" },
		{ "x == 1 || b", "bool true" },
		{ "b || x == 1", "bool true" },
		{ "x == 1 && !b", "bool false" },
		{ "x == 1 && b", "unknown 7" },
		{ "x == 1 && d > 1.0", "unknown 7 9" },
		{ "d > 1.0 || 1 / 0 > 1", "unknown 9" },
		{ "1 / 0 > 1 || d > 1.0", "unknown 9" },
		{ "1 / 0 + x", "error division by zero" },
		{ "x + 1 / 0", "unknown 7" },
		{ "x + d", "unknown 7 9" },
		{ "[x, d, x]", "unknown 7 9" },
		{ "{'a': x}", "unknown 7" },
		{ "x ? 1 : 2", "unknown 7" },
		{ "b ? 1 : x", "int 1" },
		{ "[1, 2].exists(i, i == 2 || x)", "bool true" },
		{ "[1, 2].exists(i, x == i)", "unknown 7" },
		{ "[1, 2].all(i, i == 1 && x)", "bool false" },
		{ "[1, 2].exists_one(i, x == i)", "unknown 7" },
		{ "[1, 2].map(i, x)", "unknown 7" },
		{ "[1, 2].filter(i, x)", "unknown 7" },
		{ "x.exists(i, true)", "unknown 7" },
		{ "x.a.b", "unknown 7" },
		{ "x.?a.orValue(1)", "unknown 7" },
		{ "has(x.a)", "unknown 7" },
		{ "optional.of(1).or(x).value()", "int 1" },
		{ "optional.of(1).orValue(x)", "int 1" },
		{ "optional.none().or(x)", "unknown 7" },
		{ "optional.none().optMap(y, x).hasValue()", "bool false" },
		{ "cel.bind(y, x, true)", "bool true" },
		{ "cel.bind(y, x, y)", "unknown 7" },
		{ "pair('a', fail())", "error said no to you" },
	};
	struct cel_rig *rig = cel_rig_new(RECORD);

	(void)state;
	rig->slots[cel_rig_slot("x")] = hd_cel_unknown(7);
	rig->slots[cel_rig_slot("d")] = hd_cel_unknown(9);
	RUN(rig, cases);
	cel_rig_free(rig);
}

static void what_is_absent_below_a_path_is_unknown(void **state)
{
	static const struct line cases[] = {
		{ "user.name", "string bob" },
		{ "user.uid", "unknown 1" },
		{ "user.?uid.orValue('')", "unknown 1" },
		{ "has(user.uid)", "unknown 1" },
		{ "has(user.name)", "bool true" },
		{ "user", "unknown 1" },
		{ "size(user)", "unknown 1" },
		{ "user == user", "unknown 1" },
		{ "user.groups.size()", "int 1" },
		{ "user.groups[0].name", "string g" },
		{ "user.groups.exists(g, g.name == 'g')", "bool true" },
		{ "user.groups.exists(g, g.name == 'h')", "bool false" },
		{ "user.groups[4].name", "absent user.groups[*].name (14)" },
		{ "'name' in user", "bool true" },
		{ "'uid' in user", "unknown 1" },
		{ "evidences[0].user.name", "unknown 2 3" },
		{ "evidences[1].user.name", "string eve" },
		{ "evidences[1].user.uid", "unknown 2 3" },
		{ "evidences[1].user.groups[0].name", "unknown 2 3" },
		{ "evidences.exists(e, e.user.name == 'eve')", "bool true" },
		{ "evidences.exists(e, e.user.name == 'x')", "unknown 2 3" },
		{ "evidences.exists(e, e.url == 'u0')", "bool true" },
		{ "evidences[1].url", "absent evidences[*].url (16)" },
		{ "evidences.size()", "int 2" },
		{ "evidences == []", "unknown 2 3" },
		{ "evidences.filter(e, has(e.url))[0].user", "unknown 2 3" },
		{ "(evidences + evidences)[2].user", "unknown 2 3" },
		{ "[evidences][0][0].user.name", "unknown 2 3" },
		{ "device.owner.name", "unknown 4" },
		{ "device.hostname", "absent device.hostname (6)" },
		{ "device.?owner.?name.hasValue()", "unknown 4" },
		{ "device.?hostname.hasValue()", "bool false" },
		{ "absent.name", "absent absent.name (6)" },
		{ "m.k", "int 1" },
		{ "m.vt.exists(v, v.x)", "unknown 5" },
		{ "m.other", "absent m.other (7)" },
		{ "m.size()", "unknown 5" },
		{ "m.exists(k, k == 'k')", "unknown 5" },
		{ "optional.of(user).hasValue()", "bool true" },
		{ "type(user) == map", "bool true" },
		{ "evidences.first().value().user.name", "unknown 2 3" },
	};
	struct cel_rig *rig = cel_rig_new(RECORD);
	struct hd_cel_unknowns *u = hd_cel_unknowns_new(rig->env);

	(void)state;
	assert_int_equal(hd_cel_unknowns_add(u, "user", 1), 0);
	assert_int_equal(hd_cel_unknowns_add(u, "evidences[*].user", 3), 0);
	assert_int_equal(hd_cel_unknowns_add(u, "evidences[*].user.groups", 2),
			 0);
	assert_int_equal(hd_cel_unknowns_add(u, "evidences[*].user", 2), 0);
	assert_int_equal(hd_cel_unknowns_add(u, "device.owner", 4), 0);
	assert_int_equal(hd_cel_unknowns_add(u, "m.vt", 5), 0);
	assert_int_equal(hd_cel_unknowns_add(u, "nobody", 5), -1);
	assert_int_equal(hd_cel_unknowns_add(u, "user.", 5), -1);
	assert_int_equal(hd_cel_unknowns_add(u, "user[1]", 5), -1);
	rig->act.unknowns = u;
	RUN(rig, cases);
	hd_cel_unknowns_free(u);
	cel_rig_free(rig);
}

/* ---- whatever the unknown turn out to be ---- */

struct dice {
	uint64_t state;
};

static unsigned roll(struct dice *d, unsigned sides)
{
	d->state = d->state * UINT64_C(6364136223846793005) +
		   1442695040888963407u;
	return (unsigned)(d->state >> 33) % sides;
}

struct text {
	char p[2048];
	size_t n;
	unsigned vars;
};

static void put(struct text *t, const char *s)
{
	size_t n = strlen(s);

	if (t->n + n >= sizeof(t->p))
		return;
	memcpy(t->p + t->n, s, n + 1);
	t->n += n;
}

static void putf(struct text *t, const char *fmt, unsigned i)
{
	char s[64];

	snprintf(s, sizeof(s), fmt, i);
	put(t, s);
}

static void leaf(struct dice *d, struct text *t)
{
	static const char *const leaves[] = {
		"1",
		"2",
		"0",
		"true",
		"false",
		"'a'",
		"null",
		"x",
		"d",
		"n",
		"b",
		"s",
		"m",
		"m.k",
		"m.vt",
		"user",
		"user.a",
		"user.name",
		"user.a.b",
		"user.groups",
		"l",
		"l[0]",
		"evidences",
		"evidences[0]",
		"evidences[0].user",
		"evidences[1].user.name",
		"absent",
		"absent.a",
		"[]",
		"{}",
		"m.other",
		"has(user.a)",
		"has(m.vt)",
		"has(m.vt.a)",
	};

	if (t->vars > 0 && roll(d, 3) == 0)
		putf(t, "v%u", roll(d, t->vars));
	else
		put(t, leaves[roll(d, sizeof(leaves) / sizeof(leaves[0]))]);
}

static void expr(struct dice *d, struct text *t, unsigned depth);

static void both(struct dice *d, struct text *t, const char *between,
		 unsigned depth)
{
	put(t, "(");
	expr(d, t, depth);
	put(t, between);
	expr(d, t, depth);
	put(t, ")");
}

static void macro(struct dice *d, struct text *t, const char *name,
		  unsigned depth)
{
	expr(d, t, depth);
	putf(t, name, t->vars);
	t->vars++;
	expr(d, t, depth);
	t->vars--;
	put(t, ")");
}

static void call(struct dice *d, struct text *t, unsigned depth)
{
	static const char *const ends[] = {
		".a",
		".name",
		".?a",
		"[0]",
		"[?'a']",
		"[?0]",
		".size()",
		".orValue(1)",
		".hasValue()",
		".value()",
		".?user.?name",
		".first()",
		".contains('a')",
		".user",
		".?vt.orValue(2)",
	};

	expr(d, t, depth);
	put(t, ends[roll(d, sizeof(ends) / sizeof(ends[0]))]);
}

static void expr(struct dice *d, struct text *t, unsigned depth)
{
	static const char *const between[] = { " && ", " || ", " && ", " || ",
					       " == ", " != ", " < ",  " + ",
					       " in ", ", " };
	static const char *const macros[] = {
		".exists(v%u, ", ".all(v%u, ",	  ".exists_one(v%u, ",
		".map(v%u, ",	 ".filter(v%u, ", ".optMap(v%u, ",
		".exists(v%u, ", ".all(v%u, "
	};
	unsigned kind = roll(d, 14);

	if (depth == 0) {
		leaf(d, t);
	} else if (kind < 5) {
		unsigned i = roll(d, 10);

		if (i == 9)
			put(t, "[");
		both(d, t, i == 9 ? ") + (" : between[i], depth - 1);
		if (i == 9)
			put(t, "]");
	} else if (kind < 7) {
		macro(d, t, macros[roll(d, 8)], depth - 1);
	} else if (kind < 9) {
		call(d, t, depth - 1);
	} else if (kind == 9) {
		put(t, "!");
		expr(d, t, depth - 1);
	} else if (kind == 10) {
		put(t, "(");
		both(d, t, " == ", depth - 1);
		put(t, " ? ");
		expr(d, t, depth - 1);
		put(t, " : ");
		expr(d, t, depth - 1);
		put(t, ")");
	} else if (kind == 11) {
		put(t, "{'a': ");
		expr(d, t, depth - 1);
		put(t, "}");
	} else if (kind == 12) {
		put(t, "[");
		expr(d, t, depth - 1);
		put(t, ", ");
		expr(d, t, depth - 1);
		put(t, "]");
	} else {
		put(t, "dyn(");
		expr(d, t, depth - 1);
		put(t, ")");
	}
}

static json_t *any_json(struct dice *d, unsigned depth)
{
	static const char *const names[] = { "a",    "b",  "name",
					     "user", "vt", "groups" };
	unsigned n = roll(d, 4), i;
	json_t *json;

	switch (roll(d, depth > 0 ? 8 : 5)) {
	case 0:
		return json_null();
	case 1:
		return json_boolean(roll(d, 2));
	case 2:
	case 3:
		return json_integer(roll(d, 3));
	case 4:
		return json_string(roll(d, 2) ? "a" : "b");
	case 5:
		json = json_array();
		for (i = 0; i < n; i++)
			json_array_append_new(json, any_json(d, depth - 1));
		return json;
	default:
		json = json_object();
		for (i = 0; i < n; i++)
			json_object_set_new(json, names[roll(d, 6)],
					    any_json(d, depth - 1));
		return json;
	}
}

/* Adds members where there are none: anywhere below. */
static void fill(struct dice *d, json_t *json)
{
	static const char *const names[] = { "a", "b", "name", "groups", "vt" };
	json_t *item;
	size_t i;
	void *it;

	if (json_is_array(json)) {
		json_array_foreach(json, i, item)
			fill(d, item);
		return;
	}
	if (!json_is_object(json))
		return;
	for (it = json_object_iter(json); it;
	     it = json_object_iter_next(json, it))
		fill(d, json_object_iter_value(it));
	for (i = 0; i < 5; i++)
		if (!json_object_get(json, names[i]) && roll(d, 3) == 0)
			json_object_set_new(json, names[i], any_json(d, 2));
}

static void fill_member(struct dice *d, json_t *object, const char *name)
{
	if (!json_is_object(object))
		return;
	if (json_object_get(object, name))
		fill(d, json_object_get(object, name));
	else if (roll(d, 3) != 0)
		json_object_set_new(object, name, any_json(d, 3));
}

static const char *const inputs[] = { "n", "s", "b",	"d",	    "x",
				      "m", "l", "user", "evidences" };
#define INPUTS 9

static json_t *any_record(struct dice *d)
{
	json_t *record = json_object(), *list = json_array(), *item;
	unsigned i, n = roll(d, 3);

	for (i = 0; i < INPUTS; i++)
		if (roll(d, 5) != 0)
			json_object_set_new(record, inputs[i], any_json(d, 2));
	for (i = 0; i < n; i++) {
		item = json_object();
		if (roll(d, 2))
			json_object_set_new(item, "user", any_json(d, 2));
		json_array_append_new(list, item);
	}
	json_object_set_new(record, "evidences", list);
	return record;
}

/* What the record might be once everything is known. */
static json_t *turn_out(struct dice *d, const json_t *record)
{
	json_t *copy = json_deep_copy(record), *item;
	size_t i;

	json_object_set_new(copy, "x", any_json(d, 3));
	json_object_set_new(copy, "d", any_json(d, 3));
	fill_member(d, copy, "user");
	fill_member(d, json_object_get(copy, "m"), "vt");
	if (json_object_get(copy, "m") == NULL && roll(d, 2)) {
		item = json_object();
		fill_member(d, item, "vt");
		json_object_set_new(copy, "m", item);
	}
	json_array_foreach(json_object_get(copy, "evidences"), i, item)
		fill_member(d, item, "user");
	return copy;
}

static struct hd_cel_value eval_on(struct cel_rig *rig,
				   const struct hd_cel_program *p,
				   const json_t *record)
{
	unsigned i;

	for (i = 0; i < INPUTS; i++)
		rig->slots[cel_rig_slot(inputs[i])] = hd_cel_json(
			json_object_get(record, inputs[i]));
	if (rig->act.unknowns) {
		rig->slots[cel_rig_slot("x")] = hd_cel_unknown(1);
		rig->slots[cel_rig_slot("d")] = hd_cel_unknown(2);
	}
	return hd_cel_eval(p, &rig->act, rig->arena);
}

static bool same_outcome(struct hd_cel_value a, struct hd_cel_value b)
{
	const struct hd_cel_error *x = hd_cel_error_of(&a);
	const struct hd_cel_error *y = hd_cel_error_of(&b);

	if (!x && !y)
		return a.kind == b.kind && hd_cel_equal(a, b);
	return x && y && x->code == y->code && strcmp(x->path, y->path) == 0;
}

struct count {
	unsigned known, unknown;
};

static bool holds(struct cel_rig *rig, struct hd_cel_unknowns *u,
		  struct dice *d, const char *text, struct count *count)
{
	struct hd_cel_issues issues = { 0 };
	struct hd_cel_program *p = hd_cel_compile(rig->env, text, strlen(text),
						  &rig->options, &issues);
	json_t *record = any_record(d), *known;
	struct hd_cel_value before, after;
	bool ok = true;
	unsigned i;

	hd_cel_issues_fini(&issues);
	if (!p) {
		json_decref(record);
		return true;
	}
	rig->act.unknowns = u;
	before = eval_on(rig, p, record);
	count->known += before.kind != HD_CEL_UNKNOWN;
	count->unknown += before.kind == HD_CEL_UNKNOWN;
	rig->act.unknowns = NULL;
	for (i = 0; before.kind != HD_CEL_UNKNOWN && ok && i < 4; i++) {
		known = turn_out(d, record);
		after = eval_on(rig, p, known);
		ok = same_outcome(before, after);
		if (!ok) {
			char *x = json_dumps(record, JSON_ENCODE_ANY);
			char *y = json_dumps(known, JSON_ENCODE_ANY);

			print_error("%s\n\t%s\n\t%s\n", text, x, y);
		}
		json_decref(known);
	}
	hd_cel_arena_reset(rig->arena);
	hd_cel_program_free(p);
	json_decref(record);
	return ok;
}

static void a_known_result_stays_whatever_the_unknown_turn_out(void **state)
{
	struct cel_rig *rig = cel_rig_new(NULL);
	struct hd_cel_unknowns *u = hd_cel_unknowns_new(rig->env);
	struct dice d = { 20261125 };
	struct count count = { 0 };
	unsigned i, bad = 0;

	(void)state;
	rig->options.unchecked = true;
	hd_cel_unknowns_add(u, "user", 3);
	hd_cel_unknowns_add(u, "m.vt", 4);
	hd_cel_unknowns_add(u, "evidences[*].user", 5);
	for (i = 0; i < 10000; i++) {
		struct text t = { .n = 0 };

		expr(&d, &t, 1 + roll(&d, 4));
		bad += !holds(rig, u, &d, t.p, &count);
	}
	hd_cel_unknowns_free(u);
	cel_rig_free(rig);
	assert_int_equal(bad, 0);
	assert_true(count.known > 2000);
	assert_true(count.unknown > 2000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_variables_are_absorbed),
		cmocka_unit_test(what_is_absent_below_a_path_is_unknown),
		cmocka_unit_test(
			a_known_result_stays_whatever_the_unknown_turn_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
