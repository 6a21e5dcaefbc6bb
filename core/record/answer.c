#include "core/record/answer.h"

#include <errno.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/record/check.h"
#include "core/record/mend.h"
#include "core/record/schema.h"

#define VALUE_MAX_BYTES 8192
#define LABEL_MAX_BYTES 256
#define LIST_MAX 1000

void hd_answer_fini(struct hd_answer *answer)
{
	json_decref(answer->reputation);
	json_decref(answer->user);
	json_decref(answer->device);
	json_decref(answer->location);
	json_decref(answer->resources);
	json_decref(answer->observables);
}

/* A copy of the member `name`, an object of type `type`, ready to be used.
 * *out stays NULL where there is none. */
static int read_object(const json_t *result, const char *name, const char *type,
		       bool whole, json_t **out, struct hd_err *why)
{
	json_t *object = json_object_get(result, name);
	const struct hd_ocsf_object *schema;
	bool stands;

	if (!object || json_is_null(object))
		return 0;
	schema = hd_ocsf_object(type);
	if (hd_check_object(schema, object, false, name, why) < 0)
		return -1;
	*out = json_deep_copy(object);
	stands = hd_mend_object(NULL, NULL, schema, *out,
				whole ? HD_MEND_WHOLE : HD_MEND_PART);
	if (!stands && json_object_size(*out) == 0) {
		json_decref(*out);
		*out = NULL;
		return 0;
	}
	if (!stands || hd_check_object(schema, *out, whole, name, why) < 0)
		return hd_err_set(why, EINVAL, "%s is no whole %s", name, type);
	return 0;
}

static int read_reputation(const struct hd_addition *addition, json_t **out,
			   struct hd_err *why)
{
	const json_t *given = json_object_get(addition->result, "reputation");
	const json_t *base = json_object_get(given, "base_score");
	const json_t *score = json_object_get(given, "score_id");
	static const struct hd_ocsf_attribute *id;
	const char *caption;

	if (!given || json_is_null(given))
		return 0;
	if (!id)
		id = hd_ocsf_path("observables.reputation.score_id", NULL);
	if (!json_is_number(base) || !json_is_integer(score))
		return hd_err_set(why, EINVAL,
				  "reputation needs the numbers base_score "
				  "and score_id");
	caption = hd_ocsf_caption(id, json_integer_value(score));
	if (!caption)
		return hd_err_set(why, EINVAL,
				  "reputation.score_id is none of the values "
				  "allowed");
	*out = json_object();
	json_object_set_new(*out, "base_score",
			    json_real(json_number_value(base)));
	hd_json_put_int(*out, "score_id", json_integer_value(score));
	hd_json_put_text(*out, "score", caption);
	hd_json_put_text(*out, "provider", addition->connector);
	return 0;
}

static int read_resources(const json_t *result, json_t **out,
			  struct hd_err *why)
{
	json_t *list = json_object_get(result, "resources");
	json_t *item;
	size_t i;

	if (!list || json_is_null(list))
		return 0;
	if (!json_is_array(list) || json_array_size(list) > LIST_MAX)
		return hd_err_set(why, EINVAL,
				  "resources is no list of at most %d",
				  LIST_MAX);
	*out = json_array();
	json_array_foreach(list, i, item) {
		json_t *holder = json_pack("{s:O}", "resources", item);
		json_t *resource = NULL;
		int status = read_object(holder, "resources",
					 "resource_details", true, &resource,
					 why);

		json_decref(holder);
		if (resource)
			json_array_append_new(*out, resource);
		if (status < 0)
			return -1;
	}
	return 0;
}

static int check_labels(const json_t *result, struct hd_err *why)
{
	json_t *list = json_object_get(result, "labels");
	json_t *item;
	size_t i;

	if (!list || json_is_null(list))
		return 0;
	if (!json_is_array(list) || json_array_size(list) > LIST_MAX)
		return hd_err_set(why, EINVAL,
				  "labels is no list of at most %d", LIST_MAX);
	json_array_foreach(list, i, item)
		if (!json_is_string(item) ||
		    json_string_length(item) > LABEL_MAX_BYTES)
			return hd_err_set(why, EINVAL,
					  "labels[%zu] is no "
					  "text of at most "
					  "%d bytes",
					  i, LABEL_MAX_BYTES);
	return 0;
}

int hd_answer_type_of(int kind)
{
	static const int types[HD_KIND_COUNT] = {
		[HD_KIND_HOST] = 1,   [HD_KIND_DOMAIN] = 1, [HD_KIND_IP] = 2,
		[HD_KIND_MAC] = 3,    [HD_KIND_USER] = 4,   [HD_KIND_EMAIL] = 5,
		[HD_KIND_URL] = 6,    [HD_KIND_MD5] = 8,    [HD_KIND_SHA1] = 8,
		[HD_KIND_SHA256] = 8, [HD_KIND_SHA512] = 8,
	};

	return types[kind];
}

static json_t *read_observable(const json_t *item, const char *connector)
{
	const char *word = json_string_value(json_object_get(item, "type"));
	const json_t *value = json_object_get(item, "value");
	int kind = word ? hd_kind_parse(word, NULL) : -1;
	char name[128];

	if (kind < 0 || !json_is_string(value) ||
	    json_string_length(value) == 0 ||
	    json_string_length(value) > VALUE_MAX_BYTES)
		return NULL;
	snprintf(name, sizeof(name), "enrichments.%s", connector);
	return json_pack("{s:s, s:i, s:s, s:O}", "name", name, "type_id",
			 hd_answer_type_of(kind), "type",
			 hd_ocsf_caption(hd_ocsf_path("observables.type_id",
						      NULL),
					 hd_answer_type_of(kind)),
			 "value", value);
}

static int read_observables(const struct hd_addition *addition, json_t **out,
			    struct hd_err *why)
{
	json_t *list = json_object_get(addition->result, "observables");
	json_t *item;
	size_t i;

	if (!list || json_is_null(list))
		return 0;
	if (!json_is_array(list) || json_array_size(list) > LIST_MAX)
		return hd_err_set(why, EINVAL,
				  "observables is no list of at most %d",
				  LIST_MAX);
	*out = json_array();
	json_array_foreach(list, i, item) {
		json_t *observable = read_observable(item, addition->connector);

		if (!observable)
			return hd_err_set(why, EINVAL,
					  "observables[%zu] is no {type, "
					  "value}",
					  i);
		json_array_append_new(*out, observable);
	}
	return 0;
}

static int check_text(const json_t *result, const char *name,
		      struct hd_err *why)
{
	const json_t *text = json_object_get(result, name);

	if (text && !json_is_null(text) && !json_is_string(text))
		return hd_err_set(why, EINVAL, "%s is no string", name);
	return 0;
}

int hd_answer_read(const struct hd_addition *addition, struct hd_answer *answer,
		   struct hd_err *why)
{
	const json_t *result = addition->result;

	if (!json_is_object(result))
		return hd_err_set(why, EINVAL, "the answer is no object");
	if (check_text(result, "desc", why) < 0 ||
	    check_text(result, "link", why) < 0 ||
	    check_labels(result, why) < 0 ||
	    read_reputation(addition, &answer->reputation, why) < 0 ||
	    read_object(result, "user", "user", false, &answer->user, why) <
		    0 ||
	    read_object(result, "device", "device", false, &answer->device,
			why) < 0 ||
	    read_object(result, "location", "location", true, &answer->location,
			why) < 0 ||
	    read_resources(result, &answer->resources, why) < 0 ||
	    read_observables(addition, &answer->observables, why) < 0)
		return -1;
	return 0;
}
