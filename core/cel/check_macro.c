/* Macros: scopes, what is run over, what comes out. */
#include "core/cel/check.h"

#include "core/cel/issue.h"

static void open_scope(struct hd_cel_checker *ck, struct hd_cel_scope *s,
		       const char *name, const struct hd_cel_type *type,
		       const struct hd_cel_path *path)
{
	*s = (struct hd_cel_scope){ .outer = ck->scope,
				    .name = name,
				    .type = ck->unchecked ? hd_cel_dyn() : type,
				    .path = path,
				    .slot = ck->locals++ };
	ck->scope = s;
	if (ck->locals > ck->max_locals)
		ck->max_locals = ck->locals;
}

static void close_scope(struct hd_cel_checker *ck)
{
	ck->scope = ck->scope->outer;
	ck->locals--;
}

static const struct hd_cel_path *element_path(struct hd_cel_checker *ck,
					      const struct hd_cel_node *range)
{
	if (!range->path)
		return NULL;
	return hd_cel_check_path(ck, range->path, "", "[*]");
}

struct range {
	const struct hd_cel_type *key, *value; /* int and element of a list */
	bool list; /* one variable is the value, not the key */
};

static struct range range_of(struct hd_cel_checker *ck,
			     const struct hd_cel_node *node,
			     const struct hd_cel_type *type)
{
	const struct hd_cel_type *dyn = hd_cel_dyn();

	switch (type->kind) {
	case HD_CEL_TYPE_LIST:
		return (struct range){ hd_cel_type_simple(HD_CEL_TYPE_INT),
				       type->p[0], true };
	case HD_CEL_TYPE_MAP:
		return (struct range){ type->p[0], type->p[1], false };
	case HD_CEL_TYPE_OBJECT:
		return (struct range){ hd_cel_type_simple(HD_CEL_TYPE_STRING),
				       dyn, false };
	case HD_CEL_TYPE_VAR:
		hd_cel_type_fits(&ck->bindings, dyn, type);
		return (struct range){ dyn, dyn, true };
	case HD_CEL_TYPE_DYN:
		return (struct range){ dyn, dyn, true };
	default:
		hd_cel_check_complain(ck, node, "",
				      "'%s' runs over a list or a map, not %s",
				      node->name, hd_cel_check_text(ck, type));
		return (struct range){ dyn, dyn, true };
	}
}

static void want_bool(struct hd_cel_checker *ck,
		      const struct hd_cel_node *macro,
		      const struct hd_cel_node *node,
		      const struct hd_cel_type *type)
{
	if (!hd_cel_check_fits(ck, type, HD_CEL_TYPE_BOOL))
		hd_cel_check_complain(ck, node, "",
				      "the condition of '%s' is %s, bool is "
				      "wanted",
				      macro->name, hd_cel_check_text(ck, type));
}

static const struct hd_cel_type *entry_map(struct hd_cel_checker *ck,
					   const struct hd_cel_node *node,
					   const struct hd_cel_type *body)
{
	body = hd_cel_check_now(ck, body);
	if (body->kind == HD_CEL_TYPE_MAP || body->kind == HD_CEL_TYPE_DYN)
		return body;
	return hd_cel_check_complain(ck, node->c, "",
				     "'%s' makes entries of maps, not of %s",
				     node->name, hd_cel_check_text(ck, body));
}

static const struct hd_cel_type *result(struct hd_cel_checker *ck,
					const struct hd_cel_node *node,
					const struct range *r,
					const struct hd_cel_type *body)
{
	switch ((enum hd_cel_macro)node->macro) {
	case HD_CEL_MACRO_ALL:
	case HD_CEL_MACRO_EXISTS:
	case HD_CEL_MACRO_EXISTS_ONE:
		want_bool(ck, node, node->c, body);
		return hd_cel_type_simple(HD_CEL_TYPE_BOOL);
	case HD_CEL_MACRO_FILTER:
		want_bool(ck, node, node->c, body);
		return hd_cel_type_list(ck->pool, r->list ? r->value : r->key);
	case HD_CEL_MACRO_LIST:
		return hd_cel_type_list(ck->pool, body);
	case HD_CEL_MACRO_MAP:
		return hd_cel_type_map(ck->pool, r->key, body);
	case HD_CEL_MACRO_ENTRY:
		return entry_map(ck, node, body);
	}
	return hd_cel_dyn();
}

static const struct hd_cel_type *check_loop(struct hd_cel_checker *ck,
					    struct hd_cel_node *node)
{
	const struct hd_cel_type *type = hd_cel_check_node(ck, node->a);
	const struct hd_cel_path *path = element_path(ck, node->a);
	struct hd_cel_scope first, second;
	struct range r;

	r = range_of(ck, node, hd_cel_check_now(ck, type));
	if (++ck->macros > ck->max_macros)
		hd_cel_check_complain(ck, node, "",
				      "more than %u macros inside each other",
				      ck->max_macros);
	node->slot = (uint16_t)ck->locals;
	if (node->two) {
		open_scope(ck, &first, node->var1, r.key, NULL);
		open_scope(ck, &second, node->var2, r.value, path);
	} else {
		open_scope(ck, &first, node->var1, r.list ? r.value : r.key,
			   r.list ? path : NULL);
	}
	if (node->b)
		want_bool(ck, node, node->b, hd_cel_check_node(ck, node->b));
	type = hd_cel_check_node(ck, node->c);
	if (node->two)
		close_scope(ck);
	close_scope(ck);
	ck->macros--;
	return result(ck, node, &r, type);
}

static const struct hd_cel_type *check_bind(struct hd_cel_checker *ck,
					    struct hd_cel_node *node)
{
	const struct hd_cel_type *type = hd_cel_check_node(ck, node->a);
	struct hd_cel_scope scope;

	node->slot = (uint16_t)ck->locals;
	open_scope(ck, &scope, node->var1, type, node->a->path);
	type = hd_cel_check_node(ck, node->c);
	close_scope(ck);
	return type;
}

static const struct hd_cel_type *check_optional(struct hd_cel_checker *ck,
						struct hd_cel_node *node)
{
	const struct hd_cel_type *of = hd_cel_check_node(ck, node->a), *type;
	struct hd_cel_scope scope;

	of = hd_cel_check_now(ck, of);
	if (of->kind == HD_CEL_TYPE_OPTIONAL)
		of = of->p[0];
	else if (of->kind != HD_CEL_TYPE_DYN)
		of = hd_cel_check_complain(ck, node, "",
					   "'%s' wants an optional, not %s",
					   node->name,
					   hd_cel_check_text(ck, of));
	node->slot = (uint16_t)ck->locals;
	open_scope(ck, &scope, node->var1, of, node->a->path);
	type = hd_cel_check_node(ck, node->c);
	close_scope(ck);
	if (node->op == HD_CEL_OP_OPT_MAP)
		return hd_cel_type_of(ck->pool, HD_CEL_TYPE_OPTIONAL, type);
	type = hd_cel_check_now(ck, type);
	if (type->kind == HD_CEL_TYPE_OPTIONAL || type->kind == HD_CEL_TYPE_DYN)
		return type;
	return hd_cel_check_complain(ck, node->c, "use optMap()",
				     "'optFlatMap' wants an optional as its "
				     "result, not %s",
				     hd_cel_check_text(ck, type));
}

const struct hd_cel_type *hd_cel_check_macro(struct hd_cel_checker *ck,
					     struct hd_cel_node *node)
{
	if (node->op == HD_CEL_OP_MACRO)
		return check_loop(ck, node);
	if (node->op == HD_CEL_OP_BIND)
		return check_bind(ck, node);
	return check_optional(ck, node);
}
