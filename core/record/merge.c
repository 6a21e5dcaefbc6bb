/* Answers of lookups into the record.  First everything is checked and copied,
 * then it is applied: an answer with a fault changes nothing. */
#include "core/record/record.h"

#include <errno.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/record/answer.h"
#include "core/record/places.h"
#include "core/record/schema.h"

#define OTHER 99
#define VALUE_MAX_BYTES 8192

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
	const struct hd_answer *answer;
	int kind;
	bool changed;
};

static bool holds_value(const struct target *target, int type_id,
			const json_t *value)
{
	char out[VALUE_MAX_BYTES + 1];

	return type_id == hd_answer_type_of(target->kind) &&
	       json_is_string(value) &&
	       hd_kind_normalize((enum hd_kind)target->kind,
				 json_string_value(value),
				 json_string_length(value), out,
				 sizeof(out)) > 0 &&
	       strcmp(out, target->addition->value) == 0;
}

static void fill_location(const struct hd_ocsf_object *schema, json_t *holder,
			  const struct hd_answer *answer)
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
	const struct hd_answer *answer = target->answer;
	const struct hd_ocsf_object *device, *schema;

	(void)path;
	if (role != HD_ROLE_USER && role != HD_ROLE_DEVICE &&
	    role != HD_ROLE_ENDPOINT)
		return;
	if (!holds_value(target, type_id, value))
		return;
	schema = device = hd_ocsf_object("device");
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
		      const struct hd_answer *answer, const char *name)
{
	json_t *data = json_object_get(addition->result, "data");
	json_t *entry = json_object();

	hd_json_put_text(entry, "name", name);
	hd_json_put_text(entry, "value", addition->value);
	hd_json_put_text(entry, "provider", addition->connector);
	hd_json_put_int(entry, "created_time", addition->created_ms);
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
	struct hd_answer answer = { 0 };
	struct target target = { addition, &answer,
				 hd_kind_parse(addition->type, NULL), false };
	struct judged judged = { &target, "" };
	int status = -1;

	if (target.kind < 0) {
		hd_err_set(why, EINVAL, "'%s' is nothing that can be looked up",
			   addition->type);
		goto out;
	}
	if (hd_answer_read(addition, &answer, why) < 0)
		goto out;
	hd_record_observables(record, 1u << target.kind, judge_observable,
			      &judged);
	if (answer.user || answer.device || answer.location)
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
	hd_answer_fini(&answer);
	return status;
}
