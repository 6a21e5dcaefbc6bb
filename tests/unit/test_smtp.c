/* smtp_notify: addresses, encodings, the text of a mail, outcomes, the memo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "common/story.h"
#include "core/plugin/instance_impl.h"
#include "tests/unit/json_help.h"
#include "smtp_notify/address.h"
#include "smtp_notify/encode.h"
#include "smtp_notify/message.h"
#include "smtp_notify/outcome.h"
#include "smtp_notify/progress.h"

static herald_host h;

/* ---- addresses ---- */

static const struct {
	const char *text;
	bool sound;
} addresses[] = {
	{ "soc@example.com", true },
	{ "first.last+tag@mail.example.com", true },
	{ "o'brien@example.com", true },
	{ "root@localhost", true },
	{ "x@xn--mller-kva.example", true },
	{ "", false },
	{ "soc", false },
	{ "@example.com", false },
	{ "soc@", false },
	{ "a@b@example.com", false },
	{ "soc@example.com>\r\nRCPT TO:<evil@example.net", false },
	{ "<soc@example.com>", false },
	{ "<soc@example.com> NOTIFY=FAILURE", false },
	{ "soc@example.com,evil@example.net", false },
	{ "a@b, c@d", false },
	{ "a b@example.com", false },
	{ "soc@example.com\n", false },
	{ "soc@exa mple.com", false },
	{ "j\xc3\xbcrgen@example.com", false },
	{ "soc@m\xc3\xbcller.example", false },
	{ "\"a b\"@example.com", false },
	{ "soc@[192.0.2.1]", false },
	{ ".soc@example.com", false },
	{ "soc.@example.com", false },
	{ "s..c@example.com", false },
	{ "soc@example..com", false },
	{ "soc@.example.com", false },
	{ "soc@example.com.", false },
	{ "soc@-example.com", false },
	{ "soc@example-.com", false },
	{ "soc@example.com\x01", false },
};

static void an_address_is_one_or_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		if (smtp_address_is_sound(herald_cstr(addresses[i].text)) !=
		    addresses[i].sound)
			fail_msg("'%s'", addresses[i].text);
	}
	assert_false(smtp_address_is_sound(
		(herald_str){ "soc@example.com\0evil", 20 }));
}

static void an_address_has_254_bytes_at_most(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "soc@", 4);
	for (size_t i = 63; i < sizeof(text); i += 60)
		text[i] = '.';
	assert_true(smtp_address_is_sound((herald_str){ text, 254 }));
	assert_false(smtp_address_is_sound((herald_str){ text, 255 }));
	memset(text, 'a', 65);
	memcpy(text + 65, "@b.c", 4);
	assert_false(smtp_address_is_sound((herald_str){ text, 69 }));
	assert_true(smtp_address_is_sound((herald_str){ text + 1, 68 }));
}

/* ---- headers ---- */

static const struct {
	const char *value, *text;
} headers[] = {
	{ "Hello", "X: Hello\r\n" },
	{ "", "X: \r\n" },
	{ "hi\r\nBcc: evil@example.net\r\n\r\ninjected body",
	  "X: hi Bcc: evil@example.net injected body\r\n" },
	{ "hi\nX-Injected: 1", "X: hi X-Injected: 1\r\n" },
	{ "a\x1b[2J\x07z", "X: a [2J z\r\n" },
	{ "=?UTF-8?Q?Bcc?=", "X: =?UTF-8?B?PT9VVEYtOD9RP0JjYz89?=\r\n" },
	{ "Anmeldung f\xc3\xbcr J\xc3\xbcrgen",
	  "X: =?UTF-8?B?QW5tZWxkdW5nIGbDvHIgSsO8cmdlbg==?=\r\n" },
	{ "\xc3\xbc\r\nBcc: x", "X: =?UTF-8?B?w7wgIEJjYzogeA==?=\r\n" },
};

static void a_header_stays_one(void **state)
{
	struct hp_text out;

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		hp_text_init(&out, 4096);
		smtp_encode_header(&out, "X", herald_cstr(headers[i].value));
		assert_string_equal(out.p, headers[i].text);
		hp_text_fini(&out);
	}
}

/* No line over `max`, each ended by CR LF, none but the first without a
 * blank. */
static void expect_folded(const char *text, size_t max)
{
	bool first = true;

	while (*text) {
		const char *end = strstr(text, "\r\n");

		assert_non_null(end);
		assert_true((size_t)(end - text) <= max);
		assert_null(memchr(text, '\r', (size_t)(end - text)));
		assert_null(memchr(text, '\n', (size_t)(end - text)));
		assert_true(first || text[0] == ' ');
		assert_true(end > text + !first);
		first = false;
		text = end + 2;
	}
}

static void long_headers_are_folded(void **state)
{
	static const char *const pieces[] = { "word ", "w\xc3\xb6rd ",
					      "longerthanaline",
					      "\xf0\x9f\x9a\xa8", "\xff" };
	char value[2000];
	struct hp_text out;

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		size_t n = 0;

		while (n < 900) {
			memcpy(value + n, pieces[i], strlen(pieces[i]));
			n += strlen(pieces[i]);
		}
		hp_text_init(&out, 8192);
		smtp_encode_header(&out, "Subject", (herald_str){ value, n });
		expect_folded(out.p, 78);
		hp_text_fini(&out);
	}
}

static void a_name_is_quoted_or_encoded(void **state)
{
	struct hp_text out;

	(void)state;
	hp_text_init(&out, 4096);
	smtp_encode_mailbox(&out, "From", HERALD_S("SOC, \"night\""),
			    HERALD_S("a@b.c"));
	assert_string_equal(out.p,
			    "From: \"SOC, \\\"night\\\"\"\r\n <a@b.c>\r\n");
	hp_text_fini(&out);
	smtp_encode_mailbox(&out, "From", HERALD_S("B\xc3\xbcro\r\nBcc: x"),
			    HERALD_S("a@b.c"));
	assert_string_equal(out.p, "From: =?UTF-8?B?QsO8cm8gIEJjYzogeA==?=\r\n "
				   "<a@b.c>\r\n");
	hp_text_fini(&out);
	smtp_encode_mailbox(&out, "Reply-To", HERALD_S(""), HERALD_S("a@b.c"));
	assert_string_equal(out.p, "Reply-To: a@b.c\r\n");
	hp_text_fini(&out);
}

/* ---- bodies ---- */

static const struct {
	const char *body, *text;
} bodies[] = {
	{ "", "" },
	{ "hello", "hello\r\n" },
	{ "a\nb\r\nc\rd\n", "a\r\nb\r\nc\r\nd\r\n" },
	{ "line1\n.dot line\n", "line1\r\n=2Edot line\r\n" },
	{ "b\n.\r\nMAIL FROM:<x@example.net>\r\n",
	  "b\r\n=2E\r\nMAIL FROM:<x@example.net>\r\n" },
	{ "a=b", "a=3Db\r\n" },
	{ "end \nend\t\n", "end=20\r\nend=09\r\n" },
	{ "\xc3\xbc", "=C3=BC\r\n" },
	{ "a\x1b[2J\x7f", "a=1B[2J=7F\r\n" },
	{ "\n\n", "\r\n\r\n" },
};

static void a_body_stays_a_body(void **state)
{
	struct hp_text out;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		hp_text_init(&out, 4096);
		smtp_encode_body(&out, herald_cstr(bodies[i].body));
		assert_string_equal(hp_text_str(&out).p, bodies[i].text);
		hp_text_fini(&out);
	}
}

static void no_line_of_a_body_is_long_or_begins_with_a_dot(void **state)
{
	char body[4000];
	struct hp_text out;

	(void)state;
	for (size_t at = 60; at < 90; at++) {
		memset(body, 'x', sizeof(body));
		for (size_t i = at; i < sizeof(body); i += 37)
			body[i] = i % 2 ? '.' : '=';
		hp_text_init(&out, 32768);
		smtp_encode_body(&out, (herald_str){ body, sizeof(body) });
		for (const char *p = out.p; *p;) {
			const char *end = strstr(p, "\r\n");

			assert_true(end - p <= 76);
			assert_int_not_equal(p[0], '.');
			p = end + 2;
		}
		hp_text_fini(&out);
	}
}

/* ---- the mail ---- */

static struct smtp_message plain_message(void)
{
	static const herald_str to[] = { HERALD_S("soc@example.com") };

	return (struct smtp_message){
		.instance = HERALD_S("mail"),
		.idem = HERALD_S("7f3a/default/tell"),
		.from = HERALD_S("herald@example.com"),
		.from_name = HERALD_S("Herald"),
		.to = to,
		.to_count = 1,
		.subject = HERALD_S("[herald][high] Failed logins: jdoe"),
		.body = HERALD_S("Hello\n"),
		.alert = HERALD_S("6f1d2c3b4a5968770a1b2c3d4e5f6071"),
		.utc_ms = INT64_C(1795565170000),
	};
}

/* As fixtures/smtp/message_soc_alert.eml.txt. */
static void a_mail_has_its_headers(void **state)
{
	struct smtp_message m = plain_message();
	char id[SMTP_ID_MAX], want[2048];
	struct hp_text out;

	(void)state;
	assert_true(smtp_message_id(&m, m.to[0], id));
	snprintf(want, sizeof(want),
		 "Date: Wed, 25 Nov 2026 00:06:10 +0000\r\n"
		 "From: \"Herald\"\r\n <herald@example.com>\r\n"
		 "To: soc@example.com\r\n"
		 "Subject: [herald][high] Failed logins: jdoe\r\n"
		 "Message-ID: %s\r\n"
		 "Auto-Submitted: auto-generated\r\n"
		 "X-Auto-Response-Suppress: All\r\n"
		 "Precedence: bulk\r\n"
		 "X-Herald-Alert-Id: 6f1d2c3b4a5968770a1b2c3d4e5f6071\r\n"
		 "MIME-Version: 1.0\r\n"
		 "Content-Type: text/plain; charset=utf-8\r\n"
		 "Content-Transfer-Encoding: quoted-printable\r\n"
		 "\r\n"
		 "Hello\r\n",
		 id);
	hp_text_init(&out, SMTP_MESSAGE_MAX);
	assert_true(smtp_message_write(&out, &m, m.to[0]));
	assert_string_equal(out.p, want);
	hp_text_fini(&out);
}

static void the_id_is_that_of_intention_and_recipient(void **state)
{
	struct smtp_message m = plain_message();
	char a[SMTP_ID_MAX], b[SMTP_ID_MAX];

	(void)state;
	assert_true(smtp_message_id(&m, HERALD_S("a@b.c"), a));
	m.utc_ms += 86400000;
	m.subject = HERALD_S("another try");
	assert_true(smtp_message_id(&m, HERALD_S("a@b.c"), b));
	assert_string_equal(a, b);
	assert_true(smtp_message_id(&m, HERALD_S("d@b.c"), b));
	assert_string_not_equal(a, b);
	m.idem = HERALD_S("7f3a/default/tell_again");
	assert_true(smtp_message_id(&m, HERALD_S("a@b.c"), b));
	assert_string_not_equal(a, b);
	assert_non_null(strstr(a, ".mail@example.com>"));
}

static void a_mail_that_is_too_long_is_not_cut(void **state)
{
	struct smtp_message m = plain_message();
	struct hp_text out;

	(void)state;
	hp_text_init(&out, 300);
	assert_false(smtp_message_write(&out, &m, m.to[0]));
	hp_text_fini(&out);
}

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
		cmocka_unit_test(an_address_is_one_or_none),
		cmocka_unit_test(an_address_has_254_bytes_at_most),
		cmocka_unit_test(a_header_stays_one),
		cmocka_unit_test(long_headers_are_folded),
		cmocka_unit_test(a_name_is_quoted_or_encoded),
		cmocka_unit_test(a_body_stays_a_body),
		cmocka_unit_test(
			no_line_of_a_body_is_long_or_begins_with_a_dot),
		cmocka_unit_test(a_mail_has_its_headers),
		cmocka_unit_test(the_id_is_that_of_intention_and_recipient),
		cmocka_unit_test(a_mail_that_is_too_long_is_not_cut),
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
