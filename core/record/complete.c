#include "core/record/record.h"

#include <string.h>

#include "core/base/digest.h"
#include "core/base/json_text.h"
#include "core/record/mend.h"
#include "core/record/schema.h"

#define UID_MAX 1024 /* bytes of an alert's identifier */

enum { CATEGORY_FINDINGS = 2, CLASS_DETECTION_FINDING = 2004, CREATE = 1 };

static void set_int(json_t *object, const char *name, int64_t value)
{
	json_object_set_new(object, name, json_integer(value));
}

static void set_text(json_t *object, const char *name, const char *text)
{
	if (text && text[0])
		json_object_set_new(object, name, json_string(text));
}

static bool has_text(const json_t *object, const char *name)
{
	return json_string_length(json_object_get(object, name)) > 0;
}

static bool has_int(const json_t *object, const char *name)
{
	return json_is_integer(json_object_get(object, name));
}

/* The object `name` of `parent`; another thing that stands there is put
 * aside. */
static json_t *own_object(json_t *record, json_t *parent, const char *name)
{
	json_t *object = json_object_get(parent, name);

	if (json_is_object(object))
		return object;
	if (object)
		hd_record_set_unmapped(record, "herald", name, object);
	object = json_object();
	json_object_set_new(parent, name, object);
	return object;
}

static void set_classification(json_t *record)
{
	const struct hd_ocsf_attribute *activity =
		hd_ocsf_attribute(&hd_ocsf_objects[0], "activity_id");
	int64_t id = CREATE;

	if (has_int(record, "activity_id"))
		id = json_integer_value(json_object_get(record, "activity_id"));
	if (!hd_ocsf_caption(activity, id))
		id = CREATE;
	set_int(record, "activity_id", id);
	set_int(record, "category_uid", CATEGORY_FINDINGS);
	set_int(record, "class_uid", CLASS_DETECTION_FINDING);
	set_int(record, "type_uid", CLASS_DETECTION_FINDING * 100 + id);
}

static void set_product(json_t *record, json_t *metadata,
			const struct hd_record_origin *origin)
{
	json_t *product = own_object(record, metadata, "product");

	if (has_text(product, "name") || has_text(product, "uid"))
		return;
	set_text(product, "name",
		 origin->product ? origin->product : "unknown");
	if (!has_text(product, "vendor_name"))
		set_text(product, "vendor_name", origin->vendor);
}

static void set_metadata(json_t *record, const struct hd_record_origin *origin)
{
	static const char *const profiles[] = { "host", "incident",
						"security_control" };
	json_t *metadata = own_object(record, record, "metadata");
	json_t *foreign = json_object_get(metadata, "uid");
	json_t *names = json_array();

	if (json_is_string(foreign) &&
	    strcmp(json_string_value(foreign), origin->id) != 0)
		hd_record_set_unmapped(record, "herald", "metadata_uid",
				       foreign);
	set_text(metadata, "uid", origin->id);
	set_text(metadata, "version", "1.6.0");
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
		json_array_append_new(names, json_string(profiles[i]));
	json_object_set_new(metadata, "profiles", names);
	set_product(record, metadata, origin);
	if (origin->mended) {
		json_t *label = json_string("mended");

		hd_record_set(record, "metadata.labels", label);
		json_decref(label);
	}
}

/* A bound for what is kept to know redeliveries by.  One that may have been cut
 * is told from others by what was received as well. */
static void shorten_uid(json_t *finding, const char *seed, size_t n)
{
	const json_t *uid = json_object_get(finding, "uid");
	const struct hd_piece pieces[] = {
		{ json_string_value(uid), json_string_length(uid) },
		{ seed, n },
	};
	bool is_cut = pieces[0].n > HD_JSON_TEXT_MAX - 4;
	uint8_t digest[HD_SHA256_SIZE];
	char text[HD_SHA256_HEX];

	if (pieces[0].n <= UID_MAX)
		return;
	hd_sha256_pieces(pieces, is_cut ? 2 : 1, digest);
	hd_sha256_hex(digest, sizeof(digest), text);
	set_text(finding, "uid", text);
}

static void set_finding(json_t *record, const char *seed, size_t n)
{
	json_t *finding = own_object(record, record, "finding_info");
	json_t *metadata = json_object_get(record, "metadata");
	char digest[HD_SHA256_HEX];

	if (!has_text(finding, "uid")) {
		hd_sha256_hex(seed, n, digest);
		set_text(finding, "uid", digest);
	}
	shorten_uid(finding, seed, n);
	if (!has_text(finding, "title") && has_text(metadata, "event_code"))
		json_object_set(finding, "title",
				json_object_get(metadata, "event_code"));
	if (!has_text(record, "message") && has_text(finding, "title"))
		json_object_set(record, "message",
				json_object_get(finding, "title"));
}

static void set_defaults(json_t *record, int64_t received_ms)
{
	if (!has_int(record, "time"))
		set_int(record, "time", received_ms);
	if (!has_int(record, "severity_id"))
		set_int(record, "severity_id", 0);
	if (!has_int(record, "status_id"))
		set_int(record, "status_id", 1);
	if (!json_is_boolean(json_object_get(record, "is_alert")))
		json_object_set_new(record, "is_alert", json_true());
}

void hd_record_complete(json_t *record, const struct hd_record_origin *origin,
			const char *uid_seed, size_t uid_seed_n)
{
	set_classification(record);
	set_metadata(record, origin);
	set_finding(record, uid_seed, uid_seed_n);
	set_defaults(record, origin->received_ms);
	hd_mend_object(record, "herald", &hd_ocsf_objects[0], record,
		       HD_MEND_WHOLE);
	hd_record_index(record);
}
