#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/err.h"
#include "core/record/record.h"
#include "tests/unit/json_help.h"

static const struct hd_record_origin origin = { .id = "7f3a",
						.product = "Splunk",
						.vendor = "Splunk Inc.",
						.received_ms = 1795564800000 };

static json_t *completed(const char *text)
{
	json_t *record = json_of(text);
	struct hd_err err = { 0 };

	hd_record_tidy(record);
	hd_record_complete(record, &origin, "seed", 4);
	if (hd_record_validate(record, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return record;
}

static void an_empty_finding_gets_what_ocsf_asks_for(void **state)
{
	json_t *record = completed("{}");

	(void)state;
	/* the digest is that of the four bytes "seed" */
	assert_true(json_same(
		record,
		"{'activity_id': 1, 'activity_name': 'Create',"
		" 'category_uid': 2, 'category_name': 'Findings',"
		" 'class_uid': 2004, 'class_name': 'Detection Finding',"
		" 'type_uid': 200401, 'type_name': 'Detection Finding: Create',"
		" 'time': 1795564800000, 'severity_id': 0,"
		" 'severity': 'Unknown', 'status_id': 1, 'status': 'New',"
		" 'is_alert': true,"
		" 'metadata': {'uid': '7f3a', 'version': '1.6.0', 'profiles':"
		" ['host', 'incident', 'security_control'], 'product':"
		" {'name': 'Splunk', 'vendor_name': 'Splunk Inc.'}},"
		" 'finding_info': {'uid':"
		" '"
		"19b25856e1c150ca834cffc8b59b23adbd0ec0389e58eb22b3b64768098d00"
		"2b'"
		"}}"));
	json_decref(record);
}

static const struct {
	const char *name, *record, *path, *want; /* want NULL: absent */
} cases[] = {
	{ "severity gets its caption", "{'severity_id': 4}", "severity",
	  "'High'" },
	{ "a wrong caption is put right",
	  "{'severity_id': 4, 'severity': 'so so'}", "severity", "'High'" },
	{ "99 keeps the source's own word",
	  "{'disposition_id': 99, 'disposition': 'teardown'}", "disposition",
	  "'teardown'" },
	{ "99 without a word is Other", "{'disposition_id': 99}", "disposition",
	  "'Other'" },
	{ "a device needs type_id", "{'device': {'hostname': 'h'}}", "device",
	  "{'hostname': 'h', 'type_id': 0, 'type': 'Unknown'}" },
	{ "a device of nothing goes", "{'device': {}}", "device", NULL },
	{ "a device that nothing names goes to unmapped",
	  "{'device': {'domain': 'corp'}}", "unmapped.herald.device",
	  "{'domain': 'corp', 'type_id': 0, 'type': 'Unknown'}" },
	{ "a file is called after its path",
	  "{'evidences': [{'file': {'path': 'C:\\\\\\\\tmp\\\\\\\\a.exe'}}]}",
	  "evidences.0.file.name", "'a.exe'" },
	{ "a unix path", "{'evidences': [{'file': {'path': '/tmp/x/b.sh'}}]}",
	  "evidences.0.file.name", "'b.sh'" },
	{ "a path that ends in a slash is the name",
	  "{'evidences': [{'file': {'path': '/tmp/'}}]}",
	  "evidences.0.file.name", "'/tmp/'" },
	{ "a file is called after its hash",
	  "{'evidences': [{'file': {'hashes': [{'value':"
	  " 'd41d8cd98f00b204e9800998ecf8427e'}]}}]}",
	  "evidences.0.file",
	  "{'name': 'd41d8cd98f00b204e9800998ecf8427e', 'type_id': 0, 'type':"
	  " 'Unknown', 'hashes': [{'value': 'd41d8cd98f00b204e9800998ecf8427e',"
	  " 'algorithm_id': 1, 'algorithm': 'MD5'}]}" },
	{ "a hash of no known length",
	  "{'evidences': [{'file': {'name': 'n', 'hashes': [{'value':"
	  " 'abc'}]}}]}",
	  "evidences.0.file.hashes.0.algorithm", "'Unknown'" },
	{ "a user known by mail only",
	  "{'evidences': [{'user': {'email_addr': 'ann@example.com'}}]}",
	  "evidences.0.user.name", "'ann@example.com'" },
	{ "a process without pid gets a digest of itself",
	  "{'evidences': [{'process': {'name': 'x'}}]}",
	  "evidences.0.process.uid",
	  /* SHA-256 of {"name":"x"} */
	  "'0229d37e33daae149bf40543a5ce1db4459d10f830d5139279aa2bfd5f6485a1"
	  "'" },
	{ "a process with pid gets none",
	  "{'evidences': [{'process': {'name': 'x', 'pid': 4}}]}",
	  "evidences.0.process.uid", NULL },
	{ "a mail without sender and receivers keeps its subject",
	  "{'evidences': [{'email': {'subject': 'hi'}}]}", "evidences.0.email",
	  "{'subject': 'hi', 'to': []}" },
	{ "an endpoint of a port alone goes to unmapped",
	  "{'evidences': [{'user': {'name': 'a'}, 'dst_endpoint':"
	  " {'port': 53}}]}",
	  "unmapped.herald.evidences_dst_endpoint", "{'port': 53}" },
	{ "entries that nothing came to are taken out",
	  "{'evidences': [{}, {'user': {'name': 'a'}}, {'user': {}}]}",
	  "evidences", "[{'user': {'name': 'a'}}]" },
	{ "what OCSF does not know goes to unmapped",
	  "{'evidences': [{'user': {'name': 'a', 'shoe_size': 43}}]}",
	  "unmapped.herald.evidences_user_shoe_size", "43" },
	{ "text where a number belongs is converted",
	  "{'time': '1718010000000'}", "time", "1718010000000" },
	{ "text that is no number is put aside", "{'time': 'noon'}",
	  "unmapped.herald.time", "'noon'" },
	{ "nulls go", "{'comment': null}", "comment", NULL },
	{ "another class is ours now", "{'class_uid': 2005}", "class_uid",
	  "2004" },
	{ "an update stays an update", "{'activity_id': 2}", "type_uid",
	  "200402" },
	{ "the source's own id is kept", "{'metadata': {'uid': 'theirs'}}",
	  "unmapped.herald.metadata_uid", "'theirs'" },
	{ "the finding's id of the source stands",
	  "{'finding_info': {'uid': 'x'}}", "finding_info.uid", "'x'" },
	{ "the product of the source stands",
	  "{'metadata': {'product': {'name': 'ES'}}}", "metadata.product",
	  "{'name': 'ES'}" },
	{ "title and message come from the detection",
	  "{'metadata': {'event_code': 'rule 7'}}", "message", "'rule 7'" },
	{ "unmapped that is no object", "{'unmapped': 'x'}",
	  "unmapped.herald.unmapped", "'x'" },
	{ "a single value where OCSF has a list",
	  "{'metadata': {'labels': 'a'}}", "metadata.labels", "['a']" },
	{ "exactly one of advisory, cve and cwe",
	  "{'vulnerabilities': [{'cve': {'uid': 'CVE-1'}, 'cwe': {'uid':"
	  " '79'}}, {'cve': {'uid': 'CVE-2'}}]}",
	  "vulnerabilities", "[{'cve': {'uid': 'CVE-2'}}]" },
};

static void
what_is_lacking_is_filled_and_what_does_not_fit_is_kept(void **state)
{
	int faults = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *record = completed(cases[i].record);
		json_t *got = json_down(record, cases[i].path);

		if (cases[i].want ? !json_same(got, cases[i].want) : !!got) {
			print_error("%s\n", cases[i].name);
			faults++;
		}
		json_decref(record);
	}
	assert_int_equal(faults, 0);
}

static void mended_text_is_labelled(void **state)
{
	json_t *record = json_object();
	struct hd_record_origin mended = origin;

	(void)state;
	mended.mended = true;
	hd_record_complete(record, &mended, "", 0);
	assert_true(
		json_same(json_down(record, "metadata.labels"), "['mended']"));
	json_decref(record);
}

static void completing_twice_changes_nothing(void **state)
{
	json_t *record = completed(
		"{'severity_id': 4, 'device': {'hostname': 'h'}, 'evidences':"
		" [{'process': {'name': 'x'}, 'user': {'name': 'a'}}]}");
	json_t *before = json_deep_copy(record);

	(void)state;
	hd_record_complete(record, &origin, "other", 5);
	assert_true(json_equal(record, before));
	json_decref(before);
	json_decref(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_finding_gets_what_ocsf_asks_for),
		cmocka_unit_test(
			what_is_lacking_is_filled_and_what_does_not_fit_is_kept),
		cmocka_unit_test(mended_text_is_labelled),
		cmocka_unit_test(completing_twice_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
