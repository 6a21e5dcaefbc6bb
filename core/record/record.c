/* Setting attributes by path.  A list is spread over the innermost array of
 * the path before its last name, so that "evidences.user.name" makes entries
 * of evidences and "evidences.email.urls.url_string" entries of urls; arrays
 * further out keep to their first entry. */
#include "core/record/record.h"

#include <string.h>

#include "core/record/convert.h"
#include "core/record/schema.h"

#define ENTRIES_MAX                                              \
	4096 /* of one array; what a list has beyond is unmapped \
	      */
#define NAME_MAX_BYTES 1024

static json_t *object_in(json_t *parent, const char *name)
{
	json_t *object = json_object_get(parent, name);

	if (json_is_object(object))
		return object;
	if (object)
		return NULL;
	object = json_object();
	json_object_set_new(parent, name, object);
	return object;
}

static json_t *array_in(json_t *parent, const char *name)
{
	json_t *array = json_object_get(parent, name);

	if (json_is_array(array))
		return array;
	if (array)
		return NULL;
	array = json_array();
	json_object_set_new(parent, name, array);
	return array;
}

static json_t *entry_of(json_t *array, size_t index)
{
	while (json_array_size(array) <= index)
		if (json_array_append_new(array, json_object()) < 0)
			return NULL;
	return json_array_get(array, index);
}

void hd_record_set_unmapped(json_t *record, const char *source,
			    const char *name, json_t *value)
{
	json_t *unmapped = object_in(record, "unmapped");
	json_t *object = unmapped ? object_in(unmapped, source) : NULL;

	if (object && !json_object_get(object, name))
		json_object_set(object, name, value);
}

static void set_misfit(json_t *record, const char *path, json_t *value)
{
	char name[NAME_MAX_BYTES];
	size_t n = strlen(path);

	if (n >= sizeof(name))
		n = sizeof(name) - 1;
	for (size_t i = 0; i < n; i++)
		name[i] = path[i] == '.' ? '_' : path[i];
	name[n] = '\0';
	hd_record_set_unmapped(record, "herald", name, value);
}

/* ---- below unmapped: objects all the way, any value ---- */

static bool set_open(json_t *object, const char *path, json_t *value)
{
	char name[NAME_MAX_BYTES];
	size_t n;

	while (object) {
		n = strcspn(path, ".");
		if (n == 0 || n >= sizeof(name))
			return false;
		memcpy(name, path, n);
		name[n] = '\0';
		if (!path[n])
			break;
		object = object_in(object, name);
		path += n + 1;
	}
	if (!object)
		return false;
	if (!json_object_get(object, name))
		json_object_set(object, name, value);
	return true;
}

/* ---- one place of the schema ---- */

/* A new reference, or NULL.  What may be changed later is the record's own:
 * `value` can be a part of what was received. */
static json_t *own_value(const struct hd_ocsf_attribute *attribute,
			 json_t *value)
{
	json_t *converted = hd_convert(attribute, value);
	json_t *copy;

	if (!json_is_object(converted) && !json_is_array(converted))
		return converted;
	copy = json_deep_copy(converted);
	json_decref(converted);
	return copy;
}

/* Puts one value, or the first that fits of a list, at the attribute. */
static bool set_single(json_t *object, const struct hd_ocsf_attribute *last,
		       json_t *value)
{
	json_t *converted, *item;
	size_t i;

	if (hd_record_says(json_object_get(object, last->name)))
		return true;
	if (json_is_array(value) && last->type != HD_OCSF_OPEN) {
		json_array_foreach(value, i, item)
			if (hd_record_says(item))
				return set_single(object, last, item);
		return true;
	}
	converted = own_value(last, value);
	if (!converted)
		return false;
	json_object_set_new(object, last->name, converted);
	return true;
}

/* Texts and numbers that an array holds already, as members of an object:
 * comparing each with each would let a long list of a stranger cost minutes. */
static json_t *seen_in(const json_t *array)
{
	json_t *seen = json_object();
	const json_t *item;
	size_t i;

	json_array_foreach((json_t *)array, i, item)
		if (json_is_string(item))
			json_object_set_new(seen, json_string_value(item),
					    json_true());
	return seen;
}

static bool append_unseen(json_t *array, json_t *seen,
			  const struct hd_ocsf_attribute *last, json_t *value)
{
	json_t *converted;
	const char *text;

	if (!hd_record_says(value))
		return true;
	if (json_array_size(array) >= ENTRIES_MAX)
		return false;
	converted = own_value(last, value);
	if (!converted)
		return false;
	text = json_string_value(converted);
	if (text && json_object_get(seen, text)) {
		json_decref(converted);
		return true;
	}
	if (text)
		json_object_set_new(seen, text, json_true());
	json_array_append_new(array, converted);
	return true;
}

static bool set_all(json_t *object, const struct hd_ocsf_attribute *last,
		    json_t *value)
{
	json_t *array = array_in(object, last->name);
	json_t *seen, *item;
	bool fits = true;
	size_t i;

	if (!array)
		return false;
	seen = seen_in(array);
	if (json_is_array(value)) {
		json_array_foreach(value, i, item)
			fits = append_unseen(array, seen, last, item) && fits;
	} else {
		fits = append_unseen(array, seen, last, value);
	}
	json_decref(seen);
	if (json_array_size(array) == 0)
		json_object_del(object, last->name);
	return fits;
}

/* ---- the way there ---- */

/* How many names of the path stand before and with its innermost array, the
 * last name not counted; 0 if there is none. */
static unsigned innermost_array(const char *path)
{
	const struct hd_ocsf_object *object = &hd_ocsf_objects[0];
	unsigned depth = 0, found = 0;
	const char *dot;

	for (; (dot = strchr(path, '.')); path = dot + 1) {
		const struct hd_ocsf_attribute *attribute =
			hd_ocsf_attribute_n(object, path, (size_t)(dot - path));

		depth++;
		if (attribute->array)
			found = depth;
		object = hd_ocsf_held(attribute);
	}
	return found;
}

static bool place(json_t *object, const struct hd_ocsf_object *schema,
		  const char *path, unsigned spread, json_t *value);

/* Each value of the list to the entry with its number: lists of one length,
 * names here and domains there, stay beside each other.  Entries that nothing
 * comes to are taken out when the record is completed. */
static bool spread_list(json_t *array, const struct hd_ocsf_object *schema,
			const char *rest, json_t *list)
{
	bool fits = true;
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		if (!hd_record_says(item))
			continue;
		if (i >= ENTRIES_MAX)
			return false;
		fits = place(entry_of(array, i), schema, rest, 0, item) && fits;
	}
	return fits;
}

/* `spread` counts the names up to the array that lists are spread over. */
static bool place(json_t *object, const struct hd_ocsf_object *schema,
		  const char *path, unsigned spread, json_t *value)
{
	size_t n = strcspn(path, ".");
	const struct hd_ocsf_attribute *attribute =
		hd_ocsf_attribute_n(schema, path, n);
	const struct hd_ocsf_object *held;
	json_t *child;

	if (!json_is_object(object))
		return false;
	if (!path[n])
		return attribute->array ? set_all(object, attribute, value)
					: set_single(object, attribute, value);
	held = hd_ocsf_held(attribute);
	path += n + 1;
	if (!attribute->array) {
		child = object_in(object, attribute->name);
		return place(child, held, path, spread - (spread > 0), value);
	}
	child = array_in(object, attribute->name);
	if (!child)
		return false;
	if (spread == 1 && json_is_array(value))
		return spread_list(child, held, path, value);
	return place(entry_of(child, 0), held, path, spread - (spread > 0),
		     value);
}

/* True where a list keeps one value only. */
static bool loses_values(const struct hd_ocsf_attribute *last, unsigned spread,
			 const json_t *value)
{
	return !last->array && last->type != HD_OCSF_OPEN && spread == 0 &&
	       json_array_size(value) > 1;
}

bool hd_record_set(json_t *record, const char *path, json_t *value)
{
	static const char open[] = "unmapped.";
	const struct hd_ocsf_attribute *last;
	unsigned spread;

	if (!hd_record_says(value))
		return true;
	if (strncmp(path, open, sizeof(open) - 1) == 0)
		return set_open(object_in(record, "unmapped"),
				path + sizeof(open) - 1, value);
	last = hd_ocsf_path(path, NULL);
	if (!last) {
		set_misfit(record, path, value);
		return false;
	}
	spread = last->array ? 0 : innermost_array(path);
	if (!place(record, &hd_ocsf_objects[0], path, spread, value)) {
		set_misfit(record, path, value);
		return false;
	}
	if (loses_values(last, spread, value))
		set_misfit(record, path, value);
	return true;
}
