/* What an expression came to, and what it asked for in vain. */
#include "core/expr/expr.h"

#include <string.h>

#include "core/expr/program.h"
#include "core/expr/run.h"

#define WHY_MAX 256

static const char *word_of(enum hd_truth truth,
			   const struct hd_cel_value *value)
{
	if (truth != HD_HOLDS)
		return hd_truth_name(truth);
	if (value->kind == HD_CEL_BOOL)
		return hd_truth_name(value->u.boolean ? HD_HOLDS : HD_NOT_MET);
	return "value";
}

/* ---- what the outcome waits for ---- */

static void add_name(json_t *names, const char *name)
{
	json_t *known;
	size_t i;

	json_array_foreach(names, i, known)
		if (strcmp(json_string_value(known), name) == 0)
			return;
	json_array_append_new(names, json_string(name));
}

/* Each once.  A value that hangs on the score alone is known at each end of its
 * interval: then it waits for all that the score waits for. */
static json_t *unknown_names(const struct hd_run *run, enum hd_truth truth,
			     const struct hd_cel_value *value)
{
	const struct hd_expr_scope *scope = run->scope;
	json_t *names = json_array();
	const uint32_t *ids;
	size_t n = hd_cel_unknown_ids(value, &ids);

	if (truth != HD_NOT_SURE)
		return names;
	for (size_t i = 0; i < n; i++)
		add_name(
			names,
			ids[i] < scope->missing_count
				? scope->missing[ids[i]].connector
				: scope->parked[ids[i] - scope->missing_count]);
	if (n == 0 || hd_run_is_spread(run))
		for (size_t i = 0; i < scope->missing_count; i++)
			add_name(names, scope->missing[i].connector);
	return names;
}

/* ---- what is not there ---- */

static struct hd_cel_value look(struct hd_cel_value of, const char *path);

/* Of all entries: an unknown one, else one that has it, else NONE.  What is
 * empty lacks nothing. */
static struct hd_cel_value look_in_each(struct hd_cel_value of,
					const char *path)
{
	struct hd_cel_value best = { .kind = HD_CEL_NONE }, key, item;
	size_t n = hd_cel_size(of);

	for (size_t i = 0; i < n; i++) {
		if (of.kind == HD_CEL_LIST)
			item = hd_cel_at(of, i);
		else if (!hd_cel_entry(of, i, &key, &item))
			break;
		item = look(item, path);
		if (item.kind == HD_CEL_UNKNOWN)
			return item;
		if (item.kind != HD_CEL_NONE)
			best = item;
	}
	return n == 0 ? of : best;
}

/* What stands at the end of `path` (".name[*].name"); NONE if nothing does. */
static struct hd_cel_value look(struct hd_cel_value of, const char *path)
{
	char name[256];
	size_t n;

	if (!*path || of.kind == HD_CEL_NONE || of.kind >= HD_CEL_ERROR)
		return of;
	if (strncmp(path, "[*]", 3) == 0)
		return look_in_each(of, path + 3);
	path += *path == '.';
	n = strcspn(path, ".[");
	if (n == 0 || n >= sizeof(name)) /* a key that is no plain name */
		return of;
	memcpy(name, path, n);
	name[n] = '\0';
	return look(hd_cel_get(of, name), path + n);
}

/* True if what is read at `ref` is absent or not known; then with why. */
static bool lacks(struct hd_run *run, const struct hd_cel_ref *ref,
		  const char **state, char why[WHY_MAX])
{
	struct hd_cel_value v = hd_scope_resolve(run, ref->slot, NULL);
	const uint32_t *ids;
	size_t n;
	long id;

	why[0] = '\0';
	*state = "not known";
	if (hd_run_is_spread(run) && v.kind != HD_CEL_NONE &&
	    hd_slot_is_of_risk(run->expr->env, ref->slot)) {
		hd_run_missing(run->scope, why, WHY_MAX);
		return true;
	}
	v = look(v, ref->path + strcspn(ref->path, ".["));
	n = hd_cel_unknown_ids(&v, &ids);
	for (size_t i = 0; i < n; i++)
		hd_run_put_missing(run->scope, ids[i], why, WHY_MAX);
	if (v.kind != HD_CEL_NONE)
		return n > 0;
	id = hd_unknown_covers(run->expr, run->scope, ref->path);
	if (id >= 0)
		hd_run_put_missing(run->scope, (size_t)id, why, WHY_MAX);
	else
		*state = "absent";
	return true;
}

static bool is_repeated(const struct hd_cel_ref *refs, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(refs[k].path, refs[i].path) == 0)
			return true;
	return false;
}

static json_t *parts_of(struct hd_run *run)
{
	json_t *parts = json_array();
	const struct hd_cel_ref *refs;
	size_t n = hd_cel_program_refs(run->expr->program, &refs);

	for (size_t i = 0; i < n; i++) {
		const char *state;
		char why[WHY_MAX];
		json_t *part;

		if (is_repeated(refs, i) || !lacks(run, &refs[i], &state, why))
			continue;
		part = json_pack("{s:s, s:s}", "path", refs[i].path, "state",
				 state);
		if (why[0])
			json_object_set_new(part, "why", json_string(why));
		json_array_append_new(parts, part);
	}
	return parts;
}

json_t *hd_expr_explain(const struct hd_expr *expr,
			const struct hd_expr_scope *scope)
{
	struct hd_run *run = hd_run_begin(expr, scope);
	struct hd_reason why = { "" };
	struct hd_cel_value value;
	enum hd_truth truth = hd_run_eval(run, &value, &why);
	json_t *out = json_object();
	json_t *json = truth == HD_HOLDS ? hd_cel_to_json(value) : NULL;

	json_object_set_new(out, "outcome",
			    json_string(word_of(truth, &value)));
	if (json)
		json_object_set_new(out, "value", json);
	json_object_set_new(out, "type",
			    json_string(hd_cel_program_type(expr->program)));
	json_object_set_new(out, "cost", json_integer((json_int_t)run->cost));
	json_object_set_new(out, "why", json_string(why.text));
	json_object_set_new(out, "unknown", unknown_names(run, truth, &value));
	json_object_set_new(out, "parts", parts_of(run));
	hd_run_end(run);
	return out;
}
