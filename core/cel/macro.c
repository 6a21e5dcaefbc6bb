/* Macros are what the grammar takes for calls and the language does not: their
 * arguments are names and expressions, not values. */
#include "core/cel/parse.h"

#include <string.h>

#include "core/cel/issue.h"
#include "core/cel/pool.h"

enum { HAS = HD_CEL_MACRO_ENTRY + 1, BIND, OPT_MAP, OPT_FLAT, EXTREME };

struct macro {
	const char *name;
	const char *space; /* the receiver must be this name; NULL: any */
	uint8_t kind;
	uint8_t vars;
	uint8_t least, most; /* arguments; 0: the call has no receiver */
};

static const struct macro macros[] = {
	{ "all", NULL, HD_CEL_MACRO_ALL, 1, 2, 2 },
	{ "exists", NULL, HD_CEL_MACRO_EXISTS, 1, 2, 2 },
	{ "exists_one", NULL, HD_CEL_MACRO_EXISTS_ONE, 1, 2, 2 },
	{ "existsOne", NULL, HD_CEL_MACRO_EXISTS_ONE, 1, 2, 2 },
	{ "filter", NULL, HD_CEL_MACRO_FILTER, 1, 2, 2 },
	{ "map", NULL, HD_CEL_MACRO_LIST, 1, 2, 3 },
	{ "all", NULL, HD_CEL_MACRO_ALL, 2, 3, 3 },
	{ "exists", NULL, HD_CEL_MACRO_EXISTS, 2, 3, 3 },
	{ "existsOne", NULL, HD_CEL_MACRO_EXISTS_ONE, 2, 3, 3 },
	{ "exists_one", NULL, HD_CEL_MACRO_EXISTS_ONE, 2, 3, 3 },
	{ "transformList", NULL, HD_CEL_MACRO_LIST, 2, 3, 4 },
	{ "transformMap", NULL, HD_CEL_MACRO_MAP, 2, 3, 4 },
	{ "transformMapEntry", NULL, HD_CEL_MACRO_ENTRY, 2, 3, 4 },
	{ "optMap", NULL, OPT_MAP, 1, 2, 2 },
	{ "optFlatMap", NULL, OPT_FLAT, 1, 2, 2 },
	{ "bind", "cel", BIND, 1, 3, 3 },
	{ "greatest", "math", EXTREME, 0, 0, 255 },
	{ "least", "math", EXTREME, 0, 0, 255 },
};

const char *hd_cel_macro_name(size_t i)
{
	static const char *const names[] = {
		"has",		"all",
		"exists",	"exists_one",
		"existsOne",	"filter",
		"map",		"transformList",
		"transformMap", "transformMapEntry",
		"optMap",	"optFlatMap",
		"cel.bind",	"math.greatest",
		"math.least"
	};

	return i < sizeof(names) / sizeof(names[0]) ? names[i] : NULL;
}

static bool is_space(const struct hd_cel_node *receiver, const char *name)
{
	return receiver && receiver->op == HD_CEL_OP_IDENT &&
	       strcmp(receiver->name, name) == 0;
}

static const struct macro *find_macro(const struct hd_cel_node *call)
{
	size_t i;

	for (i = 0; call->a && i < sizeof(macros) / sizeof(macros[0]); i++) {
		const struct macro *m = &macros[i];

		if (strcmp(m->name, call->name) == 0 && call->n >= m->least &&
		    call->n <= m->most &&
		    (!m->space || is_space(call->a, m->space)))
			return m;
	}
	return NULL;
}

static struct hd_cel_node *complain(struct hd_cel_parser *ps,
				    const struct hd_cel_node *at,
				    const char *why, const char *remedy)
{
	hd_cel_diag_add(ps->diag, at->offset, at->length, remedy, "%s", why);
	return NULL;
}

static const char *variable(struct hd_cel_parser *ps,
			    const struct hd_cel_node *arg)
{
	if (arg->op == HD_CEL_OP_IDENT && !(arg->flags & HD_CEL_NODE_ROOTED))
		return arg->name;
	complain(ps, arg, "the variable of a macro must be a simple name", "");
	return NULL;
}

/* The node of `call` becomes the macro's; its last arguments are the filter
 * (if there is one more than needed) and the body. */
static struct hd_cel_node *unfold_loop(struct hd_cel_parser *ps,
				       struct hd_cel_node *call,
				       const struct macro *m)
{
	struct hd_cel_node **args = call->args;
	uint32_t n = call->n;

	call->var1 = variable(ps, args[0]);
	if (m->vars == 2)
		call->var2 = variable(ps, args[1]);
	if (!call->var1 || (m->vars == 2 && !call->var2))
		return NULL;
	if (m->vars == 2 && strcmp(call->var1, call->var2) == 0)
		return complain(ps, args[1],
				"the two variables need different names", "");
	call->op = HD_CEL_OP_MACRO;
	call->macro = m->kind;
	call->two = m->vars == 2;
	if (n == m->vars + 2u)
		call->b = args[n - 2];
	call->c = args[n - 1];
	call->args = NULL;
	call->n = 0;
	return hd_cel_parse_deepen(ps, call, call->a);
}

static struct hd_cel_node *unfold_single(struct hd_cel_parser *ps,
					 struct hd_cel_node *call,
					 const struct macro *m)
{
	call->var1 = variable(ps, call->args[0]);
	if (!call->var1)
		return NULL;
	call->op = m->kind == BIND	? HD_CEL_OP_BIND
		   : m->kind == OPT_MAP ? HD_CEL_OP_OPT_MAP
					: HD_CEL_OP_OPT_FLAT;
	if (m->kind == BIND)
		call->a = call->args[1];
	call->c = call->args[call->n - 1];
	call->args = NULL;
	call->n = 0;
	return hd_cel_parse_deepen(ps, call, call->a);
}

static struct hd_cel_node *unfold_has(struct hd_cel_parser *ps,
				      struct hd_cel_node *call)
{
	struct hd_cel_node *arg = call->args[0];

	if (arg->op != HD_CEL_OP_SELECT || (arg->flags & HD_CEL_NODE_OPTIONAL))
		return complain(ps, call, "has() wants an attribute",
				"has(a.b)");
	arg->flags |= HD_CEL_NODE_TEST;
	return arg;
}

/* math.greatest(a, b, c) takes its arguments as one list. */
static struct hd_cel_node *unfold_extreme(struct hd_cel_parser *ps,
					  struct hd_cel_node *call)
{
	struct hd_cel_node *list;
	uint32_t i;

	if (call->n == 0)
		return complain(ps, call, "at least one argument is wanted",
				"");
	for (i = 0; i < call->n; i++) {
		const struct hd_cel_node *arg = call->args[i];

		if (arg->op == HD_CEL_OP_CONST &&
		    (arg->value.kind < HD_CEL_INT ||
		     arg->value.kind > HD_CEL_DOUBLE))
			return complain(ps, arg, "a number is wanted", "");
	}
	call->name = call->name[0] == 'g' ? "@max" : "@min";
	call->name_n = 4;
	if (call->n == 1)
		return call;
	list = hd_cel_pool_alloc(ps->pool, sizeof(*list));
	*list = *call;
	list->op = HD_CEL_OP_LIST;
	list->a = NULL;
	call->args = hd_cel_pool_alloc(ps->pool, sizeof(*call->args));
	call->args[0] = list;
	call->n = 1;
	return hd_cel_parse_deepen(ps, call, list);
}

struct hd_cel_node *hd_cel_macro_unfold(struct hd_cel_parser *ps,
					struct hd_cel_node *call)
{
	const struct macro *m;

	if (!call->a)
		return strcmp(call->name, "has") == 0 && call->n == 1
			       ? unfold_has(ps, call)
			       : call;
	m = find_macro(call);
	if (!m)
		return hd_cel_parse_deepen(ps, call, call->a);
	if (m->kind == EXTREME)
		return unfold_extreme(ps, call);
	if (m->kind <= HD_CEL_MACRO_ENTRY)
		return unfold_loop(ps, call, m);
	return unfold_single(ps, call, m);
}
