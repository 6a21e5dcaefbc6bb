#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "misp_enrich/search.h"
#include "misp_enrich/value.h"
#include "tests/unit/json_help.h"
#include "tests/unit/plugin_rig.h"

#define PAGE 3

static struct rig rig;
static struct misp misp;
static herald_lookup lookups[8];
static size_t lookup_count;

static int set_up(void **state)
{
	(void)state;
	rig_init(&rig);
	misp = (struct misp){ .h = &rig.h,
			      .url = "https://misp.example.com/",
			      .page_size = PAGE };
	rig.self = &misp;
	lookup_count = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_fini(&rig);
	return 0;
}

/* Asks about values; their requests are 1, 2, ... */
static void ask(const char *first, ...)
{
	const herald_lookup *batch[8];
	const char *value = first;
	va_list ap;

	va_start(ap, first);
	for (; value; value = va_arg(ap, const char *)) {
		herald_lookup *l = &lookups[lookup_count];

		*l = (herald_lookup){ .struct_size = sizeof(*l),
				      .req = lookup_count + 1,
				      .value = herald_cstr(value) };
		batch[lookup_count++] = l;
	}
	va_end(ap);
	misp_search_start(&misp, batch, (uint32_t)lookup_count);
}

static void answer_recorded(const char *name)
{
	char *body = rig_recorded(name);

	rig_answer(&rig, 200, NULL, body);
	free(body);
}

static json_t *of(herald_id req, const char *path)
{
	const struct rig_result *r = rig_result(&rig, req);

	assert_non_null(r);
	return json_down(r->json, path);
}

static void expect(herald_id req, const char *path, const char *want)
{
	if (!json_same(of(req, path), want))
		fail_msg("%s of request %d", path, (int)req);
}

static void expect_status(herald_id req, uint32_t status)
{
	const struct rig_result *r = rig_result(&rig, req);

	assert_non_null(r);
	assert_int_equal(r->status, status);
}

/* Traps 1 to 3 of the reference. */
static void values_are_asked_as_plain_text(void **state)
{
	(void)state;
	ask("203.0.113.45", "!a&&b", NULL);
	assert_string_equal(rig_line(&rig, 0), "POST /attributes/restSearch");
	if (!json_same(rig.calls[0].body,
		       "{'returnFormat': 'json', 'value': {'OR':"
		       " ['203.0.113.45', '!a&&b']}, 'includeEventTags': 1,"
		       " 'includeContext': 1, 'includeWarninglistHits': 1,"
		       " 'limit': 3, 'page': 1}"))
		fail();
	answer_recorded("misp/attributes_miss.json");
	expect_status(1, HERALD_NOT_FOUND);
	expect_status(2, HERALD_NOT_FOUND);
}

static void what_would_match_everything_is_never_asked(void **state)
{
	(void)state;
	ask("", " ", "%a", "a%", NULL);
	assert_int_equal(rig.call_count, 0);
	for (herald_id req = 1; req <= 4; req++)
		expect_status(req, HERALD_NOT_APPLICABLE);
}

static void to_ids_is_a_filter_where_it_is_wanted(void **state)
{
	(void)state;
	misp.to_ids = true;
	ask("a", NULL);
	if (!json_same(json_object_get(rig.calls[0].body, "to_ids"), "1"))
		fail();
	answer_recorded("misp/attributes_miss.json");
}

static void a_hit_is_judged_and_told(void **state)
{
	(void)state;
	ask("203.0.113.45", "203.0.113.46", NULL);
	answer_recorded("misp/attributes_full_context.json");
	expect_status(1, HERALD_OK);
	expect(1, "reputation", "{'base_score': 2, 'score_id': 10}");
	expect(1, "desc",
	       "'2 attributes, events 1, 2; on the warning list"
	       " List of RFC 5735 CIDR blocks'");
	expect(1, "link", "'https://misp.example.com/events/view/1'");
	expect(1, "labels", "['tlp:amber', 'tlp:clear']");
	expect(1, "data.count", "2");
	expect(1, "data.events", "['1', '2']");
	expect(1, "data.matches.0",
	       "{'event_id': '1', 'type': 'ip-dst', 'value': '203.0.113.45',"
	       " 'category': 'Network activity', 'comment': 'C2 server',"
	       " 'first_seen': '2026-11-18T08:00:00.000000+00:00',"
	       " 'last_seen': '2026-11-20T10:00:00.000000+00:00',"
	       " 'event_info': 'Example botnet C2 infrastructure, 2026"
	       " campaign', 'event_date': '2026-11-20', 'organisation':"
	       " 'EXAMPLE-CERT', 'threat_level': 'high', 'to_ids': true,"
	       " 'changed': 1795568603, 'tags':"
	       " ['admiralty-scale:information-credibility=\\\"2\\\"',"
	       " 'tlp:amber', 'misp-galaxy:mitre-attack-pattern="
	       "\\\"Application Layer Protocol - T1071\\\"',"
	       " 'admiralty-scale:source-reliability=\\\"b\\\"'],"
	       " 'warnings': ['List of RFC 5735 CIDR blocks']}");
	expect_status(2, HERALD_NOT_FOUND);
}

/* What MISP found that was not asked (a wildcard, a bug) counts for nobody. */
static void what_was_not_asked_is_not_used(void **state)
{
	(void)state;
	misp.page_size = 100;
	ask("192.0.2.99", NULL);
	answer_recorded(
		"misp/"
		"attributes_danger_empty_value_returns_everything.json");
	expect_status(1, HERALD_NOT_FOUND);
}

#define ATTRIBUTE(type, value, more)                                          \
	"{\"type\":\"" type "\",\"value\":\"" value "\",\"event_id\":7," more \
	"\"Event\":{\"id\":\"7\","                                            \
	"\"threat_level_id\":\"2\"}}"
#define TO_IDS "\"to_ids\":true,"
#define WARNED "\"warnings\":[{\"warninglist_name\":\"l\"}],"
#define IN_RESPONSE(list) "{\"response\":{\"Attribute\":[" list "]}}"

static const struct {
	const char *body;
	int64_t score_id;
} judged[] = {
	{ IN_RESPONSE(ATTRIBUTE("ip-dst", "192.0.2.1", TO_IDS)), 9 },
	{ IN_RESPONSE(ATTRIBUTE("ip-dst", "192.0.2.1", TO_IDS WARNED)), 9 },
	{ IN_RESPONSE(ATTRIBUTE("ip-dst", "192.0.2.1", "\"to_ids\":\"1\",")),
	  9 },
	{ IN_RESPONSE(ATTRIBUTE("ip-dst", "192.0.2.1", "")), 6 },
	{ IN_RESPONSE(ATTRIBUTE("ip-dst", "192.0.2.1", WARNED)), 4 },
	/* Either half of a composite type. */
	{ IN_RESPONSE(ATTRIBUTE("ip-dst|port", "192.0.2.1|80", TO_IDS)), 9 },
	{ IN_RESPONSE(ATTRIBUTE("domain|ip", "a.example|192.0.2.1", TO_IDS)),
	  9 },
	/* Other shapes. */
	{ "[" ATTRIBUTE("ip-dst", "192.0.2.1", TO_IDS) "]", 9 },
	{ "{\"response\":[" ATTRIBUTE("ip-dst", "192.0.2.1", TO_IDS) "]}", 9 },
	{ "{\"response\":[{\"Event\":{\"id\":7,\"threat_level_id\":1,"
	  "\"Attribute\":[" ATTRIBUTE("ip-dst", "192.0.2.1", TO_IDS) "]}}]}",
	  10 },
	{ "[{\"Event\":{\"id\":7,\"threat_level_id\":3,\"Attribute\":[],"
	  "\"Object\":[{\"Attribute\":[" ATTRIBUTE("ip-dst", "192.0.2.1",
						   TO_IDS) "]}]}}]",
	  8 },
};

static void shapes_and_flags_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++) {
		set_up(NULL);
		ask("192.0.2.1", NULL);
		rig_answer(&rig, 200, NULL, judged[i].body);
		if (json_integer_value(of(1, "reputation.score_id")) !=
			    judged[i].score_id ||
		    !json_same(of(1, "link"), "'https://misp.example.com/"
					      "events/view/7'"))
			fail_msg("%s", judged[i].body);
		tear_down(NULL);
	}
	set_up(NULL);
}

static const struct {
	const char *type, *value, *asked;
	bool fits;
} fits[] = {
	{ "ip-dst", "192.0.2.1", "192.0.2.1", true },
	{ "ip-dst", "192.0.2.10", "192.0.2.1", false },
	{ "domain", "EVIL.example.NET", "evil.example.net", true },
	{ "ip-src", "2001:DB8:0:0:0:0:0:7", "2001:db8::7", true },
	{ "filename|sha256", "a|b.exe|AB", "ab", false },
	{ "filename|sha256", "a.exe|AB", "ab", true },
	{ "filename|sha256", "a.example|AB", "a.example", false },
	{ "domain|ip", "a.example|192.0.2.1", "a.example", true },
	{ "domain|ip", "a.example|192.0.2.1", "192.0.2.1", true },
	{ "text", "x|192.0.2.1", "192.0.2.1", false },
	{ "ip-dst|port", "192.0.2.1|80", "192.0.2.1|80", true },
	{ "ip-dst", "192.0.2.0/24", "192.0.2.1", false },
};

static void values_fit_by_halves_and_whatever_the_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++) {
		if (misp_value_fits(herald_cstr(fits[i].type),
				    herald_cstr(fits[i].value),
				    herald_cstr(fits[i].asked)) != fits[i].fits)
			fail_msg("%s %s", fits[i].type, fits[i].value);
	}
}

#define OTHER ATTRIBUTE("ip-dst", "198.51.100.9", TO_IDS)
#define FULL_PAGE IN_RESPONSE(OTHER "," OTHER "," OTHER)

static void pages_are_read_until_one_is_not_full(void **state)
{
	(void)state;
	ask("198.51.100.9", "192.0.2.1", "192.0.2.2", NULL);
	rig_answer(&rig, 200, NULL, FULL_PAGE);
	assert_int_equal(rig.result_count, 0);
	if (!json_same(json_object_get(rig.calls[1].body, "page"), "2"))
		fail();
	rig_answer(&rig, 200, NULL,
		   IN_RESPONSE(ATTRIBUTE("ip-dst", "192.0.2.1", TO_IDS)));
	expect(1, "data.count", "3");
	expect(2, "data.count", "1");
	expect_status(3, HERALD_NOT_FOUND);
}

static void what_was_not_read_to_its_end_is_not_clean(void **state)
{
	(void)state;
	ask("198.51.100.9", "192.0.2.1", NULL);
	for (int page = 0; page < 20; page++)
		rig_answer(&rig, 200, NULL, FULL_PAGE);
	expect_status(1, HERALD_OK);
	expect_status(2, HERALD_TOO_BIG);
}

static unsigned noted;

static void note_log(const herald_host *h, uint32_t level, herald_id req,
		     herald_str text)
{
	(void)h;
	(void)text;
	assert_int_equal(level, HERALD_NOTICE);
	assert_int_equal(req, 1); /* on the alert's timeline */
	noted++;
}

static void answer_too_big(void)
{
	const struct rig_call *call = &rig.calls[rig.answered++];
	const herald_reply reply = { .struct_size = sizeof(reply),
				     .status = HERALD_TOO_BIG,
				     .code = 200,
				     .error = HERALD_S("over 8 MiB") };

	call->fn(rig.self, call->req, call->ud, &reply);
}

static json_t *asked(size_t call, const char *name)
{
	return json_object_get(rig.calls[call].body, name);
}

static void too_many_sightings_are_left_out(void **state)
{
	(void)state;
	misp.sightings = true;
	rig.h.log = note_log;
	noted = 0;
	ask("198.51.100.9", NULL);
	assert_non_null(asked(0, "includeSightings"));
	answer_too_big();
	assert_null(asked(1, "includeSightings"));
	if (!json_same(asked(1, "page"), "1"))
		fail();
	rig_answer(&rig, 200, NULL, IN_RESPONSE(OTHER));
	expect_status(1, HERALD_OK);
	assert_int_equal(noted, 1);
}

static void what_is_too_big_without_them_is_missing(void **state)
{
	(void)state;
	misp.sightings = true;
	rig.h.log = note_log;
	ask("198.51.100.9", NULL);
	answer_too_big();
	answer_too_big();
	expect_status(1, HERALD_TOO_BIG);
}

static const struct {
	uint32_t code;
	const char *body, *header, *value;
	uint32_t status;
	int64_t retry_after_ms;
	const char *message;
} troubles[] = {
	{ 403, "{\"message\":\"Authentication failed.\"}", NULL, NULL,
	  HERALD_AUTH, 0, "the service said no: Authentication failed." },
	{ 200, "<html>", "content-type", "text/html; charset=UTF-8",
	  HERALD_BAD_REPLY, 0,
	  "the answer is no JSON but text/html; charset=UTF-8" },
	{ 200, "", NULL, NULL, HERALD_BAD_REPLY, 0,
	  "the answer is no JSON but empty" },
	{ 200, "{\"response\":{\"Attri", NULL, NULL, HERALD_BAD_REPLY, 0,
	  "the answer is no JSON but something without a type" },
	{ 200, "[{\"id\":{\"id\":[]}}]", NULL, NULL, HERALD_BAD_REPLY, 0,
	  "the answer has no attributes" },
	{ 200, "{}", NULL, NULL, HERALD_BAD_REPLY, 0,
	  "the answer has no attributes" },
	{ 200, "{\"response\":{\"Attribute\":[{\"id\":1}]}}", NULL, NULL,
	  HERALD_BAD_REPLY, 0, "the answer has no attributes" },
	{ 404, "{\"message\":\"Not Found\"}", NULL, NULL, HERALD_BAD_REPLY, 0,
	  "the service said no: Not Found; is this a MISP?" },
	{ 429, "{\"message\":\"Rate limit exceeded.\"}", "x-rate-limit-reset",
	  "900", HERALD_QUOTA, 900000,
	  "the service said no: Rate limit exceeded." },
	{ 429, "", "x-rate-limit-reset", "soon", HERALD_QUOTA, 0,
	  "the service said no" },
	{ 405, "{\"message\":\"Invalid JSON input.\"}", NULL, NULL,
	  HERALD_FAILED, 0, "the service said no: Invalid JSON input." },
	{ 503, "", NULL, NULL, HERALD_RETRY, 0, "the service said no" },
};

static void troubles_are_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		const char *headers[] = { troubles[i].header, troubles[i].value,
					  NULL };

		set_up(NULL);
		ask("192.0.2.1", "192.0.2.2", NULL);
		rig_answer(&rig, troubles[i].code, headers, troubles[i].body);
		for (herald_id req = 1; req <= 2; req++) {
			const struct rig_result *r = rig_result(&rig, req);

			assert_non_null(r);
			assert_string_equal(r->message, troubles[i].message);
			assert_int_equal(r->retry_after_ms,
					 troubles[i].retry_after_ms);
			if (r->status != troubles[i].status)
				fail_msg("%s: %#x", troubles[i].message,
					 r->status);
		}
		tear_down(NULL);
	}
	set_up(NULL);
}

static void events_are_read_as_recorded(void **state)
{
	(void)state;
	misp.page_size = 100;
	ask("203.0.113.45", NULL);
	answer_recorded("misp/events_hit.json");
	expect(1, "reputation", "{'base_score': 2, 'score_id': 10}");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(values_are_asked_as_plain_text),
		CASE(what_would_match_everything_is_never_asked),
		CASE(to_ids_is_a_filter_where_it_is_wanted),
		CASE(a_hit_is_judged_and_told),
		CASE(what_was_not_asked_is_not_used),
		CASE(shapes_and_flags_are_understood),
		CASE(values_fit_by_halves_and_whatever_the_case),
		CASE(pages_are_read_until_one_is_not_full),
		CASE(what_was_not_read_to_its_end_is_not_clean),
		CASE(too_many_sightings_are_left_out),
		CASE(what_is_too_big_without_them_is_missing),
		CASE(troubles_are_told_apart),
		CASE(events_are_read_as_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
