/* Macros that run over lists and maps, and literals of lists and maps. */
#include "core/cel/eval.h"

#include "core/cel/unknown.h"

struct loop {
	struct hd_cel_call *call;
	const struct hd_cel_node *node;
	struct hd_cel_value range;
	struct hd_cel_walk walk;
	uint32_t mark; /* of its elements */
	struct hd_cel_value key, value;
	struct hd_cel_value unknown; /* met so far, or NONE */
};

/* The next element into the locals.  False at the end, or when stopped. */
static bool next(struct loop *l)
{
	struct hd_cel_value *locals = l->call->locals + l->node->slot;

	if (!hd_cel_walk_next(&l->walk, &l->key, &l->value) ||
	    !hd_cel_call_cost(l->call, 1))
		return false;
	l->value = hd_cel_marked(l->value, l->mark);
	if (l->node->two) {
		locals[0] = l->key;
		locals[1] = l->value;
	} else {
		locals[0] = l->range.kind == HD_CEL_LIST ? l->value : l->key;
	}
	return true;
}

/* A known error ends the loop unless something unknown came before it. */
static bool ends(struct loop *l, const struct hd_cel_value *v)
{
	if (v->kind == HD_CEL_UNKNOWN)
		l->unknown = hd_cel_unknown_merge(l->call, l->unknown, *v);
	return v->kind == HD_CEL_ERROR &&
	       (l->unknown.kind == HD_CEL_NONE || l->call->stopped);
}

static struct hd_cel_value as_bool(struct loop *l,
				   const struct hd_cel_node *node)
{
	struct hd_cel_value v = hd_cel_eval_node(l->call, node);

	if (v.kind == HD_CEL_BOOL || hd_cel_bad(&v))
		return v;
	l->call->node = node;
	return hd_cel_failf(l->call, HD_CEL_E_TYPE, "%s where bool is wanted",
			    hd_cel_kind_name(v.kind));
}

/* all, exists: as && and || over the elements. */
static struct hd_cel_value decide(struct loop *l, bool decides)
{
	struct hd_cel_value error = { .kind = HD_CEL_NONE }, v;

	while (next(l)) {
		v = as_bool(l, l->node->c);
		if (hd_cel_is(&v, decides))
			return v;
		if (v.kind == HD_CEL_UNKNOWN)
			l->unknown = hd_cel_unknown_merge(l->call, l->unknown,
							  v);
		else if (v.kind == HD_CEL_ERROR && error.kind == HD_CEL_NONE)
			error = v;
	}
	if (l->unknown.kind != HD_CEL_NONE)
		return l->unknown;
	return error.kind != HD_CEL_NONE ? error : hd_cel_bool(!decides);
}

static struct hd_cel_value exists_one(struct loop *l)
{
	struct hd_cel_value v;
	size_t n = 0;

	while (next(l)) {
		v = as_bool(l, l->node->c);
		if (ends(l, &v))
			return v;
		n += hd_cel_is(&v, true);
	}
	if (l->unknown.kind != HD_CEL_NONE)
		return l->unknown;
	return hd_cel_bool(n == 1);
}

/* What the loop makes of the present element, NONE if the filter leaves it
 * out (or is unknown); an error to end with. */
static struct hd_cel_value make(struct loop *l)
{
	const struct hd_cel_value nothing = { .kind = HD_CEL_NONE };
	const struct hd_cel_node *node = l->node;
	bool filter = node->macro == HD_CEL_MACRO_FILTER;
	const struct hd_cel_node *condition = filter ? node->c : node->b;
	struct hd_cel_value v;

	if (condition) {
		v = as_bool(l, condition);
		if (ends(l, &v))
			return v;
		if (!hd_cel_is(&v, true))
			return nothing;
	}
	if (filter)
		return l->range.kind == HD_CEL_LIST ? l->value : l->key;
	v = hd_cel_eval_node(l->call, node->c);
	if (ends(l, &v))
		return v;
	return hd_cel_bad(&v) ? nothing : v;
}

static struct hd_cel_value make_list(struct loop *l)
{
	struct hd_cel_list *list = hd_cel_list_new(l->call,
						   hd_cel_size(l->range));
	struct hd_cel_value v;

	while (list && next(l)) {
		v = make(l);
		if (v.kind == HD_CEL_ERROR)
			return v;
		if (v.kind != HD_CEL_NONE)
			list->items[list->n++] = v;
	}
	if (!list || l->call->stopped)
		return hd_cel_stopped(l->call);
	if (l->unknown.kind != HD_CEL_NONE)
		return l->unknown;
	return hd_cel_list_value(list);
}

static struct hd_cel_value make_map(struct loop *l)
{
	struct hd_cel_map *map = hd_cel_map_new(l->call, hd_cel_size(l->range));
	struct hd_cel_value v;

	while (map && next(l)) {
		v = make(l);
		if (v.kind == HD_CEL_ERROR)
			return v;
		if (v.kind != HD_CEL_NONE)
			hd_cel_map_add(map, l->key, v);
	}
	if (!map || l->call->stopped)
		return hd_cel_stopped(l->call);
	if (l->unknown.kind != HD_CEL_NONE)
		return l->unknown;
	return hd_cel_map_value(map);
}

/* One map of all entries of the maps in `list`. */
static struct hd_cel_value join_entries(struct hd_cel_call *call,
					const struct hd_cel_list *list)
{
	struct hd_cel_value key, value;
	struct hd_cel_map *map;
	size_t n = 0;
	uint32_t i;

	for (i = 0; i < list->n; i++) {
		if (list->items[i].kind != HD_CEL_MAP)
			return hd_cel_no_overload(call, "transformMapEntry",
						  &list->items[i], 1);
		n += hd_cel_size(list->items[i]);
	}
	map = hd_cel_map_new(call, n);
	if (!map)
		return hd_cel_stopped(call);
	for (i = 0; i < list->n; i++) {
		struct hd_cel_walk walk = { .of = &list->items[i] };

		while (hd_cel_walk_next(&walk, &key, &value))
			if (!hd_cel_map_add(map, key, value))
				return hd_cel_fail(call, HD_CEL_E_VALUE,
						   "a key is repeated");
	}
	return hd_cel_map_value(map);
}

static struct hd_cel_value make_entries(struct loop *l)
{
	struct hd_cel_value v = make_list(l);

	if (v.kind != HD_CEL_LIST)
		return v;
	return join_entries(l->call, v.u.p);
}

struct hd_cel_value hd_cel_eval_macro(struct hd_cel_call *call,
				      const struct hd_cel_node *node)
{
	struct loop l = { .call = call, .node = node };

	l.range = hd_cel_eval_node(call, node->a);
	if (l.range.kind == HD_CEL_MAP)
		l.range = hd_cel_whole(call, l.range);
	if (hd_cel_bad(&l.range))
		return l.range;
	call->node = node;
	if (l.range.kind != HD_CEL_LIST && l.range.kind != HD_CEL_MAP)
		return hd_cel_no_overload(call, node->name, &l.range, 1);
	if (call->unknowns && hd_cel_is_json(&l.range))
		l.mark = hd_cel_unknown_child(call->unknowns, l.range.n, NULL,
					      0);
	l.walk.of = &l.range;
	switch ((enum hd_cel_macro)node->macro) {
	case HD_CEL_MACRO_ALL:
		return decide(&l, false);
	case HD_CEL_MACRO_EXISTS:
		return decide(&l, true);
	case HD_CEL_MACRO_EXISTS_ONE:
		return exists_one(&l);
	case HD_CEL_MACRO_MAP:
		return make_map(&l);
	case HD_CEL_MACRO_ENTRY:
		return make_entries(&l);
	default:
		return make_list(&l);
	}
}

/* ---- literals ---- */

/* The value behind `?`: NONE for optional.none(). */
static struct hd_cel_value spread(struct hd_cel_call *call,
				  const struct hd_cel_node *node,
				  struct hd_cel_value v)
{
	if (v.kind == HD_CEL_OPTIONAL)
		return hd_cel_optional_value(v);
	call->node = node;
	return hd_cel_failf(call, HD_CEL_E_TYPE,
			    "%s where an optional is "
			    "wanted",
			    hd_cel_kind_name(v.kind));
}

struct hd_cel_value hd_cel_eval_list(struct hd_cel_call *call,
				     const struct hd_cel_node *node)
{
	struct hd_cel_value unknown = { .kind = HD_CEL_NONE }, v;
	struct hd_cel_list *list = hd_cel_list_new(call, node->n);
	uint32_t i;

	if (!list)
		return hd_cel_stopped(call);
	for (i = 0; i < node->n; i++) {
		v = hd_cel_eval_node(call, node->args[i]);
		if (node->args[i]->flags & HD_CEL_NODE_SPREAD &&
		    !hd_cel_bad(&v))
			v = spread(call, node->args[i], v);
		if (v.kind == HD_CEL_ERROR &&
		    (unknown.kind == HD_CEL_NONE || call->stopped))
			return v;
		if (v.kind == HD_CEL_UNKNOWN)
			unknown = hd_cel_unknown_merge(call, unknown, v);
		if (v.kind != HD_CEL_NONE)
			list->items[list->n++] = v;
	}
	return unknown.kind != HD_CEL_NONE ? unknown : hd_cel_list_value(list);
}

static struct hd_cel_value add_entry(struct hd_cel_call *call,
				     const struct hd_cel_node *at,
				     struct hd_cel_map *map,
				     struct hd_cel_value key,
				     struct hd_cel_value value)
{
	call->node = at;
	if (key.kind != HD_CEL_BOOL && key.kind != HD_CEL_INT &&
	    key.kind != HD_CEL_UINT && key.kind != HD_CEL_STRING)
		return hd_cel_failf(call, HD_CEL_E_TYPE, "%s is no key",
				    hd_cel_kind_name(key.kind));
	if (!hd_cel_map_add(map, key, value))
		return hd_cel_fail(call, HD_CEL_E_VALUE, "a key is repeated");
	return key;
}

struct hd_cel_value hd_cel_eval_map(struct hd_cel_call *call,
				    const struct hd_cel_node *node)
{
	struct hd_cel_value unknown = { .kind = HD_CEL_NONE }, key, value;
	struct hd_cel_map *map = hd_cel_map_new(call, node->n / 2);
	uint32_t i;

	if (!map)
		return hd_cel_stopped(call);
	for (i = 0; i < node->n; i += 2) {
		const struct hd_cel_node *at = node->args[i];

		key = hd_cel_eval_node(call, at);
		value = key.kind == HD_CEL_ERROR
				? key
				: hd_cel_eval_node(call, node->args[i + 1]);
		if (at->flags & HD_CEL_NODE_SPREAD && !hd_cel_bad(&value))
			value = spread(call, node->args[i + 1], value);
		if (!hd_cel_bad(&key) && !hd_cel_bad(&value)) {
			if (value.kind != HD_CEL_NONE)
				key = add_entry(call, at, map, key, value);
			value = key;
		}
		if (key.kind == HD_CEL_UNKNOWN)
			unknown = hd_cel_unknown_merge(call, unknown, key);
		if (value.kind == HD_CEL_UNKNOWN)
			unknown = hd_cel_unknown_merge(call, unknown, value);
		else if (value.kind == HD_CEL_ERROR &&
			 (unknown.kind == HD_CEL_NONE || call->stopped))
			return value;
	}
	return unknown.kind != HD_CEL_NONE ? unknown : hd_cel_map_value(map);
}
