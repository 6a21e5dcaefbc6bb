/* Optional values, and first() and last() of lists, which give them. */
#include "core/cel/env.h"
#include "core/cel/eval.h"
#include "core/cel/unknown.h"

typedef struct hd_cel_value value;

static value of(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	return hd_cel_optional(call, args[0]);
}

static value none(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)args;
	(void)n;
	return hd_cel_optional_none();
}

static bool is_zero(const value *v)
{
	switch ((enum hd_cel_kind)v->kind) {
	case HD_CEL_NULL:
		return true;
	case HD_CEL_BOOL:
		return !v->u.boolean;
	case HD_CEL_INT:
	case HD_CEL_UINT:
	case HD_CEL_DURATION:
		return v->u.integer == 0;
	case HD_CEL_DOUBLE:
		return v->u.real == 0;
	case HD_CEL_STRING:
	case HD_CEL_BYTES:
		return v->n == 0;
	case HD_CEL_LIST:
	case HD_CEL_MAP:
		return hd_cel_size(*v) == 0;
	case HD_CEL_TIMESTAMP:
		return v->u.integer == 0 && v->n == 0;
	case HD_CEL_OPTIONAL:
		return !v->u.p;
	default:
		return false;
	}
}

static value of_non_zero(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	return is_zero(&args[0]) ? hd_cel_optional_none()
				 : hd_cel_optional(call, args[0]);
}

static value has_value(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_bool(args[0].u.p != NULL);
}

static value get_value(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	if (!args[0].u.p)
		return hd_cel_fail(call, HD_CEL_E_VALUE,
				   "value() of optional.none()");
	return hd_cel_optional_value(args[0]);
}

static value or (struct hd_cel_call * call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return args[0].u.p ? args[0] : args[1];
}

static value or_value(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return args[0].u.p ? hd_cel_optional_value(args[0]) : args[1];
}

static value unwrap(struct hd_cel_call *call, const value *args, size_t n)
{
	struct hd_cel_list *list = hd_cel_list_new(call, hd_cel_size(args[0]));
	struct hd_cel_walk walk = { .of = &args[0] };
	value key, item;

	(void)n;
	if (!list)
		return hd_cel_stopped(call);
	while (hd_cel_walk_next(&walk, &key, &item)) {
		if (item.kind != HD_CEL_OPTIONAL)
			return hd_cel_no_overload(call, "unwrap", &item, 1);
		if (item.u.p)
			list->items[list->n++] = hd_cel_optional_value(item);
	}
	return hd_cel_list_value(list);
}

static value edge(struct hd_cel_call *call, const value *list, bool last)
{
	size_t n = hd_cel_size(*list);
	value v;

	if (n == 0)
		return hd_cel_optional_none();
	v = hd_cel_at(*list, last ? n - 1 : 0);
	if (call->unknowns && hd_cel_is_json(list))
		v = hd_cel_marked(v, hd_cel_unknown_child(call->unknowns,
							  list->n, NULL, 0));
	return hd_cel_optional(call, v);
}

static value first(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	return edge(call, &args[0], false);
}

static value last(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	return edge(call, &args[0], true);
}

const struct hd_cel_builtin hd_cel_std_optional[] = {
	{ "optional.of(T) -> optional_type(T)", of, true, NULL },
	{ "optional.none() -> optional_type(T)", none, true, NULL },
	{ "optional.ofNonZeroValue(T) -> optional_type(T)", of_non_zero, false,
	  NULL },
	{ "(optional_type(T)).hasValue() -> bool", has_value, true, NULL },
	{ "(optional_type(T)).value() -> T", get_value, true, NULL },
	{ "(optional_type(T)).or(optional_type(T)) -> optional_type(T)", or,
	  true, NULL },
	{ "(optional_type(T)).orValue(T) -> T", or_value, true, NULL },
	{ "optional.unwrap(list(optional_type(T))) -> list(T)", unwrap, true,
	  NULL },
	{ "(list(optional_type(T))).unwrapOpt() -> list(T)", unwrap, true,
	  NULL },
	{ "(list(T)).first() -> optional_type(T)", first, true, NULL },
	{ "(list(T)).last() -> optional_type(T)", last, true, NULL },
	{ NULL, NULL, false, NULL }
};
