/* smtp_notify: outcomes, the memo; the alert in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "common/story.h"
#include "core/plugin/instance_impl.h"
#include "smtp_notify/outcome.h"
#include "smtp_notify/progress.h"

static herald_host h;

/* ---- outcomes ---- */

/* The class that a case of the fixture belongs to; NULL: not ours. */
static const struct {
	const char *name;
	uint32_t status;
	struct smtp_trace trace;
} outcomes[] = {
	{ "greeting 421", HERALD_RETRY, { 0 } },
	{ "MAIL 452", HERALD_RETRY, { 0 } },
	{ "MAIL 530", HERALD_AUTH, { 0 } },
	{ "RCPT 550 (any one recipient, default settings)",
	  HERALD_BAD_INPUT,
	  { 0 } },
	{ "RCPT 451", HERALD_RETRY, { 0 } },
	{ "DATA 421", HERALD_RETRY, { 0 } },
	{ "after message 552", HERALD_FAILED, { .body_left = true } },
	{ "after message 451", HERALD_RETRY, { .body_left = true } },
	{ "connection lost after message",
	  HERALD_IN_DOUBT,
	  { .body_left = true } },
	{ "TLS required, STARTTLS not offered", HERALD_BAD_CONFIG, { 0 } },
	{ "AUTH 535", HERALD_AUTH, { 0 } },
	{ "AUTH 454", HERALD_RETRY, { 0 } },
	{ "XOAUTH2 refused (334 with JSON, then 535)", HERALD_AUTH, { 0 } },
	{ "STARTTLS, certificate not trusted",
	  HERALD_BAD_CONFIG,
	  { .starttls = true } },
	{ "STARTTLS, plain-text bytes pipelined after the 220",
	  HERALD_BAD_CONFIG,
	  { .starttls = true } },
	{ "connection refused", HERALD_UNREACHABLE, { 0 } },
};

static json_t *case_named(json_t *cases, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach(cases, i, one) {
		if (strcmp(json_string_value(json_object_get(one, "case")),
			   name) == 0)
			return one;
	}
	fail_msg("the fixture has no case '%s'", name);
	return NULL;
}

static void observed_outcomes_are_judged(void **state)
{
	json_error_t error;
	json_t *cases = json_load_file(
		TEST_SRCDIR "/fixtures/smtp/libcurl_7_88_1_outcomes.json", 0,
		&error);

	(void)state;
	assert_non_null(cases);
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		json_t *one = case_named(cases, outcomes[i].name);
		json_t *curl = json_object_get(one, "curlcode");
		json_t *code = json_object_get(one, "response_code");
		uint32_t status = smtp_outcome(
			(CURLcode)json_integer_value(curl),
			(long)json_integer_value(code), &outcomes[i].trace);

		if (status != outcomes[i].status)
			fail_msg("%s: 0x%x", outcomes[i].name, status);
	}
	json_decref(cases);
}

static void how_far_we_got_decides(void **state)
{
	struct smtp_trace trace = { 0 };

	(void)state;
	/* Lost before the end of the mail: the server cannot have taken it. */
	assert_int_equal(smtp_outcome(CURLE_SEND_ERROR, 354, &trace),
			 HERALD_RETRY);
	assert_int_equal(smtp_outcome(CURLE_OPERATION_TIMEDOUT, 250, &trace),
			 HERALD_TIMEOUT);
	trace.body_left = true;
	assert_int_equal(smtp_outcome(CURLE_OPERATION_TIMEDOUT, 354, &trace),
			 HERALD_IN_DOUBT);
	assert_int_equal(smtp_outcome(CURLE_OK, 250, &trace), HERALD_OK);
	trace = (struct smtp_trace){ .stopped = true };
	assert_int_equal(smtp_outcome(CURLE_ABORTED_BY_CALLBACK, 220, &trace),
			 HERALD_CANCELLED);
	trace = (struct smtp_trace){ .no_auth = true };
	assert_int_equal(smtp_outcome(CURLE_WRITE_ERROR, 250, &trace),
			 HERALD_AUTH);
}

static void the_pauses_grow(void **state)
{
	(void)state;
	assert_int_equal(smtp_pause_ms(1, 60000), 60000);
	assert_int_equal(smtp_pause_ms(2, 60000), 300000);
	assert_int_equal(smtp_pause_ms(3, 60000), 900000);
	assert_int_equal(smtp_pause_ms(4, 60000), 1800000);
	assert_int_equal(smtp_pause_ms(99, 60000), 1800000);
}

/* ---- the memo ---- */

static void a_retry_asks_for_those_who_are_left(void **state)
{
	const herald_str all[] = { HERALD_S("a@b.c"), HERALD_S("d@b.c"),
				   HERALD_S("e@b.c") };
	struct smtp_progress p, q;

	(void)state;
	assert_true(smtp_progress_open(&p, &h, (herald_str){ NULL, 0 }));
	smtp_progress_begin(&p, all, 3);
	smtp_progress_note(&p, all[0], SMTP_DONE);
	smtp_progress_note(&p, all[1], SMTP_DOUBT);
	assert_int_equal(smtp_progress_try(&p), 1);
	assert_true(smtp_progress_open(&q, &h, smtp_progress_memo(&p)));
	smtp_progress_begin(&q, all, 3);
	assert_int_equal(smtp_progress_of(&q, HERALD_S("A@b.c")), SMTP_DONE);
	assert_int_equal(smtp_progress_of(&q, all[1]), SMTP_DOUBT);
	assert_int_equal(smtp_progress_of(&q, all[2]), SMTP_OPEN);
	assert_int_equal(smtp_progress_try(&q), 2);
	/* Nobody is left: a person wants those in doubt to be tried again. */
	smtp_progress_note(&q, all[2], SMTP_FAILED);
	smtp_progress_begin(&q, all, 3);
	assert_int_equal(smtp_progress_of(&q, all[1]), SMTP_OPEN);
	assert_int_equal(smtp_progress_of(&q, all[2]), SMTP_FAILED);
	smtp_progress_note(&q, all[1], SMTP_DONE);
	smtp_progress_begin(&q, all, 3);
	assert_int_equal(smtp_progress_of(&q, all[2]), SMTP_OPEN);
	assert_int_equal(smtp_progress_of(&q, all[0]), SMTP_DONE);
	smtp_progress_close(&q);
	smtp_progress_close(&p);
}

/* ---- the story ---- */

static void a_record_is_told_in_a_few_lines(void **state)
{
	static const char record[] =
		"{\"severity\":\"High\",\"finding_info\":{\"title\":\"See "
		"http://evil.example/x\"},\"evidences\":[{\"user\":{\"name\":"
		"\"jdoe\"},\"url\":{\"url_string\":\"HTTPS://evil.example/\"}}]"
		"}";
	struct hp_json j;
	struct hp_text out;

	(void)state;
	hp_json_open(&j, &h, herald_cstr(record));
	hp_text_init(&out, 4096);
	hp_story_line(&out, &j);
	assert_string_equal(out.p, "[High] See http://evil.example/x: jdoe");
	hp_text_fini(&out);
	hp_story_text(&out, &j);
	assert_string_equal(out.p, "See hxxp://evil.example/x\n\n"
				   "severity     High\n"
				   "user         jdoe\n"
				   "url          hxxpS://evil.example/\n");
	hp_text_fini(&out);
	hp_json_close(&j);
}

static void an_alarm_is_told_with_its_words(void **state)
{
	struct hp_json j;
	struct hp_text out;

	(void)state;
	hp_json_open(&j, &h,
		     HERALD_S("{\"severity\":\"High\",\"message\":\"vt cannot "
			      "log in\",\"finding_info\":{\"title\":\"herald: "
			      "auth vt\"}}"));
	hp_text_init(&out, 4096);
	hp_story_line(&out, &j);
	assert_string_equal(out.p, "[High] herald: auth vt: vt cannot log in");
	hp_text_fini(&out);
	hp_story_text(&out, &j);
	assert_string_equal(out.p, "herald: auth vt\n\nvt cannot log in\n\n"
				   "severity     High\n");
	hp_text_fini(&out);
	hp_json_close(&j);
}

static void an_empty_record_is_told_as_well(void **state)
{
	struct hp_json j;
	struct hp_text out;

	(void)state;
	hp_json_open(&j, &h, HERALD_S("{}"));
	hp_text_init(&out, 4096);
	hp_story_line(&out, &j);
	assert_string_equal(out.p, "herald: an alert");
	hp_text_fini(&out);
	hp_json_close(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(observed_outcomes_are_judged),
		cmocka_unit_test(how_far_we_got_decides),
		cmocka_unit_test(the_pauses_grow),
		cmocka_unit_test(a_retry_asks_for_those_who_are_left),
		cmocka_unit_test(a_record_is_told_in_a_few_lines),
		cmocka_unit_test(an_alarm_is_told_with_its_words),
		cmocka_unit_test(an_empty_record_is_told_as_well),
	};

	hd_host_fill_json(&h);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
