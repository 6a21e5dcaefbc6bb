#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/json_help.h"
#include "tests/unit/splunk_finding.h"

static const struct hd_risk_levels levels = { 20, 40, 60, 80 };
static struct hd_expr_env *env;
static struct hd_map *map;

static int set_up(void **state)
{
	(void)state;
	env = hd_expr_env_new(&levels, "UTC");
	map = splunk_map_new(env);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hd_map_free(map);
	hd_expr_env_free(env);
	return 0;
}

static char *read_file(const char *name, size_t *n)
{
	char path[512];
	char *text = calloc(1, 65536);
	FILE *file;

	snprintf(path, sizeof(path), "%s/fixtures/splunk/%s", TEST_SRCDIR,
		 name);
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s", path);
	*n = fread(text, 1, 65535, file);
	fclose(file);
	return text;
}

static json_t *finding_of(const char *name, const char *text, size_t n)
{
	struct hd_reason why = { "" };
	struct hd_err err = { 0 };
	unsigned errors = 0;
	json_t *record = splunk_finding(map, text, n, &errors, &why);

	if (errors > 0)
		fail_msg("%s: %s", name, why.text);
	if (hd_record_validate(record, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	return record;
}

#define SID                                                                 \
	"scheduler__admin_SEFfaGVyYWxk__RMD5a1b2c3d4e5f60718_at_1795564800" \
	"_4711"
#define NAME "'Multiple failed logins followed by a successful one'"
#define FTS "webhook_failed_then_success.json"
#define ES "webhook_es_notable_row.json"
#define MV "webhook_multivalue.json"
#define HOSTILE "webhook_hostile_values.json"
#define ADHOC "webhook_adhoc_null_search_name.json"

static const struct {
	const char *file, *path, *want; /* want NULL: absent */
} fixtures[] = {
	{ FTS, "finding_info.uid", "'b6a0d4f2c1e94b70a1d6a5d3f0a8c2e9'" },
	{ FTS, "finding_info.src_url",
	  "'https://splunk.example.com:8000/app/TA-herald/@go?sid=" SID "'" },
	{ FTS, "metadata.event_code", NAME },
	{ FTS, "finding_info.analytic",
	  "{'name': " NAME ", 'type_id': 1,"
	  " 'type': 'Rule'}" },
	{ FTS, "finding_info.title", NAME },
	{ FTS, "message", NAME },
	{ FTS, "time", "1795564742000" },
	{ FTS, "metadata.original_time", "'1795564742'" },
	{ FTS, "severity", "'High'" },
	{ FTS, "evidences",
	  "[{'user': {'name': 'jdoe'}, 'src_endpoint': {'ip':"
	  " '198.51.100.23'}, 'dst_endpoint': {'hostname':"
	  " 'vpn-gw-01.example.com'}}]" },
	{ FTS, "device",
	  "{'hostname': 'vpn-gw-01.example.com', 'type_id': 0,"
	  " 'type': 'Unknown'}" },
	{ FTS, "unmapped.splunk",
	  "{'sid': '" SID "', 'app': 'vpn', 'failures': '14',"
	  " 'first_failure': '1795564310', 'last_failure': '1795564721',"
	  " 'success_time': '1795564742', 'dest_count': '1', 'rule_name':"
	  " 'herald - auth - fail then success', 'severity': 'high',"
	  " 'risk_score': '72', 'security_domain': 'access'}" },
	{ FTS, "observables.0.value", "'vpn-gw-01.example.com'" },
	{ FTS, "metadata.product",
	  "{'name': 'Splunk', 'vendor_name':"
	  " 'Splunk'}" },
	{ FTS, "unmapped.herald", NULL },

	{ ES, "metadata.event_code",
	  "'Access - Multiple failed logins followed"
	  " by a successful one - Rule'" },
	{ ES, "finding_info.uid",
	  "'3F0D5A1C-0000-4000-8000-0A1B2C3D4E5F@@notable@@"
	  "e4f07602f507975e9f7ba47c4ae0c417'" },
	{ ES, "finding_info.title", "'Failed logins then success for jdoe'" },
	{ ES, "finding_info.desc",
	  "'14 failed logins then a success for jdoe"
	  " from 198.51.100.23'" },
	{ ES, "finding_info.related_events_count", "14" },
	{ ES, "count", NULL },
	{ ES, "device.ip", "'192.0.2.10'" },
	{ ES, "device.hostname", "'vpn-gw-01.example.com'" },
	{ ES, "evidences.0.dst_endpoint",
	  "{'ip': '192.0.2.10', 'hostname': 'vpn-gw-01.example.com'}" },
	{ ES, "unmapped.splunk.owner", "'unassigned'" },
	{ ES, "unmapped.splunk.user_category", "['privileged']" },

	{ MV, "evidences",
	  "[{'user': {'name': 'jdoe'}, 'src_endpoint': {'ip':"
	  " '198.51.100.23'}, 'dst_endpoint': {'hostname':"
	  " 'vpn-gw-01.example.com'}}, {'src_endpoint': {'ip':"
	  " '203.0.113.77'}, 'dst_endpoint': {'hostname':"
	  " 'vpn-gw-02.example.com'}}]" },
	{ MV, "device.hostname", "'vpn-gw-01.example.com'" },
	{ MV, "unmapped.herald.device_hostname",
	  "['vpn-gw-01.example.com', 'vpn-gw-02.example.com']" },

	{ HOSTILE, "metadata.labels", "['mended']" },
	{ HOSTILE, "evidences.0.user.name",
	  "'jdoe\\r\\nBcc: attacker@example.net'" },
	{ HOSTILE, "evidences.0.src_endpoint",
	  "{'hostname': '198.51.100.23\\\"; drop'}" },
	{ HOSTILE, "finding_info.title",
	  "'<script>alert(1)</script> \xc3\xbcn\xc3\xaf"
	  "code \xef\xbf\xbd end'" },
	{ HOSTILE, "unmapped.splunk.tag", "['a', null, '']" },

	{ ADHOC, "metadata.event_code", NULL },
	{ ADHOC, "finding_info.related_events_count", "8" },
	{ ADHOC, "time", "1795564800000" },
	{ ADHOC, "severity_id", "0" },
	{ ADHOC, "finding_info.analytic", NULL },
	/* SHA-256 of ["scheduler_admin_search_W2_at_14232356_132",
	 * {"count":"8","sourcetype":"mongod"}] */
	{ ADHOC, "finding_info.uid",
	  "'4a440e920b0647ebff5042f049f1cf43b87c1da409b059ebb220c7f95712d715"
	  "'" },

	{ "webhook_empty_result.json", "metadata.event_code",
	  "'No heartbeat from domain controllers'" },
	{ "webhook_unexpected_shapes.json", "finding_info.src_url", NULL },
	{ "webhook_unexpected_shapes.json", "unmapped.splunk.failures", NULL },
	{ "webhook_unexpected_shapes.json", "unmapped.splunk.extra", NULL },
	{ "webhook_first_of_three_rows.json", "severity_id", "4" },
};

static void fixtures_become_findings(void **state)
{
	int faults = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(fixtures) / sizeof(fixtures[0]); i++) {
		size_t n;
		char *text = read_file(fixtures[i].file, &n);
		json_t *record = finding_of(fixtures[i].file, text, n);
		json_t *got = json_down(record, fixtures[i].path);

		if (fixtures[i].want ? !json_same(got, fixtures[i].want)
				     : !!got) {
			print_error("%s %s\n", fixtures[i].file,
				    fixtures[i].path);
			faults++;
		}
		json_decref(record);
		free(text);
	}
	assert_int_equal(faults, 0);
}

static const struct {
	const char *row, *path, *want;
} rows[] = {
	{ "{'urgency': 'Critical', 'severity': 'low'}", "severity_id", "5" },
	{ "{'urgency': 'grave', 'severity': 'low'}", "severity_id", "0" },
	{ "{'urgency': '', 'severity': 'low'}", "severity_id", "2" },
	{ "{'severity': 'informational'}", "severity_id", "1" },
	{ "{'action': 'Blocked'}", "disposition_id", "2" },
	{ "{'action': 'teardown'}", "disposition_id", "99" },
	{ "{'action': 'teardown'}", "disposition", "'teardown'" },
	{ "{'action': 'allowed'}", "disposition", "'Allowed'" },
	{ "{'search_name': 'a', 'source': 'b', 'index': 'notable'}",
	  "metadata.event_code", "'a'" },
	{ "{'source': 'b', 'index': 'notable'}", "metadata.event_code", "'b'" },
	{ "{'source': '/var/log/x'}", "metadata.event_code", "'outer'" },
	{ "{'rule_name': 'r'}", "metadata.event_code", "'outer'" },
	{ "{'rule_name': 'r'}", "unmapped.splunk.rule_name", "'r'" },
	{ "{'user': 'CORP\\\\ann'}", "evidences.0.user",
	  "{'name': 'ann', 'domain': 'CORP'}" },
	{ "{'user': 'ann@corp.example'}", "evidences.0.user",
	  "{'name': 'ann@corp.example'}" },
	{ "{'user': ['CORP\\\\ann', 'bob', 'X\\\\eve']}", "evidences",
	  "[{'user': {'name': 'ann', 'domain': 'CORP'}}, {'user': {'name':"
	  " 'bob'}}, {'user': {'name': 'eve', 'domain': 'X'}}]" },
	{ "{'risk_object': 'CORP\\\\ann', 'risk_object_type': 'user'}",
	  "evidences.0.user.name", "'ann'" },
	{ "{'risk_object': 'srv', 'risk_object_type': 'system'}",
	  "device.hostname", "'srv'" },
	{ "{'risk_object': '192.0.2.1', 'risk_object_type': 'system'}",
	  "device.ip", "'192.0.2.1'" },
	{ "{'src_user': 'CORP\\\\ann'}", "evidences.0.actor.user",
	  "{'name': 'ann', 'domain': 'CORP'}" },
	{ "{'src_user': 'x@y.example', 'recipient': ['a@b.example',"
	  " 'c@d.example'], 'subject': 's', 'message_id': '<1>'}",
	  "evidences.0.email",
	  "{'from': 'x@y.example', 'to': ['a@b.example', 'c@d.example'],"
	  " 'subject': 's', 'message_uid': '<1>'}" },
	{ "{'src_user': 'x@y.example', 'recipient': 'a@b.example'}",
	  "evidences.0.actor", NULL },
	{ "{'src': 'ws1', 'src_port': '4711', 'dest': '192.0.2.5',"
	  " 'dest_port': '443', 'transport': 'tcp'}",
	  "evidences",
	  "[{'src_endpoint': {'hostname': 'ws1', 'port': 4711},"
	  " 'dst_endpoint': {'ip': '192.0.2.5', 'port': 443},"
	  " 'connection_info': {'protocol_name': 'tcp', 'direction_id': 0,"
	  " 'direction': 'Unknown'}}]" },
	{ "{'dest': '192.0.2.5'}", "device.ip", "'192.0.2.5'" },
	{ "{'dest': '192.0.2.5'}", "evidences", NULL },
	{ "{'dvc': 'fw1'}", "device.hostname", "'fw1'" },
	{ "{'dest': ['192.0.2.5', 'srv']}", "device",
	  "{'ip': '192.0.2.5', 'hostname': 'srv', 'type_id': 0, 'type':"
	  " 'Unknown'}" },
	{ "{'src': ['192.0.2.5', 'ws1']}", "evidences",
	  "[{'src_endpoint': {'ip': '192.0.2.5'}}]" },
	{ "{'src': ['192.0.2.5', 'ws1']}", "unmapped.splunk.src",
	  "['192.0.2.5', 'ws1']" },
	{ "{'process': 'p -x', 'process_name': 'p', 'process_id': '12',"
	  " 'parent_process_name': 'q'}",
	  "evidences.0.process.pid", "12" },
	{ "{'process': 'p -x', 'process_name': 'p', 'process_id': '12',"
	  " 'parent_process_name': 'q'}",
	  "evidences.0.process.parent_process.name", "'q'" },
	{ "{'process': 'p -x', 'process_id': '0x1f'}",
	  "unmapped.herald.evidences_process_pid", "'0x1f'" },
	{ "{'process_hash': 'MD5=D41D8CD98F00B204E9800998ECF8427E,"
	  "IMPHASH=D41D8CD98F00B204E9800998ECF8427F'}",
	  "evidences.0.process.file.hashes",
	  "[{'value': 'D41D8CD98F00B204E9800998ECF8427E', 'algorithm_id': 1,"
	  " 'algorithm': 'MD5'}]" },
	{ "{'file_hash':"
	  " 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',"
	  " 'file_path': 'C:\\\\\\\\t\\\\\\\\a.exe'}",
	  "evidences.0.file",
	  "{'name': 'a.exe', 'path': 'C:\\\\\\\\t\\\\\\\\a.exe', 'type_id': 0,"
	  " 'type': 'Unknown', 'hashes': [{'value':"
	  " 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',"
	  " 'algorithm_id': 3, 'algorithm': 'SHA-256'}]}" },
	{ "{'url': 'http://u.example/', 'http_user_agent': 'ua'}",
	  "evidences.0",
	  "{'url': {'url_string': 'http://u.example/'}, 'http_request':"
	  " {'user_agent': 'ua'}}" },
	{ "{'query': 'q.example'}", "evidences.0.query.hostname",
	  "'q.example'" },
	{ "{'annotations.mitre_attack': ['T1110', 'T1078']}",
	  "finding_info.attacks",
	  "[{'technique': {'uid': 'T1110'}}, {'technique': {'uid':"
	  " 'T1078'}}]" },
	{ "{'mitre_technique_id': 'T1110'}",
	  "finding_info.attacks.0.technique.uid", "'T1110'" },
	{ "{'threat_object': 'evil.example'}", "observables",
	  "[{'value': 'evil.example', 'type_id': 1, 'type': 'Hostname'}]" },
	{ "{'vendor_product': 'Sysmon'}", "metadata.product",
	  "{'name': 'Sysmon'}" },
	{ "{'firstTime': '1795564310', 'lastTime': '2026-11-25T00:05:21Z'}",
	  "start_time", "1795564310000" },
	{ "{'firstTime': '1795564310', 'lastTime': '2026-11-25T00:05:21Z'}",
	  "end_time", "1795565121000" },
};

static void fields_go_to_their_places(void **state)
{
	int faults = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *row = json_of(rows[i].row);
		json_t *whole = json_pack("{s:s, s:s, s:O}", "sid", "s",
					  "search_name", "outer", "result",
					  row);
		char *text = json_dumps(whole, 0);
		json_t *record = finding_of(rows[i].row, text, strlen(text));
		json_t *got = json_down(record, rows[i].path);

		if (rows[i].want ? !json_same(got, rows[i].want) : !!got) {
			print_error("%s %s\n", rows[i].row, rows[i].path);
			faults++;
		}
		free(text);
		json_decref(record);
		json_decref(whole);
		json_decref(row);
	}
	assert_int_equal(faults, 0);
}

/* One result, told by webhook, HEC and pull; and what is another one. */
#define RESULT(row) "{\"sid\":\"s\",\"result\":{" row "}}"
#define ROW "\"_time\":\"1795564742\",\"a\":\"1\",\"src\":[\"x\",\"y\"]"

static const struct {
	const char *text;
	bool same;
} told[] = {
	{ RESULT(ROW), true },
	{ RESULT("\"_time\":\"1795564742.000\",\"a\":\"1\",\"src\":[\"x\","
		 "\"y\"]"),
	  true },
	{ RESULT("\"_time\":\"2026-11-24T23:59:02.000+00:00\",\"a\":\"1\","
		 "\"src\":[\"x\",\"y\"]"),
	  true },
	{ RESULT("\"_time\":\"2026-11-25T00:59:02.000+01:00\",\"a\":\"1\","
		 "\"src\":[\"x\",\"y\"]"),
	  true },
	{ RESULT("\"src\":[\"y\",\"x\"],\"a\":\"1\",\"_time\":1795564742"),
	  true },
	{ "{\"search_name\":null,\"result\":{" ROW "},\"sid\":\"s\"}", true },
	{ "{\"search_name\":\"n\",\"result\":{" ROW "},\"sid\":\"s\"}", true },
	{ RESULT(ROW
		 ",\"_bkt\":\"b\",\"_cd\":\"1:2\",\"_indextime\":\"7\","
		 "\"_serial\":\"0\",\"_si\":[\"i\",\"n\"],\"_sourcetype\":"
		 "\"stash\",\"linecount\":\"1\",\"splunk_server_group\":[]"),
	  true },
	{ RESULT(ROW ",\"b\":\"\",\"c\":null,\"d\":[],\"__mv_src\":"
		     "\"$x$;$y$\""),
	  true },
	{ RESULT("\"_time\":\"1795564742.5\",\"a\":\"1\",\"src\":[\"x\","
		 "\"y\"]"),
	  false },
	{ RESULT("\"_time\":\"1795564742\",\"a\":\"2\",\"src\":[\"x\",\"y\"]"),
	  false },
	{ RESULT("\"_time\":\"1795564742\",\"a\":\"1\",\"src\":[\"x\",\"z\"]"),
	  false },
	{ RESULT("\"_time\":\"1795564742\",\"a\":\"1\",\"src\":[\"x\"]"),
	  false },
	{ RESULT(ROW ",\"_raw\":\"r\""), false },
	{ "{\"sid\":\"t\",\"result\":{" ROW "}}", false },
	{ "{\"result\":{" ROW "}}", false },
};

static const char *uid_of(json_t *record)
{
	return json_string_value(json_down(record, "finding_info.uid"));
}

static void one_result_is_one_finding_by_whatever_way(void **state)
{
	json_t *first = finding_of("first", told[0].text, strlen(told[0].text));
	int faults = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		json_t *record = finding_of(told[i].text, told[i].text,
					    strlen(told[i].text));

		if ((strcmp(uid_of(record), uid_of(first)) == 0) !=
		    told[i].same) {
			print_error("%s\n", told[i].text);
			faults++;
		}
		json_decref(record);
	}
	json_decref(first);
	assert_int_equal(faults, 0);
}

/* Sent again it is the same, though its time says nothing. */
static void an_unreadable_time_counts_as_it_is_written(void **state)
{
	static const char *const texts[] = {
		RESULT("\"_time\":\"at noon\",\"a\":\"1\""),
		RESULT("\"a\":\"1\",\"_time\":\"at noon\""),
		RESULT("\"_time\":\"at midnight\",\"a\":\"1\""),
		"{\"_time\":\"at noon\",\"a\":\"1\"}",
		"{\"a\":\"1\",\"_time\":\"at noon\"}",
	};
	json_t *records[5];

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct hd_reason why = { "" };
		unsigned errors = 0;

		records[i] = splunk_finding(map, texts[i], strlen(texts[i]),
					    &errors, &why);
	}
	assert_string_equal(uid_of(records[0]), uid_of(records[1]));
	assert_string_not_equal(uid_of(records[0]), uid_of(records[2]));
	assert_string_equal(uid_of(records[3]), uid_of(records[4]));
	assert_string_not_equal(uid_of(records[0]), uid_of(records[3]));
	for (size_t i = 0; i < 5; i++)
		json_decref(records[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixtures_become_findings),
		cmocka_unit_test(fields_go_to_their_places),
		cmocka_unit_test(one_result_is_one_finding_by_whatever_way),
		cmocka_unit_test(an_unreadable_time_counts_as_it_is_written),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
