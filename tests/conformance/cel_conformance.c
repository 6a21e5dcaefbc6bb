/* Runs the conformance tests of the expression language.
 *
 *	cel-conformance [FILE.jsonl [--stage 1]]
 *
 * Without a file: the one of this tree.  Prints what fails and ends with "N
 *passed, N failed, N skipped"; the exit status is 0 if nothing failed and
 *nothing was skipped.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cel/cel.h"

struct totals {
	unsigned passed, failed;
};

/* What one test needs. */
struct test {
	json_t *json;
	struct hd_cel_env *env;
	struct hd_cel_arena *arena;
	struct hd_cel_value slots[16];
	size_t n_slots;
	char why[1024];
};

static bool fail(struct test *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool fail(struct test *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->why, sizeof(t->why), fmt, ap);
	va_end(ap);
	return false;
}

static const char *text_of(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

/* ---- values of the file ---- */

static struct hd_cel_value decode(struct test *t, const json_t *json);

static struct hd_cel_value decode_list(struct test *t, const json_t *array)
{
	size_t n = json_array_size(array), i;
	struct hd_cel_value *items = calloc(n + 1, sizeof(*items)), v;

	for (i = 0; i < n; i++)
		items[i] = decode(t, json_array_get(array, i));
	v = hd_cel_make_list(t->arena, items, n);
	free(items);
	return v;
}

static struct hd_cel_value decode_map(struct test *t, const json_t *pairs)
{
	size_t n = json_array_size(pairs), i;
	struct hd_cel_value *keys = calloc(n + 1, sizeof(*keys));
	struct hd_cel_value *values = calloc(n + 1, sizeof(*values)), v;

	for (i = 0; i < n; i++) {
		const json_t *pair = json_array_get(pairs, i);

		keys[i] = decode(t, json_array_get(pair, 0));
		values[i] = decode(t, json_array_get(pair, 1));
	}
	v = hd_cel_make_map(t->arena, keys, values, n);
	free(keys);
	free(values);
	return v;
}

/* Through the language itself: timestamp("..."), base64.decode("..."). */
static struct hd_cel_value decode_by(struct test *t, const char *function,
				     const char *arg)
{
	static const struct hd_cel_activation nothing;
	struct hd_cel_issues issues = { 0 };
	struct hd_cel_program *program;
	struct hd_cel_value v = { 0 };
	char text[512];

	snprintf(text, sizeof(text), "%s('%s')", function, arg);
	program = hd_cel_compile(t->env, text, strlen(text), NULL, &issues);
	if (program) {
		v = hd_cel_eval(program, &nothing, t->arena);
		if (v.kind == HD_CEL_BYTES) {
			size_t n = v.n;

			v = hd_cel_make_string(t->arena, v.u.text, n);
			v = hd_cel_bytes(v.u.text, n);
		}
	}
	hd_cel_program_free(program);
	hd_cel_issues_fini(&issues);
	return v;
}

static struct hd_cel_value decode_double(const json_t *json)
{
	const char *text = json_string_value(json);

	if (!text)
		return hd_cel_double(json_number_value(json));
	if (strcmp(text, "NaN") == 0)
		return hd_cel_double((double)NAN);
	return hd_cel_double(text[0] == '-' ? -HUGE_VAL : HUGE_VAL);
}

static struct hd_cel_value decode_type(const char *name)
{
	struct hd_cel_value v = { .kind = HD_CEL_TYPE,
				  .n = (uint32_t)strlen(name),
				  .u.text = name };

	return v;
}

static struct hd_cel_value decode(struct test *t, const json_t *json)
{
	const char *key;
	const json_t *inner;

	if (json_is_array(json))
		return decode_list(t, json);
	if (!json_is_object(json))
		return hd_cel_json(json);
	key = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)json));
	inner = json_object_get(json, key);
	if (strcmp(key, "map") == 0)
		return decode_map(t, inner);
	if (strcmp(key, "int64") == 0)
		return hd_cel_int(strtoll(json_string_value(inner), NULL, 10));
	if (strcmp(key, "uint64") == 0)
		return hd_cel_uint(
			strtoull(json_string_value(inner), NULL, 10));
	if (strcmp(key, "double") == 0)
		return decode_double(inner);
	if (strcmp(key, "bytes") == 0)
		return decode_by(t, "base64.decode", json_string_value(inner));
	if (strcmp(key, "type") == 0)
		return decode_type(json_string_value(inner));
	return decode_by(t, key, json_string_value(inner));
}

/* ---- comparing ---- */

static bool is_same(const struct hd_cel_value *a, const struct hd_cel_value *b);

static bool is_same_list(const struct hd_cel_value *a,
			 const struct hd_cel_value *b)
{
	size_t i;

	for (i = 0; i < hd_cel_size(*a); i++) {
		struct hd_cel_value x = hd_cel_at(*a, i), y = hd_cel_at(*b, i);

		if (!is_same(&x, &y))
			return false;
	}
	return true;
}

static bool is_same_map(const struct hd_cel_value *a,
			const struct hd_cel_value *b)
{
	struct hd_cel_value key, value, other_key, other;
	size_t i, j;

	for (i = 0; hd_cel_entry(*a, i, &key, &value); i++) {
		for (j = 0; hd_cel_entry(*b, j, &other_key, &other); j++)
			if (is_same(&key, &other_key) &&
			    is_same(&value, &other))
				break;
		if (j == hd_cel_size(*b))
			return false;
	}
	return true;
}

/* Same type and same value, NaN being itself. */
static bool is_same(const struct hd_cel_value *a, const struct hd_cel_value *b)
{
	if (a->kind != b->kind || hd_cel_size(*a) != hd_cel_size(*b))
		return false;
	if (a->kind == HD_CEL_LIST)
		return is_same_list(a, b);
	if (a->kind == HD_CEL_MAP)
		return is_same_map(a, b);
	if (a->kind == HD_CEL_DOUBLE && isnan(a->u.real))
		return isnan(b->u.real);
	return hd_cel_equal(*a, *b);
}

/* ---- a test ---- */

static const char *type_name(const struct hd_cel_value *v)
{
	switch ((enum hd_cel_kind)v->kind) {
	case HD_CEL_TIMESTAMP:
		return "timestamp";
	case HD_CEL_DURATION:
		return "duration";
	case HD_CEL_LIST:
		return "list(dyn)";
	case HD_CEL_MAP:
		return "map(dyn, dyn)";
	default:
		return hd_cel_kind_name((enum hd_cel_kind)v->kind);
	}
}

static const char *declared_type(const struct test *t, const char *name)
{
	const json_t *var;
	size_t i;

	json_array_foreach(json_object_get(t->json, "vars"), i, var)
		if (strcmp(text_of(var, "name"), name) == 0)
			return text_of(var, "type");
	return NULL;
}

static void declare(struct test *t)
{
	json_t *bindings = json_object_get(t->json, "bindings"), *value;
	const json_t *var;
	const char *name;
	size_t i;

	json_object_foreach(bindings, name, value) {
		const char *type = declared_type(t, name);
		struct hd_cel_value v = decode(t, value);

		hd_cel_env_var(t->env, name, type ? type : type_name(&v),
			       (unsigned)t->n_slots);
		t->slots[t->n_slots++] = v;
	}
	json_array_foreach(json_object_get(t->json, "vars"), i, var)
		if (!json_object_get(bindings, text_of(var, "name")))
			hd_cel_env_var(t->env, text_of(var, "name"),
				       text_of(var, "type"), 100);
}

static struct hd_cel_value
no_function(struct hd_cel_call *call, const struct hd_cel_value *args, size_t n)
{
	(void)args;
	(void)n;
	return hd_cel_call_error(call, "declared only");
}

static void declare_functions(struct test *t)
{
	const json_t *function, *param;
	char text[256];
	size_t i, j, n;

	json_array_foreach(json_object_get(t->json, "functions"), i, function) {
		n = (size_t)snprintf(text, sizeof(text), "%s(",
				     text_of(function, "name"));
		json_array_foreach(json_object_get(function, "params"), j,
				   param)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      "%s%s", j > 0 ? ", " : "",
					      json_string_value(param));
		snprintf(text + n, sizeof(text) - n, ") -> %s",
			 text_of(function, "result"));
		hd_cel_env_function(t->env, text, no_function, NULL);
	}
}

static bool check_value(struct test *t, const struct hd_cel_program *program,
			const json_t *expect)
{
	struct hd_cel_activation act = { .slots = t->slots,
					 .n_slots = t->n_slots };
	struct hd_cel_value wanted, v = hd_cel_eval(program, &act, t->arena);
	const struct hd_cel_error *error = hd_cel_error_of(&v);
	json_t *json;
	char *dump;

	if (json_object_get(expect, "error"))
		return error ? true
			     : fail(t, "a value (%s) where an error is wanted",
				    hd_cel_kind_name((enum hd_cel_kind)v.kind));
	if (error)
		return fail(t, "error: %s", error->text);
	wanted = decode(t, json_object_get(expect, "value"));
	if (is_same(&v, &wanted))
		return true;
	json = hd_cel_to_json(v);
	dump = json ? json_dumps(json, JSON_ENCODE_ANY) : NULL;
	fail(t, "gives %s %s", hd_cel_kind_name((enum hd_cel_kind)v.kind),
	     dump ? dump : "?");
	free(dump);
	json_decref(json);
	return false;
}

static bool check_program(struct test *t, const struct hd_cel_program *program)
{
	const json_t *expect = json_object_get(t->json, "expect");
	const char *type = text_of(expect, "type");

	if (type && strcmp(type, hd_cel_program_type(program)) != 0)
		return fail(t, "type %s", hd_cel_program_type(program));
	if (json_is_true(json_object_get(t->json, "check_only")))
		return true;
	return check_value(t, program, expect);
}

static bool run(struct test *t)
{
	const json_t *expr = json_object_get(t->json, "expr");
	const json_t *expect = json_object_get(t->json, "expect");
	struct hd_cel_options options = {
		.container = text_of(t->json, "container"),
		.unchecked = json_is_true(
			json_object_get(t->json, "disable_check"))
	};
	struct hd_cel_issues issues = { 0 };
	struct hd_cel_program *program;
	bool ok;

	declare(t);
	declare_functions(t);
	program = hd_cel_compile(t->env, json_string_value(expr),
				 json_string_length(expr), &options, &issues);
	if (program)
		ok = check_program(t, program);
	else if (json_object_get(expect, "error"))
		ok = true;
	else
		ok = fail(t, "%s (%s)", issues.items[0].text,
			  issues.items[0].remedy);
	hd_cel_program_free(program);
	hd_cel_issues_fini(&issues);
	return ok;
}

static void run_line(const char *line, size_t n, bool stage_1,
		     struct totals *totals)
{
	static const char *const first[] = {
		"basic",   "plumbing",	  "logic",	 "integer_math",
		"fp_math", "lists",	  "fields",	 "macros",
		"string",  "comparisons", "conversions", "parse",
		"dynamic", "namespace",	  "optionals"
	};
	struct test t = { .json = json_loadb(line, n, JSON_ALLOW_NUL, NULL) };
	bool wanted = !stage_1;
	size_t i;

	for (i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		wanted = wanted || (t.json && strcmp(text_of(t.json, "file"),
						     first[i]) == 0);
	if (!wanted)
		goto out;
	t.env = hd_cel_env_new();
	t.arena = hd_cel_arena_new(0);
	if (t.json && run(&t)) {
		totals->passed++;
	} else {
		totals->failed++;
		printf("FAIL %s: %s\n\t%s\n",
		       t.json ? text_of(t.json, "id") : "not JSON", t.why,
		       t.json ? text_of(t.json, "expr") : "");
	}
out:
	hd_cel_arena_free(t.arena);
	hd_cel_env_free(t.env);
	json_decref(t.json);
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1]
				    : TEST_SRCDIR
				   "/conformance/cel/simple.jsonl";
	bool stage_1 = argc == 4 && strcmp(argv[2], "--stage") == 0 &&
		       strcmp(argv[3], "1") == 0;
	struct totals totals = { 0 };
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *f;

	if (argc > 2 && !stage_1) {
		fprintf(stderr, "usage: cel-conformance [FILE.jsonl "
				"[--stage 1]]\n");
		return 2;
	}
	f = fopen(path, "re");
	if (!f) {
		perror(path);
		return 2;
	}
	while ((n = getline(&line, &size, f)) > 0)
		run_line(line, (size_t)n, stage_1, &totals);
	free(line);
	fclose(f);
	printf("%u passed, %u failed, 0 skipped\n", totals.passed,
	       totals.failed);
	return totals.failed == 0 && totals.passed > 0 ? 0 : 1;
}
