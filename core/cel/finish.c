/* From the checked tree to what the evaluator runs. */
#include "core/cel/env.h"
#include "core/cel/issue.h"
#include "core/cel/program.h"

#define FOLD_COST 20000

struct finisher {
	struct hd_cel_program *program;
	struct hd_cel_diag *diag;
	struct hd_cel_call call; /* for folding */
	bool no_failing;
};

static bool is_const(const struct hd_cel_node *node)
{
	return node->op == HD_CEL_OP_CONST;
}

/* ---- literals made ready ---- */

static void prepare(struct finisher *f, struct hd_cel_node *node)
{
	const struct hd_cel_node *last;
	char why[256] = "";

	if (!node->overload || !node->overload->prepare || node->n == 0)
		return;
	last = node->args[node->n - 1];
	if (!is_const(last) || last->value.kind != HD_CEL_STRING)
		return;
	node->tool = node->overload->prepare(f->program, last->value, why,
					     sizeof(why));
	if (!node->tool)
		hd_cel_diag_add(f->diag, last->offset, last->length, "", "%s",
				why);
}

/* ---- constants ---- */

static bool may_fold(const struct hd_cel_node *node)
{
	struct hd_cel_node *child;
	size_t i;

	switch ((enum hd_cel_op)node->op) {
	case HD_CEL_OP_CALL:
		if (!node->overload || node->overload->own ||
		    !node->overload->fn)
			return false;
		break;
	case HD_CEL_OP_LIST:
	case HD_CEL_OP_MAP:
	case HD_CEL_OP_NOT:
	case HD_CEL_OP_NEG:
		break;
	default:
		if (node->op < HD_CEL_OP_ADD || node->op > HD_CEL_OP_IN)
			return false;
		break;
	}
	for (i = 0; (child = hd_cel_node_child(node, i)); i++)
		if (!is_const(child))
			return false;
	return true;
}

/* Folding may end for its own limits: that says nothing of the expression. */
static void complain_of(struct finisher *f, const struct hd_cel_node *node,
			const struct hd_cel_value *v)
{
	const struct hd_cel_error *error = hd_cel_error_of(v);

	if (!f->no_failing || f->call.stopped || !error)
		return;
	hd_cel_diag_add(f->diag, node->offset, node->length, "",
			"this always fails: %s", error->text);
}

/* What fails is left as it is, to fail when (and if) it is evaluated. */
static void fold(struct finisher *f, struct hd_cel_node *node)
{
	struct hd_cel_value v;

	if (!may_fold(node))
		return;
	f->call.cost = FOLD_COST;
	f->call.stopped = NULL;
	v = hd_cel_eval_node(&f->call, node);
	if (hd_cel_bad(&v) || f->call.stopped) {
		complain_of(f, node, &v);
		return;
	}
	node->op = HD_CEL_OP_CONST;
	node->value = v;
	node->n = 0;
	node->args = NULL;
	node->a = node->b = node->c = NULL;
}

/* ---- chains ---- */

static bool is_plain_select(const struct hd_cel_node *node)
{
	return node->op == HD_CEL_OP_SELECT &&
	       !(node->flags & (HD_CEL_NODE_OPTIONAL | HD_CEL_NODE_TEST));
}

/* a.b.c becomes one node over `a`. */
static void fuse(struct finisher *f, struct hd_cel_node *node)
{
	struct hd_cel_node *base = node;
	struct hd_cel_step *steps;
	uint32_t n = 0, i;

	for (; is_plain_select(base); base = base->a)
		n++;
	steps = hd_cel_pool_zero(&f->program->pool, n * sizeof(*steps));
	for (i = n, base = node; i-- > 0; base = base->a) {
		steps[i].name = base->name;
		steps[i].n = base->name_n;
		steps[i].missing = base->path ? base->path->n : 0;
	}
	node->op = HD_CEL_OP_ATTR;
	node->a = base;
	node->steps = steps;
	node->n = n;
}

/* ---- or, orValue: their argument is not evaluated in vain ---- */

static void make_lazy(struct hd_cel_node *node)
{
	const struct hd_cel_overload *o = node->overload;
	bool value;

	if (!o || o->own || !o->receiver || node->n != 2)
		return;
	value = strcmp(node->function->name, "orValue") == 0;
	if (!value && strcmp(node->function->name, "or") != 0)
		return;
	node->op = value ? HD_CEL_OP_OR_VALUE : HD_CEL_OP_OR_ELSE;
	node->a = node->args[0];
	node->b = node->args[1];
	node->n = 0;
	node->args = NULL;
}

/* ---- the walk ---- */

/* Errors name the whole attribute that was asked for, not its beginning. */
static void hand_down(const struct hd_cel_node *node)
{
	bool goes_on = node->op == HD_CEL_OP_SELECT ||
		       node->op == HD_CEL_OP_INDEX ||
		       node->op == HD_CEL_OP_ATTR;

	if (goes_on && node->path && node->a->path &&
	    (node->a->op == HD_CEL_OP_SELECT ||
	     node->a->op == HD_CEL_OP_INDEX || node->a->op == HD_CEL_OP_VAR))
		node->a->whole = node->whole;
}

static void finish(struct finisher *f, struct hd_cel_node *node)
{
	struct hd_cel_node *child;
	size_t i;

	if (!node->whole)
		node->whole = node->path;
	if (is_plain_select(node))
		fuse(f, node);
	hand_down(node);
	for (i = 0; (child = hd_cel_node_child(node, i)); i++)
		finish(f, child);
	if (node->op == HD_CEL_OP_CALL)
		prepare(f, node);
	fold(f, node);
	if (node->op == HD_CEL_OP_CALL)
		make_lazy(node);
}

void hd_cel_finish(struct hd_cel_program *program, struct hd_cel_diag *diag,
		   struct hd_cel_node *root, bool no_failing)
{
	static const struct hd_cel_activation nothing;
	struct finisher f = { .program = program,
			      .diag = diag,
			      .no_failing = no_failing };

	hd_cel_list_refs(program, diag, root);
	program->constants = hd_cel_arena_new(0);
	f.call.activation = &nothing;
	f.call.arena = program->constants;
	finish(&f, root);
}
