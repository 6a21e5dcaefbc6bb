#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/record/record.h"
#include "tests/unit/json_help.h"

#define RECORD                                                                 \
	"{'device': {'hostname': 'srv', 'ip': '10.0.0.1', 'type_id': 0,"       \
	" 'owner': {'name': 'boss'}},"                                         \
	" 'evidences': [{'user': {'name': 'ann', 'email_addr': 'a@b.example'," \
	"  'ldap_person': {'manager': {'name': 'boss'}}},"                     \
	"  'src_endpoint': {'ip': '198.51.100.1', 'port': 443, 'location':"    \
	"  {'country': 'RO'}},"                                                \
	"  'process': {'name': 'p', 'cmd_line': 'p -x', 'pid': 1, 'file':"     \
	"  {'name': 'p.exe', 'type_id': 1, 'hashes': [{'algorithm_id': 1,"     \
	"  'value': 'd41d8cd98f00b204e9800998ecf8427e'}]}}},"                  \
	" {'src_endpoint': {'ip': '198.51.100.1'},"                            \
	"  'dst_endpoint': {'hostname': 'srv'},"                               \
	"  'email': {'from': 'x@y.example', 'to': ['a@b.example', "            \
	"'c@d.example']},"                                                     \
	"  'url': {'url_string': 'http://u.example/'},"                        \
	"  'query': {'hostname': 'q.example'}}]}"

static void every_typed_place_is_listed_once(void **state)
{
	static const char *const want[] = {
		"device.hostname 1 srv",
		"device.ip 2 10.0.0.1",
		"evidences[0].user.name 4 ann",
		"evidences[0].user.email_addr 5 a@b.example",
		"evidences[0].src_endpoint.ip 2 198.51.100.1",
		"evidences[0].src_endpoint.port 11 443",
		"evidences[0].src_endpoint.location.country 14 RO",
		"evidences[0].process.name 9 p",
		"evidences[0].process.cmd_line 13 p -x",
		("evidences[0].process.file.hashes[0].value 8 "
		 "d41d8cd98f00b204e9800998ecf8427e"),
		"evidences[1].url.url_string 6 http://u.example/",
		"evidences[1].email.from 5 x@y.example",
		"evidences[1].email.to[1] 5 c@d.example",
		"evidences[1].query.hostname 1 q.example",
	};
	json_t *record = json_of(RECORD);
	json_t *list;

	(void)state;
	hd_record_index(record);
	list = json_object_get(record, "observables");
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		const json_t *o = json_array_get(list, i);
		char got[256];

		snprintf(got, sizeof(got), "%s %d %s",
			 json_string_value(json_object_get(o, "name")),
			 (int)json_integer_value(json_object_get(o, "type_id")),
			 json_string_value(json_object_get(o, "value")));
		assert_string_equal(got, want[i]);
	}
	assert_int_equal(json_array_size(list), sizeof(want) / sizeof(want[0]));
	assert_string_equal(json_string_value(json_down(list, "4.type")),
			    "IP Address");
	json_decref(record);
}

static void reputations_stay_and_so_does_what_came_from_elsewhere(void **state)
{
	json_t *record = json_of(
		"{'device': {'hostname': 'srv'}, 'observables': ["
		"{'name': 'device.hostname', 'type_id': 1, 'value': 'srv',"
		" 'reputation': {'base_score': 1.0, 'score_id': 7}},"
		"{'name': 'device.ip', 'type_id': 2, 'value': '192.0.2.9'},"
		"{'name': 'enrichments.misp', 'type_id': 2, 'value':"
		" '192.0.2.8'},"
		"{'type_id': 1, 'value': 'srv'}]}");

	(void)state;
	hd_record_index(record);
	assert_true(json_same(
		json_object_get(record, "observables"),
		"[{'name': 'device.hostname', 'type_id': 1, 'type': 'Hostname',"
		" 'value': 'srv', 'reputation': {'base_score': 1.0,"
		" 'score_id': 7}}, {'name': 'enrichments.misp', 'type_id': 2,"
		" 'value': '192.0.2.8'}]"));
	json_decref(record);
}

static void note(void *ud, enum hd_kind kind, const char *value, size_t n,
		 json_t *observable)
{
	char *text = ud;
	size_t end = strlen(text);

	(void)observable;
	assert_int_equal(strlen(value), n);
	snprintf(text + end, 1024 - end, "%s=%s ", hd_kind_name(kind), value);
}

static void what_can_be_looked_up_comes_by_kind_and_normalized(void **state)
{
	json_t *record = json_of(
		"{'device': {'hostname': 'SRV.example.', 'type_id': 0},"
		" 'evidences': [{'user': {'name': 'CORP\\\\ann'},"
		" 'src_endpoint': {'ip': 'not one', 'port': 1},"
		" 'process': {'name': 'p'}}, {'src_endpoint':"
		" {'ip': '2001:DB8::1'}}]}");
	char text[1024] = "";

	(void)state;
	hd_record_index(record);
	hd_record_observables(record, (1u << HD_KIND_COUNT) - 1, note, text);
	assert_string_equal(text, "host=srv.example domain=srv.example "
				  "user=ann ip=2001:db8::1 ");
	json_decref(record);
}

static void a_view_is_the_first_entry_that_has_it(void **state)
{
	json_t *record = json_of(
		"{'device': {'hostname': 'd'}, 'actor': {'app_name': 'root'},"
		" 'evidences': [{'user': {'name': 'a'}},"
		" {'src_endpoint': {'ip': 's'}, 'user': {'name': 'b'}}]}");

	(void)state;
	assert_ptr_equal(hd_record_view(record, "user"),
			 json_down(record, "evidences.0.user"));
	assert_ptr_equal(hd_record_view(record, "src"),
			 json_down(record, "evidences.1.src_endpoint"));
	assert_ptr_equal(hd_record_view(record, "device"),
			 json_down(record, "device"));
	assert_ptr_equal(hd_record_view(record, "actor"),
			 json_down(record, "actor"));
	assert_null(hd_record_view(record, "dst"));
	assert_null(hd_record_view(record, "nothing"));
	json_decref(record);
}

static void the_worst_reputation_of_a_view_counts_and_99_does_not(void **state)
{
	json_t *record = json_of(
		"{'evidences': [{'file': {'name': 'f', 'path': '/f'},"
		" 'src_endpoint': {'ip': '192.0.2.1'}}], 'observables': ["
		"{'type_id': 7, 'value': 'f', 'reputation': {'score_id': 7,"
		" 'base_score': 2.0}},"
		"{'type_id': 45, 'value': '/f', 'reputation': {'score_id': 9,"
		" 'base_score': 12.0}},"
		"{'type_id': 4, 'value': 'f', 'reputation': {'score_id': 10,"
		" 'base_score': 1.0}},"
		"{'type_id': 2, 'value': '192.0.2.1', 'reputation':"
		" {'score_id': 99, 'base_score': 1.0}}]}");
	double base = 0;

	(void)state;
	assert_int_equal(hd_record_view_reputation(record, "file", &base), 9);
	assert_true(base == 12.0);
	assert_int_equal(hd_record_view_reputation(record, "src", &base), -1);
	assert_int_equal(hd_record_view_reputation(record, "user", NULL), -1);
	json_decref(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_typed_place_is_listed_once),
		cmocka_unit_test(
			reputations_stay_and_so_does_what_came_from_elsewhere),
		cmocka_unit_test(
			what_can_be_looked_up_comes_by_kind_and_normalized),
		cmocka_unit_test(a_view_is_the_first_entry_that_has_it),
		cmocka_unit_test(
			the_worst_reputation_of_a_view_counts_and_99_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
