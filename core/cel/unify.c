/* The agreement of types follows the reference checker: a variable takes the
 * first type it meets and widens to a more general one that fits; dyn fits
 * everything; null fits what may be null. */
#include "core/cel/type.h"

#include <string.h>

#include "core/cel/pool.h"

struct hd_cel_undo {
	uint32_t var;
	const struct hd_cel_type *old;
};

void hd_cel_bindings_init(struct hd_cel_bindings *b, struct hd_cel_pool *pool)
{
	memset(b, 0, sizeof(*b));
	b->pool = pool;
}

const struct hd_cel_type *hd_cel_bindings_fresh(struct hd_cel_bindings *b)
{
	struct hd_cel_type *t = hd_cel_pool_zero(b->pool, sizeof(*t));

	if (b->n == b->cap) {
		uint32_t cap = b->cap != 0 ? b->cap * 2 : 32;
		const struct hd_cel_type **bound =
			hd_cel_pool_zero(b->pool, cap * sizeof(*bound));

		if (b->n != 0)
			memcpy(bound, b->bound, b->n * sizeof(*bound));
		b->bound = bound;
		b->cap = cap;
	}
	t->kind = HD_CEL_TYPE_VAR;
	t->weight = 1;
	t->name = "dyn";
	t->var = b->n++;
	return t;
}

static void bind(struct hd_cel_bindings *b, uint32_t var,
		 const struct hd_cel_type *type)
{
	if (b->undo_n == b->undo_cap) {
		uint32_t cap = b->undo_cap != 0 ? b->undo_cap * 2 : 64;
		struct hd_cel_undo *undo =
			hd_cel_pool_alloc(b->pool, cap * sizeof(*undo));

		if (b->undo_n != 0)
			memcpy(undo, b->undo, b->undo_n * sizeof(*undo));
		b->undo = undo;
		b->undo_cap = cap;
	}
	b->undo[b->undo_n++] = (struct hd_cel_undo){ var, b->bound[var] };
	b->bound[var] = type;
}

static void go_back(struct hd_cel_bindings *b, uint32_t mark)
{
	while (b->undo_n > mark) {
		struct hd_cel_undo *u = &b->undo[--b->undo_n];

		b->bound[u->var] = u->old;
	}
}

static const struct hd_cel_type *rebuild(struct hd_cel_bindings *b,
					 const struct hd_cel_type *type,
					 const struct hd_cel_type **p)
{
	struct hd_cel_type *t;
	unsigned weight = 1;
	size_t i;

	for (i = 0; i < type->n; i++)
		if (p[i] != type->p[i])
			break;
	if (i == type->n)
		return type;
	for (i = 0; i < type->n; i++)
		weight += p[i]->weight;
	if (weight > 256)
		return hd_cel_type_simple(HD_CEL_TYPE_DYN);
	t = hd_cel_pool_alloc(b->pool, sizeof(*t));
	*t = *type;
	t->weight = (uint16_t)weight;
	for (i = 0; i < type->n; i++)
		t->p[i] = p[i];
	return t;
}

const struct hd_cel_type *hd_cel_type_instance(struct hd_cel_bindings *b,
					       struct hd_cel_instance *map,
					       const struct hd_cel_type *type)
{
	const struct hd_cel_type *p[3];
	uint32_t i;

	if (type->kind == HD_CEL_TYPE_PARAM) {
		for (i = 0; i < map->n; i++)
			if (strcmp(map->name[i], type->name) == 0)
				return map->type[i];
		if (map->n == 8)
			return hd_cel_type_simple(HD_CEL_TYPE_DYN);
		map->name[i] = type->name;
		map->type[i] = hd_cel_bindings_fresh(b);
		return map->type[map->n++];
	}
	for (i = 0; i < type->n; i++)
		p[i] = hd_cel_type_instance(b, map, type->p[i]);
	return rebuild(b, type, p);
}

static bool is_dyn(const struct hd_cel_type *t)
{
	return t->kind == HD_CEL_TYPE_DYN || t->kind == HD_CEL_TYPE_PARAM;
}

static bool is_var(const struct hd_cel_type *t)
{
	return t->kind == HD_CEL_TYPE_VAR;
}

static bool may_be_null(const struct hd_cel_type *t)
{
	switch (t->kind) {
	case HD_CEL_TYPE_NULL:
	case HD_CEL_TYPE_DURATION:
	case HD_CEL_TYPE_TIMESTAMP:
	case HD_CEL_TYPE_OBJECT:
	case HD_CEL_TYPE_OPTIONAL:
	case HD_CEL_TYPE_WRAPPER:
		return true;
	default:
		return false;
	}
}

/* True if `a` says no more than `b` does. */
static bool is_as_general(const struct hd_cel_type *a,
			  const struct hd_cel_type *b)
{
	size_t i;

	if (is_dyn(a) || is_var(a))
		return true;
	if (is_dyn(b) || is_var(b))
		return false;
	if (b->kind == HD_CEL_TYPE_NULL)
		return may_be_null(a);
	if (a->kind == HD_CEL_TYPE_WRAPPER || b->kind == HD_CEL_TYPE_WRAPPER)
		return a->kind == HD_CEL_TYPE_WRAPPER;
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind == HD_CEL_TYPE_TYPE)
		return true;
	if (a->kind == HD_CEL_TYPE_OBJECT && strcmp(a->name, b->name) != 0)
		return false;
	for (i = 0; i < a->n; i++)
		if (!is_as_general(a->p[i], b->p[i]))
			return false;
	return true;
}

static const struct hd_cel_type *more_general(const struct hd_cel_type *a,
					      const struct hd_cel_type *b)
{
	return is_as_general(a, b) ? a : b;
}

static bool occurs(struct hd_cel_bindings *b, uint32_t var,
		   const struct hd_cel_type *in, unsigned depth)
{
	size_t i;

	if (depth > 256)
		return true;
	if (in->kind == HD_CEL_TYPE_VAR) {
		if (in->var == var)
			return true;
		return b->bound[in->var] &&
		       occurs(b, var, b->bound[in->var], depth + 1);
	}
	for (i = 0; i < in->n; i++)
		if (occurs(b, var, in->p[i], depth + 1))
			return true;
	return false;
}

static bool fits(struct hd_cel_bindings *b, const struct hd_cel_type *from,
		 const struct hd_cel_type *to, unsigned depth);

/* Whether variable `var` can be (or become) `t`; `*had` tells that it was
 * bound already. */
static bool var_takes(struct hd_cel_bindings *b, const struct hd_cel_type *t,
		      const struct hd_cel_type *var, bool *had, unsigned depth)
{
	const struct hd_cel_type *now = b->bound[var->var], *next;

	*had = true;
	if (hd_cel_type_same(t, var))
		return true;
	if (now) {
		if (hd_cel_type_same(t, now))
			return true;
		if (!fits(b, t, now, depth + 1))
			return false;
		next = more_general(t, now);
		if (!occurs(b, var->var, next, 0))
			bind(b, var->var, next);
		return true;
	}
	*had = false;
	if (occurs(b, var->var, t, 0))
		return false;
	bind(b, var->var, t);
	return true;
}

/* An object is a map with text keys when it is used as one. */
static bool object_as_map(const struct hd_cel_type *from,
			  const struct hd_cel_type *to)
{
	return from->kind == HD_CEL_TYPE_OBJECT && from->n == 0 &&
	       to->kind == HD_CEL_TYPE_MAP;
}

static bool fits_params(struct hd_cel_bindings *b,
			const struct hd_cel_type *from,
			const struct hd_cel_type *to, unsigned depth)
{
	size_t i;

	if (from->kind != to->kind || from->n != to->n)
		return false;
	if (from->kind == HD_CEL_TYPE_TYPE)
		return true;
	if (from->kind == HD_CEL_TYPE_OBJECT &&
	    strcmp(from->name, to->name) != 0)
		return false;
	for (i = 0; i < from->n; i++)
		if (!fits(b, from->p[i], to->p[i], depth + 1))
			return false;
	return true;
}

static bool fits(struct hd_cel_bindings *b, const struct hd_cel_type *from,
		 const struct hd_cel_type *to, unsigned depth)
{
	const struct hd_cel_type *string;
	bool had;

	if (depth > 256)
		return false;
	if (to->kind == HD_CEL_TYPE_VAR) {
		if (var_takes(b, from, to, &had, depth))
			return true;
		if (had)
			return false;
	}
	if (from->kind == HD_CEL_TYPE_VAR)
		return var_takes(b, to, from, &had, depth);
	if (is_dyn(from) || is_dyn(to))
		return true;
	if (from->kind == HD_CEL_TYPE_NULL)
		return may_be_null(to);
	if (to->kind == HD_CEL_TYPE_NULL)
		return may_be_null(from);
	if (from->kind == HD_CEL_TYPE_WRAPPER)
		return fits(b, from->p[0], to, depth + 1);
	if (to->kind == HD_CEL_TYPE_WRAPPER)
		return fits(b, from, to->p[0], depth + 1);
	if (object_as_map(from, to)) {
		string = hd_cel_type_simple(HD_CEL_TYPE_STRING);
		return fits(b, string, to->p[0], depth + 1) &&
		       fits(b, hd_cel_type_simple(HD_CEL_TYPE_DYN), to->p[1],
			    depth + 1);
	}
	return fits_params(b, from, to, depth);
}

bool hd_cel_type_fits(struct hd_cel_bindings *b, const struct hd_cel_type *from,
		      const struct hd_cel_type *to)
{
	return hd_cel_type_fit_all(b, &from, &to, 1);
}

bool hd_cel_type_fit_all(struct hd_cel_bindings *b,
			 const struct hd_cel_type *const *from,
			 const struct hd_cel_type *const *to, size_t n)
{
	uint32_t mark = b->undo_n;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!fits(b, from[i], to[i], 0)) {
			go_back(b, mark);
			return false;
		}
	}
	return true;
}

const struct hd_cel_type *hd_cel_type_join(struct hd_cel_bindings *b,
					   const struct hd_cel_type *a,
					   const struct hd_cel_type *with)
{
	if (!a)
		return with;
	if (hd_cel_type_fits(b, a, with))
		return more_general(a, with);
	return hd_cel_type_simple(HD_CEL_TYPE_DYN);
}

static const struct hd_cel_type *resolve(struct hd_cel_bindings *b,
					 const struct hd_cel_type *type,
					 bool final, unsigned depth)
{
	const struct hd_cel_type *p[3];
	size_t i;

	if (depth > 256)
		return hd_cel_type_simple(HD_CEL_TYPE_DYN);
	if (type->kind == HD_CEL_TYPE_VAR) {
		if (b->bound[type->var])
			return resolve(b, b->bound[type->var], final,
				       depth + 1);
		return final ? hd_cel_type_simple(HD_CEL_TYPE_DYN) : type;
	}
	for (i = 0; i < type->n; i++)
		p[i] = resolve(b, type->p[i], final, depth + 1);
	return rebuild(b, type, p);
}

const struct hd_cel_type *hd_cel_type_resolve(struct hd_cel_bindings *b,
					      const struct hd_cel_type *type,
					      bool final)
{
	return resolve(b, type, final, 0);
}
