/* Functions and operators: which overload, and what comes out. */
#include "core/cel/check.h"

#include "core/cel/issue.h"
#include "core/cel/parse.h"

/* ---- which overload ---- */

/* All overloads that the arguments fit; with dyn there may be several, whose
 * results then must agree or the result is dyn.  NULL if there is none. */
static const struct hd_cel_type *
match(struct hd_cel_checker *ck, const struct hd_cel_function *f, bool receiver,
      const struct hd_cel_type *const *args, size_t n,
      const struct hd_cel_overload **found)
{
	const struct hd_cel_type *params[HD_CEL_MAX_PARAMS], *all = NULL, *one;
	const struct hd_cel_overload *o;
	size_t i;

	for (o = f->overloads; o; o = o->next) {
		struct hd_cel_instance map = { .n = 0 };

		if (o->n != n || o->receiver != receiver)
			continue;
		for (i = 0; i < n; i++)
			params[i] = o->generic ? hd_cel_type_instance(
							 &ck->bindings, &map,
							 o->params[i])
					       : o->params[i];
		if (!hd_cel_type_fit_all(&ck->bindings, args, params, n))
			continue;
		one = o->generic ? hd_cel_type_instance(&ck->bindings, &map,
							o->result)
				 : o->result;
		one = hd_cel_check_now(ck, one);
		if (!all)
			*found = o;
		all = all && !hd_cel_type_same(all, one) ? hd_cel_dyn() : one;
	}
	return all;
}

static const char *argument_text(struct hd_cel_checker *ck, bool receiver,
				 const struct hd_cel_type *const *args,
				 size_t n)
{
	const char *text = "";
	size_t i;

	for (i = receiver; i < n; i++)
		text = hd_cel_pool_printf(ck->pool, "%s%s%s", text,
					  i > receiver ? ", " : "",
					  hd_cel_check_text(ck, args[i]));
	return text;
}

/* "it takes: string.contains(string)" */
static const char *forms(struct hd_cel_checker *ck,
			 const struct hd_cel_function *f)
{
	const struct hd_cel_overload *o;
	const char *text = NULL;
	size_t n = 0;

	for (o = f->overloads; o && n < 4; o = o->next, n++)
		text = hd_cel_pool_printf(ck->pool, "%s%s%s",
					  text ? text : "it is ",
					  text ? "; " : "", o->text);
	return text ? text : "";
}

static const struct hd_cel_type *
no_overload(struct hd_cel_checker *ck, struct hd_cel_node *node,
	    const struct hd_cel_function *f, bool receiver,
	    const struct hd_cel_type *const *args)
{
	const char *text;

	if (ck->unchecked)
		return hd_cel_check_fail(
			ck, node,
			hd_cel_pool_printf(ck->pool, "no such overload of '%s'",
					   f->name));
	text = argument_text(ck, receiver, args, node->n);
	if (receiver)
		return hd_cel_check_complain(ck, node, forms(ck, f),
					     "'%s' cannot be called on %s with "
					     "(%s)",
					     f->name,
					     hd_cel_check_text(ck, args[0]),
					     text);
	return hd_cel_check_complain(ck, node, forms(ck, f),
				     "'%s' cannot be called with (%s)", f->name,
				     text);
}

/* ---- calls ---- */

static void try_names(struct hd_cel_nearest *nearest,
		      const struct hd_cel_env *env)
{
	const struct hd_cel_function *f;
	const char *name;
	size_t i;

	for (; env; env = env->parent)
		for (f = env->functions; f; f = f->next)
			hd_cel_nearest_try(nearest, f->name);
	for (i = 0; (name = hd_cel_macro_name(i)); i++)
		hd_cel_nearest_try(nearest, name);
}

static bool is_macro_name(const char *name)
{
	const char *other;
	size_t i;

	for (i = 0; (other = hd_cel_macro_name(i)); i++)
		if (strcmp(name, other) == 0)
			return true;
	return false;
}

static const struct hd_cel_type *unknown_function(struct hd_cel_checker *ck,
						  struct hd_cel_node *node,
						  const char *name)
{
	struct hd_cel_nearest nearest = { .wanted = name };

	if (ck->unchecked)
		return hd_cel_check_fail(
			ck, node,
			hd_cel_pool_printf(ck->pool, "unknown function '%s'",
					   name));
	if (is_macro_name(name))
		return hd_cel_check_complain(
			ck, node, "list.exists(x, condition), has(a.b)",
			"'%s' is not called like that", name);
	try_names(&nearest, ck->env);
	return hd_cel_check_complain(
		ck, node, hd_cel_check_did_you_mean(ck, nearest.best),
		"unknown function '%s'", name);
}

static const struct hd_cel_function *find_global(struct hd_cel_checker *ck,
						 const char *name, bool rooted)
{
	const struct hd_cel_function *f;
	const char *full;
	size_t i;

	for (i = 0; (full = hd_cel_check_candidate(ck, name, rooted, i)); i++) {
		f = hd_cel_env_find_function(ck->env, full);
		if (f)
			return f;
	}
	return NULL;
}

/* "math" of math.abs(x): the receiver is a namespace, not a value. */
static const struct hd_cel_function *find_spaced(struct hd_cel_checker *ck,
						 const struct hd_cel_node *node,
						 const char **full)
{
	const char *space = hd_cel_check_chain(ck, node->a);

	if (!space)
		return NULL;
	*full = hd_cel_pool_printf(ck->pool, "%s.%s", space, node->name);
	return find_global(ck, *full, false);
}

static void take_receiver(struct hd_cel_checker *ck, struct hd_cel_node *node)
{
	struct hd_cel_node **args =
		hd_cel_pool_alloc(ck->pool, (node->n + 1) * sizeof(*args));

	args[0] = node->a;
	if (node->n != 0)
		memcpy(args + 1, node->args, node->n * sizeof(*args));
	node->args = args;
	node->n++;
	node->a = NULL;
}

/* An optional's value, or the same value made dyn, comes from where it did. */
static bool keeps_path(const struct hd_cel_function *f)
{
	static const char *const names[] = {
		"orValue", "or",	  "value",
		"dyn",	   "optional.of", "optional.ofNonZeroValue"
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], f->name) == 0)
			return true;
	return false;
}

/* A complaint about a name that is no namespace and no value either says
 * which of both was meant as well as it can. */
static bool is_no_value(struct hd_cel_checker *ck,
			const struct hd_cel_node *receiver)
{
	const char *full;
	size_t i;

	if (receiver->op != HD_CEL_OP_IDENT ||
	    !hd_cel_check_chain(ck, receiver))
		return false;
	for (i = 0;
	     (full = hd_cel_check_candidate(ck, receiver->name, false, i)); i++)
		if (hd_cel_env_find(ck->env, full, strlen(full)))
			return false;
	return true;
}

const struct hd_cel_type *hd_cel_check_call(struct hd_cel_checker *ck,
					    struct hd_cel_node *node)
{
	const struct hd_cel_type *args[HD_CEL_MAX_PARAMS], *type;
	const struct hd_cel_function *f;
	const char *name = node->name;
	bool receiver = false;
	uint32_t i;

	if (!node->a) {
		f = find_global(ck, name,
				(node->flags & HD_CEL_NODE_ROOTED) != 0);
	} else {
		f = find_spaced(ck, node, &name);
		if (f) {
			node->a = NULL;
		} else if (!is_no_value(ck, node->a) || ck->unchecked) {
			name = node->name;
			f = hd_cel_env_find_function(ck->env, name);
			take_receiver(ck, node);
			receiver = true;
		}
	}
	/* Of an unknown function, which may be a macro misspelt, only what it
	 * is called on. */
	for (i = 0; i < (f ? node->n : receiver); i++) {
		type = hd_cel_check_node(ck, node->args[i]);
		if (i < HD_CEL_MAX_PARAMS)
			args[i] = type;
	}
	if (!f)
		return unknown_function(ck, node, name);
	node->function = f;
	type = node->n > HD_CEL_MAX_PARAMS
		       ? NULL
		       : match(ck, f, receiver, args, node->n, &node->overload);
	if (node->n > HD_CEL_MAX_PARAMS && !ck->unchecked)
		return hd_cel_check_complain(ck, node, forms(ck, f),
					     "'%s' has too many arguments",
					     name);
	if (!type)
		return no_overload(ck, node, f, receiver, args);
	if (keeps_path(f) && node->n > 0)
		node->path = node->args[0]->path;
	return type;
}

/* ---- operators ---- */

static const char *const names[] = {
	[HD_CEL_OP_NOT] = "!", [HD_CEL_OP_NEG] = "-", [HD_CEL_OP_ADD] = "+",
	[HD_CEL_OP_SUB] = "-", [HD_CEL_OP_MUL] = "*", [HD_CEL_OP_DIV] = "/",
	[HD_CEL_OP_MOD] = "%", [HD_CEL_OP_EQ] = "==", [HD_CEL_OP_NE] = "!=",
	[HD_CEL_OP_LT] = "<",  [HD_CEL_OP_LE] = "<=", [HD_CEL_OP_GT] = ">",
	[HD_CEL_OP_GE] = ">=", [HD_CEL_OP_IN] = "in",
};

static bool is_number(const struct hd_cel_type *type)
{
	if (type->kind == HD_CEL_TYPE_WRAPPER)
		type = type->p[0];
	return type->kind >= HD_CEL_TYPE_INT &&
	       type->kind <= HD_CEL_TYPE_DOUBLE;
}

/* Numbers of all types compare. */
static bool can_be_equal(struct hd_cel_checker *ck, const struct hd_cel_type *a,
			 const struct hd_cel_type *b)
{
	if (hd_cel_type_fits(&ck->bindings, a, b) ||
	    hd_cel_type_fits(&ck->bindings, b, a))
		return true;
	return is_number(hd_cel_check_now(ck, a)) &&
	       is_number(hd_cel_check_now(ck, b));
}

static bool is_moment(const struct hd_cel_type *type)
{
	return type->kind == HD_CEL_TYPE_TIMESTAMP ||
	       type->kind == HD_CEL_TYPE_DURATION;
}

static const char *convert_hint(const struct hd_cel_type *a,
				const struct hd_cel_type *b)
{
	bool text = a->kind == HD_CEL_TYPE_STRING ||
		    b->kind == HD_CEL_TYPE_STRING;

	if (is_number(a) && is_number(b))
		return "convert one side: double(x), int(x)";
	if (text && (is_number(a) || is_number(b)))
		return "write the number without quotes, or convert: "
		       "string(x), int(x)";
	if (is_moment(a) && is_number(b))
		return "a number of seconds is written duration(\"60s\")";
	if (a->kind == HD_CEL_TYPE_NULL || b->kind == HD_CEL_TYPE_NULL)
		return "to ask whether it is there write has(a.b)";
	return "";
}

static const struct hd_cel_type *check_equal(struct hd_cel_checker *ck,
					     const struct hd_cel_node *node,
					     const struct hd_cel_type *a,
					     const struct hd_cel_type *b)
{
	if (!can_be_equal(ck, a, b))
		hd_cel_check_complain(
			ck, node,
			convert_hint(hd_cel_check_now(ck, a),
				     hd_cel_check_now(ck, b)),
			"'%s' compares %s with %s, which are never equal",
			names[node->op], hd_cel_check_text(ck, a),
			hd_cel_check_text(ck, b));
	return hd_cel_type_simple(HD_CEL_TYPE_BOOL);
}

static const struct hd_cel_type *check_in(struct hd_cel_checker *ck,
					  const struct hd_cel_node *node,
					  const struct hd_cel_type *a,
					  const struct hd_cel_type *b)
{
	const struct hd_cel_type *of = hd_cel_check_now(ck, b);
	bool ok;

	if (of->kind == HD_CEL_TYPE_LIST || of->kind == HD_CEL_TYPE_MAP)
		ok = can_be_equal(ck, a, of->p[0]);
	else if (of->kind == HD_CEL_TYPE_OBJECT)
		ok = hd_cel_check_fits(ck, a, HD_CEL_TYPE_STRING);
	else
		ok = of->kind == HD_CEL_TYPE_DYN || of->kind == HD_CEL_TYPE_VAR;
	if (!ok)
		hd_cel_check_complain(ck, node,
				      of->kind == HD_CEL_TYPE_STRING
					      ? "'a in b' for texts is "
						"written b.contains(a)"
					      : "",
				      "'in' looks for %s in %s",
				      hd_cel_check_text(ck, a),
				      hd_cel_check_text(ck, b));
	return hd_cel_type_simple(HD_CEL_TYPE_BOOL);
}

const struct hd_cel_type *hd_cel_check_operator(struct hd_cel_checker *ck,
						struct hd_cel_node *node)
{
	const struct hd_cel_type *args[2], *type;
	const struct hd_cel_overload *found;
	const struct hd_cel_function *f;
	size_t n = node->b ? 2 : 1;

	args[0] = hd_cel_check_node(ck, node->a);
	if (n == 2)
		args[1] = hd_cel_check_node(ck, node->b);
	if (node->op == HD_CEL_OP_EQ || node->op == HD_CEL_OP_NE)
		return check_equal(ck, node, args[0], args[1]);
	if (node->op == HD_CEL_OP_IN)
		return check_in(ck, node, args[0], args[1]);
	f = hd_cel_env_find_function(ck->env, names[node->op]);
	type = match(ck, f, false, args, n, &found);
	if (type)
		return type;
	if (n == 1)
		return hd_cel_check_complain(ck, node, "",
					     "'%s' cannot be applied to %s",
					     names[node->op],
					     hd_cel_check_text(ck, args[0]));
	return hd_cel_check_complain(
		ck, node,
		convert_hint(hd_cel_check_now(ck, args[0]),
			     hd_cel_check_now(ck, args[1])),
		"'%s' cannot be applied to %s and %s", names[node->op],
		hd_cel_check_text(ck, args[0]), hd_cel_check_text(ck, args[1]));
}
