#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/base/json_line.h"
#include "core/base/json_text.h"

#define TEXT(literal) literal, sizeof(literal) - 1
#define FFFD "\xef\xbf\xbd"

static char *write_text(const json_t *value, unsigned flags)
{
	struct hd_buf out;

	hd_buf_init(&out, 1 << 24);
	hd_json_write(&out, value, flags);
	assert_false(hd_buf_failed(&out));
	return hd_buf_steal(&out);
}

static void span_ends_behind_the_first_value(void **state)
{
	static const struct {
		const char *text;
		size_t span;
	} cases[] = {
		{ "", 0 },
		{ "  ", 0 },
		{ "{}", 2 },
		{ " {\"a\":\"}\\\"}\"} {", 14 },
		{ "[[1],{}]x", 8 },
		{ "[[1]", 0 },
		{ "\"a\\\\\" 1", 6 },
		{ "\"a\\\"", 0 },
		{ "12 13", 3 },
		{ "true", 4 },
		{ "}", 0 },
		{ "{\"a\":\"", 0 },
		{ "{\"a\":\"\\", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (hd_json_span(cases[i].text, strlen(cases[i].text)) !=
		    cases[i].span)
			fail_msg("span of %s", cases[i].text);
}

static void writer_obeys_its_flags(void **state)
{
	static const char text[] = "{\"b\":[1,{}],\"a\":\"\xc3\xa9"
				   "\xf0\x9f\x98\x80\",\"ab\":[],\"A\":null}";
	static const struct {
		unsigned flags;
		const char *written;
	} cases[] = {
		{ 0, text },
		{ HD_JSON_SORTED,
		  "{\"A\":null,\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\",\"ab\":[],"
		  "\"b\":[1,{}]}" },
		{ HD_JSON_ASCII, "{\"b\":[1,{}],\"a\":\"\\u00e9\\ud83d\\ude00"
				 "\",\"ab\":[],\"A\":null}" },
		{ HD_JSON_INDENT,
		  "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": \"\xc3\xa9"
		  "\xf0\x9f\x98\x80\",\n  \"ab\": [],\n  \"A\": null\n}" },
	};
	json_t *value = hd_json_read(TEXT(text), NULL, NULL);
	char *written;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		written = write_text(value, cases[i].flags);
		assert_string_equal(written, cases[i].written);
		free(written);
	}
	json_decref(value);
}

/* Every maximum below the text's size fails, the exact one does not. */
static void writer_stays_within_its_buffer(void **state)
{
	static const char text[] = "{\"key\":[1.5,\"va\\nl\",true,-12]}";
	json_t *value = hd_json_read(TEXT(text), NULL, NULL);
	struct hd_buf out;
	size_t max;

	(void)state;
	for (max = 0; max < sizeof(text); max++) {
		hd_buf_init(&out, max);
		hd_json_write(&out, value, 0);
		assert_true(out.n <= max);
		assert_int_equal(hd_buf_failed(&out), max < sizeof(text) - 1);
		hd_buf_fini(&out);
	}
	json_decref(value);
}

static void writer_refuses_endless_trees(void **state)
{
	json_t *array = json_array();
	json_t *inner = json_array();
	struct hd_buf out;

	(void)state;
	json_array_append(array, inner);
	json_array_append(inner, array);
	hd_buf_init(&out, 1 << 24);
	hd_json_write(&out, array, 0);
	assert_true(hd_buf_failed(&out));
	hd_buf_fini(&out);
	json_array_clear(inner);
	json_decref(inner);
	json_decref(array);
}

static void written_string_is_always_utf8(void **state)
{
	struct hd_buf out;

	(void)state;
	hd_buf_init(&out, 100);
	hd_buf_addc(&out, '=');
	hd_json_write_string(&out, TEXT("a\0\"\xff\xe2\x82"), 0);
	assert_string_equal(hd_buf_text(&out),
			    "=\"a\\u0000\\\"" FFFD FFFD "\"");
	hd_buf_clear(&out);
	hd_json_write_string(&out, TEXT("\xff"), HD_JSON_ASCII);
	assert_string_equal(hd_buf_text(&out), "\"\\ufffd\"");
	hd_buf_fini(&out);
}

/* The examples of RFC 6901, section 5, and what it calls errors. */
static void pointers_are_those_of_rfc_6901(void **state)
{
	static const char text[] =
		"{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,"
		"\"m~n\":8,\"x\":{\"y\":[[5]]}}";
	static const struct {
		const char *pointer;
		const char *written; /* NULL: none */
	} cases[] = {
		{ "", text },
		{ "/foo", "[\"bar\",\"baz\"]" },
		{ "/foo/0", "\"bar\"" },
		{ "/", "0" },
		{ "/a~1b", "1" },
		{ "/c%d", "2" },
		{ "/m~0n", "8" },
		{ "/x/y/0/0", "5" },
		{ "foo", NULL },
		{ "/foo/2", NULL },
		{ "/foo/00", NULL },
		{ "/foo/-", NULL },
		{ "/foo/", NULL },
		{ "/foo/99999999999999999999", NULL },
		{ "/m~n", NULL },
		{ "/m~", NULL },
		{ "/foo/0/x", NULL },
		{ "/nope/x", NULL },
	};
	json_t *root = hd_json_read(TEXT(text), NULL, NULL);
	json_t *at;
	char *written;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		at = hd_json_at(root, cases[i].pointer);
		if (!at != !cases[i].written)
			fail_msg("pointer '%s'", cases[i].pointer);
		if (!at)
			continue;
		written = write_text(at, 0);
		assert_string_equal(written, cases[i].written);
		free(written);
	}
	json_decref(root);
}

static void lines_are_objects(void **state)
{
	struct hd_buf out;

	(void)state;
	hd_buf_init(&out, 4096);
	hd_json_line_begin(&out);
	hd_json_line_end(&out);
	assert_string_equal(hd_buf_text(&out), "{}");
	hd_buf_clear(&out);
	hd_json_line_begin(&out);
	hd_json_line_text(&out, "ends in {", "a \"b\"\n{");
	hd_json_line_int(&out, "try", -1);
	hd_json_line_open(&out, "score");
	hd_json_line_int(&out, "low", 0);
	hd_json_line_int(&out, "high", INT64_MIN);
	hd_json_line_end(&out);
	hd_json_line_open(&out, "none");
	hd_json_line_end(&out);
	hd_json_line_text(&out, "torn", "a\xff");
	hd_json_line_end(&out);
	assert_string_equal(hd_buf_text(&out),
			    "{\"ends in {\":\"a \\\"b\\\"\\n{\",\"try\":-1,"
			    "\"score\":{\"low\":0,"
			    "\"high\":-9223372036854775808},\"none\":{},"
			    "\"torn\":\"a" FFFD "\"}");
	hd_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(span_ends_behind_the_first_value),
		cmocka_unit_test(writer_obeys_its_flags),
		cmocka_unit_test(writer_stays_within_its_buffer),
		cmocka_unit_test(writer_refuses_endless_trees),
		cmocka_unit_test(written_string_is_always_utf8),
		cmocka_unit_test(pointers_are_those_of_rfc_6901),
		cmocka_unit_test(lines_are_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
