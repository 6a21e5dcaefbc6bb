/* Answers of lookups into the record.  First everything is checked and copied,
 * then it is applied: an answer with a fault changes nothing. */
#include "core/record/record.h"

#include <errno.h>
#include <string.h>

#include "core/base/err.h"
#include "core/record/check.h"
#include "core/record/mend.h"
#include "core/record/places.h"
#include "core/record/schema.h"

#define OTHER 99
#define VALUE_MAX_BYTES 8192
#define LABEL_MAX_BYTES 256
#define LIST_MAX 1000

/* The parts of an answer, checked and mended: ours. */
struct answer {
	json_t *reputation, *user, *device, *location, *resources;
	json_t *observables; /* as in the record */
};

static void free_answer(struct answer *answer)
{
	json_decref(answer->reputation);
	json_decref(answer->user);
	json_decref(answer->device);
	json_decref(answer->location);
	json_decref(answer->resources);
	json_decref(answer->observables);
}

/* ---- checking ---- */

/* A copy of the member `name`, an object of type `type`, ready to be used.
 * *out stays NULL where there is none. */
static int read_object(const json_t *result, const char *name, const char *type,
		       bool whole, json_t **out, struct hd_err *why)
{
	const struct hd_ocsf_object *schema = hd_ocsf_object(type);
	json_t *object = json_object_get(result, name);
	bool stands;

	if (!object || json_is_null(object))
		return 0;
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
	const char *caption;

	if (!given || json_is_null(given))
		return 0;
	if (!json_is_number(base) || !json_is_integer(score))
		return hd_err_set(why, EINVAL,
				  "reputation needs the numbers base_score "
				  "and score_id");
	caption = hd_ocsf_caption(
		hd_ocsf_path("observables.reputation.score_id", NULL),
		json_integer_value(score));
	if (!caption)
		return hd_err_set(why, EINVAL,
				  "reputation.score_id is none of the values "
				  "allowed");
	*out = json_pack("{s:f, s:I, s:s, s:s}", "base_score",
			 json_number_value(base), "score_id",
			 json_integer_value(score), "score", caption,
			 "provider", addition->connector);
	return *out ? 0 : hd_err_set(why, EINVAL, "reputation is broken");
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

static int type_of_kind(int kind)
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
			 type_of_kind(kind), "type",
			 hd_ocsf_caption(hd_ocsf_path("observables.type_id",
						      NULL),
					 type_of_kind(kind)),
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

static int read_answer(const struct hd_addition *addition,
		       struct answer *answer, struct hd_err *why)
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

/* ---- applying ---- */

/* True for nothing at all, and for the "Unknown" that OCSF made us write.  A
 * caption without its number says something. */
static bool is_unsaid(const struct hd_ocsf_object *schema, const json_t *object,
		      const char *name)
{
	const struct hd_ocsf_attribute *attribute = hd_ocsf_attribute(schema,
								      name);
	const json_t *value = json_object_get(object, name);
	const char *caption;

	if (!value)
		return !attribute || !attribute->sibling ||
		       !json_object_get(object, attribute->sibling);
	if (!attribute || !attribute->captions || !json_is_integer(value) ||
	    json_integer_value(value) != 0)
		return false;
	caption = hd_ocsf_caption(attribute, 0);
	return caption && strcmp(caption, "Unknown") == 0;
}

/* Captions go with their numbers; a caption alone is never replaced. */
static void take_caption(const struct hd_ocsf_attribute *attribute,
			 json_t *object, const json_t *addition)
{
	json_t *caption;

	if (!attribute->sibling)
		return;
	caption = json_object_get(addition, attribute->sibling);
	if (caption)
		json_object_set(object, attribute->sibling, caption);
}

/* What `addition` has and `object` lacks.  The object keeps what it has, and
 * gets what its own type knows. */
static void fill_object(const struct hd_ocsf_object *schema,
			const struct hd_ocsf_object *from, json_t *object,
			json_t *addition)
{
	const char *name;
	json_t *value;

	json_object_foreach(addition, name, value) {
		const struct hd_ocsf_attribute *attribute =
			hd_ocsf_attribute(schema, name);
		const struct hd_ocsf_attribute *given = hd_ocsf_attribute(from,
									  name);
		json_t *mine = json_object_get(object, name);

		if (!attribute || attribute->type != given->type ||
		    attribute->array != given->array ||
		    attribute->object != given->object)
			continue;
		if (is_unsaid(schema, object, name)) {
			json_object_set(object, name, value);
			take_caption(attribute, object, addition);
		} else if (json_is_object(mine) && json_is_object(value)) {
			fill_object(hd_ocsf_held(attribute),
				    hd_ocsf_held(attribute), mine, value);
		}
	}
}

struct target {
	const struct hd_addition *addition;
	const struct answer *answer;
	int kind;
	bool changed;
};

static bool holds_value(const struct target *target, int type_id,
			const json_t *value)
{
	char out[VALUE_MAX_BYTES + 1];

	return type_id == type_of_kind(target->kind) && json_is_string(value) &&
	       hd_kind_normalize((enum hd_kind)target->kind,
				 json_string_value(value),
				 json_string_length(value), out,
				 sizeof(out)) > 0 &&
	       strcmp(out, target->addition->value) == 0;
}

static void fill_location(const struct hd_ocsf_object *schema, json_t *holder,
			  const struct answer *answer)
{
	json_t *outer;

	if (!answer->location)
		return;
	outer = json_pack("{s:O}", "location", answer->location);
	fill_object(schema, schema, holder, outer);
	json_decref(outer);
}

static void fill_holder(void *ud, int type_id, const char *path, json_t *value,
			enum hd_role role, json_t *holder)
{
	struct target *target = ud;
	const struct answer *answer = target->answer;
	const struct hd_ocsf_object *device = hd_ocsf_object("device");
	const struct hd_ocsf_object *schema = device;

	(void)path;
	if (role != HD_ROLE_USER && role != HD_ROLE_DEVICE &&
	    role != HD_ROLE_ENDPOINT)
		return;
	if (!holds_value(target, type_id, value))
		return;
	if (role == HD_ROLE_USER) {
		schema = hd_ocsf_object("user");
		if (answer->user) {
			fill_object(schema, schema, holder, answer->user);
			target->changed = true;
		}
		return;
	}
	if (role == HD_ROLE_ENDPOINT)
		schema = hd_ocsf_object("network_endpoint");
	if (answer->device)
		fill_object(schema, device, holder, answer->device);
	fill_location(schema, holder, answer);
	target->changed = target->changed || answer->device || answer->location;
}

struct judged {
	const struct target *target;
	char name[256]; /* of the first observable with the value */
};

static void judge_observable(void *ud, enum hd_kind kind, const char *value,
			     size_t n, json_t *observable)
{
	struct judged *judged = ud;
	const struct hd_addition *addition = judged->target->addition;
	json_t *given = judged->target->answer->reputation;
	json_t *known = json_object_get(observable, "reputation");
	int64_t now, new;
	const char *name;

	(void)n;
	if ((int)kind != judged->target->kind ||
	    strcmp(value, addition->value) != 0)
		return;
	name = json_string_value(json_object_get(observable, "name"));
	if (!judged->name[0] && name)
		snprintf(judged->name, sizeof(judged->name), "%s", name);
	if (!given)
		return;
	now = json_integer_value(json_object_get(known, "score_id"));
	new = json_integer_value(json_object_get(given, "score_id"));
	if (!known || (new != OTHER && (now == OTHER || new > now)))
		json_object_set(observable, "reputation", given);
}

static json_t *list_in(json_t *object, const char *name)
{
	json_t *list = json_object_get(object, name);

	if (json_is_array(list))
		return list;
	list = json_array();
	json_object_set_new(object, name, list);
	return list;
}

static void set_given_text(json_t *entry, const char *name,
			   const json_t *result, const char *from)
{
	json_t *text = json_object_get(result, from);

	if (json_string_length(text) > 0)
		json_object_set(entry, name, text);
}

static void add_entry(json_t *record, const struct hd_addition *addition,
		      const struct answer *answer, const char *name)
{
	json_t *data = json_object_get(addition->result, "data");
	json_t *entry = json_pack("{s:s, s:s, s:s, s:I}", "name", name, "value",
				  addition->value, "provider",
				  addition->connector, "created_time",
				  (json_int_t)addition->created_ms);

	if (!entry)
		return;
	if (data && !json_is_null(data))
		json_object_set(entry, "data", data);
	else
		json_object_set_new(entry, "data", json_object());
	if (addition->kind && addition->kind[0])
		json_object_set_new(entry, "type", json_string(addition->kind));
	set_given_text(entry, "short_desc", addition->result, "desc");
	set_given_text(entry, "src_url", addition->result, "link");
	if (answer->reputation)
		json_object_set(entry, "reputation", answer->reputation);
	json_array_append_new(list_in(record, "enrichments"), entry);
}

static void add_resources(json_t *record, json_t *resources)
{
	json_t *list, *item, *known;
	size_t i, k;

	if (json_array_size(resources) == 0)
		return;
	list = list_in(record, "resources");
	json_array_foreach(resources, i, item) {
		bool repeated = false;

		json_array_foreach(list, k, known)
			repeated = repeated || json_equal(known, item);
		if (!repeated)
			json_array_append(list, item);
	}
}

int hd_record_merge(json_t *record, const struct hd_addition *addition,
		    struct hd_err *why)
{
	struct answer answer = { 0 };
	struct target target = { addition, &answer,
				 hd_kind_parse(addition->type, NULL), false };
	struct judged judged = { &target, "" };
	int status = -1;

	if (target.kind < 0) {
		hd_err_set(why, EINVAL, "'%s' is nothing that can be looked up",
			   addition->type);
		goto out;
	}
	if (read_answer(addition, &answer, why) < 0)
		goto out;
	hd_record_observables(record, judge_observable, &judged);
	hd_places_walk(record, HD_ROLE_RECORD, fill_holder, &target);
	add_entry(record, addition, &answer,
		  judged.name[0] ? judged.name : addition->type);
	add_resources(record, answer.resources);
	hd_record_set(record, "metadata.labels",
		      json_object_get(addition->result, "labels"));
	if (json_array_size(answer.observables) > 0)
		json_array_extend(list_in(record, "observables"),
				  answer.observables);
	if (target.changed || answer.observables)
		hd_record_index(record);
	status = 0;
out:
	free_answer(&answer);
	return status;
}
