/* What an expression asks for: attributes and calls of the caller's. */
#include <stdlib.h>

#include "core/cel/env.h"
#include "core/cel/issue.h"
#include "core/cel/program.h"

struct hd_cel_node *hd_cel_node_child(const struct hd_cel_node *node, size_t i)
{
	struct hd_cel_node *const three[] = { node->a, node->b, node->c };
	size_t j;

	for (j = 0; j < 3; j++)
		if (three[j] && i-- == 0)
			return three[j];
	return i < node->n && node->args ? node->args[i] : NULL;
}

struct lister {
	struct hd_cel_program *program;
	const struct hd_cel_diag *diag;
	size_t refs_cap, calls_cap;
};

static void *grow(struct lister *l, void *items, size_t n, size_t *cap,
		  size_t size)
{
	void *more;

	if (n < *cap)
		return items;
	*cap = *cap != 0 ? *cap * 2 : 8;
	more = hd_cel_pool_alloc(&l->program->pool, *cap * size);
	if (n != 0)
		memcpy(more, items, n * size);
	return more;
}

static void add_ref(struct lister *l, const struct hd_cel_node *node)
{
	struct hd_cel_program *p = l->program;
	struct hd_cel_ref *ref;

	p->refs = grow(l, p->refs, p->n_refs, &l->refs_cap, sizeof(*p->refs));
	ref = &p->refs[p->n_refs++];
	*ref = (struct hd_cel_ref){ .path = node->path->text,
				    .offset = node->offset,
				    .slot = node->path->slot,
				    .tested = node->path->tested };
	hd_cel_diag_place(l->diag->source, l->diag->n, node->offset,
			  node->length, &ref->line, &ref->column, &ref->length);
}

static const struct hd_cel_value *literal(const struct hd_cel_node *node)
{
	return node->op == HD_CEL_OP_CONST ? &node->value : NULL;
}

static void add_call(struct lister *l, const struct hd_cel_node *node)
{
	struct hd_cel_program *p = l->program;
	const struct hd_cel_value **args =
		hd_cel_pool_zero(&p->pool, (node->n + 1) * sizeof(*args));
	struct hd_cel_callsite *site;
	uint32_t i;

	for (i = 0; i < node->n; i++)
		args[i] = literal(node->args[i]);
	p->calls = grow(l, p->calls, p->n_calls, &l->calls_cap,
			sizeof(*p->calls));
	site = &p->calls[p->n_calls++];
	*site = (struct hd_cel_callsite){ .function = node->function->name,
					  .offset = node->offset,
					  .n = node->n,
					  .args = args };
	hd_cel_diag_place(l->diag->source, l->diag->n, node->offset,
			  node->length, &site->line, &site->column,
			  &site->length);
}

/* True if `child` is the beginning of the path of `node`: only the longest
 * is listed, but of has(a.b.c) also a.b, whose absence is an error. */
static bool goes_on(const struct hd_cel_node *node,
		    const struct hd_cel_node *child)
{
	if (!node->path || !child->path)
		return false;
	if (child != node->a ||
	    (node->op != HD_CEL_OP_SELECT && node->op != HD_CEL_OP_INDEX))
		return false;
	return !(node->flags & HD_CEL_NODE_TEST) ||
	       child->op != HD_CEL_OP_SELECT || child->path->tested;
}

static void list(struct lister *l, const struct hd_cel_node *node, bool longer)
{
	struct hd_cel_node *child;
	size_t i;

	for (i = 0; (child = hd_cel_node_child(node, i)); i++)
		list(l, child, goes_on(node, child));
	if (node->path && !longer && node->op != HD_CEL_OP_FAIL &&
	    node->op != HD_CEL_OP_CALL)
		add_ref(l, node);
	if (node->op == HD_CEL_OP_CALL && node->overload && node->overload->own)
		add_call(l, node);
}

static int by_place(const void *a, const void *b)
{
	const struct hd_cel_ref *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return (x->length > y->length) - (x->length < y->length);
}

void hd_cel_list_refs(struct hd_cel_program *program,
		      const struct hd_cel_diag *diag,
		      const struct hd_cel_node *root)
{
	struct lister l = { .program = program, .diag = diag };

	list(&l, root, false);
	if (program->n_refs > 1)
		qsort(program->refs, program->n_refs, sizeof(*program->refs),
		      by_place);
}
