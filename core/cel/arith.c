/* Operators on two good values. */
#include "core/cel/eval.h"

#include <math.h>

#include "core/cel/env.h"
#include "core/cel/moment.h"
#include "core/cel/unknown.h"

typedef struct hd_cel_value value;

static const char *const names[] = {
	[HD_CEL_OP_ADD] = "+", [HD_CEL_OP_SUB] = "-", [HD_CEL_OP_MUL] = "*",
	[HD_CEL_OP_DIV] = "/", [HD_CEL_OP_MOD] = "%", [HD_CEL_OP_LT] = "<",
	[HD_CEL_OP_LE] = "<=", [HD_CEL_OP_GT] = ">",  [HD_CEL_OP_GE] = ">=",
	[HD_CEL_OP_IN] = "in",
};

static value no_overload(struct hd_cel_call *call, enum hd_cel_op op,
			 const value *a, const value *b)
{
	return hd_cel_no_overload(call, names[op], (value[]){ *a, *b }, 2);
}

static value overflow(struct hd_cel_call *call)
{
	return hd_cel_fail(call, HD_CEL_E_VALUE, "integer overflow");
}

static value by_zero(struct hd_cel_call *call)
{
	return hd_cel_fail(call, HD_CEL_E_VALUE, "division by zero");
}

static value ints(struct hd_cel_call *call, enum hd_cel_op op, int64_t a,
		  int64_t b)
{
	int64_t r;

	switch (op) {
	case HD_CEL_OP_ADD:
		if (__builtin_add_overflow(a, b, &r))
			return overflow(call);
		return hd_cel_int(r);
	case HD_CEL_OP_SUB:
		if (__builtin_sub_overflow(a, b, &r))
			return overflow(call);
		return hd_cel_int(r);
	case HD_CEL_OP_MUL:
		if (__builtin_mul_overflow(a, b, &r))
			return overflow(call);
		return hd_cel_int(r);
	default:
		if (b == 0)
			return by_zero(call);
		if (a == INT64_MIN && b == -1)
			return op == HD_CEL_OP_MOD ? hd_cel_int(0)
						   : overflow(call);
		return hd_cel_int(op == HD_CEL_OP_DIV ? a / b : a % b);
	}
}

static value uints(struct hd_cel_call *call, enum hd_cel_op op, uint64_t a,
		   uint64_t b)
{
	uint64_t r;

	switch (op) {
	case HD_CEL_OP_ADD:
		if (__builtin_add_overflow(a, b, &r))
			return overflow(call);
		return hd_cel_uint(r);
	case HD_CEL_OP_SUB:
		if (a < b)
			return overflow(call);
		return hd_cel_uint(a - b);
	case HD_CEL_OP_MUL:
		if (__builtin_mul_overflow(a, b, &r))
			return overflow(call);
		return hd_cel_uint(r);
	default:
		if (b == 0)
			return by_zero(call);
		return hd_cel_uint(op == HD_CEL_OP_DIV ? a / b : a % b);
	}
}

/* By zero too: infinities and NaN are values. */
__attribute__((no_sanitize("float-divide-by-zero"))) static double
divide(double a, double b)
{
	return a / b;
}

static value doubles(struct hd_cel_call *call, enum hd_cel_op op,
		     const value *a, const value *b)
{
	double x = a->u.real, y = b->u.real;

	switch (op) {
	case HD_CEL_OP_ADD:
		return hd_cel_double(x + y);
	case HD_CEL_OP_SUB:
		return hd_cel_double(x - y);
	case HD_CEL_OP_MUL:
		return hd_cel_double(x * y);
	case HD_CEL_OP_DIV:
		return hd_cel_double(divide(x, y));
	default:
		return no_overload(call, op, a, b);
	}
}

static value join_bytes(struct hd_cel_call *call, const value *a,
			const value *b)
{
	size_t n = (size_t)a->n + b->n;
	char *text;

	if (b->n == 0)
		return *a;
	if (a->n == 0)
		return *b;
	text = hd_cel_call_alloc(call, n + 1);
	if (!text || n > UINT32_MAX)
		return hd_cel_stopped(call);
	memcpy(text, a->u.text, a->n);
	memcpy(text + a->n, b->u.text, b->n);
	text[n] = '\0';
	return (value){ .kind = a->kind, .n = (uint32_t)n, .u.text = text };
}

static void append(struct hd_cel_call *call, struct hd_cel_list *list,
		   const value *from)
{
	struct hd_cel_walk walk = { .of = from };
	uint32_t mark = 0;
	value key, item;

	if (call->unknowns && hd_cel_is_json(from))
		mark = hd_cel_unknown_child(call->unknowns, from->n, NULL, 0);
	while (hd_cel_walk_next(&walk, &key, &item))
		list->items[list->n++] = hd_cel_marked(item, mark);
}

static value join_lists(struct hd_cel_call *call, const value *a,
			const value *b)
{
	struct hd_cel_list *list =
		hd_cel_list_new(call, hd_cel_size(*a) + hd_cel_size(*b));

	if (!list)
		return hd_cel_stopped(call);
	append(call, list, a);
	append(call, list, b);
	return hd_cel_list_value(list);
}

/* Timestamps and durations. */
static value moments(struct hd_cel_call *call, enum hd_cel_op op,
		     const value *a, const value *b)
{
	bool at = a->kind == HD_CEL_TIMESTAMP, bt = b->kind == HD_CEL_TIMESTAMP;

	if (op == HD_CEL_OP_ADD && !(at && bt)) {
		if (!at && !bt)
			return hd_cel_duration_sum(call, a->u.integer,
						   b->u.integer, 1);
		return at ? hd_cel_moment_add(call, a, b->u.integer, 1)
			  : hd_cel_moment_add(call, b, a->u.integer, 1);
	}
	if (op != HD_CEL_OP_SUB || (!at && bt))
		return no_overload(call, op, a, b);
	if (bt)
		return hd_cel_moment_between(call, a, b);
	return at ? hd_cel_moment_add(call, a, b->u.integer, -1)
		  : hd_cel_duration_sum(call, a->u.integer, b->u.integer, -1);
}

static bool is_moment(const value *v)
{
	return v->kind == HD_CEL_TIMESTAMP || v->kind == HD_CEL_DURATION;
}

static value arithmetic(struct hd_cel_call *call, enum hd_cel_op op,
			const value *a, const value *b)
{
	if (is_moment(a) && is_moment(b))
		return moments(call, op, a, b);
	if (a->kind != b->kind)
		return no_overload(call, op, a, b);
	switch ((enum hd_cel_kind)a->kind) {
	case HD_CEL_INT:
		return ints(call, op, a->u.integer, b->u.integer);
	case HD_CEL_UINT:
		return uints(call, op, a->u.uinteger, b->u.uinteger);
	case HD_CEL_DOUBLE:
		return doubles(call, op, a, b);
	case HD_CEL_STRING:
	case HD_CEL_BYTES:
		if (op == HD_CEL_OP_ADD)
			return join_bytes(call, a, b);
		break;
	case HD_CEL_LIST:
		if (op == HD_CEL_OP_ADD)
			return join_lists(call, a, b);
		break;
	default:
		break;
	}
	return no_overload(call, op, a, b);
}

static value relation(struct hd_cel_call *call, enum hd_cel_op op,
		      const value *a, const value *b)
{
	enum hd_cel_order order = hd_cel_compare(a, b);

	if (order == HD_CEL_NO_ORDER)
		return no_overload(call, op, a, b);
	switch (op) {
	case HD_CEL_OP_LT:
		return hd_cel_bool(order == HD_CEL_LESS);
	case HD_CEL_OP_LE:
		return hd_cel_bool(order == HD_CEL_LESS ||
				   order == HD_CEL_SAME);
	case HD_CEL_OP_GT:
		return hd_cel_bool(order == HD_CEL_MORE);
	default:
		return hd_cel_bool(order == HD_CEL_MORE ||
				   order == HD_CEL_SAME);
	}
}

static value contains_key(struct hd_cel_call *call, const value *key,
			  const value *map)
{
	value found = hd_cel_lookup(map, key);
	uint32_t mark = 0;

	if (found.kind == HD_CEL_NONE && call->unknowns &&
	    hd_cel_is_json(map) && key->kind == HD_CEL_STRING)
		mark = hd_cel_unknown_child(call->unknowns, map->n, key->u.text,
					    key->n);
	if (mark != 0)
		return hd_cel_unknown_at(call->unknowns, mark);
	return hd_cel_bool(found.kind != HD_CEL_NONE);
}

static value contains(struct hd_cel_call *call, const value *a, const value *b)
{
	const struct hd_cel_list *list = b->u.p;
	size_t n, i;
	value item;

	if (b->kind == HD_CEL_MAP)
		return contains_key(call, a, b);
	if (b->kind != HD_CEL_LIST)
		return no_overload(call, HD_CEL_OP_IN, a, b);
	n = hd_cel_size(*b);
	for (i = 0; i < n; i++) {
		if (!hd_cel_call_cost(call, 1))
			return hd_cel_stopped(call);
		item = hd_cel_is_json(b) ? hd_cel_at(*b, i) : list->items[i];
		if (hd_cel_same(call, a, &item))
			return hd_cel_bool(true);
	}
	return hd_cel_bool(false);
}

static bool is_container(const value *v)
{
	return v->kind == HD_CEL_LIST || v->kind == HD_CEL_MAP ||
	       v->kind == HD_CEL_OPTIONAL;
}

/* An operand with gaps makes == and `in` unknown, but for a key of a map,
 * which is looked for by itself. */
static value gaps(struct hd_cel_call *call, enum hd_cel_op op, const value *a,
		  const value *b)
{
	value x = hd_cel_whole(call, *a), y = *b;

	if (op != HD_CEL_OP_IN || b->kind != HD_CEL_MAP)
		y = hd_cel_whole(call, *b);
	if (x.kind == HD_CEL_UNKNOWN && y.kind == HD_CEL_UNKNOWN)
		return hd_cel_unknown_merge(call, x, y);
	return x.kind == HD_CEL_UNKNOWN ? x : y;
}

value hd_cel_binary(struct hd_cel_call *call, enum hd_cel_op op, const value *a,
		    const value *b)
{
	value v;

	if (op < HD_CEL_OP_EQ)
		return arithmetic(call, op, a, b);
	if (call->unknowns && (is_container(a) || is_container(b)) &&
	    (op <= HD_CEL_OP_NE || op == HD_CEL_OP_IN)) {
		v = gaps(call, op, a, b);
		if (v.kind == HD_CEL_UNKNOWN)
			return v;
	}
	if (op == HD_CEL_OP_EQ)
		return hd_cel_bool(hd_cel_same(call, a, b));
	if (op == HD_CEL_OP_NE)
		return hd_cel_bool(!hd_cel_same(call, a, b));
	if (op == HD_CEL_OP_IN)
		return contains(call, a, b);
	return relation(call, op, a, b);
}

value hd_cel_negate(struct hd_cel_call *call, const value *v)
{
	if (v->kind == HD_CEL_DOUBLE)
		return hd_cel_double(-v->u.real);
	if (v->kind != HD_CEL_INT)
		return hd_cel_no_overload(call, "-", v, 1);
	if (v->u.integer == INT64_MIN)
		return overflow(call);
	return hd_cel_int(-v->u.integer);
}

/* What the checker knows of the operators; == != and `in` it knows by itself.
 */
const struct hd_cel_builtin hd_cel_std_operators[] = {
	{ "+(int, int) -> int", NULL, false, NULL },
	{ "+(uint, uint) -> uint", NULL, false, NULL },
	{ "+(double, double) -> double", NULL, false, NULL },
	{ "+(string, string) -> string", NULL, false, NULL },
	{ "+(bytes, bytes) -> bytes", NULL, false, NULL },
	{ "+(list(T), list(T)) -> list(T)", NULL, false, NULL },
	{ "+(timestamp, duration) -> timestamp", NULL, false, NULL },
	{ "+(duration, timestamp) -> timestamp", NULL, false, NULL },
	{ "+(duration, duration) -> duration", NULL, false, NULL },
	{ "-(int, int) -> int", NULL, false, NULL },
	{ "-(uint, uint) -> uint", NULL, false, NULL },
	{ "-(double, double) -> double", NULL, false, NULL },
	{ "-(timestamp, timestamp) -> duration", NULL, false, NULL },
	{ "-(timestamp, duration) -> timestamp", NULL, false, NULL },
	{ "-(duration, duration) -> duration", NULL, false, NULL },
	{ "-(int) -> int", NULL, false, NULL },
	{ "-(double) -> double", NULL, false, NULL },
	{ "*(int, int) -> int", NULL, false, NULL },
	{ "*(uint, uint) -> uint", NULL, false, NULL },
	{ "*(double, double) -> double", NULL, false, NULL },
	{ "/(int, int) -> int", NULL, false, NULL },
	{ "/(uint, uint) -> uint", NULL, false, NULL },
	{ "/(double, double) -> double", NULL, false, NULL },
	{ "%(int, int) -> int", NULL, false, NULL },
	{ "%(uint, uint) -> uint", NULL, false, NULL },
	{ "!(bool) -> bool", NULL, false, NULL },
#define ORDER(op)                                                           \
	{ op "(bool, bool) -> bool", NULL, false, NULL },                   \
		{ op "(int, int) -> bool", NULL, false, NULL },             \
		{ op "(int, uint) -> bool", NULL, false, NULL },            \
		{ op "(int, double) -> bool", NULL, false, NULL },          \
		{ op "(uint, int) -> bool", NULL, false, NULL },            \
		{ op "(uint, uint) -> bool", NULL, false, NULL },           \
		{ op "(uint, double) -> bool", NULL, false, NULL },         \
		{ op "(double, int) -> bool", NULL, false, NULL },          \
		{ op "(double, uint) -> bool", NULL, false, NULL },         \
		{ op "(double, double) -> bool", NULL, false, NULL },       \
		{ op "(string, string) -> bool", NULL, false, NULL },       \
		{ op "(bytes, bytes) -> bool", NULL, false, NULL },         \
		{ op "(timestamp, timestamp) -> bool", NULL, false, NULL }, \
	{                                                                   \
		op "(duration, duration) -> bool", NULL, false, NULL        \
	}
	ORDER("<"),
	ORDER("<="),
	ORDER(">"),
	ORDER(">="),
	{ NULL, NULL, false, NULL }
};
