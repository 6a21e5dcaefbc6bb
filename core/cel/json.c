/* Results on their way out: JSON and text. */
#include "core/cel/eval.h"
#include "core/cel/moment.h"
#include "core/cel/net.h"
#include "core/cel/text.h"

#include <math.h>
#include <stdlib.h>

#define MAX_LEVELS 500

/* The text of a scalar that JSON has no form for, or of a key. */
static size_t scalar_text(const struct hd_cel_value *v, char *out, size_t size)
{
	switch ((enum hd_cel_kind)v->kind) {
	case HD_CEL_BOOL:
		return (size_t)snprintf(out, size, "%s",
					v->u.boolean ? "true" : "false");
	case HD_CEL_INT:
		return (size_t)snprintf(out, size, "%lld",
					(long long)v->u.integer);
	case HD_CEL_UINT:
		return (size_t)snprintf(out, size, "%llu",
					(unsigned long long)v->u.uinteger);
	case HD_CEL_DOUBLE:
		return hd_cel_double_text(v->u.real, out);
	case HD_CEL_TIMESTAMP:
		return hd_cel_moment_text(v, out);
	case HD_CEL_DURATION:
		return hd_cel_duration_text(v->u.integer, out);
	case HD_CEL_IP:
	case HD_CEL_CIDR:
		return hd_cel_net_text(v, out);
	default:
		out[0] = '\0';
		return 0;
	}
}

#define SCALAR_TEXT 96

static json_t *to_json(const struct hd_cel_value *v, unsigned level);

static json_t *json_list(const struct hd_cel_value *v, unsigned level)
{
	struct hd_cel_walk walk = { .of = v };
	struct hd_cel_value key, item;
	json_t *array = json_array();

	while (array && hd_cel_walk_next(&walk, &key, &item)) {
		json_t *json = to_json(&item, level + 1);

		if (!json || json_array_append_new(array, json) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *json_map(const struct hd_cel_value *v, unsigned level)
{
	struct hd_cel_walk walk = { .of = v };
	struct hd_cel_value key, item;
	json_t *object = json_object();
	char text[SCALAR_TEXT];

	while (object && hd_cel_walk_next(&walk, &key, &item)) {
		json_t *json = to_json(&item, level + 1);

		if (key.kind != HD_CEL_STRING)
			key = hd_cel_stringn(text, scalar_text(&key, text,
							       sizeof(text)));
		if (!json || json_object_setn_new_nocheck(object, key.u.text,
							  key.n, json) < 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *json_bytes(const struct hd_cel_value *v)
{
	char *text = malloc(((size_t)v->n + 2) / 3 * 4 + 1);
	json_t *json = NULL;

	if (text)
		json = json_stringn_nocheck(text, hd_cel_base64(v->u.text, v->n,
								text));
	free(text);
	return json;
}

static json_t *json_scalar(const struct hd_cel_value *v)
{
	char text[SCALAR_TEXT];

	if (v->kind == HD_CEL_INT)
		return json_integer(v->u.integer);
	if (v->kind == HD_CEL_UINT && v->u.uinteger <= INT64_MAX)
		return json_integer(v->u.integer);
	if (v->kind == HD_CEL_DOUBLE && isfinite(v->u.real))
		return json_real(v->u.real);
	return json_stringn_nocheck(text, scalar_text(v, text, sizeof(text)));
}

static json_t *to_json(const struct hd_cel_value *v, unsigned level)
{
	if (level > MAX_LEVELS)
		return NULL;
	if (hd_cel_is_json(v))
		return json_incref((json_t *)(uintptr_t)v->u.json);
	switch ((enum hd_cel_kind)v->kind) {
	case HD_CEL_NULL:
		return json_null();
	case HD_CEL_BOOL:
		return json_boolean(v->u.boolean);
	case HD_CEL_STRING:
	case HD_CEL_TYPE:
		return json_stringn_nocheck(v->n != 0 ? v->u.text : "", v->n);
	case HD_CEL_BYTES:
		return json_bytes(v);
	case HD_CEL_LIST:
		return json_list(v, level);
	case HD_CEL_MAP:
		return json_map(v, level);
	case HD_CEL_OPTIONAL:
		return v->u.p ? to_json(v->u.p, level + 1) : json_null();
	case HD_CEL_NONE:
	case HD_CEL_ERROR:
	case HD_CEL_UNKNOWN:
		return NULL;
	default:
		return json_scalar(v);
	}
}

json_t *hd_cel_to_json(struct hd_cel_value v)
{
	return to_json(&v, 0);
}

/* ---- text ---- */

static bool in_arena(struct hd_cel_arena *arena, const char *from, size_t n,
		     const char **text, size_t *out_n)
{
	*text = hd_cel_pool_text(&arena->pool, from, n);
	*out_n = n;
	return *text != NULL;
}

static bool container_text(const struct hd_cel_value *v,
			   struct hd_cel_arena *arena, const char **text,
			   size_t *n)
{
	json_t *json = to_json(v, 0);
	char *dump = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY)
			  : NULL;
	bool ok = dump && in_arena(arena, dump, strlen(dump), text, n);

	free(dump);
	json_decref(json);
	return ok;
}

bool hd_cel_to_text(struct hd_cel_value v, struct hd_cel_arena *arena,
		    const char **text, size_t *n)
{
	char small[SCALAR_TEXT];

	switch ((enum hd_cel_kind)v.kind) {
	case HD_CEL_NONE:
	case HD_CEL_ERROR:
	case HD_CEL_UNKNOWN:
		return false;
	case HD_CEL_STRING:
	case HD_CEL_TYPE:
		*text = v.u.text;
		*n = v.n;
		return true;
	case HD_CEL_NULL:
		*text = "";
		*n = 0;
		return true;
	case HD_CEL_BYTES:
		if (!hd_cel_utf8_ok(v.u.text, v.n))
			return container_text(&v, arena, text, n);
		*text = v.u.text;
		*n = v.n;
		return true;
	case HD_CEL_OPTIONAL:
		if (v.u.p)
			return hd_cel_to_text(hd_cel_optional_value(v), arena,
					      text, n);
		*text = "";
		*n = 0;
		return true;
	case HD_CEL_LIST:
	case HD_CEL_MAP:
		return container_text(&v, arena, text, n);
	default:
		return in_arena(arena, small,
				scalar_text(&v, small, sizeof(small)), text, n);
	}
}
