#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/err.h"
#include "core/record/record.h"
#include "core/record/schema.h"
#include "tests/unit/json_help.h"

static int validate_file(const char *name, struct hd_err *err)
{
	char path[512];
	json_error_t error;
	json_t *record;
	int status;

	snprintf(path, sizeof(path), "%s/fixtures/ocsf/%s", TEST_SRCDIR, name);
	record = json_load_file(path, 0, &error);
	if (!record)
		fail_msg("%s: %s", path, error.text);
	status = hd_record_validate(record, err);
	json_decref(record);
	return status;
}

static const struct {
	const char *file, *why; /* why NULL: valid */
} files[] = {
	{ "detection_finding-brute_force.json", NULL },
	{ "invalid/detection_finding-enrichment_without_data.json",
	  "enrichments[0].data is missing" },
	{ "invalid/detection_finding-no_metadata.json", "metadata is missing" },
	{ "invalid/detection_finding-observable_without_type.json",
	  "observables[0].type_id is missing" },
	{ "invalid/detection_finding-severity_not_in_enum.json",
	  "severity_id is none of the values allowed" },
	{ "invalid/detection_finding-time_is_text.json", "time is no integer" },
	{ "invalid/detection_finding-unknown_attribute.json", "" },
};

static void fixtures_are_judged_as_ocsf_judges_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct hd_err err = { 0 };
		int status = validate_file(files[i].file, &err);

		if (!files[i].why && status == 0)
			continue;
		if (!files[i].why || status == 0 ||
		    (files[i].why[0] && strcmp(files[i].why, err.text) != 0))
			fail_msg("%s: %s", files[i].file, err.text);
	}
}

static const struct {
	const char *path, *value, *why;
} faults[] = {
	{ "device", "{'hostname': 'x'}", "device.type_id is missing" },
	{ "device", "{'type_id': 0}",
	  "device has none of the attributes of which OCSF asks for one" },
	{ "device", "[]", "device is no object" },
	{ "evidences", "{}", "evidences is no array" },
	{ "evidences", "[1]", "evidences[0] is no object" },
	{ "evidences", "[{'user': {'name': null}}]",
	  "evidences[0].user.name is no string" },
	{ "evidences", "[{'src_endpoint': {'ip': 'x', 'port': 65536}}]",
	  "evidences[0].src_endpoint.port is out of range" },
	{ "evidences",
	  "[{'http_request': {'http_method': 'FETCH'}, 'data': 1}]",
	  "evidences[0].http_request.http_method is none of the words "
	  "allowed" },
	{ "vulnerabilities", "[{'cve': {'uid': 'a'}, 'cwe': {'uid': 'b'}}]",
	  "vulnerabilities[0] needs exactly one of its alternatives" },
	{ "count", "1.5", "count is no integer" },
	{ "is_alert", "1", "is_alert is no boolean" },
	{ "unmapped", "{'x': {'y': [null]}}", NULL },
	{ "unmapped", "[]", "unmapped is no object" },
	{ "colour", "'red'", "colour is no attribute of OCSF" },
};

static void the_first_fault_is_named_with_its_path(void **state)
{
	struct hd_record_origin origin = { .id = "i", .received_ms = 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		json_t *record = json_object();
		struct hd_err err = { 0 };
		int status;

		hd_record_complete(record, &origin, "", 0);
		json_object_set_new(record, faults[i].path,
				    json_of(faults[i].value));
		status = hd_record_validate(record, &err);
		assert_int_equal(status, faults[i].why ? -1 : 0);
		if (faults[i].why)
			assert_string_equal(err.text, faults[i].why);
		json_decref(record);
	}
}

static void the_tables_are_sorted_and_whole(void **state)
{
	const struct hd_ocsf_object *root = &hd_ocsf_objects[0];
	const struct hd_ocsf_object *failed = NULL;

	(void)state;
	assert_string_equal(root->name, "detection_finding");
	assert_int_equal(root->count, 69); /* conformance/ocsf/README */
	assert_int_equal(hd_ocsf_object_count, 114); /* 113 and the class */
	for (size_t i = 0; i < hd_ocsf_object_count; i++) {
		const struct hd_ocsf_object *object = &hd_ocsf_objects[i];

		for (size_t k = 0; k < object->count; k++) {
			const struct hd_ocsf_attribute *a =
				&object->attributes[k];

			assert_ptr_equal(hd_ocsf_attribute(object, a->name), a);
			if (a->sibling)
				assert_non_null(
					hd_ocsf_attribute(object, a->sibling));
			assert_true(a->type != HD_OCSF_OBJECT || a->object > 0);
		}
	}
	assert_string_equal(hd_ocsf_path("evidences.user.name", NULL)->name,
			    "name");
	assert_null(hd_ocsf_path("evidences.user.nick", &failed));
	assert_string_equal(failed->name, "user");
	assert_null(hd_ocsf_path("message.x", &failed));
	assert_null(failed);
	assert_null(hd_ocsf_path("", &failed));
	assert_string_equal(
		hd_ocsf_caption(hd_ocsf_path("observables.reputation.score_id",
					     NULL),
				7),
		"Suspicious/Risky");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixtures_are_judged_as_ocsf_judges_them),
		cmocka_unit_test(the_first_fault_is_named_with_its_path),
		cmocka_unit_test(the_tables_are_sorted_and_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
