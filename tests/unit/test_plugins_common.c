/* What connectors share: texts, documents, replies, digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/json.h"
#include "common/reply.h"
#include "common/sha256.h"
#include "common/text.h"
#include "tests/unit/plugin_rig.h"

static struct rig rig;

static int set_up(void **state)
{
	(void)state;
	rig_init(&rig);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_fini(&rig);
	return 0;
}

/* ---- texts ---- */

static void a_text_is_cut_at_a_character(void **state)
{
	struct hp_text text;

	(void)state;
	hp_text_init(&text, 6);
	assert_string_equal(hp_text_str(&text).p, "");
	hp_text_addf(&text, "%s", "ab");
	hp_text_add(&text, HERALD_S("c\xc3\xbc\xe2\x82\xac"));
	assert_string_equal(hp_text_str(&text).p, "abc\xc3\xbc");
	assert_true(text.cut);
	hp_text_add(&text, HERALD_S("x"));
	assert_string_equal(hp_text_str(&text).p, "abc\xc3\xbc");
	hp_text_fini(&text);
	hp_text_add(&text, HERALD_S("again"));
	assert_string_equal(hp_text_str(&text).p, "again");
	hp_text_fini(&text);
}

static void a_long_text_grows(void **state)
{
	struct hp_text text;

	(void)state;
	hp_text_init(&text, 100000);
	for (int i = 0; i < 10000; i++)
		hp_text_add(&text, HERALD_S("0123456789"));
	assert_int_equal(text.n, 100000);
	assert_false(text.cut);
	hp_text_fini(&text);
}

static const struct {
	const char *text;
	bool utf8;
} texts[] = {
	{ "", true },
	{ "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x99\x82", true },
	{ "\xc3", false },
	{ "\xc0\xaf", false },	       /* overlong */
	{ "\xe0\x80\xaf", false },     /* overlong */
	{ "\xed\xa0\x80", false },     /* surrogate */
	{ "\xf4\x90\x80\x80", false }, /* past the last */
	{ "\xff", false },
	{ "\xe2\x82", false },
	{ "\xe2\x28\xa1", false },
	{ "\x80", false },
};

static void utf8_is_told_from_other_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (hp_str_is_utf8(herald_cstr(texts[i].text)) != texts[i].utf8)
			fail_msg("text %zu", i);
}

static void strings_are_compared_and_trimmed(void **state)
{
	(void)state;
	assert_true(hp_str_same(HERALD_S("aB"), HERALD_S("Ab")));
	assert_false(hp_str_same(HERALD_S("a"), HERALD_S("ab")));
	assert_true(hp_str_same((herald_str){ NULL, 0 }, HERALD_S("")));
	assert_true(hp_str_is(HERALD_S("a"), "a"));
	assert_false(hp_str_is((herald_str){ NULL, 0 }, ""));
	assert_true(hp_str_begins(HERALD_S("TLP:amber"), "tlp:"));
	assert_false(hp_str_begins(HERALD_S("tlp"), "tlp:"));
	assert_true(hp_str_is_digits(HERALD_S("0123")));
	assert_false(hp_str_is_digits(HERALD_S("")));
	assert_false(hp_str_is_digits(HERALD_S("-1")));
	assert_int_equal(hp_str_trim(HERALD_S(" \t\r\n")).n, 0);
	assert_int_equal(hp_str_trim(HERALD_S(" a b ")).n, 3);
}

/* ---- documents ---- */

static void values_are_read_however_they_are_written(void **state)
{
	struct hp_json j;

	(void)state;
	assert_true(hp_json_open(&j, &rig.h,
				 HERALD_S("{\"a\":[{\"n\":7,\"t\":\"7\",\"r\":"
					  "1.5,\"b\":true,\"z\":null,\"o\":{},"
					  "\"s\":\"TRUE\",\"one\":1,\"w\":"
					  "\"7x\"}]}")));
	assert_string_equal(hp_json_text(&j, "/a/0", "/n").p, "7");
	assert_string_equal(hp_json_text(&j, "/a/0", "/t").p, "7");
	assert_string_equal(hp_json_text(&j, "/a/0", "/r").p, "1.5");
	assert_null(hp_json_text(&j, "/a/0", "/b").p);
	assert_null(hp_json_text(&j, "/a/0", "/z").p);
	assert_null(hp_json_text(&j, "/a/1", "/n").p);
	assert_string_equal(hp_json_cstr(&j, "/a/0", "/o"), "");
	assert_int_equal(hp_json_int(&j, "/a/0", "/n", -1), 7);
	assert_int_equal(hp_json_int(&j, "/a/0", "/t", -1), 7);
	assert_int_equal(hp_json_int(&j, "/a/0", "/w", -1), -1);
	assert_int_equal(hp_json_int(&j, "/a/0", "/r", -1), -1);
	assert_int_equal(hp_json_int(&j, "/a/0", "/x", -1), -1);
	assert_true(hp_json_is_true(&j, "/a/0", "/b"));
	assert_true(hp_json_is_true(&j, "/a/0", "/s"));
	assert_true(hp_json_is_true(&j, "/a/0", "/one"));
	assert_false(hp_json_is_true(&j, "/a/0", "/n"));
	assert_int_equal(hp_json_size(&j, "/a", ""), 1);
	assert_int_equal(hp_json_type(&j, "/a/0", "/o"), HERALD_JSON_OBJECT);
	hp_json_close(&j);
}

static void what_is_no_document_reads_as_empty(void **state)
{
	struct hp_json j;

	(void)state;
	assert_false(hp_json_open(&j, &rig.h, HERALD_S("{")));
	assert_null(hp_json_text(&j, "/a", "").p);
	assert_int_equal(hp_json_size(&j, "", ""), 0);
	assert_int_equal(hp_json_type(&j, "", ""), HERALD_JSON_NONE);
	assert_null(hp_json_all(&j).p);
	hp_json_close(&j);
}

static void a_document_is_written_and_its_failure_kept(void **state)
{
	struct hp_json j, from;

	(void)state;
	hp_json_open(&from, &rig.h, HERALD_S("{\"x\":[1,2],\"z\":null}"));
	hp_json_open(&j, &rig.h, (herald_str){ NULL, 0 });
	hp_json_put(&j, "/a/0", HERALD_S("t"));
	hp_json_put(&j, "/none", HERALD_S(""));
	hp_json_put_int(&j, "/n", -5);
	hp_json_put_bool(&j, "/b", false);
	hp_json_put_copy(&j, "/c", &from, "", "/x");
	hp_json_put_copy(&j, "/d", &from, "", "/z");
	assert_string_equal(hp_json_all(&j).p,
			    "{\"a\":[\"t\"],\"n\":-5,\"b\":false,\"c\":[1,2]}");
	hp_json_put_int(&j, "/n/below", 1);
	assert_true(j.failed);
	assert_null(hp_json_all(&j).p);
	hp_json_close(&j);
	hp_json_close(&from);
}

static void a_path_that_is_too_long_leads_nowhere(void **state)
{
	struct hp_path path;

	(void)state;
	assert_string_equal(hp_path(&path, "/a/%d", 7), "/a/7");
	assert_string_equal(hp_path(&path, "/%0*d", HP_PATH_MAX, 7), "/ ");
}

/* ---- replies ---- */

static const struct {
	uint32_t status;
	const char *body, *error;
	uint32_t judged;
	const char *why;
} replies[] = {
	{ HERALD_OK, "{}", NULL, HERALD_OK, "" },
	{ HERALD_OK, "[]", NULL, HERALD_OK, "" },
	{ HERALD_OK, "7", NULL, HERALD_BAD_REPLY,
	  "the answer is no JSON but text/plain" },
	{ HERALD_OK, "", NULL, HERALD_BAD_REPLY,
	  "the answer is no JSON but empty" },
	{ HERALD_FAILED, "{\"message\":\"m\"}", "e", HERALD_FAILED, "e: m" },
	{ HERALD_FAILED, "{\"error\":{\"message\":\"m\"}}", "e", HERALD_FAILED,
	  "e: m" },
	{ HERALD_FAILED, "{\"error\":\"m\"}", "e", HERALD_FAILED, "e: m" },
	{ HERALD_FAILED, "{\"detail\":\"m\"}", "e", HERALD_FAILED, "e: m" },
	{ HERALD_FAILED, "<html>", "e", HERALD_FAILED, "e" },
	/* Said once. */
	{ HERALD_FAILED, "{\"message\":\"m\"}", "HTTP 400: {\"message\":\"m\"}",
	  HERALD_FAILED, "HTTP 400: {\"message\":\"m\"}" },
};

static void replies_are_judged(void **state)
{
	static const char *const headers[] = { "content-type", "text/plain",
					       NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		const herald_reply reply = {
			.status = replies[i].status,
			.body = herald_cstr(replies[i].body),
			.error = herald_cstr(replies[i].error),
			.headers = headers,
		};
		struct hp_json body;
		struct hp_text why;

		hp_text_init(&why, HP_WHY_MAX);
		hp_reply_open(&rig.h, &reply, &body);
		assert_int_equal(hp_reply_judge(&reply, &body, &why),
				 replies[i].judged);
		assert_string_equal(hp_text_str(&why).p, replies[i].why);
		hp_json_close(&body);
		hp_text_fini(&why);
	}
}

/* FIPS 180-2, "abc"; and nothing. */
static void digests_are_those_of_the_standard(void **state)
{
	char hex[HP_SHA256_HEX];

	(void)state;
	assert_true(hp_sha256_hex(HERALD_S("abc"), hex));
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177"
				 "a9cb410ff61f20015ad");
	assert_true(hp_sha256_hex(HERALD_S(""), hex));
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b9"
				 "34ca495991b7852b855");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_text_is_cut_at_a_character),
		CASE(a_long_text_grows),
		CASE(utf8_is_told_from_other_bytes),
		CASE(strings_are_compared_and_trimmed),
		CASE(values_are_read_however_they_are_written),
		CASE(what_is_no_document_reads_as_empty),
		CASE(a_document_is_written_and_its_failure_kept),
		CASE(a_path_that_is_too_long_leads_nowhere),
		CASE(replies_are_judged),
		CASE(digests_are_those_of_the_standard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
