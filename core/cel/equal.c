/* Equality and order.  Numbers of different types compare by value; an int or
 * uint beside a double is taken as a double, as the other implementations do
 * it.  Values of different types are unequal, without an error. */
#include "core/cel/value.h"

#include "core/cel/eval.h"

#define MAX_LEVELS 500

static enum hd_cel_order order(bool less, bool more)
{
	return less ? HD_CEL_LESS : more ? HD_CEL_MORE : HD_CEL_SAME;
}

static double as_double(const struct hd_cel_value *v)
{
	return v->kind == HD_CEL_DOUBLE ? v->u.real
	       : v->kind == HD_CEL_INT	? (double)v->u.integer
					: (double)v->u.uinteger;
}

static enum hd_cel_order compare_numbers(const struct hd_cel_value *a,
					 const struct hd_cel_value *b)
{
	double x, y;

	if (a->kind == HD_CEL_DOUBLE || b->kind == HD_CEL_DOUBLE) {
		x = as_double(a);
		y = as_double(b);
		if (x != x || y != y)
			return HD_CEL_UNORDERED;
		return order(x<y, x> y);
	}
	if (a->kind == b->kind) {
		if (a->kind == HD_CEL_INT)
			return order(a->u.integer<b->u.integer, a->u.integer> b
					     ->u.integer);
		return order(a->u.uinteger<b->u.uinteger, a->u.uinteger> b->u
				     .uinteger);
	}
	if (a->kind == HD_CEL_INT && a->u.integer < 0)
		return HD_CEL_LESS;
	if (b->kind == HD_CEL_INT && b->u.integer < 0)
		return HD_CEL_MORE;
	return order(a->u.uinteger<b->u.uinteger, a->u.uinteger> b->u.uinteger);
}

static enum hd_cel_order compare_bytes(const struct hd_cel_value *a,
				       const struct hd_cel_value *b)
{
	uint32_t n = a->n < b->n ? a->n : b->n;
	int diff = n != 0 ? memcmp(a->u.text, b->u.text, n) : 0;

	if (diff != 0)
		return order(diff<0, diff> 0);
	return order(a->n<b->n, a->n> b->n);
}

enum hd_cel_order hd_cel_compare(const struct hd_cel_value *a,
				 const struct hd_cel_value *b)
{
	if (hd_cel_is_number(a) && hd_cel_is_number(b))
		return compare_numbers(a, b);
	if (a->kind != b->kind)
		return HD_CEL_NO_ORDER;
	switch ((enum hd_cel_kind)a->kind) {
	case HD_CEL_BOOL:
		return order(!a->u.boolean && b->u.boolean,
			     a->u.boolean && !b->u.boolean);
	case HD_CEL_STRING:
	case HD_CEL_BYTES:
		return compare_bytes(a, b);
	case HD_CEL_TIMESTAMP:
		if (a->u.integer == b->u.integer)
			return order(a->n<b->n, a->n> b->n);
		return order(
			a->u.integer<b->u.integer, a->u.integer> b->u.integer);
	case HD_CEL_DURATION:
		return order(
			a->u.integer<b->u.integer, a->u.integer> b->u.integer);
	default:
		return HD_CEL_NO_ORDER;
	}
}

static bool same(struct hd_cel_call *call, const struct hd_cel_value *a,
		 const struct hd_cel_value *b, unsigned level);

static bool pays(struct hd_cel_call *call)
{
	return !call || hd_cel_call_cost(call, 1);
}

static bool same_list(struct hd_cel_call *call, const struct hd_cel_value *a,
		      const struct hd_cel_value *b, unsigned level)
{
	struct hd_cel_walk x = { .of = a }, y = { .of = b };
	struct hd_cel_value key, u, v;

	if (hd_cel_size(*a) != hd_cel_size(*b))
		return false;
	while (hd_cel_walk_next(&x, &key, &u) && hd_cel_walk_next(&y, &key, &v))
		if (!pays(call) || !same(call, &u, &v, level + 1))
			return false;
	return true;
}

static bool same_map(struct hd_cel_call *call, const struct hd_cel_value *a,
		     const struct hd_cel_value *b, unsigned level)
{
	struct hd_cel_walk walk = { .of = a };
	struct hd_cel_value key, u, v;

	if (hd_cel_size(*a) != hd_cel_size(*b))
		return false;
	while (hd_cel_walk_next(&walk, &key, &u)) {
		v = hd_cel_lookup(b, &key);
		if (v.kind == HD_CEL_NONE || !pays(call) ||
		    !same(call, &u, &v, level + 1))
			return false;
	}
	return true;
}

static bool same_address(const struct hd_cel_value *a,
			 const struct hd_cel_value *b)
{
	const struct hd_cel_address *x = hd_cel_address(a);
	const struct hd_cel_address *y = hd_cel_address(b);

	return x->family == y->family && x->prefix == y->prefix &&
	       memcmp(x->bytes, y->bytes, sizeof(x->bytes)) == 0;
}

static bool same(struct hd_cel_call *call, const struct hd_cel_value *a,
		 const struct hd_cel_value *b, unsigned level)
{
	const struct hd_cel_value *x = a->u.p, *y = b->u.p;

	if (hd_cel_is_number(a) && hd_cel_is_number(b))
		return compare_numbers(a, b) == HD_CEL_SAME;
	if (a->kind != b->kind || level > MAX_LEVELS)
		return false;
	switch ((enum hd_cel_kind)a->kind) {
	case HD_CEL_NULL:
		return true;
	case HD_CEL_LIST:
		return same_list(call, a, b, level);
	case HD_CEL_MAP:
		return same_map(call, a, b, level);
	case HD_CEL_TYPE:
		return a->n == b->n && memcmp(a->u.text, b->u.text, a->n) == 0;
	case HD_CEL_OPTIONAL:
		return x && y ? same(call, x, y, level + 1) : x == y;
	case HD_CEL_IP:
	case HD_CEL_CIDR:
		return same_address(a, b);
	default:
		return hd_cel_compare(a, b) == HD_CEL_SAME;
	}
}

bool hd_cel_same(struct hd_cel_call *call, const struct hd_cel_value *a,
		 const struct hd_cel_value *b)
{
	return same(call, a, b, 0);
}

bool hd_cel_equal(struct hd_cel_value a, struct hd_cel_value b)
{
	return same(NULL, &a, &b, 0);
}
