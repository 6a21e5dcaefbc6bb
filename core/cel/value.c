#include "core/cel/value.h"

#include "core/cel/eval.h"

#define INDEX_FROM 9 /* entries from which a map has an index */

struct hd_cel_value hd_cel_timestamp_ms(int64_t ms)
{
	int64_t s = ms / 1000, rest = ms % 1000;

	if (rest < 0) {
		rest += 1000;
		s--;
	}
	return hd_cel_timestamp(s, (uint32_t)rest * 1000000);
}

struct hd_cel_value hd_cel_json(const json_t *json)
{
	if (!json)
		return (struct hd_cel_value){ .kind = HD_CEL_NONE };
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return (struct hd_cel_value){ .kind = HD_CEL_MAP,
					      .form = HD_CEL_FORM_JSON,
					      .u.json = json };
	case JSON_ARRAY:
		return (struct hd_cel_value){ .kind = HD_CEL_LIST,
					      .form = HD_CEL_FORM_JSON,
					      .u.json = json };
	case JSON_STRING:
		return hd_cel_stringn(json_string_value(json),
				      json_string_length(json));
	case JSON_INTEGER:
		return hd_cel_int(json_integer_value(json));
	case JSON_REAL:
		return hd_cel_double(json_real_value(json));
	case JSON_TRUE:
		return hd_cel_bool(true);
	case JSON_FALSE:
		return hd_cel_bool(false);
	default:
		return hd_cel_null();
	}
}

const char *hd_cel_kind_name(enum hd_cel_kind kind)
{
	static const char *const names[] = {
		[HD_CEL_NONE] = "none",
		[HD_CEL_NULL] = "null_type",
		[HD_CEL_BOOL] = "bool",
		[HD_CEL_INT] = "int",
		[HD_CEL_UINT] = "uint",
		[HD_CEL_DOUBLE] = "double",
		[HD_CEL_STRING] = "string",
		[HD_CEL_BYTES] = "bytes",
		[HD_CEL_LIST] = "list",
		[HD_CEL_MAP] = "map",
		[HD_CEL_TIMESTAMP] = "google.protobuf.Timestamp",
		[HD_CEL_DURATION] = "google.protobuf.Duration",
		[HD_CEL_TYPE] = "type",
		[HD_CEL_OPTIONAL] = "optional_type",
		[HD_CEL_IP] = "net.IP",
		[HD_CEL_CIDR] = "net.CIDR",
		[HD_CEL_ERROR] = "error",
		[HD_CEL_UNKNOWN] = "unknown",
	};

	return kind < HD_CEL_KINDS ? names[kind] : "none";
}

const struct hd_cel_error *hd_cel_error_of(const struct hd_cel_value *v)
{
	return v->kind == HD_CEL_ERROR ? v->u.p : NULL;
}

bool hd_cel_is_absent(const struct hd_cel_value *v)
{
	const struct hd_cel_error *error = hd_cel_error_of(v);

	return error && error->code == HD_CEL_E_ABSENT;
}

size_t hd_cel_unknown_ids(const struct hd_cel_value *v, const uint32_t **ids)
{
	const struct hd_cel_ids *set = v->u.p;

	if (v->kind != HD_CEL_UNKNOWN) {
		*ids = NULL;
		return 0;
	}
	*ids = set ? set->ids : &v->n;
	return set ? set->n : 1;
}

/* ---- optionals ---- */

struct hd_cel_value hd_cel_optional_none(void)
{
	return (struct hd_cel_value){ .kind = HD_CEL_OPTIONAL };
}

struct hd_cel_value hd_cel_optional(struct hd_cel_call *call,
				    struct hd_cel_value v)
{
	struct hd_cel_value *held;

	if (hd_cel_bad(&v))
		return v;
	held = hd_cel_call_alloc(call, sizeof(*held));
	if (!held)
		return hd_cel_stopped(call);
	*held = v;
	return (struct hd_cel_value){ .kind = HD_CEL_OPTIONAL, .u.p = held };
}

struct hd_cel_value hd_cel_optional_value(struct hd_cel_value v)
{
	if (v.kind != HD_CEL_OPTIONAL || !v.u.p)
		return (struct hd_cel_value){ .kind = HD_CEL_NONE };
	return *(const struct hd_cel_value *)v.u.p;
}

/* ---- lists ---- */

struct hd_cel_list *hd_cel_list_new(struct hd_cel_call *call, size_t n)
{
	struct hd_cel_list *list;

	if (n > UINT32_MAX / sizeof(struct hd_cel_value))
		n = UINT32_MAX / sizeof(struct hd_cel_value);
	list = hd_cel_call_alloc(call,
				 sizeof(*list) + n * sizeof(list->items[0]));
	if (list)
		list->n = 0;
	return list;
}

struct hd_cel_value hd_cel_list_value(const struct hd_cel_list *list)
{
	return (struct hd_cel_value){ .kind = HD_CEL_LIST, .u.p = list };
}

struct hd_cel_value hd_cel_call_list(struct hd_cel_call *call,
				     const struct hd_cel_value *items, size_t n)
{
	struct hd_cel_list *list = hd_cel_list_new(call, n);

	if (!list)
		return hd_cel_stopped(call);
	if (n != 0)
		memcpy(list->items, items, n * sizeof(*items));
	list->n = (uint32_t)n;
	return hd_cel_list_value(list);
}

size_t hd_cel_size(struct hd_cel_value v)
{
	if (v.kind == HD_CEL_LIST)
		return hd_cel_is_json(&v)
			       ? json_array_size(v.u.json)
			       : ((const struct hd_cel_list *)v.u.p)->n;
	if (v.kind == HD_CEL_MAP)
		return hd_cel_is_json(&v)
			       ? json_object_size(v.u.json)
			       : ((const struct hd_cel_map *)v.u.p)->n;
	return 0;
}

struct hd_cel_value hd_cel_at(struct hd_cel_value v, size_t i)
{
	const struct hd_cel_list *list = v.u.p;

	if (v.kind != HD_CEL_LIST || i >= hd_cel_size(v))
		return (struct hd_cel_value){ .kind = HD_CEL_NONE };
	if (hd_cel_is_json(&v))
		return hd_cel_json(json_array_get(v.u.json, i));
	return list->items[i];
}

/* ---- maps ---- */

static uint32_t hash_bytes(const char *p, size_t n)
{
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 16777619u;
	return h;
}

/* Equal keys have equal hashes: 1 and 1u too. */
static uint32_t hash_key(const struct hd_cel_value *key)
{
	uint64_t u = key->u.uinteger;

	if (key->kind == HD_CEL_STRING)
		return hash_bytes(key->u.text, key->n);
	if (key->kind == HD_CEL_BOOL)
		return key->u.boolean;
	u *= UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(u >> 32);
}

static bool is_key(const struct hd_cel_value *v)
{
	return v->kind == HD_CEL_BOOL || v->kind == HD_CEL_INT ||
	       v->kind == HD_CEL_UINT || v->kind == HD_CEL_STRING;
}

static bool same_key(const struct hd_cel_value *a, const struct hd_cel_value *b)
{
	if (a->kind == HD_CEL_STRING || b->kind == HD_CEL_STRING)
		return a->kind == b->kind && a->n == b->n &&
		       (a->n == 0 || memcmp(a->u.text, b->u.text, a->n) == 0);
	if (a->kind == HD_CEL_BOOL || b->kind == HD_CEL_BOOL)
		return a->kind == b->kind && a->u.boolean == b->u.boolean;
	if (a->kind != b->kind && (a->u.integer < 0 || b->u.integer < 0))
		return false;
	return a->u.uinteger == b->u.uinteger;
}

struct hd_cel_map *hd_cel_map_new(struct hd_cel_call *call, size_t cap)
{
	struct hd_cel_map *map = hd_cel_call_alloc(call, sizeof(*map));
	size_t slots = 16;

	if (!map || cap > UINT32_MAX / 64)
		return NULL;
	memset(map, 0, sizeof(*map));
	map->cap = (uint32_t)cap;
	map->keys = hd_cel_call_alloc(call, 2 * cap * sizeof(*map->keys));
	if (!map->keys)
		return NULL;
	map->values = map->keys + cap;
	if (cap < INDEX_FROM)
		return map;
	while (slots < 2 * cap)
		slots *= 2;
	map->index = hd_cel_call_alloc(call, slots * sizeof(*map->index));
	if (!map->index)
		return NULL;
	memset(map->index, 0, slots * sizeof(*map->index));
	map->mask = (uint32_t)slots - 1;
	return map;
}

/* Entry + 1, or 0; `*slot` is where a new one belongs. */
static uint32_t find_entry(const struct hd_cel_map *map,
			   const struct hd_cel_value *key, uint32_t *slot)
{
	uint32_t i, entry;

	if (map->mask == 0) {
		for (i = 0; i < map->n; i++)
			if (same_key(&map->keys[i], key))
				return i + 1;
		return 0;
	}
	for (i = hash_key(key) & map->mask; (entry = map->index[i]) != 0;
	     i = (i + 1) & map->mask)
		if (same_key(&map->keys[entry - 1], key))
			return entry;
	*slot = i;
	return 0;
}

bool hd_cel_map_add(struct hd_cel_map *map, struct hd_cel_value key,
		    struct hd_cel_value value)
{
	uint32_t slot = 0;

	if (map->n == map->cap || find_entry(map, &key, &slot) != 0)
		return false;
	map->keys[map->n] = key;
	map->values[map->n++] = value;
	if (map->mask != 0)
		map->index[slot] = map->n;
	return true;
}

struct hd_cel_value hd_cel_map_value(const struct hd_cel_map *map)
{
	return (struct hd_cel_value){ .kind = HD_CEL_MAP, .u.p = map };
}

struct hd_cel_value hd_cel_call_map(struct hd_cel_call *call,
				    const struct hd_cel_value *keys,
				    const struct hd_cel_value *values, size_t n)
{
	struct hd_cel_map *map = hd_cel_map_new(call, n);
	size_t i;

	if (!map)
		return hd_cel_stopped(call);
	for (i = 0; i < n; i++)
		if (!is_key(&keys[i]) ||
		    !hd_cel_map_add(map, keys[i], values[i]))
			return hd_cel_fail(call, HD_CEL_E_VALUE,
					   "a key is repeated or no key");
	return hd_cel_map_value(map);
}

/* A double that is a whole number is looked for as that number. */
static bool whole_number(double d, struct hd_cel_value *key)
{
	if (d >= -9223372036854775808.0 && d < 9223372036854775808.0 &&
	    (double)(int64_t)d == d) {
		*key = hd_cel_int((int64_t)d);
		return true;
	}
	if (d >= 0 && d < 18446744073709551616.0 && (double)(uint64_t)d == d) {
		*key = hd_cel_uint((uint64_t)d);
		return true;
	}
	return false;
}

struct hd_cel_value hd_cel_lookup_text(const struct hd_cel_value *map,
				       const char *key, size_t n)
{
	const struct hd_cel_map *table = map->u.p;
	struct hd_cel_value k = hd_cel_stringn(key, n);
	uint32_t entry, slot;

	if (hd_cel_is_json(map))
		return hd_cel_json(json_object_getn(map->u.json, key, n));
	entry = find_entry(table, &k, &slot);
	if (entry == 0)
		return (struct hd_cel_value){ .kind = HD_CEL_NONE };
	return table->values[entry - 1];
}

struct hd_cel_value hd_cel_lookup(const struct hd_cel_value *map,
				  const struct hd_cel_value *key)
{
	const struct hd_cel_map *table = map->u.p;
	struct hd_cel_value none = { .kind = HD_CEL_NONE }, whole;
	uint32_t entry, slot;

	if (key->kind == HD_CEL_STRING)
		return hd_cel_lookup_text(map, key->u.text, key->n);
	if (hd_cel_is_json(map))
		return none;
	if (key->kind == HD_CEL_DOUBLE) {
		if (!whole_number(key->u.real, &whole))
			return none;
		key = &whole;
	}
	if (!is_key(key))
		return none;
	entry = find_entry(table, key, &slot);
	return entry != 0 ? table->values[entry - 1] : none;
}

struct hd_cel_value hd_cel_get(struct hd_cel_value map, const char *key)
{
	if (map.kind != HD_CEL_MAP)
		return (struct hd_cel_value){ .kind = HD_CEL_NONE };
	return hd_cel_lookup_text(&map, key, strlen(key));
}

bool hd_cel_entry(struct hd_cel_value map, size_t i, struct hd_cel_value *key,
		  struct hd_cel_value *value)
{
	struct hd_cel_walk walk = { .of = &map };

	if (map.kind != HD_CEL_MAP || i >= hd_cel_size(map))
		return false;
	if (!hd_cel_is_json(&map))
		walk.i = i;
	else
		while (i-- > 0)
			hd_cel_walk_next(&walk, key, value);
	return hd_cel_walk_next(&walk, key, value);
}

/* ---- walking ---- */

static bool next_member(struct hd_cel_walk *walk, struct hd_cel_value *key,
			struct hd_cel_value *value)
{
	/* The iterator reads only; jansson just has no const form of it. */
	json_t *object = (json_t *)(uintptr_t)walk->of->u.json;

	walk->iter = walk->iter ? json_object_iter_next(object, walk->iter)
				: json_object_iter(object);
	if (!walk->iter)
		return false;
	*key = hd_cel_stringn(json_object_iter_key(walk->iter),
			      json_object_iter_key_len(walk->iter));
	*value = hd_cel_json(json_object_iter_value(walk->iter));
	return true;
}

bool hd_cel_walk_next(struct hd_cel_walk *walk, struct hd_cel_value *key,
		      struct hd_cel_value *value)
{
	const struct hd_cel_map *map = walk->of->u.p;

	if (walk->of->kind == HD_CEL_MAP && hd_cel_is_json(walk->of))
		return next_member(walk, key, value);
	if (walk->i >= hd_cel_size(*walk->of))
		return false;
	if (walk->of->kind == HD_CEL_MAP) {
		*key = map->keys[walk->i];
		*value = map->values[walk->i++];
		return true;
	}
	*key = hd_cel_int((int64_t)walk->i);
	*value = hd_cel_at(*walk->of, walk->i++);
	return true;
}
