#include "core/cel/eval.h"

#include "core/cel/env.h"
#include "core/cel/program.h"
#include "core/cel/unknown.h"

#define FEW_LOCALS 16
#define FEW_ARGS 4

/* Inlined into hd_cel_eval_node() these would have each constant pay for the
 * registers and the stack that they need. */
#define APART __attribute__((noinline))

static struct hd_cel_value eval(struct hd_cel_call *call,
				const struct hd_cel_node *node)
{
	if (node->op == HD_CEL_OP_CONST && call->cost != 0) {
		call->cost--;
		return node->value;
	}
	return hd_cel_eval_node(call, node);
}

static struct hd_cel_value not_bool(struct hd_cel_call *call,
				    const struct hd_cel_node *node,
				    const struct hd_cel_value *v)
{
	call->node = node;
	return hd_cel_failf(call, HD_CEL_E_TYPE, "%s where bool is wanted",
			    hd_cel_kind_name(v->kind));
}

/* One false decides `&&`, one true `||`, wherever it stands; then unknowns
 * count more than errors, since they may still turn out to decide. */
APART static struct hd_cel_value eval_logic(struct hd_cel_call *call,
					    const struct hd_cel_node *node,
					    bool decides)
{
	struct hd_cel_value bad = { .kind = HD_CEL_NONE }, v;
	uint32_t i;

	for (i = 0; i < node->n; i++) {
		v = eval(call, node->args[i]);
		if (v.kind == HD_CEL_BOOL) {
			if (v.u.boolean == decides)
				return v;
			continue;
		}
		if (call->stopped)
			return v;
		if (v.kind == HD_CEL_UNKNOWN)
			bad = hd_cel_unknown_merge(call, bad, v);
		else if (bad.kind == HD_CEL_NONE)
			bad = v.kind == HD_CEL_ERROR
				      ? v
				      : not_bool(call, node->args[i], &v);
	}
	return bad.kind == HD_CEL_NONE ? hd_cel_bool(!decides) : bad;
}

APART static struct hd_cel_value eval_cond(struct hd_cel_call *call,
					   const struct hd_cel_node *node)
{
	struct hd_cel_value cond = eval(call, node->a);

	if (cond.kind == HD_CEL_BOOL)
		return eval(call, cond.u.boolean ? node->b : node->c);
	return hd_cel_bad(&cond) ? cond : not_bool(call, node->a, &cond);
}

/* The first argument that is bad decides; after an unknown the others are
 * asked for what they depend on. */
static struct hd_cel_value eval_rest(struct hd_cel_call *call,
				     struct hd_cel_value bad,
				     struct hd_cel_node *const *args, size_t n)
{
	struct hd_cel_value v;
	size_t i;

	if (bad.kind == HD_CEL_ERROR)
		return bad;
	for (i = 0; i < n && !call->stopped; i++) {
		v = hd_cel_whole(call, eval(call, args[i]));
		if (v.kind == HD_CEL_UNKNOWN)
			bad = hd_cel_unknown_merge(call, bad, v);
	}
	return bad;
}

APART static struct hd_cel_value eval_binary(struct hd_cel_call *call,
					     const struct hd_cel_node *node)
{
	struct hd_cel_value a = eval(call, node->a), b;

	if (hd_cel_bad(&a))
		return eval_rest(call, a, (struct hd_cel_node *[]){ node->b },
				 1);
	b = eval(call, node->b);
	if (hd_cel_bad(&b))
		return b;
	call->node = node;
	return hd_cel_binary(call, (enum hd_cel_op)node->op, &a, &b);
}

static bool takes(const struct hd_cel_overload *o, bool receiver,
		  const struct hd_cel_value *args, size_t n)
{
	size_t i;

	if (o->n != n || o->receiver != receiver)
		return false;
	for (i = 0; i < n; i++)
		if (!(o->kinds[i] >> args[i].kind & 1))
			return false;
	return true;
}

/* The checker's overload nearly always fits; with dyn another one may. */
static const struct hd_cel_overload *choose(const struct hd_cel_node *node,
					    const struct hd_cel_value *args)
{
	const struct hd_cel_overload *o = node->overload;
	bool receiver = o->receiver;

	if (takes(o, receiver, args, node->n))
		return o;
	for (o = node->function->overloads; o; o = o->next)
		if (takes(o, receiver, args, node->n))
			return o;
	return NULL;
}

static struct hd_cel_value apply(struct hd_cel_call *call,
				 const struct hd_cel_node *node,
				 struct hd_cel_value *args)
{
	const struct hd_cel_overload *o = choose(node, args);
	struct hd_cel_value unknown = { .kind = HD_CEL_NONE }, v;
	uint32_t i;

	call->node = node;
	if (!o || !o->fn)
		return hd_cel_no_overload(call, node->function->name, args,
					  node->n);
	if (call->unknowns && o->whole) {
		for (i = 0; i < node->n; i++) {
			v = hd_cel_whole(call, args[i]);
			if (v.kind == HD_CEL_UNKNOWN)
				unknown = hd_cel_unknown_merge(call, unknown,
							       v);
		}
		if (unknown.kind == HD_CEL_UNKNOWN)
			return unknown;
	}
	call->overload = o;
	v = o->fn(call, args, node->n);
	if (v.kind == HD_CEL_NONE && !call->stopped)
		return hd_cel_failf(call, HD_CEL_E_OTHER, "'%s' gave no value",
				    node->function->name);
	return v;
}

APART static struct hd_cel_value eval_call(struct hd_cel_call *call,
					   const struct hd_cel_node *node)
{
	struct hd_cel_value few[FEW_ARGS], *args = few;
	uint32_t i;

	if (node->n > FEW_ARGS)
		args = hd_cel_call_alloc(call, node->n * sizeof(*args));
	if (!args)
		return hd_cel_stopped(call);
	for (i = 0; i < node->n; i++) {
		args[i] = eval(call, node->args[i]);
		if (hd_cel_bad(&args[i]))
			return eval_rest(call, args[i], node->args + i + 1,
					 node->n - i - 1);
	}
	return apply(call, node, args);
}

APART static struct hd_cel_value eval_unary(struct hd_cel_call *call,
					    const struct hd_cel_node *node)
{
	struct hd_cel_value v = eval(call, node->a);

	if (hd_cel_bad(&v))
		return v;
	call->node = node;
	if (node->op == HD_CEL_OP_NEG)
		return hd_cel_negate(call, &v);
	if (v.kind != HD_CEL_BOOL)
		return hd_cel_no_overload(call, "!", &v, 1);
	return hd_cel_bool(!v.u.boolean);
}

APART static struct hd_cel_value eval_bind(struct hd_cel_call *call,
					   const struct hd_cel_node *node)
{
	/* A bad value is bad where it is used, and only there. */
	call->locals[node->slot] = eval(call, node->a);
	return eval(call, node->c);
}

APART static struct hd_cel_value eval_optional(struct hd_cel_call *call,
					       const struct hd_cel_node *node)
{
	struct hd_cel_value v = eval(call, node->a);

	if (hd_cel_bad(&v))
		return v;
	call->node = node;
	if (v.kind != HD_CEL_OPTIONAL)
		return hd_cel_no_overload(call, node->name, &v, 1);
	if (!v.u.p)
		return v;
	call->locals[node->slot] = hd_cel_optional_value(v);
	v = eval(call, node->c);
	if (node->op == HD_CEL_OP_OPT_MAP)
		return hd_cel_optional(call, v);
	if (v.kind != HD_CEL_OPTIONAL && !hd_cel_bad(&v))
		return hd_cel_no_overload(call, node->name, &v, 1);
	return v;
}

/* No optional is made for a.?b.?c.orValue(d): its value is all that is wanted.
 */
APART static struct hd_cel_value eval_or_value(struct hd_cel_call *call,
					       const struct hd_cel_node *node)
{
	struct hd_cel_value v;

	if (node->a->op == HD_CEL_OP_SELECT &&
	    !(node->a->flags & HD_CEL_NODE_TEST)) {
		v = hd_cel_eval_chosen(call, node->a);
	} else {
		v = eval(call, node->a);
		call->node = node;
		if (v.kind == HD_CEL_OPTIONAL)
			v = hd_cel_optional_value(v);
		else if (!hd_cel_bad(&v))
			v = hd_cel_no_overload(call, "orValue", &v, 1);
	}
	return v.kind == HD_CEL_NONE ? eval(call, node->b) : v;
}

APART static struct hd_cel_value eval_or_else(struct hd_cel_call *call,
					      const struct hd_cel_node *node)
{
	struct hd_cel_value v = eval(call, node->a);

	if (hd_cel_bad(&v) || (v.kind == HD_CEL_OPTIONAL && v.u.p))
		return v;
	call->node = node;
	if (v.kind == HD_CEL_OPTIONAL)
		v = eval(call, node->b);
	if (v.kind != HD_CEL_OPTIONAL && !hd_cel_bad(&v))
		return hd_cel_no_overload(call, "or", &v, 1);
	return v;
}

APART static struct hd_cel_value eval_fail(struct hd_cel_call *call,
					   const struct hd_cel_node *node)
{
	call->node = node;
	if (node->path)
		return hd_cel_absent_at(call, node->path, node->path->n);
	return hd_cel_fail(call, HD_CEL_E_TYPE, node->name);
}

struct hd_cel_value hd_cel_eval_node(struct hd_cel_call *call,
				     const struct hd_cel_node *node)
{
	if (call->cost == 0)
		return hd_cel_stop(call, "the evaluation costs too much");
	call->cost--;
	switch ((enum hd_cel_op)node->op) {
	case HD_CEL_OP_CONST:
		return node->value;
	case HD_CEL_OP_VAR:
		return hd_cel_eval_var(call, node);
	case HD_CEL_OP_LOCAL:
		return call->locals[node->slot];
	case HD_CEL_OP_ATTR:
		return hd_cel_eval_attr(call, node);
	case HD_CEL_OP_SELECT:
		return hd_cel_eval_select(call, node);
	case HD_CEL_OP_INDEX:
		return hd_cel_eval_index(call, node);
	case HD_CEL_OP_CALL:
		return eval_call(call, node);
	case HD_CEL_OP_LIST:
		return hd_cel_eval_list(call, node);
	case HD_CEL_OP_MAP:
		return hd_cel_eval_map(call, node);
	case HD_CEL_OP_AND:
		return eval_logic(call, node, false);
	case HD_CEL_OP_OR:
		return eval_logic(call, node, true);
	case HD_CEL_OP_COND:
		return eval_cond(call, node);
	case HD_CEL_OP_NOT:
	case HD_CEL_OP_NEG:
		return eval_unary(call, node);
	case HD_CEL_OP_MACRO:
		return hd_cel_eval_macro(call, node);
	case HD_CEL_OP_BIND:
		return eval_bind(call, node);
	case HD_CEL_OP_OPT_MAP:
	case HD_CEL_OP_OPT_FLAT:
		return eval_optional(call, node);
	case HD_CEL_OP_OR_VALUE:
		return eval_or_value(call, node);
	case HD_CEL_OP_OR_ELSE:
		return eval_or_else(call, node);
	case HD_CEL_OP_IDENT:
	case HD_CEL_OP_FAIL:
		return eval_fail(call, node);
	default:
		return eval_binary(call, node);
	}
}

struct hd_cel_value hd_cel_eval(const struct hd_cel_program *program,
				const struct hd_cel_activation *activation,
				struct hd_cel_arena *arena)
{
	struct hd_cel_value few[FEW_LOCALS], v;
	struct hd_cel_call call = { .activation = activation,
				    .unknowns = activation->unknowns,
				    .arena = arena,
				    .node = program->root,
				    .locals = few,
				    .cost = program->cost };

	if (program->locals > FEW_LOCALS)
		call.locals = hd_cel_call_alloc(
			&call, program->locals * sizeof(*call.locals));
	if (!call.locals)
		return hd_cel_stopped(&call);
	v = hd_cel_eval_node(&call, program->root);
	if (call.unknowns && !hd_cel_bad(&v))
		v = hd_cel_whole(&call, v);
	arena->cost = program->cost - call.cost;
	return call.stopped ? hd_cel_stopped(&call) : v;
}
