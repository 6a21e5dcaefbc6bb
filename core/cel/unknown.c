#include "core/cel/unknown.h"

#include <stdlib.h>

#include "core/cel/env.h"
#include "core/cel/eval.h"
#include "core/cel/pool.h"

#define MAX_NODES 4096

struct place {
	const char *name; /* NULL: an element */
	uint32_t n;
	uint32_t child, next; /* first child, next sibling */
	uint32_t below;	      /* stands for everything else below; 0: closed */
	struct hd_cel_ids *open;
	struct hd_cel_ids *all; /* of it and all below */
};

struct hd_cel_unknowns {
	const struct hd_cel_env *env;
	struct hd_cel_pool pool;
	struct place *places; /* 0 is not used */
	uint32_t n, cap;
	uint32_t roots[HD_CEL_SLOTS];
};

struct hd_cel_unknowns *hd_cel_unknowns_new(const struct hd_cel_env *env)
{
	struct hd_cel_unknowns *u = hd_cel_must(calloc(1, sizeof(*u)));

	hd_cel_pool_init(&u->pool, 0);
	u->env = env;
	u->n = 1;
	return u;
}

void hd_cel_unknowns_free(struct hd_cel_unknowns *u)
{
	if (!u)
		return;
	hd_cel_pool_fini(&u->pool);
	free(u->places);
	free(u);
}

static uint32_t new_place(struct hd_cel_unknowns *u, const char *name, size_t n)
{
	if (u->n == u->cap || u->cap == 0) {
		u->cap = u->cap != 0 ? u->cap * 2 : 16;
		u->places = hd_cel_must(
			realloc(u->places, u->cap * sizeof(*u->places)));
	}
	memset(&u->places[u->n], 0, sizeof(*u->places));
	if (name)
		u->places[u->n].name = hd_cel_pool_text(&u->pool, name, n);
	u->places[u->n].n = (uint32_t)n;
	return u->n++;
}

/* Sets are small and grow by copying. */
static struct hd_cel_ids *with_id(struct hd_cel_unknowns *u,
				  struct hd_cel_ids *set, uint32_t id)
{
	uint32_t n = set ? set->n : 0, i = 0;
	struct hd_cel_ids *more;

	while (i < n && set->ids[i] < id)
		i++;
	if (i < n && set->ids[i] == id)
		return set;
	more = hd_cel_pool_alloc(&u->pool,
				 sizeof(*more) + (n + 1) * sizeof(id));
	more->n = n + 1;
	if (i != 0)
		memcpy(more->ids, set->ids, i * sizeof(id));
	more->ids[i] = id;
	if (i != n)
		memcpy(more->ids + i + 1, set->ids + i, (n - i) * sizeof(id));
	return more;
}

static void open_place(struct hd_cel_unknowns *u, uint32_t at, uint32_t id)
{
	uint32_t below = u->places[at].below, child;

	if (below == 0) {
		below = new_place(u, NULL, 0);
		u->places[below].below = below;
		u->places[at].below = below;
	}
	u->places[at].open = with_id(u, u->places[at].open, id);
	u->places[at].all = with_id(u, u->places[at].all, id);
	u->places[below].open = with_id(u, u->places[below].open, id);
	u->places[below].all = u->places[below].open;
	for (child = u->places[at].child; child != 0;
	     child = u->places[child].next)
		open_place(u, child, id);
}

static uint32_t find_child(const struct hd_cel_unknowns *u, uint32_t at,
			   const char *name, size_t n)
{
	const struct place *p;
	uint32_t child = u->places[at].child;

	for (; child != 0; child = p->next) {
		p = &u->places[child];
		if (!p->name != !name)
			continue;
		if (!name || (p->n == n && memcmp(p->name, name, n) == 0))
			return child;
	}
	return 0;
}

static uint32_t make_child(struct hd_cel_unknowns *u, uint32_t at,
			   const char *name, size_t n)
{
	uint32_t child = find_child(u, at, name, n), i;
	const struct hd_cel_ids *open;

	if (child != 0)
		return child;
	child = new_place(u, name, n);
	u->places[child].next = u->places[at].child;
	u->places[at].child = child;
	open = u->places[at].open;
	for (i = 0; open && i < open->n; i++)
		open_place(u, child, open->ids[i]);
	return child;
}

static uint32_t make_root(struct hd_cel_unknowns *u, const char *name, size_t n)
{
	const struct hd_cel_decl *d = hd_cel_env_find(u->env, name, n);

	if (!d || d->constant)
		return 0;
	if (u->roots[d->slot] == 0)
		u->roots[d->slot] = new_place(u, name, n);
	return u->roots[d->slot];
}

/* Length of ".name" or "[*]" at `p`, 0 if it is neither. */
static size_t part_length(const char *p)
{
	size_t n;

	if (strncmp(p, "[*]", 3) == 0)
		return 3;
	if (*p != '.')
		return 0;
	n = strcspn(p + 1, ".[");
	return n != 0 ? n + 1 : 0;
}

int hd_cel_unknowns_add(struct hd_cel_unknowns *u, const char *path,
			uint32_t id)
{
	size_t n = strcspn(path, ".[");
	const char *p = path + n;
	uint32_t at;

	for (; *p; p += part_length(p))
		if (part_length(p) == 0)
			return -1;
	at = u->n < MAX_NODES ? make_root(u, path, n) : 0;
	if (at == 0)
		return -1;
	for (p = path + n;; p += n) {
		u->places[at].all = with_id(u, u->places[at].all, id);
		n = part_length(p);
		if (n == 0)
			break;
		at = make_child(u, at, *p == '.' ? p + 1 : NULL,
				*p == '.' ? n - 1 : 0);
	}
	open_place(u, at, id);
	return 0;
}

/* ---- in an evaluation ---- */

uint32_t hd_cel_unknown_root(const struct hd_cel_unknowns *u, unsigned slot)
{
	return slot < HD_CEL_SLOTS ? u->roots[slot] : 0;
}

uint32_t hd_cel_unknown_child(const struct hd_cel_unknowns *u, uint32_t mark,
			      const char *name, size_t n)
{
	uint32_t child;

	if (mark == 0)
		return 0;
	child = find_child(u, mark, name, n);
	return child != 0 ? child : u->places[mark].below;
}

struct hd_cel_value hd_cel_unknown_at(const struct hd_cel_unknowns *u,
				      uint32_t mark)
{
	return (struct hd_cel_value){ .kind = HD_CEL_UNKNOWN,
				      .u.p = u->places[mark].all };
}

/* An object inside can get more members; scalars and lists of them cannot. */
static bool has_object(const json_t *json, unsigned level)
{
	const json_t *item;
	size_t i;

	if (json_is_object(json) || level > 500)
		return true;
	json_array_foreach(json, i, item)
		if (has_object(item, level + 1))
			return true;
	return false;
}

static struct hd_cel_value gaps(struct hd_cel_call *call,
				const struct hd_cel_value *v, unsigned level)
{
	struct hd_cel_value none = { .kind = HD_CEL_NONE }, found = none;
	struct hd_cel_walk walk = { .of = v };
	struct hd_cel_value key, item;

	if (hd_cel_is_json(v)) {
		if (v->n == 0 || !has_object(v->u.json, 0))
			return none;
		return hd_cel_unknown_at(call->unknowns, v->n);
	}
	if (level > 500 || !hd_cel_call_cost(call, 1))
		return none;
	if (v->kind == HD_CEL_OPTIONAL && v->u.p)
		return gaps(call, v->u.p, level + 1);
	if (v->kind != HD_CEL_LIST && v->kind != HD_CEL_MAP)
		return none;
	while (hd_cel_walk_next(&walk, &key, &item)) {
		item = gaps(call, &item, level + 1);
		if (item.kind == HD_CEL_UNKNOWN)
			found = hd_cel_unknown_merge(call, found, item);
	}
	return found;
}

struct hd_cel_value hd_cel_whole(struct hd_cel_call *call,
				 struct hd_cel_value v)
{
	struct hd_cel_value unknown;

	if (!call->unknowns || (v.kind != HD_CEL_LIST && v.kind != HD_CEL_MAP &&
				v.kind != HD_CEL_OPTIONAL))
		return v;
	unknown = gaps(call, &v, 0);
	return unknown.kind == HD_CEL_UNKNOWN ? unknown : v;
}

struct hd_cel_value hd_cel_unknown_merge(struct hd_cel_call *call,
					 struct hd_cel_value a,
					 struct hd_cel_value b)
{
	const uint32_t *x, *y;
	size_t xn, yn, i = 0, j = 0;
	struct hd_cel_ids *set;

	if (a.kind != HD_CEL_UNKNOWN)
		return b;
	if (b.kind != HD_CEL_UNKNOWN || (a.u.p && a.u.p == b.u.p))
		return a;
	xn = hd_cel_unknown_ids(&a, &x);
	yn = hd_cel_unknown_ids(&b, &y);
	set = hd_cel_call_alloc(call,
				sizeof(*set) + (xn + yn) * sizeof(set->ids[0]));
	if (!set)
		return hd_cel_stopped(call);
	set->n = 0;
	while (i < xn || j < yn) {
		uint32_t id = j == yn || (i < xn && x[i] < y[j]) ? x[i] : y[j];

		while (i < xn && x[i] == id)
			i++;
		while (j < yn && y[j] == id)
			j++;
		set->ids[set->n++] = id;
	}
	return (struct hd_cel_value){ .kind = HD_CEL_UNKNOWN, .u.p = set };
}
