#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/record/record.h"
#include "tests/unit/json_help.h"

static const struct {
	const char *name;
	const char *steps[6]; /* path, value, path, value, ... */
	bool fits;	      /* what the last one answers */
	const char *want;
} cases[] = {
	{ "a plain attribute",
	  { "message", "'hello'" },
	  true,
	  "{'message': 'hello'}" },
	{ "parents are made",
	  { "finding_info.analytic.name", "'rule'" },
	  true,
	  "{'finding_info': {'analytic': {'name': 'rule'}}}" },
	{ "a single value goes to the first entry",
	  { "evidences.user.name", "'ann'" },
	  true,
	  "{'evidences': [{'user': {'name': 'ann'}}]}" },
	{ "each value of a list gets an entry",
	  { "evidences.user.name", "['ann', 'bob']", "evidences.user.domain",
	    "['CORP', '']" },
	  true,
	  "{'evidences': [{'user': {'name': 'ann', 'domain': 'CORP'}},"
	  " {'user': {'name': 'bob'}}]}" },
	{ "lists of one length stay beside each other",
	  { "evidences.user.name", "['ann', 'bob']", "evidences.user.domain",
	    "['', 'CORP']" },
	  true,
	  "{'evidences': [{'user': {'name': 'ann'}},"
	  " {'user': {'name': 'bob', 'domain': 'CORP'}}]}" },
	{ "the innermost array takes the list",
	  { "evidences.email.urls.url_string", "['http://a', 'http://b']" },
	  true,
	  "{'evidences': [{'email': {'urls': [{'url_string': 'http://a'},"
	  " {'url_string': 'http://b'}]}}]}" },
	{ "an attribute that is a list takes all, each once",
	  { "metadata.labels", "['a', 'b']", "metadata.labels", "['b', 'c']" },
	  true,
	  "{'metadata': {'labels': ['a', 'b', 'c']}}" },
	{ "also inside another list",
	  { "evidences.email.to", "['a@x', 'b@x']" },
	  true,
	  "{'evidences': [{'email': {'to': ['a@x', 'b@x']}}]}" },
	{ "the first value wins",
	  { "message", "'one'", "message", "'two'" },
	  true,
	  "{'message': 'one'}" },
	{ "numeric text becomes an integer",
	  { "evidences.src_endpoint.port", "'443'" },
	  true,
	  "{'evidences': [{'src_endpoint': {'port': 443}}]}" },
	{ "a fraction of zeros is an integer",
	  { "time", "'1795561200.000000000'" },
	  true,
	  "{'time': 1795561200}" },
	{ "a fraction is none",
	  { "count", "'1.5'" },
	  false,
	  "{'unmapped': {'herald': {'count': '1.5'}}}" },
	{ "a port past its bounds",
	  { "evidences.src_endpoint.port", "70000" },
	  false,
	  "{'evidences': [{'src_endpoint': {}}], 'unmapped': {'herald':"
	  " {'evidences_src_endpoint_port': 70000}}}" },
	{ "a number past int64",
	  { "count", "'9223372036854775808'" },
	  false,
	  "{'unmapped': {'herald': {'count': '9223372036854775808'}}}" },
	{ "a value outside an enum",
	  { "severity_id", "7" },
	  false,
	  "{'unmapped': {'herald': {'severity_id': 7}}}" },
	{ "a number becomes text",
	  { "message", "12" },
	  true,
	  "{'message': '12'}" },
	{ "text becomes a bool",
	  { "evidences.user.has_mfa", "'False'" },
	  true,
	  "{'evidences': [{'user': {'has_mfa': false}}]}" },
	{ "1 is true", { "is_alert", "'1'" }, true, "{'is_alert': true}" },
	{ "2 is no bool",
	  { "is_alert", "2" },
	  false,
	  "{'unmapped': {'herald': {'is_alert': 2}}}" },
	{ "an integer becomes a real",
	  { "evidences.src_endpoint.location.lat", "'52'" },
	  true,
	  "{'evidences': [{'src_endpoint': {'location': {'lat': 52.0}}}]}" },
	{ "null sets nothing", { "message", "null" }, true, "{}" },
	{ "empty text sets nothing", { "message", "''" }, true, "{}" },
	{ "a list of nothing sets nothing",
	  { "metadata.labels", "['', null, []]" },
	  true,
	  "{}" },
	{ "an attribute that OCSF lacks",
	  { "evidences.user.nick", "'x'" },
	  false,
	  "{'unmapped': {'herald': {'evidences_user_nick': 'x'}}}" },
	{ "a path through a text",
	  { "message.text", "'x'" },
	  false,
	  "{'unmapped': {'herald': {'message_text': 'x'}}}" },
	{ "an address that is too long",
	  { "device.ip", "'12345678901234567890123456789012345678901'" },
	  false,
	  "{'device': {}, 'unmapped': {'herald': {'device_ip':"
	  " '12345678901234567890123456789012345678901'}}}" },
	{ "one value of a list where there is room for one",
	  { "device.hostname", "['', 'gw1', 'gw2']" },
	  true,
	  "{'device': {'hostname': 'gw1'}, 'unmapped': {'herald':"
	  " {'device_hostname': ['', 'gw1', 'gw2']}}}" },
	{ "below unmapped anything goes",
	  { "unmapped.splunk.sid", "'s'", "unmapped.splunk.n", "[1, {}]" },
	  true,
	  "{'unmapped': {'splunk': {'sid': 's', 'n': [1, {}]}}}" },
	{ "an object is taken whole",
	  { "evidences.user", "{'name': 'ann'}" },
	  true,
	  "{'evidences': [{'user': {'name': 'ann'}}]}" },
};

static void values_go_where_the_schema_has_room(void **state)
{
	int faults = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *record = json_object();
		bool fits = true;

		for (size_t s = 0; s < 6 && cases[i].steps[s]; s += 2) {
			json_t *value = json_of(cases[i].steps[s + 1]);

			fits = hd_record_set(record, cases[i].steps[s], value);
			json_decref(value);
		}
		if (!json_same(record, cases[i].want) ||
		    fits != cases[i].fits) {
			print_error("%s\n", cases[i].name);
			faults++;
		}
		json_decref(record);
	}
	assert_int_equal(faults, 0);
}

static void what_was_received_is_not_shared_with_the_record(void **state)
{
	json_t *received = json_of("{'u': {'name': 'ann'}}");
	json_t *record = json_object();

	(void)state;
	hd_record_set(record, "evidences.user", json_object_get(received, "u"));
	json_object_set_new(json_down(record, "evidences.0.user"), "domain",
			    json_string("CORP"));
	assert_true(json_same(received, "{'u': {'name': 'ann'}}"));
	json_decref(record);
	json_decref(received);
}

/* 50,000 values of a stranger must not cost a comparison of each with each,
 * nor make 50,000 entries. */
static void a_long_list_is_bounded(void **state)
{
	json_t *list = json_array();
	json_t *record = json_object();

	(void)state;
	for (int i = 0; i < 50000; i++)
		json_array_append_new(list, json_sprintf("u%d", i));
	assert_false(hd_record_set(record, "evidences.user.name", list));
	assert_int_equal(json_array_size(json_down(record, "evidences")), 4096);
	assert_false(hd_record_set(record, "metadata.labels", list));
	assert_int_equal(json_array_size(json_down(record, "metadata.labels")),
			 4096);
	assert_int_equal(json_array_size(json_down(
				 record, "unmapped.herald.metadata_labels")),
			 50000);
	json_decref(record);
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_go_where_the_schema_has_room),
		cmocka_unit_test(
			what_was_received_is_not_shared_with_the_record),
		cmocka_unit_test(a_long_list_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
