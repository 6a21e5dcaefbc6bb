#include "core/cel/check.h"

#include <stdio.h>

#include "core/cel/issue.h"

const struct hd_cel_type *hd_cel_check_complain(struct hd_cel_checker *ck,
						const struct hd_cel_node *node,
						const char *remedy,
						const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	hd_cel_diag_add(ck->diag, node->offset, node->length, remedy, "%s",
			text);
	return hd_cel_dyn();
}

const struct hd_cel_type *hd_cel_check_fail(struct hd_cel_checker *ck,
					    struct hd_cel_node *node,
					    const char *text)
{
	node->op = HD_CEL_OP_FAIL;
	node->name = hd_cel_pool_text(ck->pool, text, strlen(text));
	return hd_cel_dyn();
}

struct hd_cel_path *hd_cel_check_path(struct hd_cel_checker *ck,
				      const struct hd_cel_path *of,
				      const char *dot, const char *name)
{
	struct hd_cel_path *path = hd_cel_pool_zero(ck->pool, sizeof(*path));

	path->absent = hd_cel_pool_printf(ck->pool, "absent: %s%s%s",
					  of ? of->text : "", dot, name);
	path->text = path->absent + strlen("absent: ");
	path->n = (uint32_t)strlen(path->text);
	path->slot = of ? of->slot : 0;
	return path;
}

const struct hd_cel_type *hd_cel_check_now(struct hd_cel_checker *ck,
					   const struct hd_cel_type *type)
{
	return hd_cel_type_resolve(&ck->bindings, type, false);
}

const char *hd_cel_check_text(struct hd_cel_checker *ck,
			      const struct hd_cel_type *type)
{
	type = hd_cel_type_resolve(&ck->bindings, type, true);
	return hd_cel_type_text(ck->pool, type);
}

bool hd_cel_check_fits(struct hd_cel_checker *ck,
		       const struct hd_cel_type *from, enum hd_cel_type_kind to)
{
	return hd_cel_type_fits(&ck->bindings, from, hd_cel_type_simple(to));
}

const char *hd_cel_check_did_you_mean(struct hd_cel_checker *ck,
				      const char *best)
{
	if (!best)
		return "";
	return hd_cel_pool_printf(ck->pool, "did you mean '%s'?", best);
}

static const struct hd_cel_type *check_const(const struct hd_cel_node *node)
{
	static const uint8_t types[] = {
		[HD_CEL_NULL] = HD_CEL_TYPE_NULL,
		[HD_CEL_BOOL] = HD_CEL_TYPE_BOOL,
		[HD_CEL_INT] = HD_CEL_TYPE_INT,
		[HD_CEL_UINT] = HD_CEL_TYPE_UINT,
		[HD_CEL_DOUBLE] = HD_CEL_TYPE_DOUBLE,
		[HD_CEL_STRING] = HD_CEL_TYPE_STRING,
		[HD_CEL_BYTES] = HD_CEL_TYPE_BYTES,
	};

	return hd_cel_type_simple(types[node->value.kind]);
}

/* What stands behind ?: the value of an optional. */
static const struct hd_cel_type *spread(struct hd_cel_checker *ck,
					const struct hd_cel_node *node,
					const struct hd_cel_type *type)
{
	type = hd_cel_check_now(ck, type);
	if (type->kind == HD_CEL_TYPE_OPTIONAL)
		return type->p[0];
	if (type->kind == HD_CEL_TYPE_DYN)
		return type;
	return hd_cel_check_complain(ck, node, "",
				     "'?' wants an optional, not %s",
				     hd_cel_check_text(ck, type));
}

static const struct hd_cel_type *check_list(struct hd_cel_checker *ck,
					    struct hd_cel_node *node)
{
	const struct hd_cel_type *of = NULL, *type;
	uint32_t i;

	for (i = 0; i < node->n; i++) {
		type = hd_cel_check_node(ck, node->args[i]);
		if (node->args[i]->flags & HD_CEL_NODE_SPREAD)
			type = spread(ck, node->args[i], type);
		of = hd_cel_type_join(&ck->bindings, of, type);
	}
	if (!of)
		of = hd_cel_bindings_fresh(&ck->bindings);
	return hd_cel_type_list(ck->pool, of);
}

static bool is_key(const struct hd_cel_type *type)
{
	if (type->kind == HD_CEL_TYPE_WRAPPER)
		type = type->p[0];
	return type->kind == HD_CEL_TYPE_DYN ||
	       type->kind == HD_CEL_TYPE_BOOL ||
	       type->kind == HD_CEL_TYPE_INT ||
	       type->kind == HD_CEL_TYPE_UINT ||
	       type->kind == HD_CEL_TYPE_STRING ||
	       type->kind == HD_CEL_TYPE_VAR;
}

static const struct hd_cel_type *check_map(struct hd_cel_checker *ck,
					   struct hd_cel_node *node)
{
	const struct hd_cel_type *key = NULL, *value = NULL, *type;
	uint32_t i;

	for (i = 0; i < node->n; i += 2) {
		type = hd_cel_check_now(ck,
					hd_cel_check_node(ck, node->args[i]));
		if (!is_key(type))
			type = hd_cel_check_complain(
				ck, node->args[i], "",
				"a key may be bool, int, uint or string, "
				"not %s",
				hd_cel_check_text(ck, type));
		key = hd_cel_type_join(&ck->bindings, key, type);
		type = hd_cel_check_node(ck, node->args[i + 1]);
		if (node->args[i]->flags & HD_CEL_NODE_SPREAD)
			type = spread(ck, node->args[i + 1], type);
		value = hd_cel_type_join(&ck->bindings, value, type);
	}
	if (!key) {
		key = hd_cel_bindings_fresh(&ck->bindings);
		value = hd_cel_bindings_fresh(&ck->bindings);
	}
	return hd_cel_type_map(ck->pool, key, value);
}

static const struct hd_cel_type *check_logic(struct hd_cel_checker *ck,
					     struct hd_cel_node *node)
{
	const char *name = node->op == HD_CEL_OP_AND ? "&&" : "||";
	uint32_t i;

	for (i = 0; i < node->n; i++) {
		struct hd_cel_node *arg = node->args[i];
		const struct hd_cel_type *type = hd_cel_check_node(ck, arg);

		if (!hd_cel_check_fits(ck, type, HD_CEL_TYPE_BOOL))
			hd_cel_check_complain(ck, arg, HD_CEL_COMPARE,
					      "'%s' wants bool, not %s", name,
					      hd_cel_check_text(ck, type));
	}
	return hd_cel_type_simple(HD_CEL_TYPE_BOOL);
}

static const struct hd_cel_type *check_cond(struct hd_cel_checker *ck,
					    struct hd_cel_node *node)
{
	const struct hd_cel_type *cond = hd_cel_check_node(ck, node->a);
	const struct hd_cel_type *b = hd_cel_check_node(ck, node->b);
	const struct hd_cel_type *c = hd_cel_check_node(ck, node->c);

	if (!hd_cel_check_fits(ck, cond, HD_CEL_TYPE_BOOL))
		hd_cel_check_complain(ck, node->a, HD_CEL_COMPARE,
				      "the condition of '?' is %s, bool is "
				      "wanted",
				      hd_cel_check_text(ck, cond));
	if (!hd_cel_type_fits(&ck->bindings, b, c))
		return hd_cel_check_complain(
			ck, node, "give both the same type, or write dyn(...)",
			"the two results of '?' differ in type: %s and %s",
			hd_cel_check_text(ck, b), hd_cel_check_text(ck, c));
	return hd_cel_type_join(&ck->bindings, b, c);
}

static const struct hd_cel_type *check_by_op(struct hd_cel_checker *ck,
					     struct hd_cel_node *node)
{
	switch ((enum hd_cel_op)node->op) {
	case HD_CEL_OP_CONST:
		return check_const(node);
	case HD_CEL_OP_IDENT:
		return hd_cel_check_ident(ck, node);
	case HD_CEL_OP_SELECT:
		return hd_cel_check_select(ck, node);
	case HD_CEL_OP_INDEX:
		return hd_cel_check_index(ck, node);
	case HD_CEL_OP_CALL:
		return hd_cel_check_call(ck, node);
	case HD_CEL_OP_LIST:
		return check_list(ck, node);
	case HD_CEL_OP_MAP:
		return check_map(ck, node);
	case HD_CEL_OP_AND:
	case HD_CEL_OP_OR:
		return check_logic(ck, node);
	case HD_CEL_OP_COND:
		return check_cond(ck, node);
	case HD_CEL_OP_MACRO:
	case HD_CEL_OP_BIND:
	case HD_CEL_OP_OPT_MAP:
	case HD_CEL_OP_OPT_FLAT:
		return hd_cel_check_macro(ck, node);
	default:
		return hd_cel_check_operator(ck, node);
	}
}

const struct hd_cel_type *hd_cel_check_node(struct hd_cel_checker *ck,
					    struct hd_cel_node *node)
{
	const struct hd_cel_type *type = check_by_op(ck, node);

	node->type = ck->unchecked ? hd_cel_dyn() : type;
	return node->type;
}

const struct hd_cel_type *hd_cel_check(struct hd_cel_checker *ck,
				       struct hd_cel_node *root)
{
	const struct hd_cel_type *type;

	hd_cel_bindings_init(&ck->bindings, ck->pool);
	type = hd_cel_check_node(ck, root);
	return hd_cel_type_resolve(&ck->bindings, type, true);
}
