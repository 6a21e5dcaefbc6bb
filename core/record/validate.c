#include "core/record/record.h"

#include <errno.h>
#include <string.h>

#include "core/base/err.h"
#include "core/record/check.h"
#include "core/record/convert.h"

/* Where we are, for the message: "evidences[0].file". */
struct place {
	const struct place *up;
	const char *name;
	long index; /* -1: no array */
};

static size_t write_place(const struct place *place, char *out, size_t size)
{
	size_t n;
	int more;

	if (!place) {
		out[0] = '\0';
		return 0;
	}
	n = write_place(place->up, out, size);
	if (place->index < 0)
		more = snprintf(out + n, size - n, "%s%s", n > 0 ? "." : "",
				place->name);
	else
		more = snprintf(out + n, size - n, "%s%s[%ld]",
				n > 0 ? "." : "", place->name, place->index);
	if (more < 0 || (size_t)more >= size - n)
		return size - 1;
	return n + (size_t)more;
}

static int fault(const struct place *place, const char *why, struct hd_err *err)
{
	char path[256];

	write_place(place, path, sizeof(path));
	return hd_err_set(err, EINVAL, "%s %s", path[0] ? path : "the record",
			  why);
}

static int lacks(const struct place *place, const char *name,
		 struct hd_err *err)
{
	struct place there = { place, name, -1 };

	return fault(&there, "is missing", err);
}

static size_t count_present(const json_t *object, const char *const *names)
{
	size_t n = 0;

	for (; *names; names++)
		if (json_object_get(object, *names))
			n++;
	return n;
}

static int check_presence(const struct hd_ocsf_object *schema,
			  const json_t *object, const struct place *place,
			  struct hd_err *err)
{
	for (size_t i = 0; i < schema->count; i++)
		if (schema->attributes[i].required &&
		    !json_object_get(object, schema->attributes[i].name))
			return lacks(place, schema->attributes[i].name, err);
	if (schema->any_of && count_present(object, schema->any_of) == 0)
		return fault(place,
			     "has none of the attributes of which OCSF "
			     "asks for one",
			     err);
	if (schema->one_of && count_present(object, schema->one_of) != 1)
		return fault(place, "needs exactly one of its alternatives",
			     err);
	return 0;
}

static int check_object(const struct hd_ocsf_object *schema,
			const json_t *object, bool whole,
			const struct place *place, struct hd_err *err);

static int check_value(const struct hd_ocsf_attribute *attribute,
		       const json_t *value, bool whole,
		       const struct place *place, struct hd_err *err)
{
	const char *why = hd_convert_fault(attribute, value);

	if (why)
		return fault(place, why, err);
	if (attribute->type != HD_OCSF_OBJECT)
		return 0;
	return check_object(hd_ocsf_held(attribute), value, whole, place, err);
}

static int check_array(const struct hd_ocsf_attribute *attribute,
		       const json_t *array, bool whole, struct place *place,
		       struct hd_err *err)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(array))
		return fault(place, "is no array", err);
	json_array_foreach((json_t *)array, i, item) {
		place->index = (long)i;
		if (check_value(attribute, item, whole, place, err) < 0)
			return -1;
	}
	return 0;
}

static int check_object(const struct hd_ocsf_object *schema,
			const json_t *object, bool whole,
			const struct place *place, struct hd_err *err)
{
	const char *name;
	json_t *value;
	int status;

	if (schema->open)
		return 0;
	json_object_foreach((json_t *)object, name, value) {
		const struct hd_ocsf_attribute *attribute =
			hd_ocsf_attribute(schema, name);
		struct place here = { place, name, -1 };

		if (!attribute)
			return fault(&here, "is no attribute of OCSF", err);
		if (attribute->array)
			status = check_array(attribute, value, whole, &here,
					     err);
		else
			status = check_value(attribute, value, whole, &here,
					     err);
		if (status < 0)
			return -1;
	}
	return whole ? check_presence(schema, object, place, err) : 0;
}

int hd_check_object(const struct hd_ocsf_object *schema, const json_t *object,
		    bool whole, const char *name, struct hd_err *err)
{
	struct place place = { NULL, name, -1 };

	if (!json_is_object(object))
		return fault(&place, "is no object", err);
	return check_object(schema, object, whole, name ? &place : NULL, err);
}

int hd_record_validate(const json_t *record, struct hd_err *why)
{
	if (!json_is_object(record))
		return hd_err_set(why, EINVAL, "the record is no object");
	return hd_check_object(&hd_ocsf_objects[0], record, true, NULL, why);
}
