#include "core/record/mend.h"

#include <string.h>

#include "core/record/convert.h"
#include "core/record/fill.h"
#include "core/record/record.h"

#define PATH_MAX_BYTES 256

struct mender {
	json_t *record;
	const char *source;
	enum hd_mend below; /* of the objects inside the one we began with */
	char path[PATH_MAX_BYTES]; /* names with _ between, of where we are */
	size_t length;
};

/* Lengthens the path by `name`, as far as there is room; returns the length it
 * had. */
static size_t enter(struct mender *mender, const char *name)
{
	size_t before = mender->length;
	size_t n = strlen(name);

	if (before + n + 2 > sizeof(mender->path))
		return before;
	if (before > 0)
		mender->path[mender->length++] = '_';
	memcpy(mender->path + mender->length, name, n + 1);
	mender->length += n;
	return before;
}

static void leave(struct mender *mender, size_t n)
{
	mender->path[n] = '\0';
	mender->length = n;
}

static void set_aside(struct mender *mender, json_t *value)
{
	if (json_is_object(value) && json_object_size(value) == 0)
		return;
	if (mender->record && hd_record_says(value))
		hd_record_set_unmapped(mender->record, mender->source,
				       mender->path, value);
}

static bool mend(struct mender *mender, const struct hd_ocsf_object *schema,
		 json_t *object, enum hd_mend mode);

/* One value made to fit: a new reference, or NULL after it was set aside.
 * An object is mended where it is. */
static json_t *fit_value(struct mender *mender,
			 const struct hd_ocsf_attribute *attribute,
			 json_t *value)
{
	json_t *fitting = NULL;

	if (hd_record_says(value) || json_is_array(value))
		fitting = hd_convert(attribute, value);
	if (fitting && attribute->type == HD_OCSF_OBJECT &&
	    !mend(mender, hd_ocsf_held(attribute), fitting, mender->below)) {
		json_decref(fitting);
		fitting = NULL;
	}
	if (!fitting)
		set_aside(mender, value);
	return fitting;
}

/* A single value where OCSF has a list becomes a list of one. */
static json_t *fit_array(struct mender *mender,
			 const struct hd_ocsf_attribute *attribute,
			 json_t *value)
{
	json_t *result = json_array();
	json_t *item, *fitting;
	size_t i;

	if (!json_is_array(value)) {
		fitting = fit_value(mender, attribute, value);
		if (fitting)
			json_array_append_new(result, fitting);
	}
	json_array_foreach(value, i, item) {
		fitting = fit_value(mender, attribute, item);
		if (fitting)
			json_array_append_new(result, fitting);
	}
	return result;
}

/* True where the list stays: also an empty one, if OCSF asks for it. */
static bool list_stays(const struct hd_ocsf_attribute *attribute,
		       const json_t *list, const json_t *before)
{
	return json_array_size(list) > 0 || attribute->required ||
	       (json_is_array(before) && json_array_size(before) == 0 &&
		attribute->type == HD_OCSF_STRING);
}

static void mend_member(struct mender *mender,
			const struct hd_ocsf_object *schema, json_t *object,
			const char *name, json_t *value)
{
	const struct hd_ocsf_attribute *attribute = hd_ocsf_attribute(schema,
								      name);
	json_t *fitting = NULL;

	if (attribute && attribute->array) {
		fitting = fit_array(mender, attribute, value);
		if (!list_stays(attribute, fitting, value)) {
			json_decref(fitting);
			fitting = NULL;
		}
	} else if (attribute) {
		fitting = fit_value(mender, attribute, value);
	} else {
		set_aside(mender, value);
	}
	if (!fitting)
		json_object_del(object, name);
	else if (fitting == value)
		json_decref(fitting);
	else
		json_object_set_new(object, name, fitting);
}

static size_t count_present(const json_t *object, const char *const *names)
{
	size_t n = 0;

	for (; *names; names++)
		if (json_object_get(object, *names))
			n++;
	return n;
}

static bool can_stand(const struct hd_ocsf_object *schema, const json_t *object)
{
	for (size_t i = 0; i < schema->count; i++)
		if (schema->attributes[i].required &&
		    !json_object_get(object, schema->attributes[i].name))
			return false;
	if (schema->any_of && count_present(object, schema->any_of) == 0)
		return false;
	return !schema->one_of || count_present(object, schema->one_of) == 1;
}

static bool mend(struct mender *mender, const struct hd_ocsf_object *schema,
		 json_t *object, enum hd_mend mode)
{
	const char *name;
	json_t *value;
	void *next;

	if (schema->open)
		return json_object_size(object) > 0;
	json_object_foreach_safe(object, next, name, value) {
		size_t before = enter(mender, name);
		json_t *kept = json_incref(value);

		mend_member(mender, schema, object, name, kept);
		leave(mender, before);
		json_decref(kept);
	}
	if (mode == HD_MEND_WHOLE)
		hd_fill_required(schema, object);
	hd_fill_captions(schema, object);
	return json_object_size(object) > 0 &&
	       (mode != HD_MEND_WHOLE || can_stand(schema, object));
}

bool hd_mend_object(json_t *record, const char *source,
		    const struct hd_ocsf_object *schema, json_t *object,
		    enum hd_mend mode)
{
	struct mender mender = { .record = record, .source = source };

	mender.below = mode == HD_MEND_TIDY ? HD_MEND_TIDY : HD_MEND_WHOLE;
	return mend(&mender, schema, object, mode);
}
