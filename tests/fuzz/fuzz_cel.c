/* Fuzzes parser, checker and evaluator: the input is an expression, the first
 * byte chooses whether it is checked, what is unknown, and the limits. */
#include <stdlib.h>
#include <string.h>

#include "core/cel/cel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char record[] =
	"{\"n\": 5, \"s\": \"h\\u00e9llo\", \"l\": [1, 2, 3],"
	" \"m\": {\"a\": null, \"list\": [1, 2.5, \"x\", true]},"
	" \"user\": {\"name\": \"bob\", \"groups\": [{\"name\": \"g\"}]},"
	" \"evidences\": [{\"url\": \"u\"}, {\"user\": {\"name\": \"eve\"}}]}";

static const struct {
	const char *name, *type;
} variables[] = {
	{ "n", "int" },	      { "s", "string" },
	{ "l", "list(int)" }, { "m", "map(string, dyn)" },
	{ "user", "user" },   { "evidences", "list(evidence)" },
	{ "x", "dyn" },	      { "ns.y", "wrapper(string)" },
};
#define VARIABLES (sizeof(variables) / sizeof(variables[0]))

static const char *field(void *ud, const char *object, const char *name)
{
	(void)ud;
	(void)object;
	if (strcmp(name, "groups") == 0)
		return "list(user)";
	if (strcmp(name, "user") == 0)
		return "user";
	return strlen(name) < 5 ? "string" : NULL;
}

static const char *name_of(void *ud, const char *object, size_t i)
{
	static const char *const names[] = { "name", "groups", "user", "url" };

	(void)ud;
	(void)object;
	return i < 4 ? names[i] : NULL;
}

static struct hd_cel_value own(struct hd_cel_call *call,
			       const struct hd_cel_value *args, size_t n)
{
	return hd_cel_call_list(call, args, n);
}

struct world {
	struct hd_cel_env *env;
	struct hd_cel_unknowns *unknowns;
	struct hd_cel_arena *arena;
	json_t *record;
	struct hd_cel_value slots[VARIABLES];
};

static struct world *make_world(void)
{
	static const struct hd_cel_provider provider = { field, name_of, NULL };
	static struct world w;
	size_t i;

	if (w.env)
		return &w;
	w.env = hd_cel_env_new();
	w.record = json_loads(record, 0, NULL);
	hd_cel_env_provider(w.env, &provider);
	hd_cel_env_const(w.env, "LEVEL.HIGH", hd_cel_int(4));
	hd_cel_env_function(w.env, "own(T, U) -> own(T, U)", own, NULL);
	hd_cel_env_function(w.env, "(list(T)).own() -> T", own, NULL);
	for (i = 0; i < VARIABLES; i++) {
		hd_cel_env_var(w.env, variables[i].name, variables[i].type,
			       (unsigned)i);
		w.slots[i] = hd_cel_json(
			json_object_get(w.record, variables[i].name));
	}
	w.slots[6] = hd_cel_unknown(1);
	w.unknowns = hd_cel_unknowns_new(w.env);
	hd_cel_unknowns_add(w.unknowns, "user", 2);
	hd_cel_unknowns_add(w.unknowns, "evidences[*].user", 3);
	hd_cel_unknowns_add(w.unknowns, "m.vt", 4);
	w.arena = hd_cel_arena_new(0);
	return &w;
}

static void look_at(struct world *w, struct hd_cel_value v)
{
	const uint32_t *ids;
	const char *text;
	size_t n;

	if (hd_cel_error_of(&v) && !hd_cel_error_of(&v)->text)
		abort();
	if (v.kind == HD_CEL_UNKNOWN && hd_cel_unknown_ids(&v, &ids) == 0)
		abort();
	if (v.kind == HD_CEL_NONE)
		abort();
	if (hd_cel_to_text(v, w->arena, &text, &n) && n > 0 && !text)
		abort();
	json_decref(hd_cel_to_json(v));
}

static void evaluate(struct world *w, const struct hd_cel_program *p,
		     bool unknown)
{
	struct hd_cel_activation act = { .slots = w->slots,
					 .n_slots = VARIABLES };
	const struct hd_cel_callsite *calls;
	const struct hd_cel_ref *refs;
	struct hd_cel_value a, b;

	if (unknown)
		act.unknowns = w->unknowns;
	a = hd_cel_eval(p, &act, w->arena);
	look_at(w, a);
	hd_cel_arena_reset(w->arena);
	b = hd_cel_eval(p, &act, w->arena);
	if (a.kind != b.kind)
		abort();
	hd_cel_arena_reset(w->arena);
	hd_cel_program_refs(p, &refs);
	hd_cel_program_calls(p, &calls);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct world *w = make_world();
	struct hd_cel_issues issues = { 0 };
	struct hd_cel_options options = { 0 };
	struct hd_cel_program *p;

	if (n == 0)
		return 0;
	options.unchecked = data[0] & 1;
	options.no_failing = data[0] & 32;
	options.container = data[0] & 2 ? "ns.deep" : NULL;
	options.limits.cost = data[0] & 8 ? 20 : 20000;
	options.limits.depth = data[0] & 16 ? 30 : 0;
	p = hd_cel_compile(w->env, (const char *)data + 1, n - 1, &options,
			   &issues);
	if (!p == (issues.n == 0))
		abort();
	if (p)
		evaluate(w, p, data[0] & 4);
	hd_cel_program_free(p);
	hd_cel_issues_fini(&issues);
	return 0;
}
