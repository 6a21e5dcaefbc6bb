/* Variables, attributes, keys: what is there, what is absent, what is not
 * known yet. */
#include "core/cel/eval.h"

#include "core/cel/unknown.h"

static const struct hd_cel_value nothing = { .kind = HD_CEL_NONE };

/* NONE if it is absent; `*mark` is its place among the unknown paths. */
static struct hd_cel_value variable(struct hd_cel_call *call, unsigned slot,
				    uint32_t *mark)
{
	const struct hd_cel_activation *act = call->activation;
	struct hd_cel_value v = nothing;

	if (slot < act->n_slots)
		v = act->slots[slot];
	if (v.kind == HD_CEL_NONE && act->resolve)
		v = act->resolve(act->ud, slot, call);
	*mark = 0;
	if (call->unknowns) {
		*mark = hd_cel_unknown_root(call->unknowns, slot);
		v = hd_cel_marked(v, *mark);
	}
	return v;
}

struct hd_cel_value hd_cel_eval_var(struct hd_cel_call *call,
				    const struct hd_cel_node *node)
{
	struct hd_cel_value v;
	uint32_t mark;

	v = variable(call, node->slot, &mark);
	if (v.kind != HD_CEL_NONE)
		return v;
	if (mark != 0)
		return hd_cel_unknown_at(call->unknowns, mark);
	call->node = node;
	return hd_cel_absent_at(call, node->whole, node->path->n);
}

static uint32_t mark_of(const struct hd_cel_call *call,
			const struct hd_cel_value *v)
{
	return call->unknowns && v->form == HD_CEL_FORM_JSON ? v->n : 0;
}

/* What a map holds; NONE if nothing, and `*mark` then tells whether it may
 * come.  An error if `of` is no map. */
static struct hd_cel_value member(struct hd_cel_call *call,
				  const struct hd_cel_value *of,
				  const char *name, size_t n, uint32_t *mark)
{
	struct hd_cel_value v;

	*mark = 0;
	if (of->kind != HD_CEL_MAP)
		return hd_cel_failf(call, HD_CEL_E_TYPE,
				    "%s has no attributes ('%s')",
				    hd_cel_kind_name(of->kind), name);
	v = hd_cel_lookup_text(of, name, n);
	if (mark_of(call, of) != 0) {
		*mark = hd_cel_unknown_child(call->unknowns, of->n, name, n);
		v = hd_cel_marked(v, *mark);
	}
	return v;
}

/* ---- chains ---- */

/* Something is not there: unknown if what is missing, taken down the rest of
 * the chain, may come. */
static struct hd_cel_value missing(struct hd_cel_call *call,
				   const struct hd_cel_node *node, uint32_t i,
				   uint32_t mark, uint32_t n)
{
	for (; mark != 0 && i < node->n; i++)
		mark = hd_cel_unknown_child(call->unknowns, mark,
					    node->steps[i].name,
					    node->steps[i].n);
	if (mark != 0)
		return hd_cel_unknown_at(call->unknowns, mark);
	call->node = node;
	if (node->whole)
		return hd_cel_absent_at(call, node->whole, n);
	return hd_cel_call_absent(call, node->name);
}

static struct hd_cel_value optional_member(struct hd_cel_call *call,
					   struct hd_cel_value of,
					   const char *name, size_t n);

struct hd_cel_value hd_cel_eval_attr(struct hd_cel_call *call,
				     const struct hd_cel_node *node)
{
	struct hd_cel_value v;
	uint32_t i, mark;

	if (node->a->op == HD_CEL_OP_VAR) {
		v = variable(call, node->a->slot, &mark);
		if (v.kind == HD_CEL_NONE)
			return missing(call, node, 0, mark, node->a->path->n);
	} else {
		v = hd_cel_eval_node(call, node->a);
	}
	for (i = 0; i < node->n && !hd_cel_bad(&v); i++) {
		const struct hd_cel_step *step = &node->steps[i];

		call->node = node;
		if (v.kind == HD_CEL_OPTIONAL) {
			v = optional_member(call, v, step->name, step->n);
			continue;
		}
		v = member(call, &v, step->name, step->n, &mark);
		if (v.kind == HD_CEL_NONE)
			return missing(call, node, i + 1, mark, step->missing);
	}
	return v;
}

/* ---- optionals and tests ---- */

/* The member of `of`, which is no optional; NONE if it has none. */
static struct hd_cel_value chosen_member(struct hd_cel_call *call,
					 const struct hd_cel_value *of,
					 const char *name, size_t n)
{
	struct hd_cel_value v;
	uint32_t mark;

	v = member(call, of, name, n, &mark);
	if (v.kind == HD_CEL_NONE && mark != 0)
		return hd_cel_unknown_at(call->unknowns, mark);
	return v.kind == HD_CEL_OPTIONAL ? hd_cel_optional_value(v) : v;
}

static struct hd_cel_value as_optional(struct hd_cel_call *call,
				       struct hd_cel_value v)
{
	return v.kind == HD_CEL_NONE ? hd_cel_optional_none()
				     : hd_cel_optional(call, v);
}

static struct hd_cel_value optional_member(struct hd_cel_call *call,
					   struct hd_cel_value of,
					   const char *name, size_t n)
{
	if (of.kind == HD_CEL_OPTIONAL) {
		if (!of.u.p)
			return of;
		of = hd_cel_optional_value(of);
	}
	return as_optional(call, chosen_member(call, &of, name, n));
}

static struct hd_cel_value test_member(struct hd_cel_call *call,
				       struct hd_cel_value of, const char *name,
				       size_t n)
{
	struct hd_cel_value v;
	uint32_t mark;

	if (of.kind == HD_CEL_OPTIONAL) {
		if (!of.u.p)
			return hd_cel_bool(false);
		of = hd_cel_optional_value(of);
	}
	v = member(call, &of, name, n, &mark);
	if (hd_cel_bad(&v))
		return v;
	if (v.kind == HD_CEL_NONE && mark != 0)
		return hd_cel_unknown_at(call->unknowns, mark);
	return hd_cel_bool(v.kind != HD_CEL_NONE);
}

static bool is_chosen(const struct hd_cel_node *node)
{
	return node->op == HD_CEL_OP_SELECT &&
	       !(node->flags & HD_CEL_NODE_TEST);
}

/* What .?x and [?k] stand on: NONE where an optional has no value, and for an
 * absent variable, which is as good as that. */
static struct hd_cel_value base(struct hd_cel_call *call,
				const struct hd_cel_node *node)
{
	struct hd_cel_value v;
	uint32_t mark;

	if (is_chosen(node->a))
		return hd_cel_eval_chosen(call, node->a);
	if (node->a->op != HD_CEL_OP_VAR) {
		v = hd_cel_eval_node(call, node->a);
		return v.kind == HD_CEL_OPTIONAL ? hd_cel_optional_value(v) : v;
	}
	v = variable(call, node->a->slot, &mark);
	if (v.kind == HD_CEL_OPTIONAL)
		return hd_cel_optional_value(v);
	if (v.kind != HD_CEL_NONE)
		return v;
	if (node->op == HD_CEL_OP_SELECT)
		mark = hd_cel_unknown_child(call->unknowns, mark, node->name,
					    node->name_n);
	return mark != 0 ? hd_cel_unknown_at(call->unknowns, mark) : nothing;
}

struct hd_cel_value hd_cel_eval_chosen(struct hd_cel_call *call,
				       const struct hd_cel_node *node)
{
	struct hd_cel_value of;

	if (call->cost == 0)
		return hd_cel_stop(call, "the evaluation costs too much");
	call->cost--;
	of = base(call, node);
	if (hd_cel_bad(&of) || of.kind == HD_CEL_NONE)
		return of;
	call->node = node;
	return chosen_member(call, &of, node->name, node->name_n);
}

struct hd_cel_value hd_cel_eval_select(struct hd_cel_call *call,
				       const struct hd_cel_node *node)
{
	struct hd_cel_value of;

	if (!(node->flags & HD_CEL_NODE_TEST)) {
		call->cost++; /* it is paid for once */
		return as_optional(call, hd_cel_eval_chosen(call, node));
	}
	of = hd_cel_eval_node(call, node->a);
	if (hd_cel_bad(&of))
		return of;
	call->node = node;
	return test_member(call, of, node->name, node->name_n);
}

/* ---- keys ---- */

static bool as_index(const struct hd_cel_value *key, int64_t *index)
{
	if (key->kind == HD_CEL_INT) {
		*index = key->u.integer;
		return true;
	}
	if (key->kind == HD_CEL_UINT) {
		*index = key->u.uinteger > INT64_MAX ? INT64_MAX
						     : (int64_t)key->u.uinteger;
		return true;
	}
	if (key->kind != HD_CEL_DOUBLE || !(key->u.real >= -9e15) ||
	    !(key->u.real <= 9e15))
		return false;
	*index = (int64_t)key->u.real;
	return (double)*index == key->u.real;
}

static struct hd_cel_value element(struct hd_cel_call *call,
				   const struct hd_cel_value *of,
				   const struct hd_cel_value *key)
{
	struct hd_cel_value v;
	int64_t i;

	if (!as_index(key, &i))
		return hd_cel_no_overload(call, "[]",
					  (struct hd_cel_value[]){ *of, *key },
					  2);
	if (i < 0)
		return nothing;
	v = hd_cel_at(*of, (size_t)i);
	if (mark_of(call, of) != 0)
		v = hd_cel_marked(v, hd_cel_unknown_child(call->unknowns, of->n,
							  NULL, 0));
	return v;
}

/* NONE if it is absent. */
static struct hd_cel_value item(struct hd_cel_call *call,
				const struct hd_cel_value *of,
				const struct hd_cel_value *key)
{
	struct hd_cel_value v;
	uint32_t mark;

	if (of->kind == HD_CEL_LIST)
		return element(call, of, key);
	if (of->kind != HD_CEL_MAP)
		return hd_cel_no_overload(call, "[]",
					  (struct hd_cel_value[]){ *of, *key },
					  2);
	if (key->kind != HD_CEL_STRING)
		return hd_cel_lookup(of, key);
	v = member(call, of, key->u.text, key->n, &mark);
	if (v.kind == HD_CEL_NONE && mark != 0)
		return hd_cel_unknown_at(call->unknowns, mark);
	return v;
}

static struct hd_cel_value no_item(struct hd_cel_call *call,
				   const struct hd_cel_node *node,
				   const struct hd_cel_value *of)
{
	if (node->whole)
		return hd_cel_absent_at(call, node->whole, node->path->n);
	if (of->kind == HD_CEL_LIST)
		return hd_cel_fail(call, HD_CEL_E_VALUE, "index out of range");
	return hd_cel_call_absent(call, "[*]");
}

struct hd_cel_value hd_cel_eval_index(struct hd_cel_call *call,
				      const struct hd_cel_node *node)
{
	bool optional = (node->flags & HD_CEL_NODE_OPTIONAL) != 0;
	struct hd_cel_value of, key, v;

	of = optional ? base(call, node) : hd_cel_eval_node(call, node->a);
	if (of.kind == HD_CEL_ERROR)
		return of;
	key = hd_cel_eval_node(call, node->b);
	if (of.kind == HD_CEL_UNKNOWN)
		return key.kind == HD_CEL_UNKNOWN
			       ? hd_cel_unknown_merge(call, of, key)
			       : of;
	if (hd_cel_bad(&key))
		return key;
	call->node = node;
	if (of.kind == HD_CEL_OPTIONAL) {
		of = hd_cel_optional_value(of);
		optional = true;
	}
	if (of.kind == HD_CEL_NONE)
		return hd_cel_optional_none();
	v = item(call, &of, &key);
	if (v.kind == HD_CEL_NONE)
		return optional ? hd_cel_optional_none()
				: no_item(call, node, &of);
	if (!optional || v.kind == HD_CEL_OPTIONAL)
		return v;
	return hd_cel_optional(call, v);
}
