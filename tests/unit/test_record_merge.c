#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/err.h"
#include "core/record/record.h"
#include "tests/unit/json_help.h"

static const struct hd_record_origin origin = { .id = "i", .received_ms = 1 };

static json_t *finding(const char *text)
{
	json_t *record = json_of(text);

	hd_record_complete(record, &origin, "", 0);
	return record;
}

static int merge(json_t *record, const char *type, const char *value,
		 const char *result, struct hd_err *err)
{
	struct hd_addition addition = { .connector = "con",
					.type = type,
					.value = value,
					.kind = "threat_intel",
					.result = json_of(result),
					.created_ms = 5 };
	int status = hd_record_merge(record, &addition, err);

	json_decref(addition.result);
	if (status == 0 && hd_record_validate(record, err) < 0)
		fail_msg("merged %s: %s", result, err->text);
	return status;
}

#define RECORD                                                             \
	"{'device': {'hostname': 'srv.example', 'domain': 'said'},"        \
	" 'evidences': [{'user': {'name': 'CORP\\\\ann'}, 'src_endpoint':" \
	" {'ip': '198.51.100.1'}, 'dst_endpoint': {'hostname': "           \
	"'srv.example'}},"                                                 \
	" {'user': {'name': 'bob'}, 'actor': {'user': {'name': 'ann'}}}]}"

static const struct {
	const char *name, *type, *value, *result, *path, *want;
} cases[] = {
	{ "a reputation goes to the observable", "ip", "198.51.100.1",
	  "{'reputation': {'base_score': 2, 'score_id': 9}}",
	  "observables.2.reputation",
	  "{'base_score': 2.0, 'score_id': 9, 'score': 'Probably Malicious',"
	  " 'provider': 'con'}" },
	{ "every answer is an enrichment", "ip", "198.51.100.1",
	  "{'data': {'n': 1}, 'desc': 'd', 'link': 'https://x'}", "enrichments",
	  "[{'name': 'evidences[0].src_endpoint.ip', 'value': '198.51.100.1',"
	  " 'provider': 'con', 'type': 'threat_intel', 'created_time': 5,"
	  " 'data': {'n': 1}, 'short_desc': 'd', 'src_url': 'https://x'}]" },
	{ "a user completes each user of that name", "user", "ann",
	  "{'user': {'full_name': 'Ann A', 'groups': [{'name': 'g'}],"
	  " 'type_id': 2}}",
	  "evidences.0.user",
	  "{'name': 'CORP\\\\ann', 'full_name': 'Ann A', 'groups':"
	  " [{'name': 'g'}], 'type_id': 2, 'type': 'Admin'}" },
	{ "the actor's user as well", "user", "ann",
	  "{'user': {'full_name': 'Ann A'}}", "evidences.1.actor.user",
	  "{'name': 'ann', 'full_name': 'Ann A'}" },
	{ "no other user", "user", "ann", "{'user': {'full_name': 'Ann A'}}",
	  "evidences.1.user", "{'name': 'bob'}" },
	{ "a device completes the device", "host", "srv.example",
	  "{'device': {'type_id': 1, 'domain': 'other', 'os': {'name':"
	  " 'Debian'}, 'risk_level_id': 3}}",
	  "device",
	  "{'hostname': 'srv.example', 'domain': 'said', 'type_id': 1,"
	  " 'type': 'Server', 'os': {'name': 'Debian', 'type_id': 0, 'type':"
	  " 'Unknown'}, 'risk_level_id': 3, 'risk_level': 'High'}" },
	{ "an endpoint takes what an endpoint can have", "host", "srv.example",
	  "{'device': {'type_id': 1, 'risk_level_id': 3, 'owner': {'name':"
	  " 'web'}}}",
	  "evidences.0.dst_endpoint",
	  "{'hostname': 'srv.example', 'type_id': 1, 'type': 'Server', 'owner':"
	  " {'name': 'web'}}" },
	{ "a location goes to the endpoint", "ip", "198.51.100.1",
	  "{'location': {'country': 'RO', 'lat': 1.5}}",
	  "evidences.0.src_endpoint.location",
	  "{'country': 'RO', 'lat': 1.5}" },
	{ "resources and labels", "host", "srv.example",
	  "{'resources': [{'name': 'r', 'criticality': '1'}, {'name': 'r',"
	  " 'criticality': '1'}], 'labels': ['pci', 'pci']}",
	  "resources", "[{'name': 'r', 'criticality': '1'}]" },
	{ "labels once", "host", "srv.example", "{'labels': ['pci', 'pci']}",
	  "metadata.labels", "['pci']" },
	{ "observables for the next round", "ip", "198.51.100.1",
	  "{'observables': [{'type': 'domain', 'value': 'evil.example'}]}",
	  "observables.5",
	  "{'name': 'enrichments.con', 'type_id': 1, 'type': 'Hostname',"
	  " 'value': 'evil.example'}" },
	{ "an answer without a place is an enrichment all the same", "ip",
	  "192.0.2.77", "{}", "enrichments.0",
	  "{'name': 'ip', 'value': '192.0.2.77', 'provider': 'con', 'type':"
	  " 'threat_intel', 'created_time': 5, 'data': {}}" },
};

static void answers_go_where_their_value_stands(void **state)
{
	int faults = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *record = finding(RECORD);
		struct hd_err err = { 0 };

		if (merge(record, cases[i].type, cases[i].value,
			  cases[i].result, &err) < 0 ||
		    !json_same(json_down(record, cases[i].path),
			       cases[i].want)) {
			print_error("%s: %s\n", cases[i].name, err.text);
			faults++;
		}
		json_decref(record);
	}
	assert_int_equal(faults, 0);
}

static const struct {
	const char *result, *why;
} wrong[] = {
	{ "[]", "the answer is no object" },
	{ "{'reputation': {'score_id': 9}}",
	  "reputation needs the numbers base_score and score_id" },
	{ "{'reputation': {'base_score': 1, 'score_id': 11}}",
	  "reputation.score_id is none of the values allowed" },
	{ "{'user': {'has_mfa': 'yes'}}", "user.has_mfa is no boolean" },
	{ "{'user': {'nick': 'x'}}", "user.nick is no attribute of OCSF" },
	{ "{'user': 'ann'}", "user is no object" },
	{ "{'location': {'lat': 1.5}}", "location is no whole location" },
	{ "{'resources': [{'criticality': '1'}]}",
	  "resources is no whole resource_details" },
	{ "{'resources': {}}", "resources is no list of at most 1000" },
	{ "{'labels': [1]}", "labels[0] is no text of at most 256 bytes" },
	{ "{'observables': [{'type': 'colour', 'value': 'red'}]}",
	  "observables[0] is no {type, value}" },
	{ "{'desc': 1}", "desc is no string" },
	/* sound parts beside a broken one */
	{ "{'user': {'full_name': 'x'}, 'reputation': {'base_score': 1,"
	  " 'score_id': 9}, 'link': []}",
	  "link is no string" },
};

static void a_wrong_answer_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		json_t *record = finding(RECORD);
		json_t *before = json_deep_copy(record);
		struct hd_err err = { 0 };

		assert_int_equal(merge(record, "user", "ann", wrong[i].result,
				       &err),
				 -1);
		assert_string_equal(err.text, wrong[i].why);
		assert_true(json_equal(record, before));
		json_decref(before);
		json_decref(record);
	}
}

static void the_worst_reputation_stays(void **state)
{
	static const struct {
		int first, second, want;
	} scores[] = { { 9, 3, 9 },  { 3, 9, 9 },  { 3, 99, 3 },
		       { 99, 3, 3 }, { 99, 0, 0 }, { 0, 10, 10 } };

	(void)state;
	for (size_t i = 0; i < sizeof(scores) / sizeof(scores[0]); i++) {
		json_t *record = finding(RECORD);
		struct hd_err err = { 0 };
		char result[128];

		snprintf(result, sizeof(result),
			 "{'reputation': {'base_score': 1, 'score_id': %d}}",
			 scores[i].first);
		assert_int_equal(
			merge(record, "ip", "198.51.100.1", result, &err), 0);
		snprintf(result, sizeof(result),
			 "{'reputation': {'base_score': 2, 'score_id': %d}}",
			 scores[i].second);
		assert_int_equal(
			merge(record, "ip", "198.51.100.1", result, &err), 0);
		assert_int_equal(json_integer_value(json_down(
					 record,
					 "observables.2.reputation.score_id")),
				 scores[i].want);
		json_decref(record);
	}
}

/* True if all that `a` says stands in `b` unchanged (lists may have grown;
 * "Unknown" is nothing that was said). */
static int still_says(const json_t *a, const json_t *b)
{
	const char *name;
	json_t *value;
	size_t i;

	if (json_is_object(a)) {
		json_object_foreach((json_t *)a, name, value) {
			const char *text = json_string_value(value);

			if (text && strcmp(text, "Unknown") == 0)
				continue;
			if (strcmp(name, "type_id") == 0 &&
			    json_integer_value(value) == 0)
				continue;
			if (!still_says(value, json_object_get(b, name)))
				return 0;
		}
		return 1;
	}
	if (json_is_array(a)) {
		json_array_foreach((json_t *)a, i, value)
			if (!still_says(value, json_array_get(b, i)))
				return 0;
		return 1;
	}
	return json_equal((json_t *)a, (json_t *)b);
}

/* Whatever comes in whatever order, what the record said before stands. */
static void merging_never_overwrites(void **state)
{
	static const char *const answers[][3] = {
		{ "user", "ann",
		  "{'user': {'name': 'other', 'domain': 'D1', 'full_name':"
		  " 'One', 'ldap_person': {'job_title': 'a'}}}" },
		{ "user", "ann",
		  "{'user': {'full_name': 'Two', 'ldap_person': {'job_title':"
		  " 'b', 'given_name': 'c'}, 'groups': [{'name': 'g'}]}}" },
		{ "host", "srv.example",
		  "{'device': {'hostname': 'other', 'domain': 'x', 'ip':"
		  " '192.0.2.3', 'type_id': 1}}" },
		{ "host", "srv.example",
		  "{'device': {'ip': '192.0.2.4', 'type_id': 2}, 'location':"
		  " {'country': 'DE'}}" },
		{ "ip", "198.51.100.1", "{'location': {'country': 'RO'}}" },
		{ "ip", "198.51.100.1",
		  "{'location': {'country': 'DE', 'city': 'x'}, 'labels':"
		  " ['l']}" },
	};
	size_t n = sizeof(answers) / sizeof(answers[0]);

	(void)state;
	for (size_t start = 0; start < n; start++) {
		json_t *record = finding(RECORD);

		for (size_t i = 0; i < n; i++) {
			const char *const *a = answers[(start + i * 5) % n];
			json_t *before = json_deep_copy(record);
			struct hd_err err = { 0 };

			json_object_del(before, "observables");
			if (merge(record, a[0], a[1], a[2], &err) < 0)
				fail_msg("%s", err.text);
			assert_true(still_says(before, record));
			json_decref(before);
		}
		json_decref(record);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_go_where_their_value_stands),
		cmocka_unit_test(a_wrong_answer_changes_nothing),
		cmocka_unit_test(the_worst_reputation_stays),
		cmocka_unit_test(merging_never_overwrites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
