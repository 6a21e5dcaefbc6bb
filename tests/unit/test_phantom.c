#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "phantom_out/action.h"
#include "phantom_out/container.h"
#include "phantom_out/flow.h"
#include "tests/unit/json_help.h"
#include "tests/unit/plugin_rig.h"

/* SHA-256 of "alert/default/case" begins so. */
#define IDEM "alert/default/case"
#define SDI "herald-91c6187dd758b4341cb972a4cd9f85df"
#define FIND                                                        \
	"GET /rest/container?_filter_source_data_identifier=\"" SDI \
	"\"&page_size=1"
#define RUNS "GET /rest/playbook_run?_filter_container=42&page_size=1"
#define NONE "{\"count\":0,\"num_pages\":0,\"data\":[]}"

static struct rig rig;
static struct phantom phantom;
static herald_call call;
static json_t *params, *record;
static char *params_text, *record_text;
static const char *begun_for; /* the record of begin() */

static int set_up(void **state)
{
	(void)state;
	rig_init(&rig);
	begun_for = "{}";
	phantom = (struct phantom){ .h = &rig.h,
				    .url = "https://soar.example.com/",
				    .label = "events",
				    .poll_ms = 5000 };
	rig.self = &phantom;
	params = record = NULL;
	params_text = record_text = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_fini(&rig);
	json_decref(params);
	json_decref(record);
	free(params_text);
	free(record_text);
	return 0;
}

static void start(const char *params_json, const char *record_json)
{
	params = json_of(params_json);
	record = json_of(record_json);
	params_text = json_dumps(params, 0);
	record_text = json_dumps(record, 0);
	call = (herald_call){ .struct_size = sizeof(call),
			      .req = 1,
			      .params = herald_cstr(params_text),
			      .record = herald_cstr(record_text),
			      .idem = HERALD_S(IDEM),
			      .mode = HERALD_RUN };
	phantom_start(&phantom, &call);
}

static void answer_with(uint32_t code, const char *fixture)
{
	char name[128];
	size_t n;
	char *text;

	snprintf(name, sizeof(name), "soar/%s", fixture);
	text = rig_fixture(name, &n);
	rig_answer(&rig, code, NULL, text);
	free(text);
}

static const struct rig_result *result(void)
{
	const struct rig_result *r = rig_result(&rig, 1);

	assert_non_null(r);
	return r;
}

static void expect(const char *path, const char *want)
{
	if (!json_same(json_down(result()->json, path), want))
		fail_msg("%s", path);
}

/* ---- the flow ---- */

static void a_first_case_is_opened_and_its_playbook_started(void **state)
{
	(void)state;
	start("{'playbook': 'local/failed_login_response'}", "{}");
	assert_string_equal(rig_line(&rig, 0), FIND);
	answer_with(200, "filter_none_200.json");
	assert_string_equal(rig_line(&rig, 1), "POST /rest/container");
	answer_with(200, "container_create_response_200.json");
	assert_string_equal(rig_line(&rig, 2), "POST /rest/playbook_run");
	if (!json_same(rig.calls[2].body,
		       "{'container_id': 42, 'playbook_id':"
		       " 'local/failed_login_response', 'scope': 'new',"
		       " 'run': true}"))
		fail();
	answer_with(200, "playbook_run_response_200.json");
	assert_int_equal(result()->status, HERALD_OK);
	expect("ticket", "{'uid': '42', 'src_url':"
			 " 'https://soar.example.com/mission/42'}");
	expect("data", "{'container_id': 42, 'playbook_run_id': '46',"
		       " 'existed': false, 'artifacts': 0}");
	assert_string_equal(result()->message,
			    "container 42, playbook "
			    "local/failed_login_response run 46");
}

static void a_case_without_playbook_is_one_post(void **state)
{
	(void)state;
	start("{}", "{}");
	rig_answer(&rig, 200, NULL, NONE);
	answer_with(200, "container_create_response_200.json");
	assert_int_equal(rig.call_count, 2);
	assert_string_equal(result()->message, "container 42");
}

/* scenario_retry_after_lost_reply: first the attempt whose answer is lost,
 * then the one that finds what it did. */
static void a_lost_answer_is_in_doubt(void **state)
{
	(void)state;
	start("{'playbook': 'local/p'}", "{}");
	rig_answer(&rig, 200, NULL, NONE);
	rig_answer(&rig, 0, NULL, "");
	assert_int_equal(result()->status, HERALD_IN_DOUBT);
	assert_int_equal(rig.call_count, 2);
}

static void the_next_attempt_finds_the_container(void **state)
{
	(void)state;
	start("{'playbook': 'local/p'}", "{}");
	answer_with(200, "filter_container_hit_200.json");
	assert_string_equal(rig_line(&rig, 1), RUNS);
	rig_answer(&rig, 200, NULL, NONE);
	assert_string_equal(rig_line(&rig, 2), "POST /rest/playbook_run");
	answer_with(200, "playbook_run_response_200.json");
	assert_int_equal(rig.call_count, 3);
	assert_int_equal(result()->status, HERALD_OK);
	assert_string_equal(result()->message,
			    "container 42 (it was there already), playbook "
			    "local/p run 46");
}

static void a_playbook_that_ran_is_not_started_again(void **state)
{
	(void)state;
	start("{'playbook': 'local/p'}", "{}");
	answer_with(200, "filter_container_hit_200.json");
	rig_answer(&rig, 200, NULL,
		   "{\"count\":1,\"num_pages\":1,\"data\":[{\"id\":17}]}");
	assert_int_equal(rig.call_count, 2);
	expect("data", "{'container_id': 42, 'playbook_run_id': '17',"
		       " 'existed': true}");
}

static void a_duplicate_on_post_is_the_case(void **state)
{
	(void)state;
	start("{'playbook': 'local/p'}", "{}");
	rig_answer(&rig, 200, NULL, NONE);
	answer_with(200, "container_duplicate_response.json");
	assert_string_equal(rig_line(&rig, 2), RUNS);
	rig_answer(&rig, 200, NULL, NONE);
	answer_with(200, "playbook_run_response_200.json");
	expect("data.existed", "true");
}

static void a_key_is_shared_by_alerts(void **state)
{
	(void)state;
	start("{'key': 'malware/ws1'}", "{}");
	/* SHA-256 of the key. */
	assert_string_equal(rig_line(&rig, 0),
			    "GET /rest/container?_filter_source_data_identifier"
			    "=\"herald-c8042660a6b0b21c1f2f44400bbb8b46\""
			    "&page_size=1");
	answer_with(200, "filter_container_hit_200.json");
	assert_int_equal(rig.call_count, 1);
	assert_int_equal(result()->status, HERALD_OK);
}

static void refused_artifacts_are_told(void **state)
{
	(void)state;
	start("{}", "{'evidences': [{'user': {'name': 'a'}}, {'user': {'name':"
		    " 'b'}}]}");
	rig_answer(&rig, 200, NULL, NONE);
	rig_answer(&rig, 200, NULL,
		   "{\"success\":true,\"id\":42,\"artifacts\":[{\"success\":"
		   "true,\"id\":1},{\"failed\":true,\"message\":\"x\"}]}");
	assert_string_equal(result()->message,
			    "container 42, 1 of 2 artifacts refused");
	expect("data.artifacts", "1");
}

static const struct {
	const char *params, *message;
} bad_params[] = {
	{ "{'severity': 'very high'}",
	  "severity is no name that SOAR can have" },
	{ "{'severity': 'aaaaaaaaaaaaaaaaaaaaa'}",
	  "severity is no name that SOAR can have" },
	{ "{'playbook': 'nothing'}",
	  "playbook is neither REPOSITORY/NAME nor a number" },
};

static void bad_parameters_are_refused_before_anything(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		set_up(NULL);
		start(bad_params[i].params, "{}");
		assert_int_equal(rig.call_count, 0);
		assert_int_equal(result()->status, HERALD_BAD_INPUT);
		assert_string_equal(result()->message, bad_params[i].message);
		tear_down(NULL);
	}
	set_up(NULL);
}

static void a_playbook_may_be_a_number(void **state)
{
	(void)state;
	start("{'playbook': '17'}", "{}");
	rig_answer(&rig, 200, NULL, NONE);
	answer_with(200, "container_create_response_200.json");
	if (!json_same(json_object_get(rig.calls[2].body, "playbook_id"), "17"))
		fail();
	answer_with(200, "playbook_run_response_200.json");
}

/* ---- run_playbook: which run is ours ---- */

#define MEMO "{\"container\":42,\"after\":17}"
#define SINCE                                                            \
	"GET /rest/playbook_run?_filter_container=42&_filter_id__gt=17&" \
	"page_size=0"

static void begin(uint32_t action, uint32_t mode, const char *params_json,
		  const char *memo)
{
	params = json_of(params_json);
	params_text = json_dumps(params, 0);
	call = (herald_call){ .struct_size = sizeof(call),
			      .req = 1,
			      .action = action,
			      .params = herald_cstr(params_text),
			      .record = herald_cstr(begun_for),
			      .idem = HERALD_S(IDEM),
			      .memo = herald_cstr(memo),
			      .mode = mode };
	phantom_start(&phantom, &call);
}

static void a_plan_notes_the_latest_run(void **state)
{
	(void)state;
	begin(PHANTOM_RUN_PLAYBOOK, HERALD_PLAN,
	      "{'container': 42, 'playbook': 'local/p'}", NULL);
	assert_string_equal(rig_line(&rig, 0),
			    "GET /rest/playbook_run?_filter_container=42&"
			    "sort=id&order=desc&page_size=1");
	rig_answer(&rig, 200, NULL, "{\"data\":[{\"id\":17}]}");
	assert_int_equal(result()->status, HERALD_OK);
	assert_string_equal(result()->memo, MEMO);
	expect("target", "{'type': 'case', 'uid': '42'}");
	expect("summary", "'run playbook local/p on container 42'");
}

static void a_started_run_is_pending_and_in_the_memo(void **state)
{
	(void)state;
	begin(PHANTOM_RUN_PLAYBOOK, HERALD_RUN, "{'playbook': 'local/p'}",
	      MEMO);
	assert_string_equal(rig_line(&rig, 0), SINCE);
	rig_answer(&rig, 200, NULL, NONE);
	assert_string_equal(rig_line(&rig, 1), "POST /rest/playbook_run");
	answer_with(200, "playbook_run_response_200.json");
	assert_int_equal(result()->status, HERALD_PENDING);
	assert_int_equal(result()->retry_after_ms, 5000);
	assert_string_equal(result()->memo,
			    "{\"container\":42,\"after\":17,\"run\":46}");
}

static const struct {
	const char *fixture;
	uint32_t status;
	const char *message;
} ends[] = {
	{ "playbook_run_status_running.json", HERALD_PENDING, ": running" },
	{ "playbook_run_status_success.json", HERALD_OK,
	  ": success; disable_user_1 success" },
	{ "playbook_run_status_failed.json", HERALD_FAILED,
	  ": failed: playbook execution failed" },
	{ "container_create_response_200.json", HERALD_RETRY,
	  "the answer tells no status of the run" },
	{ "filter_bad_value_200.json", HERALD_FAILED, "SOAR refused it: " },
};

static void a_run_is_asked_how_it_stands(void **state)
{
	(void)state;
	tear_down(NULL);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		set_up(NULL);
		begin(PHANTOM_RUN_PLAYBOOK, HERALD_VERIFY,
		      "{'playbook': 'local/p'}",
		      "{\"container\":42,\"after\":17,\"run\":46}");
		assert_string_equal(rig_line(&rig, 0),
				    "GET /rest/playbook_run/46");
		answer_with(200, ends[i].fixture);
		if (result()->status != ends[i].status ||
		    !strstr(result()->message, ends[i].message))
			fail_msg("%s: %x %s", ends[i].fixture, result()->status,
				 result()->message);
		tear_down(NULL);
	}
	set_up(NULL);
}

/* The answer to RUN was lost; what began on the case since? */
static const struct {
	const char *playbook, *runs;
	uint32_t mode, status; /* of the answer; OK: it is asked about */
} since[] = {
	{ "local/p", "[]", HERALD_VERIFY, HERALD_NOT_FOUND },
	{ "local/p", "[{\"id\":46,\"playbook\":3}]", HERALD_VERIFY, HERALD_OK },
	{ "local/p", "[{\"id\":46,\"playbook\":3}]", HERALD_RUN, HERALD_OK },
	{ "local/p", "[{\"id\":46},{\"id\":47}]", HERALD_VERIFY,
	  HERALD_FAILED },
	{ "local/p", "[{\"id\":46},{\"id\":47}]", HERALD_RUN, HERALD_IN_DOUBT },
	{ "3", "[{\"id\":47,\"playbook\":4},{\"id\":46,\"playbook\":3}]",
	  HERALD_VERIFY, HERALD_OK },
	{ "3", "[{\"id\":47,\"playbook\":4}]", HERALD_VERIFY,
	  HERALD_NOT_FOUND },
	/* a server that does not know the filter */
	{ "local/p", "[{\"id\":17},{\"id\":9}]", HERALD_VERIFY,
	  HERALD_NOT_FOUND },
	{ "local/p", "{}", HERALD_VERIFY, HERALD_RETRY },
};

static void the_run_since_the_plan_is_ours_if_it_is_one(void **state)
{
	char text[256];

	(void)state;
	tear_down(NULL);
	for (size_t i = 0; i < sizeof(since) / sizeof(since[0]); i++) {
		uint32_t status;

		set_up(NULL);
		snprintf(text, sizeof(text), "{'playbook': '%s'}",
			 since[i].playbook);
		begin(PHANTOM_RUN_PLAYBOOK, since[i].mode, text, MEMO);
		assert_string_equal(rig_line(&rig, 0), SINCE);
		snprintf(text, sizeof(text), "{\"data\":%s}", since[i].runs);
		rig_answer(&rig, 200, NULL, text);
		if (since[i].status == HERALD_OK) {
			assert_string_equal(rig_line(&rig, 1),
					    "GET /rest/playbook_run/46");
			answer_with(200, "playbook_run_status_success.json");
		}
		status = result()->status;
		if (status != since[i].status)
			fail_msg("%zu: %x", i, status);
		tear_down(NULL);
	}
	set_up(NULL);
}

static void a_run_of_another_action_is_not_ours(void **state)
{
	(void)state;
	phantom_note_run(&phantom, 46);
	begin(PHANTOM_RUN_PLAYBOOK, HERALD_VERIFY, "{'playbook': 'local/p'}",
	      MEMO);
	rig_answer(&rig, 200, NULL, "{\"data\":[{\"id\":46}]}");
	assert_int_equal(result()->status, HERALD_NOT_FOUND);
}

/* A gateway that gave up may have handed it on. */
static void a_start_that_is_not_answered_is_in_doubt(void **state)
{
	static const struct {
		uint32_t code, status;
	} answers[] = { { 0, HERALD_IN_DOUBT },	  { 500, HERALD_IN_DOUBT },
			{ 502, HERALD_IN_DOUBT }, { 504, HERALD_IN_DOUBT },
			{ 503, HERALD_RETRY },	  { 404, HERALD_FAILED },
			{ 401, HERALD_AUTH } };

	(void)state;
	tear_down(NULL);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		set_up(NULL);
		begin(PHANTOM_RUN_PLAYBOOK, HERALD_RUN,
		      "{'playbook': 'local/p'}", MEMO);
		rig_answer(&rig, 200, NULL, NONE);
		rig_answer(&rig, answers[i].code, NULL, "");
		if (result()->status != answers[i].status)
			fail_msg("%u: %x", answers[i].code, result()->status);
		tear_down(NULL);
	}
	set_up(NULL);
}

/* ---- add_artifacts ---- */

#define THREE                                                     \
	"{\"evidences\":[{\"user\":{\"name\":\"a\"}},{\"user\":{" \
	"\"name\":\"b\"}},{\"user\":{\"name\":\"c\"}}]}"
#define HAVE                                       \
	"GET /rest/artifact?_filter_container=42&" \
	"_filter_source_data_identifier__startswith=\"" SDI ":\"&page_size=0"
#define IS_THERE(n) "{\"source_data_identifier\":\"" SDI ":" n "\"}"

static json_t *added(size_t i, const char *name)
{
	return json_object_get(json_array_get(rig.calls[1].body, i), name);
}

/* Which are there already; what is posted; who of them starts playbooks. */
static const struct {
	const char *have;
	size_t posted;
	const char *first; /* identifier of the first that is posted */
	bool last_starts;
} missing[] = {
	{ "[]", 3, SDI ":0", true },
	{ "[" IS_THERE("0") "]", 2, SDI ":1", true },
	/* the one that starts playbooks was there: nobody starts them again */
	{ "[" IS_THERE("2") "," IS_THERE("0") "]", 1, SDI ":1", false },
	{ "[" IS_THERE("9") "]", 3, SDI ":0", true },
};

static void expect_missing(size_t i)
{
	char text[512], answer[256] = "[";

	begun_for = THREE;
	phantom.run_automation = true;
	begin(PHANTOM_ADD_ARTIFACTS, HERALD_RUN, "{'container': 42}", NULL);
	assert_string_equal(rig_line(&rig, 0), HAVE);
	snprintf(text, sizeof(text), "{\"data\":%s}", missing[i].have);
	rig_answer(&rig, 200, NULL, text);
	assert_string_equal(rig_line(&rig, 1), "POST /rest/artifact");
	assert_int_equal(json_array_size(rig.calls[1].body), missing[i].posted);
	assert_string_equal(json_string_value(
				    added(0, "source_data_identifier")),
			    missing[i].first);
	for (size_t k = 0; k < missing[i].posted; k++) {
		bool last = k + 1 == missing[i].posted;

		assert_int_equal(json_integer_value(added(k, "container_id")),
				 42);
		assert_int_equal(json_is_true(added(k, "run_automation")),
				 last && missing[i].last_starts);
		snprintf(answer + strlen(answer),
			 sizeof(answer) - strlen(answer),
			 "%s{\"success\":true}", k > 0 ? "," : "");
	}
	snprintf(answer + strlen(answer), sizeof(answer) - strlen(answer), "]");
	rig_answer(&rig, 200, NULL, answer);
	assert_int_equal(result()->status, HERALD_OK);
	expect("data.artifacts", "3");
}

static void what_is_missing_is_added(void **state)
{
	(void)state;
	tear_down(NULL);
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		set_up(NULL);
		expect_missing(i);
		tear_down(NULL);
	}
	set_up(NULL);
}

static const struct {
	const char *answer;
	uint32_t status;
	const char *message;
} told[] = {
	{ "[{\"success\":true},{\"failed\":true,\"existing_artifact_id\":7},"
	  "{\"failed\":true,\"message\":\"cef must be an object\"}]",
	  HERALD_OK,
	  "SOAR refused one: cef must be an object; container 42, 2 "
	  "artifacts added, 1 refused" },
	{ "[{\"failed\":true},{\"failed\":true},{\"failed\":true}]",
	  HERALD_FAILED, "none was taken" },
	{ "[{\"success\":true}]", HERALD_IN_DOUBT, "each artifact" },
	{ "{\"success\":true,\"id\":7}", HERALD_IN_DOUBT, "each artifact" },
	{ "{\"failed\":true,\"message\":\"no\"}", HERALD_FAILED, "no" },
	{ "", HERALD_IN_DOUBT, "" },
};

static void each_artifact_is_told_of(void **state)
{
	(void)state;
	tear_down(NULL);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		set_up(NULL);
		begun_for = THREE;
		begin(PHANTOM_ADD_ARTIFACTS, HERALD_RUN, "{'container': 42}",
		      NULL);
		rig_answer(&rig, 200, NULL, NONE);
		rig_answer(&rig, 200, NULL, told[i].answer);
		if (result()->status != told[i].status ||
		    !strstr(result()->message, told[i].message))
			fail_msg("%zu: %x %s", i, result()->status,
				 result()->message);
		tear_down(NULL);
	}
	set_up(NULL);
}

static void a_call_that_no_action_knows_is_refused(void **state)
{
	static const uint32_t calls[][2] = {
		{ PHANTOM_CREATE_CASE, HERALD_PLAN },
		{ PHANTOM_ADD_COMMENT, HERALD_VERIFY },
		{ PHANTOM_ACTIONS, HERALD_RUN },
		{ PHANTOM_CLOSE_CASE, HERALD_VERIFY + 1 },
	};

	(void)state;
	tear_down(NULL);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		set_up(NULL);
		begin(calls[i][0], calls[i][1], "{}", NULL);
		assert_int_equal(result()->status, HERALD_UNSUPPORTED);
		tear_down(NULL);
	}
	set_up(NULL);
}

/* ---- answers ---- */

#define HTML "<html><body>"
#define FAILED "{\"failed\":true,\"message\":\"m\"}"
#define EXISTS "{\"failed\":true,\"existing_container_id\":7}"

/* What each row of the outcome table is in bytes, and in our terms. */
static const struct {
	const char *when, *outcome; /* as the table has them */
	struct {
		uint32_t code;
		const char *body;
	} answers[7]; /* ends with body NULL */
	uint32_t status;
} outcomes[] = {
	{ "2xx, success true, id",
	  "ok",
	  { { 200, "{\"success\":true,\"id\":7}" },
	    { 201, "{\"success\":true,\"id\":\"7\"}" } },
	  HERALD_OK },
	{ "2xx, existing_container_id or existing_artifact_id (with failed"
	  " true)",
	  "ok, existing id",
	  { { 200, EXISTS },
	    { 200, "{\"failed\":true,\"existing_artifact_id\":7}" } },
	  HERALD_OK },
	{ "2xx, failed true, no existing_*",
	  "permanent, log message",
	  { { 200, FAILED }, { 200, "{\"failed\":true}" } },
	  HERALD_FAILED },
	{ "2xx, body not JSON",
	  "retry (proxy page); after N tries dead-letter",
	  { { 200, HTML }, { 200, "{\"success\":tr" } },
	  HERALD_RETRY },
	{ "2xx empty body",
	  "treat as unknown: look up by source_data_identifier",
	  { { 200, "" }, { 204, "" } },
	  HERALD_IN_DOUBT },
	{ "400 with existing_*",
	  "ok, existing id",
	  { { 400, EXISTS }, { 409, EXISTS } },
	  HERALD_OK },
	{ "400/404/405/413/415/422",
	  "permanent",
	  { { 400, FAILED },
	    { 404, FAILED },
	    { 405, FAILED },
	    { 413, HTML },
	    { 415, FAILED },
	    { 422, FAILED } },
	  HERALD_FAILED },
	{ "401",
	  "permanent for the message, stop the connector's queue"
	  " (credentials), alert the operator",
	  { { 401, FAILED }, { 401, HTML } },
	  HERALD_AUTH },
	{ "403",
	  "as 401 (token lacks permission or source address not allowed)",
	  { { 403, FAILED } },
	  HERALD_AUTH },
	{ "408/425/429",
	  "retry, honour Retry-After",
	  { { 408, "" }, { 425, FAILED }, { 429, HTML } },
	  HERALD_RETRY },
	{ "500",
	  "retry a few times, then dead-letter; look up first",
	  { { 500, FAILED }, { 500, EXISTS } },
	  HERALD_RETRY },
	{ "502/503/504, connect error, TLS handshake reset",
	  "retry with backoff",
	  { { 502, HTML }, { 503, "" }, { 504, HTML } },
	  HERALD_RETRY },
	/* The host's: it tells a plugin BAD_CONFIG, as test_http_verdict
	 * shows; a_certificate_that_is_not_trusted_is_final has the rest. */
	{ "TLS certificate verification failed",
	  "permanent configuration error",
	  { { 0, NULL } },
	  HERALD_OK },
	{ "time-out or reset after the request was sent",
	  "unknown: look up by source_data_identifier before any re-POST",
	  { { 0, "" } },
	  HERALD_IN_DOUBT },
};

#define OUTCOMES (sizeof(outcomes) / sizeof(outcomes[0]))

static void the_outcome_table_is_the_one_that_is_tested(void **state)
{
	size_t n;
	char *text = rig_fixture("soar/outcome_table.json", &n);
	json_t *table = json_loadb(text, n, 0, NULL);

	(void)state;
	assert_int_equal(json_array_size(table), OUTCOMES);
	for (size_t i = 0; i < OUTCOMES; i++) {
		json_t *row = json_array_get(table, i);

		assert_string_equal(json_string_value(
					    json_object_get(row, "when")),
				    outcomes[i].when);
		assert_string_equal(json_string_value(
					    json_object_get(row, "outcome")),
				    outcomes[i].outcome);
	}
	json_decref(table);
	free(text);
}

/* As the answer to POST /rest/container. */
static void expect_outcome(size_t row, size_t k)
{
	static const char *const headers[] = { "retry-after", "30", NULL };
	uint32_t code = outcomes[row].answers[k].code, status;

	set_up(NULL);
	start("{}", "{}");
	rig_answer(&rig, 200, NULL, NONE);
	rig_answer(&rig, code, headers, outcomes[row].answers[k].body);
	status = result()->status;
	/* 429 says more than "again": nothing is asked until then. */
	if (code == 429 && status == HERALD_QUOTA)
		status = HERALD_RETRY;
	if (status != outcomes[row].status)
		fail_msg("%s, %u: %#x", outcomes[row].when, code, status);
	if (HERALD_CLASS(status) == 2)
		assert_int_equal(result()->retry_after_ms, 30000);
	if (strcmp(outcomes[row].outcome, "ok, existing id") == 0)
		expect("data", "{'container_id': 7, 'existed': true}");
	tear_down(NULL);
}

static void each_answer_has_its_outcome(void **state)
{
	(void)state;
	tear_down(NULL);
	for (size_t i = 0; i < OUTCOMES; i++)
		for (size_t k = 0; k < 7 && outcomes[i].answers[k].body; k++)
			expect_outcome(i, k);
	set_up(NULL);
}

static const struct {
	uint32_t code;
	const char *body;
	uint32_t status;
} searches[] = {
	{ 200, "{\"failed\":true}", HERALD_FAILED },
	{ 200, "", HERALD_RETRY },
	{ 200, HTML, HERALD_RETRY },
	{ 200, "[{\"id\":{\"id\":[]}}]", HERALD_RETRY },
	{ 401, FAILED, HERALD_AUTH },
	{ 503, "", HERALD_RETRY },
	{ 0, "", HERALD_TIMEOUT },
};

/* Nothing was changed by looking, so there is no doubt. */
static void a_search_that_fails_opens_nothing(void **state)
{
	(void)state;
	tear_down(NULL);
	for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++) {
		set_up(NULL);
		start("{}", "{}");
		rig_answer(&rig, searches[i].code, NULL, searches[i].body);
		assert_int_equal(rig.call_count, 1);
		if (HERALD_CLASS(result()->status) !=
		    HERALD_CLASS(searches[i].status))
			fail_msg("%u %s: %#x", searches[i].code,
				 searches[i].body, result()->status);
		tear_down(NULL);
	}
	set_up(NULL);
}

static void an_answer_of_another_shape_leaves_doubt(void **state)
{
	(void)state;
	start("{}", "{}");
	rig_answer(&rig, 200, NULL, NONE);
	rig_answer(&rig, 200, NULL, "[{\"id\":{\"id\":[]}}]");
	assert_int_equal(result()->status, HERALD_IN_DOUBT);
	assert_string_equal(result()->message, "the answer names no container");
}

/* ---- the container ---- */

static const char *const alert =
	"{'time': 1795564742000, 'severity_id': 5, 'severity': 'Critical',"
	" 'metadata': {'uid': '7f3a', 'event_code': 'code'},"
	" 'finding_info': {'uid': 'f', 'title': 'Title', 'desc': 'Desc',"
	" 'src_url': 'https://splunk.example.com/x'},"
	" 'risk_score': 65, 'risk_level': 'High', 'risk_details':"
	" 'base +30, src_malicious +35, c_suite unknown (ad timed out)',"
	" 'device': {'hostname': 'vpn-gw-01', 'ip': '192.0.2.10', 'type_id':"
	" 0}, 'evidences': [{'user': {'name': 'jdoe', 'domain': 'CORP'},"
	" 'src_endpoint': {'ip': '198.51.100.23', 'port': 4711},"
	" 'file': {'name': 'a.exe', 'type_id': 1, 'hashes': [{'value': 'AA',"
	" 'algorithm_id': 1}, {'value': 'BB', 'algorithm_id': 2}]}},"
	" {'data': 'nothing that CEF has'}],"
	" 'enrichments': [{'name': 'n', 'value': '198.51.100.23', 'data': {},"
	" 'provider': 'misp', 'short_desc': '2 attributes, event 1337',"
	" 'src_url': 'https://misp.example.com/events/view/1337'}],"
	" 'observables': [{'type_id': 2, 'value': '198.51.100.23', 'name':"
	" 'evidences[0].src_endpoint.ip'}, {'type_id': 8, 'value': 'AA',"
	" 'name': 'evidences[0].file.hashes[0].value'}, {'type_id': 8,"
	" 'value': 'BB', 'name': 'evidences[0].file.hashes[1].value'},"
	" {'type_id': 11, 'value': '4711', 'name':"
	" 'evidences[0].src_endpoint.port'}]}";

static json_t *container_of(const char *params_json, const char *record_json)
{
	start(params_json, record_json);
	rig_answer(&rig, 200, NULL, NONE);
	answer_with(200, "container_create_response_200.json");
	return rig.calls[1].body;
}

static void expect_at(const json_t *container, const char *path,
		      const char *want)
{
	if (!json_same(json_down(container, path), want))
		fail_msg("%s", path);
}

static void a_container_tells_the_alert(void **state)
{
	json_t *c = container_of("{}", alert);

	(void)state;
	expect_at(c, "name", "'Title: jdoe on vpn-gw-01 from 198.51.100.23'");
	expect_at(c, "description",
		  "'Desc\\nRisk score: 65, High\\nBecause: base +30,"
		  " src_malicious +35, c_suite unknown (ad timed out)\\nmisp,"
		  " 198.51.100.23: 2 attributes, event 1337"
		  " https://misp.example.com/events/view/1337\\nAt the source:"
		  " https://splunk.example.com/x\\nherald: alert 7f3a'");
	expect_at(c, "label", "'events'");
	expect_at(c, "severity", "'high'");
	expect_at(c, "source_data_identifier", "'" SDI "'");
	expect_at(c, "start_time", "'2026-11-24T23:59:02.000000Z'");
	expect_at(c, "tags", "['herald']");
	expect_at(c, "run_automation", "false");
	expect_at(c, "data.alert", "'7f3a'");
	expect_at(c, "data.idem", "'" IDEM "'");
	expect_at(c, "data.risk_score", "65");
}

static void artifacts_hold_all_that_can_be_looked_up(void **state)
{
	json_t *c = container_of("{}", alert);

	(void)state;
	assert_int_equal(json_array_size(json_object_get(c, "artifacts")), 3);
	expect_at(c, "artifacts.0.cef",
		  "{'sourceAddress': '198.51.100.23', 'sourcePort': '4711',"
		  " 'destinationUserName': 'jdoe', 'destinationNtDomain':"
		  " 'CORP', 'fileName': 'a.exe', 'fileHash': 'AA'}");
	expect_at(c, "artifacts.0.cef_types",
		  "{'sourceAddress': ['ip'], 'sourcePort': ['port'],"
		  " 'destinationUserName': ['user name'],"
		  " 'destinationNtDomain': ['domain'], 'fileName':"
		  " ['file name'], 'fileHash': ['hash']}");
	expect_at(c, "artifacts.0.source_data_identifier", "'" SDI ":0'");
	expect_at(c, "artifacts.0.severity", "'high'");
	expect_at(c, "artifacts.0.run_automation", "false");
	expect_at(c, "artifacts.0.data.user.name", "'jdoe'");
	expect_at(c, "artifacts.1.cef",
		  "{'destinationHostName': 'vpn-gw-01', 'destinationAddress':"
		  " '192.0.2.10'}");
	expect_at(c, "artifacts.1.source_data_identifier", "'" SDI ":device'");
	expect_at(c, "artifacts.2.cef", "{'fileHash': 'BB'}");
	expect_at(c, "artifacts.2.source_data_identifier",
		  "'" SDI ":observable-2'");
}

static void parameters_come_first(void **state)
{
	json_t *c = container_of("{'name': 'N', 'description': 'D', 'severity':"
				 " 'critical', 'label': 'phishing'}",
				 "{'severity_id': 1}");

	(void)state;
	expect_at(c, "name", "'N'");
	expect_at(c, "description", "'D'");
	expect_at(c, "severity", "'critical'");
	expect_at(c, "label", "'phishing'");
	assert_null(json_object_get(c, "start_time"));
	assert_null(json_object_get(c, "artifacts"));
}

/* Where SOAR is to begin by itself it flags the last artifact. */
static void automation_is_left_to_soar_where_it_is_wanted(void **state)
{
	json_t *c;

	(void)state;
	phantom.run_automation = true;
	c = container_of("{}", alert);
	assert_null(json_down(c, "artifacts.0.run_automation"));
	assert_null(json_down(c, "artifacts.2.run_automation"));
}

static void a_named_playbook_is_the_only_one(void **state)
{
	json_t *c;

	(void)state;
	phantom.run_automation = true;
	c = container_of("{'playbook': 'local/p'}", alert);
	for (size_t i = 0; i < 3; i++)
		assert_true(json_is_false(json_object_get(
			json_array_get(json_object_get(c, "artifacts"), i),
			"run_automation")));
	answer_with(200, "playbook_run_response_200.json");
}

static void severities_are_those_that_soar_ships(void **state)
{
	static const char *const want[] = { "medium", "low",  "low", "medium",
					    "high",   "high", "high" };

	(void)state;
	for (int i = 0; i < 7; i++)
		assert_string_equal(phantom_severity(i), want[i]);
	assert_string_equal(phantom_severity(99), "medium");
}

/* Names that Splunk's own app uses for fields of the same meaning. */
static void names_are_those_of_the_mapping(void **state)
{
	static const char *const cim[][2] = {
		{ "src", "sourceAddress" },
		{ "src_port", "sourcePort" },
		{ "dest", "destinationAddress" },
		{ "url", "requestURL" },
		{ "dest_port", "destinationPort" },
		{ "user", "destinationUserName" },
		{ "file_name", "fileName" },
		{ "file_path", "filePath" },
		{ "file_hash", "fileHash" },
		{ "src_mac", "sourceMacAddress" },
		{ "transport", "transportProtocol" },
		{ "dest_nt_domain", "destinationNtDomain" },
	};
	size_t n;
	char *text = rig_fixture("soar/cim_to_cef.json", &n);
	json_t *map = json_loadb(text, n, 0, NULL);
	json_t *c = container_of(
		"{}",
		"{'evidences': [{'src_endpoint': {'ip': 'a', 'port': 1, 'mac':"
		" 'm'}, 'dst_endpoint': {'ip': 'b', 'port': 2}, 'user':"
		" {'name': 'u', 'domain': 'd'}, 'file': {'name': 'f', 'path':"
		" 'p', 'hashes': [{'value': 'h'}]}, 'url': {'url_string':"
		" 'l'}, 'connection_info': {'protocol_name': 'tcp'}}]}");

	(void)state;
	for (size_t i = 0; i < sizeof(cim) / sizeof(cim[0]); i++) {
		assert_string_equal(json_string_value(
					    json_object_get(map, cim[i][0])),
				    cim[i][1]);
		if (!json_object_get(json_down(c, "artifacts.0.cef"),
				     cim[i][1]))
			fail_msg("%s", cim[i][1]);
	}
	json_decref(map);
	free(text);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_first_case_is_opened_and_its_playbook_started),
		CASE(a_case_without_playbook_is_one_post),
		CASE(a_lost_answer_is_in_doubt),
		CASE(the_next_attempt_finds_the_container),
		CASE(a_playbook_that_ran_is_not_started_again),
		CASE(a_duplicate_on_post_is_the_case),
		CASE(a_key_is_shared_by_alerts),
		CASE(refused_artifacts_are_told),
		CASE(bad_parameters_are_refused_before_anything),
		CASE(a_playbook_may_be_a_number),
		CASE(a_plan_notes_the_latest_run),
		CASE(a_started_run_is_pending_and_in_the_memo),
		CASE(a_run_is_asked_how_it_stands),
		CASE(the_run_since_the_plan_is_ours_if_it_is_one),
		CASE(a_run_of_another_action_is_not_ours),
		CASE(a_start_that_is_not_answered_is_in_doubt),
		CASE(what_is_missing_is_added),
		CASE(each_artifact_is_told_of),
		CASE(a_call_that_no_action_knows_is_refused),
		CASE(the_outcome_table_is_the_one_that_is_tested),
		CASE(each_answer_has_its_outcome),
		CASE(a_search_that_fails_opens_nothing),
		CASE(an_answer_of_another_shape_leaves_doubt),
		CASE(a_container_tells_the_alert),
		CASE(artifacts_hold_all_that_can_be_looked_up),
		CASE(parameters_come_first),
		CASE(automation_is_left_to_soar_where_it_is_wanted),
		CASE(a_named_playbook_is_the_only_one),
		CASE(severities_are_those_that_soar_ships),
		CASE(names_are_those_of_the_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
