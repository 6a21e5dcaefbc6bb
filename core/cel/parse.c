#include "core/cel/parse.h"

#include <string.h>

#include "core/cel/issue.h"
#include "core/cel/pool.h"
#include "core/cel/remedy.h"

static struct hd_cel_node *parse_expr(struct hd_cel_parser *ps);

static void advance(struct hd_cel_parser *ps)
{
	ps->token = hd_cel_lex_next(&ps->lexer);
}

static bool is_word(const struct hd_cel_parser *ps, const char *word)
{
	const struct hd_cel_token *t = &ps->token;

	return t->kind == HD_CEL_TOKEN_IDENT && strlen(word) == t->length &&
	       memcmp(ps->diag->source + t->offset, word, t->length) == 0;
}

static bool is_one_of(const struct hd_cel_parser *ps, const char *const *words)
{
	for (; *words; words++)
		if (is_word(ps, *words))
			return true;
	return false;
}

static const char *const keywords[] = { "false", "in", "null", "true", NULL };
static const char *const reserved[] = {
	"as",	     "break",  "const",	 "continue", "else",  "for",
	"function",  "if",     "import", "let",	     "loop",  "package",
	"namespace", "return", "var",	 "void",     "while", NULL
};

static struct hd_cel_node *syntax_error(struct hd_cel_parser *ps,
					const char *wanted)
{
	const struct hd_cel_token *t = &ps->token;
	const char *remedy = hd_cel_remedy(ps->diag->source, t);
	int shown = t->length > 40 ? 40 : (int)t->length;

	if (ps->diag->failed)
		return NULL;
	if (t->kind == HD_CEL_TOKEN_END)
		hd_cel_diag_add(ps->diag, t->offset, 1, remedy,
				"the expression ends where %s is wanted",
				wanted);
	else
		hd_cel_diag_add(ps->diag, t->offset, t->length, remedy,
				"'%.*s' where %s is wanted", shown,
				ps->diag->source + t->offset, wanted);
	return NULL;
}

static bool expect(struct hd_cel_parser *ps, int kind, const char *wanted)
{
	if (ps->token.kind != kind) {
		syntax_error(ps, wanted);
		return false;
	}
	advance(ps);
	return true;
}

struct hd_cel_node *hd_cel_parse_node(struct hd_cel_parser *ps,
				      enum hd_cel_op op,
				      const struct hd_cel_token *at)
{
	struct hd_cel_node *node = hd_cel_pool_zero(ps->pool, sizeof(*node));

	node->op = (uint8_t)op;
	node->offset = at->offset;
	node->length = at->length;
	node->depth = 1;
	return node;
}

struct hd_cel_node *hd_cel_parse_deepen(struct hd_cel_parser *ps,
					struct hd_cel_node *node,
					const struct hd_cel_node *child)
{
	if (!node || !child)
		return NULL;
	if (node->depth > child->depth)
		return node;
	node->depth = (uint16_t)(child->depth + 1);
	if (node->depth <= ps->max_depth)
		return node;
	hd_cel_diag_add(ps->diag, node->offset, node->length, "",
			"nested more than %u deep", ps->max_depth);
	return NULL;
}

static const char *token_text(struct hd_cel_parser *ps,
			      const struct hd_cel_token *t)
{
	bool quoted = t->kind == HD_CEL_TOKEN_QUOTED;

	return hd_cel_pool_text(ps->pool, ps->diag->source + t->offset + quoted,
				t->length - 2u * quoted);
}

static void set_name(struct hd_cel_parser *ps, struct hd_cel_node *node,
		     const struct hd_cel_token *t)
{
	node->name = token_text(ps, t);
	node->name_n = (uint32_t)strlen(node->name);
	if (t->kind == HD_CEL_TOKEN_QUOTED)
		node->flags |= HD_CEL_NODE_QUOTED;
}

/* ---- lists of nodes ---- */

struct nodes {
	struct hd_cel_node **p;
	uint32_t n, cap;
};

static void add_node(struct hd_cel_parser *ps, struct nodes *list,
		     struct hd_cel_node *node)
{
	if (list->n == list->cap) {
		uint32_t cap = list->cap != 0 ? list->cap * 2 : 4;
		struct hd_cel_node **p = hd_cel_pool_alloc(ps->pool,
							   cap * sizeof(*p));

		if (list->n != 0)
			memcpy(p, list->p, list->n * sizeof(*p));
		list->p = p;
		list->cap = cap;
	}
	list->p[list->n++] = node;
}

static struct hd_cel_node *take_nodes(struct hd_cel_parser *ps,
				      struct hd_cel_node *node,
				      const struct nodes *list)
{
	uint32_t i;

	node->args = list->p;
	node->n = list->n;
	for (i = 0; i < list->n; i++)
		if (!hd_cel_parse_deepen(ps, node, list->p[i]))
			return NULL;
	return node;
}

static bool take_optional_mark(struct hd_cel_parser *ps)
{
	if (ps->token.kind != '?')
		return false;
	advance(ps);
	return true;
}

/* ---- primaries ---- */

/* Behind '('. */
static struct hd_cel_node *parse_args(struct hd_cel_parser *ps,
				      struct hd_cel_node *call)
{
	struct nodes list = { 0 };

	while (ps->token.kind != ')') {
		struct hd_cel_node *arg = parse_expr(ps);

		if (!arg)
			return NULL;
		add_node(ps, &list, arg);
		if (ps->token.kind != ',')
			break;
		advance(ps);
		if (ps->token.kind == ')')
			return syntax_error(ps, "an argument");
	}
	if (!expect(ps, ')', "',' or ')'") || !take_nodes(ps, call, &list))
		return NULL;
	return hd_cel_macro_unfold(ps, call);
}

static struct hd_cel_node *parse_list(struct hd_cel_parser *ps)
{
	struct hd_cel_node *node = hd_cel_parse_node(ps, HD_CEL_OP_LIST,
						     &ps->token);
	struct nodes list = { 0 };

	advance(ps);
	while (ps->token.kind != ']') {
		bool optional = take_optional_mark(ps);
		struct hd_cel_node *item = parse_expr(ps);

		if (!item)
			return NULL;
		if (optional)
			item->flags |= HD_CEL_NODE_SPREAD;
		add_node(ps, &list, item);
		if (ps->token.kind != ',')
			break;
		advance(ps);
	}
	if (!expect(ps, ']', "',' or ']'"))
		return NULL;
	return take_nodes(ps, node, &list);
}

static struct hd_cel_node *parse_map(struct hd_cel_parser *ps)
{
	struct hd_cel_node *node = hd_cel_parse_node(ps, HD_CEL_OP_MAP,
						     &ps->token);
	struct nodes list = { 0 };

	advance(ps);
	while (ps->token.kind != '}') {
		bool optional = take_optional_mark(ps);
		struct hd_cel_node *key = parse_expr(ps), *value;

		if (!key || !expect(ps, ':', "':'"))
			return NULL;
		value = parse_expr(ps);
		if (!value)
			return NULL;
		if (optional)
			key->flags |= HD_CEL_NODE_SPREAD;
		add_node(ps, &list, key);
		add_node(ps, &list, value);
		if (ps->token.kind != ',')
			break;
		advance(ps);
	}
	if (!expect(ps, '}', "',' or '}'"))
		return NULL;
	return take_nodes(ps, node, &list);
}

static struct hd_cel_node *parse_name(struct hd_cel_parser *ps)
{
	struct hd_cel_token at = ps->token;
	struct hd_cel_node *node;
	bool rooted = at.kind == '.';

	if (rooted) {
		advance(ps);
		at = ps->token;
	}
	if (at.kind != HD_CEL_TOKEN_IDENT || is_one_of(ps, keywords))
		return syntax_error(ps, "a name");
	if (is_one_of(ps, reserved))
		return syntax_error(ps, "a name that is not reserved");
	node = hd_cel_parse_node(ps, HD_CEL_OP_IDENT, &at);
	set_name(ps, node, &at);
	if (rooted)
		node->flags |= HD_CEL_NODE_ROOTED;
	advance(ps);
	if (ps->token.kind != '(')
		return node;
	node->op = HD_CEL_OP_CALL;
	advance(ps);
	return parse_args(ps, node);
}

static struct hd_cel_node *constant(struct hd_cel_parser *ps,
				    struct hd_cel_value value)
{
	struct hd_cel_node *node = hd_cel_parse_node(ps, HD_CEL_OP_CONST,
						     &ps->token);

	node->value = value;
	advance(ps);
	return node;
}

static struct hd_cel_node *parse_literal(struct hd_cel_parser *ps, bool minus)
{
	struct hd_cel_value value;
	bool ok;

	if (ps->token.kind >= HD_CEL_TOKEN_STRING)
		ok = hd_cel_literal_text(ps->diag, ps->pool, &ps->token,
					 &value);
	else
		ok = hd_cel_literal_number(ps->diag, &ps->token, minus, &value);
	return ok ? constant(ps, value) : NULL;
}

static struct hd_cel_node *parse_primary(struct hd_cel_parser *ps)
{
	struct hd_cel_node *node;

	switch (ps->token.kind) {
	case HD_CEL_TOKEN_INT:
	case HD_CEL_TOKEN_UINT:
	case HD_CEL_TOKEN_DOUBLE:
	case HD_CEL_TOKEN_STRING:
	case HD_CEL_TOKEN_BYTES:
		return parse_literal(ps, false);
	case '[':
		return parse_list(ps);
	case '{':
		return parse_map(ps);
	case '(':
		advance(ps);
		node = parse_expr(ps);
		if (!node || !expect(ps, ')', "')'"))
			return NULL;
		node->flags |= HD_CEL_NODE_PAREN;
		return node;
	case HD_CEL_TOKEN_IDENT:
		if (is_word(ps, "true"))
			return constant(ps, hd_cel_bool(true));
		if (is_word(ps, "false"))
			return constant(ps, hd_cel_bool(false));
		if (is_word(ps, "null"))
			return constant(ps, hd_cel_null());
		return parse_name(ps);
	case '.':
		return parse_name(ps);
	default:
		return syntax_error(ps, "a value");
	}
}

/* ---- members ---- */

/* At the '.'. */
static struct hd_cel_node *parse_select(struct hd_cel_parser *ps,
					struct hd_cel_node *of)
{
	struct hd_cel_node *node;
	struct hd_cel_token at;
	bool optional;

	advance(ps);
	optional = take_optional_mark(ps);
	at = ps->token;
	if ((at.kind != HD_CEL_TOKEN_IDENT && at.kind != HD_CEL_TOKEN_QUOTED) ||
	    is_one_of(ps, keywords))
		return syntax_error(ps, "the name of an attribute");
	node = hd_cel_parse_node(ps, HD_CEL_OP_SELECT, &at);
	set_name(ps, node, &at);
	node->a = of;
	advance(ps);
	if (!hd_cel_parse_deepen(ps, node, of))
		return NULL;
	if (optional)
		node->flags |= HD_CEL_NODE_OPTIONAL;
	if (optional || ps->token.kind != '(' || at.kind == HD_CEL_TOKEN_QUOTED)
		return node;
	node->op = HD_CEL_OP_CALL;
	advance(ps);
	return parse_args(ps, node);
}

/* At the '['. */
static struct hd_cel_node *parse_index(struct hd_cel_parser *ps,
				       struct hd_cel_node *of)
{
	struct hd_cel_node *node = hd_cel_parse_node(ps, HD_CEL_OP_INDEX,
						     &ps->token);

	advance(ps);
	if (take_optional_mark(ps))
		node->flags |= HD_CEL_NODE_OPTIONAL;
	node->a = of;
	node->b = parse_expr(ps);
	if (!node->b || !expect(ps, ']', "']'"))
		return NULL;
	if (!hd_cel_parse_deepen(ps, node, node->b))
		return NULL;
	return hd_cel_parse_deepen(ps, node, of);
}

static struct hd_cel_node *parse_members(struct hd_cel_parser *ps,
					 struct hd_cel_node *node)
{
	while (node) {
		if (ps->token.kind == '.') {
			node = parse_select(ps, node);
		} else if (ps->token.kind == '[') {
			node = parse_index(ps, node);
		} else if (ps->token.kind == '{' &&
			   (node->op == HD_CEL_OP_IDENT ||
			    node->op == HD_CEL_OP_SELECT)) {
			hd_cel_diag_add(ps->diag, node->offset, node->length,
					"maps are written {\"name\": value}",
					"there are no message literals here");
			return NULL;
		} else {
			return node;
		}
	}
	return NULL;
}

/* ---- operators ---- */

static bool is_number(const struct hd_cel_parser *ps)
{
	return ps->token.kind == HD_CEL_TOKEN_INT ||
	       ps->token.kind == HD_CEL_TOKEN_DOUBLE;
}

/* A run of equal signs, or none, and what they stand before.  The last minus
 * belongs to a number that follows, so that the least int can be written. */
static struct hd_cel_node *parse_unary(struct hd_cel_parser *ps)
{
	struct hd_cel_token signs[64];
	int kind = ps->token.kind;
	struct hd_cel_node *node, *outer;
	size_t n = 0;

	if (kind != '!' && kind != '-')
		return parse_members(ps, parse_primary(ps));
	while (ps->token.kind == kind) {
		if (n == 64)
			return syntax_error(ps, "an end to the signs");
		signs[n++] = ps->token;
		advance(ps);
	}
	if (kind == '-' && is_number(ps)) {
		n--;
		node = parse_literal(ps, true);
	} else if (kind == '!' && ps->token.kind == '-') {
		node = parse_unary(ps);
	} else {
		node = parse_primary(ps);
	}
	node = parse_members(ps, node);
	for (; node && n > 0; n--) {
		outer = hd_cel_parse_node(ps,
					  kind == '!' ? HD_CEL_OP_NOT
						      : HD_CEL_OP_NEG,
					  &signs[n - 1]);
		outer->a = node;
		node = hd_cel_parse_deepen(ps, outer, node);
	}
	return node;
}

struct operator
{
	int token;
	uint8_t power, op;
};

static const struct operator operators[] = {
	{ HD_CEL_TOKEN_OR, 1, HD_CEL_OP_OR },
	{ HD_CEL_TOKEN_AND, 2, HD_CEL_OP_AND },
	{ '<', 3, HD_CEL_OP_LT },
	{ '>', 3, HD_CEL_OP_GT },
	{ HD_CEL_TOKEN_LE, 3, HD_CEL_OP_LE },
	{ HD_CEL_TOKEN_GE, 3, HD_CEL_OP_GE },
	{ HD_CEL_TOKEN_EQ, 3, HD_CEL_OP_EQ },
	{ HD_CEL_TOKEN_NE, 3, HD_CEL_OP_NE },
	{ HD_CEL_TOKEN_IDENT, 3, HD_CEL_OP_IN },
	{ '+', 4, HD_CEL_OP_ADD },
	{ '-', 4, HD_CEL_OP_SUB },
	{ '*', 5, HD_CEL_OP_MUL },
	{ '/', 5, HD_CEL_OP_DIV },
	{ '%', 5, HD_CEL_OP_MOD },
};

static const struct operator* find_operator(const struct hd_cel_parser *ps)
{
	size_t i;

	for (i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (operators[i].token == ps->token.kind &&
		    (operators[i].op != HD_CEL_OP_IN || is_word(ps, "in")))
			return &operators[i];
	return NULL;
}

/* a && b && c is one node, so that long conditions are not deep trees. */
static struct hd_cel_node *join_logic(struct hd_cel_parser *ps,
				      struct hd_cel_node *left,
				      struct hd_cel_node *right,
				      enum hd_cel_op op,
				      const struct hd_cel_token *at)
{
	struct hd_cel_node *node = left;
	struct nodes list = { 0 };

	if (left->op != op || (left->flags & HD_CEL_NODE_PAREN)) {
		node = hd_cel_parse_node(ps, op, at);
		add_node(ps, &list, left);
	} else {
		/* Capacities are powers of two from 4. */
		list.p = left->args;
		list.n = left->n;
		for (list.cap = 4; list.cap < list.n;)
			list.cap *= 2;
	}
	add_node(ps, &list, right);
	return take_nodes(ps, node, &list);
}

static struct hd_cel_node *parse_binary(struct hd_cel_parser *ps,
					unsigned power)
{
	struct hd_cel_node *left = parse_unary(ps), *right, *node;
	const struct operator* o;
	struct hd_cel_token at;

	while (left && (o = find_operator(ps)) && o->power >= power) {
		at = ps->token;
		advance(ps);
		right = parse_binary(ps, o->power + 1u);
		if (!right)
			return NULL;
		if (o->power <= 2) {
			left = join_logic(ps, left, right, o->op, &at);
			continue;
		}
		node = hd_cel_parse_node(ps, o->op, &at);
		node->a = left;
		node->b = right;
		node = hd_cel_parse_deepen(ps, node, left);
		left = hd_cel_parse_deepen(ps, node, right);
	}
	return left;
}

static struct hd_cel_node *parse_condition(struct hd_cel_parser *ps)
{
	struct hd_cel_node *cond = parse_binary(ps, 1), *node;

	if (!cond || ps->token.kind != '?')
		return cond;
	node = hd_cel_parse_node(ps, HD_CEL_OP_COND, &ps->token);
	advance(ps);
	node->a = cond;
	node->b = parse_binary(ps, 1);
	if (!node->b || !expect(ps, ':', "':'"))
		return NULL;
	node->c = parse_expr(ps);
	if (!hd_cel_parse_deepen(ps, node, node->c) ||
	    !hd_cel_parse_deepen(ps, node, node->b))
		return NULL;
	return hd_cel_parse_deepen(ps, node, cond);
}

static struct hd_cel_node *parse_expr(struct hd_cel_parser *ps)
{
	struct hd_cel_node *node;

	if (ps->depth >= ps->max_depth) {
		hd_cel_diag_add(ps->diag, ps->token.offset, ps->token.length,
				"", "nested more than %u deep", ps->max_depth);
		return NULL;
	}
	ps->depth++;
	node = parse_condition(ps);
	ps->depth--;
	return node;
}

struct hd_cel_node *hd_cel_parse(struct hd_cel_pool *pool,
				 struct hd_cel_diag *diag, unsigned max_depth)
{
	struct hd_cel_parser ps = { .pool = pool,
				    .diag = diag,
				    .max_depth = max_depth };
	struct hd_cel_node *root;

	ps.lexer = (struct hd_cel_lexer){ diag->source, diag->n, 0, diag };
	advance(&ps);
	root = parse_expr(&ps);
	if (root && ps.token.kind != HD_CEL_TOKEN_END)
		root = syntax_error(&ps, "an operator or the end");
	return diag->failed ? NULL : root;
}
