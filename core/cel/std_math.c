/* The math extension. */
#include <math.h>

#include "core/cel/env.h"
#include "core/cel/eval.h"

typedef struct hd_cel_value value;

/* ---- greatest, least: their arguments as one list, or one number ---- */

static value extreme(struct hd_cel_call *call, const value *arg,
		     enum hd_cel_order wanted, const char *name)
{
	struct hd_cel_walk walk = { .of = arg };
	value best = { .kind = HD_CEL_NONE }, key, item;

	if (hd_cel_is_number(arg))
		return *arg;
	while (hd_cel_walk_next(&walk, &key, &item)) {
		if (!hd_cel_is_number(&item))
			return hd_cel_no_overload(call, name, &item, 1);
		if (!hd_cel_call_cost(call, 1))
			return hd_cel_stopped(call);
		if (best.kind == HD_CEL_NONE ||
		    hd_cel_compare(&item, &best) == wanted)
			best = item;
	}
	if (best.kind == HD_CEL_NONE)
		return hd_cel_failf(call, HD_CEL_E_VALUE, "%s of an empty list",
				    name);
	return best;
}

static value greatest(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	return extreme(call, &args[0], HD_CEL_MORE, "math.greatest");
}

static value least(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	return extreme(call, &args[0], HD_CEL_LESS, "math.least");
}

/* ---- doubles ---- */

#define DOUBLE(name, expr)                                             \
	static value name(struct hd_cel_call *call, const value *args, \
			  size_t n)                                    \
	{                                                              \
		double d = args[0].u.real;                             \
                                                                       \
		(void)call;                                            \
		(void)n;                                               \
		return expr;                                           \
	}

DOUBLE(math_ceil, hd_cel_double(ceil(d)))
DOUBLE(math_floor, hd_cel_double(floor(d)))
DOUBLE(math_round, hd_cel_double(round(d)))
DOUBLE(math_trunc, hd_cel_double(trunc(d)))
DOUBLE(is_nan, hd_cel_bool(isnan(d)))
DOUBLE(is_inf, hd_cel_bool(isinf(d) != 0))
DOUBLE(is_finite, hd_cel_bool(isfinite(d)))
DOUBLE(abs_double, hd_cel_double(fabs(d)))
DOUBLE(sign_double, hd_cel_double(isnan(d) ? d : (double)((d > 0) - (d < 0))))
DOUBLE(sqrt_double, hd_cel_double(sqrt(d)))

static value sqrt_int(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_double(sqrt((double)args[0].u.integer));
}

static value sqrt_uint(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_double(sqrt((double)args[0].u.uinteger));
}

/* ---- integers ---- */

static value same(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return args[0];
}

static value abs_int(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	if (args[0].u.integer == INT64_MIN)
		return hd_cel_fail(call, HD_CEL_E_VALUE, "integer overflow");
	return hd_cel_int(args[0].u.integer < 0 ? -args[0].u.integer
						: args[0].u.integer);
}

static value sign_int(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_int((args[0].u.integer > 0) - (args[0].u.integer < 0));
}

static value sign_uint(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_uint(args[0].u.uinteger != 0);
}

/* The result has the type of the first argument. */
static value bits(const value *like, uint64_t u)
{
	value v = *like;

	v.u.uinteger = u;
	return v;
}

#define BITS(name, expr)                                               \
	static value name(struct hd_cel_call *call, const value *args, \
			  size_t n)                                    \
	{                                                              \
		uint64_t a = args[0].u.uinteger;                       \
		uint64_t b = n == 2 ? args[1].u.uinteger : 0;          \
                                                                       \
		(void)call;                                            \
		(void)b;                                               \
		return bits(&args[0], expr);                           \
	}

BITS(bit_and, a &b)
BITS(bit_or, a | b)
BITS(bit_xor, a ^ b)
BITS(bit_not, ~a)

static value shift(struct hd_cel_call *call, const value *args, bool left)
{
	int64_t by = args[1].u.integer;
	uint64_t a = args[0].u.uinteger;

	if (by < 0)
		return hd_cel_fail(call, HD_CEL_E_VALUE, "a negative shift");
	if (by >= 64)
		return bits(&args[0], 0);
	return bits(&args[0], left ? a << by : a >> by);
}

static value shift_left(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	return shift(call, args, true);
}

/* Zeroes come in from the left for int too. */
static value shift_right(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	return shift(call, args, false);
}

const struct hd_cel_builtin hd_cel_std_math[] = {
	{ "math.@max(int) -> int", greatest, false, NULL },
	{ "math.@max(uint) -> uint", greatest, false, NULL },
	{ "math.@max(double) -> double", greatest, false, NULL },
	{ "math.@max(list(T)) -> T", greatest, false, NULL },
	{ "math.@min(int) -> int", least, false, NULL },
	{ "math.@min(uint) -> uint", least, false, NULL },
	{ "math.@min(double) -> double", least, false, NULL },
	{ "math.@min(list(T)) -> T", least, false, NULL },
	{ "math.ceil(double) -> double", math_ceil, false, NULL },
	{ "math.floor(double) -> double", math_floor, false, NULL },
	{ "math.round(double) -> double", math_round, false, NULL },
	{ "math.trunc(double) -> double", math_trunc, false, NULL },
	{ "math.isNaN(double) -> bool", is_nan, false, NULL },
	{ "math.isInf(double) -> bool", is_inf, false, NULL },
	{ "math.isFinite(double) -> bool", is_finite, false, NULL },
	{ "math.sqrt(double) -> double", sqrt_double, false, NULL },
	{ "math.sqrt(int) -> double", sqrt_int, false, NULL },
	{ "math.sqrt(uint) -> double", sqrt_uint, false, NULL },
	{ "math.abs(double) -> double", abs_double, false, NULL },
	{ "math.abs(int) -> int", abs_int, false, NULL },
	{ "math.abs(uint) -> uint", same, false, NULL },
	{ "math.sign(double) -> double", sign_double, false, NULL },
	{ "math.sign(int) -> int", sign_int, false, NULL },
	{ "math.sign(uint) -> uint", sign_uint, false, NULL },
	{ "math.bitAnd(int, int) -> int", bit_and, false, NULL },
	{ "math.bitAnd(uint, uint) -> uint", bit_and, false, NULL },
	{ "math.bitOr(int, int) -> int", bit_or, false, NULL },
	{ "math.bitOr(uint, uint) -> uint", bit_or, false, NULL },
	{ "math.bitXor(int, int) -> int", bit_xor, false, NULL },
	{ "math.bitXor(uint, uint) -> uint", bit_xor, false, NULL },
	{ "math.bitNot(int) -> int", bit_not, false, NULL },
	{ "math.bitNot(uint) -> uint", bit_not, false, NULL },
	{ "math.bitShiftLeft(int, int) -> int", shift_left, false, NULL },
	{ "math.bitShiftLeft(uint, int) -> uint", shift_left, false, NULL },
	{ "math.bitShiftRight(int, int) -> int", shift_right, false, NULL },
	{ "math.bitShiftRight(uint, int) -> uint", shift_right, false, NULL },
	{ NULL, NULL, false, NULL }
};
