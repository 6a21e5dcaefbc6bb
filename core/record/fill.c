#include "core/record/fill.h"

#include <string.h>

#include "core/base/digest.h"
#include "core/record/guess_type.h"

#define OTHER 99

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void set_text(json_t *object, const char *name, const char *text)
{
	if (text && text[0])
		json_object_set_new(object, name, json_string(text));
}

static void set_if_absent(json_t *object, const char *name, int64_t value)
{
	if (!json_object_get(object, name))
		json_object_set_new(object, name, json_integer(value));
}

static void fill_file(json_t *file)
{
	const char *path = text_of(file, "path");
	const char *end;

	if (json_object_get(file, "name"))
		return;
	if (path) {
		end = path + strlen(path);
		while (end > path && end[-1] != '/' && end[-1] != '\\')
			end--;
		set_text(file, "name", *end ? end : path);
		return;
	}
	set_text(file, "name",
		 text_of(json_array_get(json_object_get(file, "hashes"), 0),
			 "value"));
}

static void fill_fingerprint(json_t *fingerprint)
{
	static const struct {
		size_t length;
		int algorithm_id;
	} algorithms[] = { { 32, 1 }, { 40, 2 }, { 64, 3 }, { 128, 4 } };
	size_t n = json_string_length(json_object_get(fingerprint, "value"));

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (algorithms[i].length == n)
			set_if_absent(fingerprint, "algorithm_id",
				      algorithms[i].algorithm_id);
}

static void fill_user(json_t *user)
{
	static const char *const names[] = { "email_addr", "display_name",
					     "full_name" };

	if (json_object_get(user, "name") || json_object_get(user, "uid") ||
	    json_object_get(user, "account"))
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (json_object_get(user, names[i])) {
			set_text(user, "name", text_of(user, names[i]));
			return;
		}
	}
}

static void fill_process(json_t *process)
{
	char digest[HD_SHA256_HEX];

	if (json_object_get(process, "pid") ||
	    json_object_get(process, "uid") || json_object_get(process, "cpid"))
		return;
	if (json_object_size(process) > 0 &&
	    hd_json_digest(process, digest) == 0)
		set_text(process, "uid", digest);
}

/* OCSF wants a sender or receivers; no receivers is the lesser untruth. */
static void fill_email(json_t *email)
{
	if (json_object_size(email) > 0 && !json_object_get(email, "from") &&
	    !json_object_get(email, "to"))
		json_object_set_new(email, "to", json_array());
}

static void fill_observable(json_t *observable)
{
	const char *value = text_of(observable, "value");

	if (value)
		set_if_absent(observable, "type_id", hd_guess_type(value));
}

static void fill_os(json_t *os)
{
	const struct hd_ocsf_attribute *type =
		hd_ocsf_attribute(hd_ocsf_object("os"), "type_id");

	if (json_object_get(os, "name"))
		return;
	if (json_object_get(os, "type"))
		set_text(os, "name", text_of(os, "type"));
	else if (json_object_get(os, "type_id"))
		set_text(os, "name",
			 hd_ocsf_caption(type,
					 json_integer_value(json_object_get(
						 os, "type_id"))));
}

static const struct {
	const char *object;
	void (*fill)(json_t *object);
} fillers[] = {
	{ "email", fill_email },
	{ "file", fill_file },
	{ "fingerprint", fill_fingerprint },
	{ "observable", fill_observable },
	{ "os", fill_os },
	{ "process", fill_process },
	{ "user", fill_user },
};

void hd_fill_required(const struct hd_ocsf_object *schema, json_t *object)
{
	for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++)
		if (fillers[i].object[0] == schema->name[0] &&
		    strcmp(fillers[i].object, schema->name) == 0)
			fillers[i].fill(object);
	for (size_t i = 0; i < schema->count; i++) {
		const struct hd_ocsf_attribute *attribute =
			&schema->attributes[i];

		if (attribute->required && !attribute->array &&
		    hd_ocsf_caption(attribute, 0))
			set_if_absent(object, attribute->name, 0);
	}
}

void hd_fill_captions(const struct hd_ocsf_object *schema, json_t *object)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct hd_ocsf_attribute *attribute =
			&schema->attributes[i];
		const json_t *id;
		const char *caption;

		if (!attribute->sibling)
			continue;
		id = json_object_get(object, attribute->name);
		caption = json_is_integer(id)
				  ? hd_ocsf_caption(attribute,
						    json_integer_value(id))
				  : NULL;
		if (!caption || (json_integer_value(id) == OTHER &&
				 text_of(object, attribute->sibling)))
			continue;
		set_text(object, attribute->sibling, caption);
	}
}
