#include "core/record/record.h"

#include <string.h>

#define VALUE_MAX_BYTES 8192
#define TYPES_MAX 64 /* types that can be looked up are below it */

static const struct {
	int64_t type_id;
	enum hd_kind kind;
} table[] = {
	{ 1, HD_KIND_HOST },   { 1, HD_KIND_DOMAIN }, { 2, HD_KIND_IP },
	{ 3, HD_KIND_MAC },    { 4, HD_KIND_USER },   { 5, HD_KIND_EMAIL },
	{ 6, HD_KIND_URL },    { 8, HD_KIND_MD5 },    { 8, HD_KIND_SHA1 },
	{ 8, HD_KIND_SHA256 }, { 8, HD_KIND_SHA512 },
};

/* The observable types (as bits) of these kinds. */
static uint64_t types_of(unsigned kinds)
{
	uint64_t types = 0;

	for (size_t k = 0; k < sizeof(table) / sizeof(table[0]); k++)
		if (kinds & 1u << table[k].kind)
			types |= UINT64_C(1) << table[k].type_id;
	return types;
}

void hd_record_observables(json_t *record, unsigned kinds, hd_observable_fn fn,
			   void *ud)
{
	uint64_t types = types_of(kinds);
	json_t *observable;
	size_t i;

	json_array_foreach(json_object_get(record, "observables"), i,
			   observable) {
		const json_t *value;
		int64_t type_id = json_integer_value(
			json_object_get(observable, "type_id"));
		char out[VALUE_MAX_BYTES + 1];

		if (type_id < 0 || type_id >= TYPES_MAX ||
		    (types & UINT64_C(1) << type_id) == 0)
			continue;
		value = json_object_get(observable, "value");
		if (!json_is_string(value))
			continue;
		for (size_t k = 0; k < sizeof(table) / sizeof(table[0]); k++) {
			size_t n = 0;

			if (table[k].type_id == type_id &&
			    (kinds & 1u << table[k].kind))
				n = hd_kind_normalize(table[k].kind,
						      json_string_value(value),
						      json_string_length(value),
						      out, sizeof(out));
			if (n > 0)
				fn(ud, table[k].kind, out, n, observable);
		}
	}
}
