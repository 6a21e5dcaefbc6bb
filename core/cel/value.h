/* value.h - how values are held
 *
 * A list is a JSON array or an array of values; a map is a JSON object or a
 * table of keys and values with an index once it is large.  JSON containers
 * carry in `n` their place among the unknown paths (0: none, so that nothing
 * below can be unknown); see unknown.h.
 */
#ifndef HD_CEL_VALUE_H
#define HD_CEL_VALUE_H

#include "core/cel/cel.h"

struct hd_cel_call;

enum { HD_CEL_FORM_OWN, HD_CEL_FORM_JSON };

struct hd_cel_list {
	uint32_t n;
	struct hd_cel_value items[];
};

struct hd_cel_map {
	uint32_t n, cap;
	uint32_t mask;	 /* slots of `index` - 1; 0: no index */
	uint32_t *index; /* entry + 1, 0 is free */
	struct hd_cel_value *keys, *values;
};

struct hd_cel_ids {
	uint32_t n;
	uint32_t ids[];
};

struct hd_cel_address {
	uint8_t family; /* 4 or 6 */
	uint8_t prefix; /* CIDR */
	uint8_t bytes[16];
};

static inline bool hd_cel_is_json(const struct hd_cel_value *v)
{
	return v->form == HD_CEL_FORM_JSON;
}

static inline const struct hd_cel_address *
hd_cel_address(const struct hd_cel_value *v)
{
	return v->u.p;
}

static inline bool hd_cel_bad(const struct hd_cel_value *v)
{
	return v->kind >= HD_CEL_ERROR;
}

static inline bool hd_cel_is_number(const struct hd_cel_value *v)
{
	return v->kind >= HD_CEL_INT && v->kind <= HD_CEL_DOUBLE;
}

static inline bool hd_cel_is(const struct hd_cel_value *v, bool b)
{
	return v->kind == HD_CEL_BOOL && v->u.boolean == b;
}

/* ---- made in an evaluation; an error when the arena is full ---- */

struct hd_cel_value hd_cel_optional(struct hd_cel_call *call,
				    struct hd_cel_value v);
struct hd_cel_value hd_cel_optional_none(void);

/* An empty map with room for `cap` entries; NULL when the arena is full. */
struct hd_cel_map *hd_cel_map_new(struct hd_cel_call *call, size_t cap);

/* False if the key is there already.  There must be room. */
bool hd_cel_map_add(struct hd_cel_map *map, struct hd_cel_value key,
		    struct hd_cel_value value);

struct hd_cel_value hd_cel_map_value(const struct hd_cel_map *map);
struct hd_cel_value hd_cel_list_value(const struct hd_cel_list *list);

/* A list with room for `n` items, of which none counts yet. */
struct hd_cel_list *hd_cel_list_new(struct hd_cel_call *call, size_t n);

/* ---- looking ---- */

/* What a map holds under a key of any kind; NONE if there is nothing. */
struct hd_cel_value hd_cel_lookup(const struct hd_cel_value *map,
				  const struct hd_cel_value *key);
struct hd_cel_value hd_cel_lookup_text(const struct hd_cel_value *map,
				       const char *key, size_t n);

/* Walks a list or a map in order; start with zeroes but `of`. */
struct hd_cel_walk {
	const struct hd_cel_value *of;
	size_t i;
	void *iter; /* of a JSON object */
};
bool hd_cel_walk_next(struct hd_cel_walk *walk, struct hd_cel_value *key,
		      struct hd_cel_value *value);

/* ---- comparing ---- */

enum hd_cel_order {
	HD_CEL_LESS = -1,
	HD_CEL_SAME = 0,
	HD_CEL_MORE = 1,
	HD_CEL_UNORDERED = 2, /* NaN */
	HD_CEL_NO_ORDER = 3   /* types that have none */
};

enum hd_cel_order hd_cel_compare(const struct hd_cel_value *a,
				 const struct hd_cel_value *b);

/* As hd_cel_equal(); counts the elements compared and gives up (false) when
 * that stops `call`, which may be NULL, or at 500 levels. */
bool hd_cel_same(struct hd_cel_call *call, const struct hd_cel_value *a,
		 const struct hd_cel_value *b);

#endif
