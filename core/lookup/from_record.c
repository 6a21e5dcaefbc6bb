#include "core/lookup/from_record.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/json_text.h"
#include "core/record/places.h"

#define CONTEXT_MAX (64u << 10)
#define FIELD_MAX 256
#define VALUE_MAX 8192

bool hd_from_record_red(const json_t *record)
{
	const json_t *labels = hd_json_at(record, "/metadata/labels");
	const json_t *one;
	size_t i;

	json_array_foreach(labels, i, one) {
		const char *label = json_string_value(one);

		if (label && strcasecmp(label, "tlp:red") == 0)
			return true;
	}
	return false;
}

struct search {
	enum hd_kind kind;
	const char *value;
	size_t n;
	enum hd_role role;
	json_t *found;
};

static void look(void *ud, int type_id, const char *path, json_t *value,
		 enum hd_role role, json_t *holder)
{
	struct search *s = ud;
	char text[VALUE_MAX + 1];
	size_t n;

	(void)type_id;
	(void)path;
	if (s->found || role != s->role || !json_is_string(value))
		return;
	n = hd_kind_normalize(s->kind, json_string_value(value),
			      json_string_length(value), text, sizeof(text));
	if (n == s->n && memcmp(text, s->value, n) == 0)
		s->found = holder;
}

/* The object that `name` means for this value. */
static json_t *object_of(json_t *record, const char *name, struct search *s)
{
	bool host = strcmp(name, "host") == 0;

	s->found = NULL;
	if (strcmp(name, "user") == 0 || host) {
		s->role = host ? HD_ROLE_DEVICE : HD_ROLE_USER;
		hd_places_walk(record, HD_ROLE_RECORD, look, s);
	}
	if (s->found)
		return s->found;
	return hd_record_view(record, host ? "device" : name);
}

static json_t *member(json_t *object, const char *name)
{
	json_t *inner = json_object_get(object, name);

	if (inner)
		return inner;
	inner = json_object();
	json_object_set_new(object, name, inner);
	return inner;
}

static void add_field(json_t *context, json_t *record, const char *field,
		      struct search *s)
{
	const char *dot = strchr(field, '.');
	char *first;
	json_t *object, *value;

	if (!dot || dot == field)
		return;
	first = hd_memdup0(field, (size_t)(dot - field));
	object = object_of(record, first, s);
	value = json_object_get(object, dot + 1);
	if (value && !json_is_null(value))
		json_object_set(member(context, first), dot + 1, value);
	free(first);
}

char *hd_from_record_context(json_t *record, const char *fields,
			     enum hd_kind kind, const char *value, size_t n)
{
	struct search s = { .kind = kind, .value = value, .n = n };
	json_t *context = json_object();
	struct hd_buf text;

	while (*fields) {
		size_t len = strcspn(fields, ", ");
		char *field;

		if (len > 0 && len < FIELD_MAX) {
			field = hd_memdup0(fields, len);
			add_field(context, record, field, &s);
			free(field);
		}
		fields += len + strspn(fields + len, ", ");
	}
	hd_buf_init(&text, CONTEXT_MAX);
	hd_json_write(&text, context, HD_JSON_SORTED);
	json_decref(context);
	if (hd_buf_failed(&text)) { /* larger than any context should be */
		hd_buf_fini(&text);
		return hd_strdup("{}");
	}
	return hd_buf_steal(&text);
}
