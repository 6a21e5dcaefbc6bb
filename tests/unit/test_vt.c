/* vt_enrich: recorded answers of VirusTotal, and what is made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "common/base64.h"
#include "core/plugin/instance_impl.h"
#include "tests/unit/json_help.h"
#include "vt_enrich/judge.h"
#include "vt_enrich/report.h"

static herald_host h;

/* A new reference. */
static json_t *fixture(const char *name)
{
	char path[512];
	json_error_t error;
	json_t *value;

	snprintf(path, sizeof(path), TEST_SRCDIR "/fixtures/virustotal/%s.json",
		 name);
	value = json_load_file(path, 0, &error);
	if (!value)
		fail_msg("%s: %s", path, error.text);
	return value;
}

/* The answer for the core as a new reference; NULL: no report. */
static json_t *read_body(const char *text, const char *gui)
{
	struct hp_json body, out;
	json_t *made = NULL;

	hp_json_open(&body, &h, herald_cstr(text));
	hp_json_open(&out, &h, (herald_str){ NULL, 0 });
	if (vt_report_read(&body, gui, &out))
		made = json_loads(hp_json_all(&out).p, 0, NULL);
	hp_json_close(&out);
	hp_json_close(&body);
	return made;
}

static json_t *read_fixture(const char *name, const char *gui)
{
	json_t *exchange = fixture(name), *made;
	char *text = json_dumps(json_down(exchange, "response.body"), 0);

	made = read_body(text, gui);
	free(text);
	json_decref(exchange);
	assert_non_null(made);
	return made;
}

static const struct {
	const char *name, *gui, *reputation, *desc, *link;
} reports[] = {
	{ "ip_malicious", "ip-address", "{'base_score':5,'score_id':8}",
	  "malicious to 5 of 87 engines, suspicious to 2",
	  "https://www.virustotal.com/gui/ip-address/203.0.113.45" },
	{ "ip_clean", "ip-address", "{'base_score':0,'score_id':3}",
	  "malicious to 0 of 91 engines",
	  "https://www.virustotal.com/gui/ip-address/198.51.100.10" },
	{ "ip_sparse_never_scanned", "ip-address",
	  "{'base_score':0,'score_id':0}", "known, never scanned",
	  "https://www.virustotal.com/gui/ip-address/192.0.2.200" },
	{ "domain_malicious", "domain", "{'base_score':8,'score_id':8}",
	  "malicious to 8 of 98 engines",
	  "https://www.virustotal.com/gui/domain/evil.example.net" },
	{ "file_malicious_eicar", "file", "{'base_score':62,'score_id':10}",
	  "malicious to 62 of 65 engines",
	  "https://www.virustotal.com/gui/file/275a021bbfb6489e54d471899f7db9d1"
	  "663fc695ec2fe2a2c4538aabf651fd0f" },
	{ "url_malicious", "url", "{'base_score':9,'score_id':8}",
	  "malicious to 9 of 91 engines, suspicious to 1",
	  "https://www.virustotal.com/gui/url/c4d53c990d9aca961823f188190eed7b6"
	  "8347d4d855bd49a641a17d53ad7c3a3" },
};

static void recorded_reports_are_scored(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		json_t *made = read_fixture(reports[i].name, reports[i].gui);

		print_message("%s\n", reports[i].name);
		assert_true(json_same(json_down(made, "reputation"),
				      reports[i].reputation));
		assert_string_equal(json_string_value(json_down(made, "desc")),
				    reports[i].desc);
		assert_string_equal(json_string_value(json_down(made, "link")),
				    reports[i].link);
		json_decref(made);
	}
}

static void a_report_is_trimmed(void **state)
{
	json_t *made = read_fixture("file_malicious_eicar", "file");

	(void)state;
	assert_null(json_down(made, "data.last_analysis_results"));
	assert_int_equal(json_integer_value(json_down(made, "data.malicious")),
			 62);
	assert_int_equal(json_integer_value(json_down(made, "data.engines")),
			 65);
	/* Users of VirusTotal like EICAR. */
	assert_int_equal(json_integer_value(json_down(made, "data.votes")),
			 3580);
	assert_string_equal(json_string_value(json_down(made, "data.threat")),
			    "virus.eicar/test");
	json_decref(made);
}

static const struct {
	struct vt_counts counts;
	int score_id;
} scores[] = {
	{ { 20, 0, 0, 0 }, 10 }, { { 19, 9, 9, 9 }, 9 }, { { 10, 0, 0, 0 }, 9 },
	{ { 9, 0, 50, 0 }, 8 },	 { { 3, 0, 0, 0 }, 8 },	 { { 2, 0, 80, 0 }, 7 },
	{ { 1, 0, 0, 0 }, 6 },	 { { 0, 1, 80, 0 }, 6 }, { { 0, 0, 1, 70 }, 3 },
	{ { 0, 0, 0, 70 }, 0 },	 { { 0, 0, 0, 0 }, 0 },
};

static void the_score_follows_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scores) / sizeof(scores[0]); i++) {
		if (vt_score(&scores[i].counts) != scores[i].score_id)
			fail_msg("row %zu: %d", i, vt_score(&scores[i].counts));
	}
}

static void odd_reports_are_read_tolerantly(void **state)
{
	json_t *made;

	(void)state;
	made = read_body("{\"data\":{\"id\":7,\"attributes\":{"
			 "\"last_analysis_stats\":{\"malicious\":\"4\","
			 "\"suspicious\":-3,\"harmless\":1e99,"
			 "\"undetected\":9999999999}}}}",
			 "file");
	assert_true(json_same(json_down(made, "reputation"),
			      "{'base_score':4,'score_id':8}"));
	assert_int_equal(json_integer_value(json_down(made, "data.suspicious")),
			 0);
	json_decref(made);
	/* No counts at all. */
	made = read_body("{\"data\":{\"attributes\":{}}}", "file");
	assert_true(json_same(json_down(made, "reputation"),
			      "{'base_score':0,'score_id':0}"));
	assert_null(json_down(made, "link"));
	json_decref(made);
}

static void an_identifier_cannot_bend_the_link(void **state)
{
	json_t *made = read_body("{\"data\":{\"id\":\"x/../y?z\","
				 "\"attributes\":{}}}",
				 "domain");

	(void)state;
	assert_null(json_down(made, "link"));
	json_decref(made);
}

static void what_is_no_report_is_told(void **state)
{
	static const char *const bad[] = { "{}",
					   "[]",
					   "[{\"id\":{\"id\":[]}}]",
					   "{\"data\":[]}",
					   "{\"data\":{\"attributes\":[]}}",
					   "{\"error\":{\"code\":\"x\"}}",
					   "<html>" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (read_body(bad[i], "file"))
			fail_msg("%s passed for a report", bad[i]);
	}
}

/* `host`: what herald_reply.status says of such a reply. */
static const struct {
	const char *name;
	uint32_t host, status;
} errors[] = {
	{ "error_400_ip", HERALD_FAILED, HERALD_BAD_INPUT },
	{ "error_401_no_key", HERALD_AUTH, HERALD_AUTH },
	{ "error_401_wrong_key", HERALD_AUTH, HERALD_AUTH },
	{ "error_403_premium", HERALD_FORBIDDEN, HERALD_AUTH },
	{ "error_404_domain", HERALD_NOT_FOUND, HERALD_NOT_FOUND },
	{ "error_404_file", HERALD_NOT_FOUND, HERALD_NOT_FOUND },
	{ "error_404_url", HERALD_NOT_FOUND, HERALD_NOT_FOUND },
	{ "error_429_quota", HERALD_QUOTA, HERALD_QUOTA },
	{ "error_429_too_many", HERALD_QUOTA, HERALD_BUSY },
	{ "error_502_html", HERALD_RETRY, HERALD_RETRY },
	{ "error_503_transient", HERALD_RETRY, HERALD_RETRY },
};

static void recorded_errors_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		json_t *e = fixture(errors[i].name), *code, *word;

		code = json_down(e, "response.status");
		word = json_down(e, "response.body.error.code");
		if (vt_judge(errors[i].host, (uint32_t)json_integer_value(code),
			     word ? json_string_value(word) : "") !=
		    errors[i].status)
			fail_msg("%s", errors[i].name);
		json_decref(e);
	}
}

static void codes_without_their_word_are_not_what_they_seem(void **state)
{
	(void)state;
	assert_int_equal(vt_judge(HERALD_FAILED, 400, "NotAvailableYet"),
			 HERALD_RETRY);
	assert_int_equal(vt_judge(HERALD_FAILED, 424, "FailedDependencyError"),
			 HERALD_RETRY);
	/* A wrong address, a proxy: nothing is known of the value. */
	assert_int_equal(vt_judge(HERALD_NOT_FOUND, 404, ""), HERALD_BAD_REPLY);
	assert_int_equal(vt_judge(HERALD_NOT_FOUND, 410, ""), HERALD_BAD_REPLY);
	assert_int_equal(vt_judge(HERALD_FORBIDDEN, 403, ""), HERALD_FORBIDDEN);
	assert_int_equal(vt_judge(HERALD_QUOTA, 429, ""), HERALD_QUOTA);
	assert_int_equal(vt_judge(HERALD_UNREACHABLE, 0, ""),
			 HERALD_UNREACHABLE);
	assert_int_equal(vt_judge(HERALD_OK, 200, ""), HERALD_OK);
}

static void the_third_refusal_in_a_row_waits_for_midnight(void **state)
{
	/* 22:30:00 UTC of some day. */
	const int64_t utc = INT64_C(20000) * 86400000 + 81000000;
	struct vt_quota q = { 0 };

	(void)state;
	assert_int_equal(vt_quota_spent(&q, 1000, utc), 60000);
	/* The others that were under way belong to the same wait. */
	assert_int_equal(vt_quota_spent(&q, 2000, utc), 59000);
	assert_int_equal(vt_quota_spent(&q, 61000, utc), 60000);
	assert_int_equal(vt_quota_spent(&q, 121000, utc), 5400000);
	vt_quota_answered(&q);
	assert_int_equal(vt_quota_spent(&q, 9000000, utc), 60000);
}

static void urls_are_named_as_recorded(void **state)
{
	json_t *ids = fixture("url_ids"),
	       *pairs = json_object_get(ids, "pairs");
	json_t *pair;
	size_t i;

	(void)state;
	assert_true(json_array_size(pairs) >= 5);
	json_array_foreach(pairs, i, pair) {
		const char *url = json_string_value(
			json_object_get(pair, "url"));
		char id[256];

		hp_base64_url(id, url, strlen(url));
		assert_string_equal(id, json_string_value(
						json_object_get(pair, "id")));
	}
	json_decref(ids);
}

static void a_wait_outlives_a_restart(void **state)
{
	const int64_t utc = INT64_C(1795561200000); /* 23:00 UTC */
	struct vt_quota q = { 0 }, again;
	char text[VT_QUOTA_TEXT];

	(void)state;
	for (int i = 0; i < 3; i++)
		vt_quota_spent(&q, 1000 + i * 60000, utc + i * 60000);
	vt_quota_write(&q, 121000, utc + 120000, text);
	/* Started again after ten minutes, on another monotonic clock. */
	vt_quota_read(&again, text, 7, utc + 720000);
	assert_int_equal(vt_quota_left(&again, 7), 3600000 - 720000);
	assert_int_equal(again.waits, 3);
	/* After midnight there is none. */
	vt_quota_read(&again, text, 7, utc + 3600000);
	assert_int_equal(vt_quota_left(&again, 7), 0);
	assert_int_equal(again.waits, 0);
	/* The clock was set back by a month: a day at most. */
	vt_quota_read(&again, text, 7, utc - INT64_C(30) * 86400000);
	assert_int_equal(vt_quota_left(&again, 7), 86400000);
	for (size_t i = 0; i < 4; i++) {
		static const char *const odd[] = { "", "x", "9", "{} {}" };

		vt_quota_read(&again, odd[i], 7, utc);
		assert_int_equal(vt_quota_left(&again, 7), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_reports_are_scored),
		cmocka_unit_test(a_report_is_trimmed),
		cmocka_unit_test(the_score_follows_the_table),
		cmocka_unit_test(a_wait_outlives_a_restart),
		cmocka_unit_test(odd_reports_are_read_tolerantly),
		cmocka_unit_test(an_identifier_cannot_bend_the_link),
		cmocka_unit_test(what_is_no_report_is_told),
		cmocka_unit_test(recorded_errors_are_judged),
		cmocka_unit_test(
			codes_without_their_word_are_not_what_they_seem),
		cmocka_unit_test(the_third_refusal_in_a_row_waits_for_midnight),
		cmocka_unit_test(urls_are_named_as_recorded),
	};

	hd_host_fill_json(&h);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
