/* smtp_notify: addresses, encodings, the text of a mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "smtp_notify/address.h"
#include "smtp_notify/encode.h"
#include "smtp_notify/message.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
