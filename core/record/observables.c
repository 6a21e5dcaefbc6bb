#include "core/record/record.h"

#include <string.h>

#define VALUE_MAX_BYTES 8192

static const struct {
	int64_t type_id;
	enum hd_kind kind;
} kinds[] = {
	{ 1, HD_KIND_HOST },   { 1, HD_KIND_DOMAIN }, { 2, HD_KIND_IP },
	{ 3, HD_KIND_MAC },    { 4, HD_KIND_USER },   { 5, HD_KIND_EMAIL },
	{ 6, HD_KIND_URL },    { 8, HD_KIND_MD5 },    { 8, HD_KIND_SHA1 },
	{ 8, HD_KIND_SHA256 }, { 8, HD_KIND_SHA512 },
};

void hd_record_observables(json_t *record, hd_observable_fn fn, void *ud)
{
	json_t *observable;
	size_t i;

	json_array_foreach(json_object_get(record, "observables"), i,
			   observable) {
		const json_t *value = json_object_get(observable, "value");
		int64_t type_id = json_integer_value(
			json_object_get(observable, "type_id"));
		char out[VALUE_MAX_BYTES + 1];

		if (!json_is_string(value))
			continue;
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			size_t n = 0;

			if (kinds[k].type_id == type_id)
				n = hd_kind_normalize(kinds[k].kind,
						      json_string_value(value),
						      json_string_length(value),
						      out, sizeof(out));
			if (n > 0)
				fn(ud, kinds[k].kind, out, n, observable);
		}
	}
}
