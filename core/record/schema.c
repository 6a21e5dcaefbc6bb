#include "core/record/schema.h"

#include <string.h>

/* strcmp() for a name of `n` bytes against a text. */
static int compare(const char *name, size_t n, const char *text)
{
	int order;

	if (n != 0 && name[0] != text[0]) /* most are told by this */
		return (unsigned char)name[0] < (unsigned char)text[0] ? -1 : 1;
	order = strncmp(name, text, n);
	if (order != 0)
		return order;
	return text[n] ? -1 : 0;
}

const struct hd_ocsf_attribute *
hd_ocsf_attribute_n(const struct hd_ocsf_object *object, const char *name,
		    size_t n)
{
	size_t low = 0, high = object->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = compare(name, n, object->attributes[mid].name);

		if (order == 0)
			return &object->attributes[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const struct hd_ocsf_attribute *
hd_ocsf_attribute(const struct hd_ocsf_object *object, const char *name)
{
	return hd_ocsf_attribute_n(object, name, strlen(name));
}

const struct hd_ocsf_object *
hd_ocsf_held(const struct hd_ocsf_attribute *attribute)
{
	if (attribute->type != HD_OCSF_OBJECT)
		return NULL;
	return &hd_ocsf_objects[attribute->object];
}

const struct hd_ocsf_attribute *
hd_ocsf_path(const char *path, const struct hd_ocsf_object **failed)
{
	const struct hd_ocsf_object *object = &hd_ocsf_objects[0];
	const struct hd_ocsf_attribute *attribute = NULL;

	while (object) {
		size_t n = strcspn(path, ".");

		attribute = hd_ocsf_attribute_n(object, path, n);
		if (!attribute || !path[n])
			break;
		path += n + 1;
		object = hd_ocsf_held(attribute);
	}
	if (attribute && object)
		return attribute;
	if (failed)
		*failed = object;
	return NULL;
}

const struct hd_ocsf_object *hd_ocsf_object(const char *name)
{
	for (size_t i = 0; i < hd_ocsf_object_count; i++)
		if (strcmp(hd_ocsf_objects[i].name, name) == 0)
			return &hd_ocsf_objects[i];
	return NULL;
}

const char *hd_ocsf_caption(const struct hd_ocsf_attribute *attribute,
			    int64_t value)
{
	for (size_t i = 0; i < attribute->caption_count; i++)
		if (attribute->captions[i].value == value)
			return attribute->captions[i].caption;
	return NULL;
}
