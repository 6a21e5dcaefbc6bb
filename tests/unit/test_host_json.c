#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <herald/plugin.h>

#include "core/base/json_text.h"
#include "core/plugin/host_json.h"
#include "core/plugin/instance_impl.h"

static herald_host h;

static herald_doc *parse(const char *text)
{
	uint32_t status;
	herald_doc *d = h.json_parse(&h, herald_cstr(text), &status);

	assert_non_null(d);
	assert_int_equal(status, HERALD_OK);
	return d;
}

static void expect_text(herald_doc *d, const char *text)
{
	assert_string_equal(h.json_text(d).p, text);
}

static const struct {
	const char *text;
	uint32_t status;
	bool parsed;
} parsed[] = {
	{ NULL, HERALD_OK, true },
	{ "{\"a\":1}", HERALD_OK, true },
	{ "7", HERALD_OK, true },
	{ "", HERALD_BAD_INPUT, false },
	{ "{\"a\":1", HERALD_BAD_INPUT, false },
	{ "{\"a\":1,\"a\":2}", HERALD_NOT_EXACT, false },
	{ "9223372036854775808", HERALD_NOT_EXACT, false },
	{ "\"a\\u0000b\"", HERALD_MENDED, true },
	{ "\"a\xff\"", HERALD_MENDED, true },
};

static void parse_tells_ok_mended_bad_and_not_exact(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(parsed) / sizeof(parsed[0]); i++) {
		uint32_t status = 99;
		herald_doc *d = h.json_parse(&h, herald_cstr(parsed[i].text),
					     &status);

		if ((d != NULL) != parsed[i].parsed ||
		    status != parsed[i].status)
			fail_msg("%s: status 0x%x",
				 parsed[i].text ? parsed[i].text : "(null)",
				 status);
		h.json_free(d);
	}
	/* The status may be left out. */
	assert_null(h.json_parse(&h, HERALD_S("["), NULL));
}

static const struct {
	const char *path;
	uint32_t type;
	const char *text; /* NULL: none */
} reads[] = {
	{ "", HERALD_JSON_OBJECT, NULL },
	{ "/s", HERALD_JSON_STRING, "x\ty" },
	{ "/i", HERALD_JSON_INT, "-12" },
	{ "/r", HERALD_JSON_REAL, "1.5" },
	{ "/t", HERALD_JSON_TRUE, "true" },
	{ "/f", HERALD_JSON_FALSE, "false" },
	{ "/n", HERALD_JSON_NULL, "null" },
	{ "/a", HERALD_JSON_ARRAY, NULL },
	{ "/a/1", HERALD_JSON_INT, "8" },
	{ "/a/2", HERALD_JSON_NONE, NULL },
	{ "/a/01", HERALD_JSON_NONE, NULL },
	{ "/a/-", HERALD_JSON_NONE, NULL },
	{ "/x~1y~0z", HERALD_JSON_INT, "1" },
	{ "/none", HERALD_JSON_NONE, NULL },
	{ "/s/deeper", HERALD_JSON_NONE, NULL },
	{ "s", HERALD_JSON_NONE, NULL },
};

static void get_gives_type_and_text(void **state)
{
	herald_doc *d = parse("{\"s\":\"x\\ty\",\"i\":-12,\"r\":1.5,\"t\":true,"
			      "\"f\":false,\"n\":null,\"a\":[7,8],"
			      "\"x/y~z\":1}");

	(void)state;
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		herald_str s = { "?", 1 };

		assert_int_equal(h.json_get(d, reads[i].path, NULL),
				 reads[i].type);
		assert_int_equal(h.json_get(d, reads[i].path, &s),
				 reads[i].type);
		if (!reads[i].text)
			assert_null(s.p);
		else
			assert_string_equal(s.p, reads[i].text);
		if (reads[i].text)
			assert_int_equal(s.n, strlen(reads[i].text));
	}
	h.json_free(d);
}

static void what_was_lent_lives_until_a_change(void **state)
{
	herald_doc *d = parse("{\"i\":1,\"j\":2}");
	herald_str i, j, text;

	(void)state;
	h.json_get(d, "/i", &i);
	h.json_get(d, "/j", &j);
	text = h.json_text(d);
	assert_string_equal(i.p, "1");
	assert_string_equal(j.p, "2");
	assert_string_equal(text.p, "{\"i\":1,\"j\":2}");
	/* A text of the document itself may be what is set. */
	assert_int_equal(h.json_set(d, "/i", HERALD_JSON_INT, j), HERALD_OK);
	expect_text(d, "{\"i\":2,\"j\":2}");
	h.json_free(d);
}

static void keys_come_in_order_and_by_any_index(void **state)
{
	herald_doc *d = parse("{\"m\":{\"c\":1,\"a\":2,\"b\":3},\"l\":[1,2]}");

	(void)state;
	assert_int_equal(h.json_size(d, "/m"), 3);
	assert_int_equal(h.json_size(d, "/l"), 2);
	assert_int_equal(h.json_size(d, "/m/a"), 0);
	assert_int_equal(h.json_size(d, "/none"), 0);
	assert_string_equal(h.json_key(d, "/m", 0).p, "c");
	assert_string_equal(h.json_key(d, "/m", 2).p, "b");
	assert_string_equal(h.json_key(d, "/m", 1).p, "a");
	assert_null(h.json_key(d, "/m", 3).p);
	assert_null(h.json_key(d, "/l", 0).p);
	h.json_set(d, "/m/c", HERALD_JSON_NONE, (herald_str){ NULL, 0 });
	assert_string_equal(h.json_key(d, "/m", 0).p, "a");
	h.json_free(d);
}

static const struct {
	const char *before, *path;
	uint32_t type;
	const char *text;
	uint32_t status;
	const char *after;
} sets[] = {
	{ "{}", "/a", HERALD_JSON_STRING, "x", HERALD_OK, "{\"a\":\"x\"}" },
	{ "{}", "/a/b/c", HERALD_JSON_TRUE, NULL, HERALD_OK,
	  "{\"a\":{\"b\":{\"c\":true}}}" },
	{ "{}", "/a/0/b", HERALD_JSON_INT, "7", HERALD_OK,
	  "{\"a\":[{\"b\":7}]}" },
	{ "{}", "/a/-", HERALD_JSON_REAL, "1e3", HERALD_OK,
	  "{\"a\":[1000.0]}" },
	{ "{}", "/a/1", HERALD_JSON_INT, "7", HERALD_OK, "{\"a\":{\"1\":7}}" },
	{ "{\"a\":[1,2]}", "/a/-", HERALD_JSON_INT, "3", HERALD_OK,
	  "{\"a\":[1,2,3]}" },
	{ "{\"a\":[1,2]}", "/a/2", HERALD_JSON_INT, "3", HERALD_OK,
	  "{\"a\":[1,2,3]}" },
	{ "{\"a\":[1,2]}", "/a/0", HERALD_JSON_NULL, NULL, HERALD_OK,
	  "{\"a\":[null,2]}" },
	{ "{\"a\":[1,2]}", "/a/3", HERALD_JSON_INT, "3", HERALD_BAD_INPUT,
	  "{\"a\":[1,2]}" },
	{ "{\"a\":[1,2]}", "/a/x", HERALD_JSON_INT, "3", HERALD_BAD_INPUT,
	  "{\"a\":[1,2]}" },
	{ "{\"a\":1}", "/a/b", HERALD_JSON_INT, "3", HERALD_BAD_INPUT,
	  "{\"a\":1}" },
	{ "{\"a\":null}", "/a/b", HERALD_JSON_INT, "3", HERALD_OK,
	  "{\"a\":{\"b\":3}}" },
	{ "{}", "a", HERALD_JSON_INT, "3", HERALD_BAD_INPUT, "{}" },
	{ "{}", "/a~2", HERALD_JSON_INT, "3", HERALD_BAD_INPUT, "{}" },
	{ "{}", "/a~", HERALD_JSON_INT, "3", HERALD_BAD_INPUT, "{}" },
	{ "{}", "/x/\xff", HERALD_JSON_INT, "3", HERALD_BAD_INPUT, "{}" },
	{ "{}", "/a~1b/~0", HERALD_JSON_INT, "3", HERALD_OK,
	  "{\"a/b\":{\"~\":3}}" },
	{ "{}", "/", HERALD_JSON_INT, "3", HERALD_OK, "{\"\":3}" },
	{ "{\"a\":1}", "", HERALD_JSON_ARRAY, "[1]", HERALD_OK, "[1]" },
	{ "{}", "/a", HERALD_JSON_INT, "1.5", HERALD_BAD_INPUT, "{}" },
	{ "{}", "/a", HERALD_JSON_INT, "x", HERALD_BAD_INPUT, "{}" },
	{ "{}", "/a", HERALD_JSON_INT, "9223372036854775808", HERALD_NOT_EXACT,
	  "{}" },
	{ "{}", "/a", HERALD_JSON_REAL, "3", HERALD_OK, "{\"a\":3.0}" },
	{ "{}", "/a", HERALD_JSON_OBJECT, "[1]", HERALD_BAD_INPUT, "{}" },
	{ "{}", "/a", HERALD_JSON_OBJECT, "{\"b\":1,\"b\":2}", HERALD_NOT_EXACT,
	  "{}" },
	{ "{}", "/a", HERALD_JSON_OBJECT, NULL, HERALD_OK, "{\"a\":{}}" },
	{ "{}", "/a", HERALD_JSON_ARRAY, NULL, HERALD_OK, "{\"a\":[]}" },
	{ "{}", "/a", HERALD_JSON_STRING, "\xff", HERALD_MENDED,
	  "{\"a\":\"\xef\xbf\xbd\"}" },
	{ "{}", "/a", 77, "x", HERALD_BAD_INPUT, "{}" },
	{ "{\"a\":{\"b\":1}}", "/a/b", HERALD_JSON_NONE, NULL, HERALD_OK,
	  "{\"a\":{}}" },
	{ "{\"a\":[1,2,3]}", "/a/1", HERALD_JSON_NONE, NULL, HERALD_OK,
	  "{\"a\":[1,3]}" },
	{ "{\"a\":1}", "/b/c", HERALD_JSON_NONE, NULL, HERALD_OK, "{\"a\":1}" },
	{ "{\"a\":1}", "", HERALD_JSON_NONE, NULL, HERALD_OK, "{}" },
};

static void set_changes_as_a_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		herald_doc *d = parse(sets[i].before);
		uint32_t status = h.json_set(d, sets[i].path, sets[i].type,
					     herald_cstr(sets[i].text));

		if (status != sets[i].status ||
		    strcmp(h.json_text(d).p, sets[i].after) != 0)
			fail_msg("%s %s: 0x%x %s", sets[i].before, sets[i].path,
				 status, h.json_text(d).p);
		h.json_free(d);
	}
}

static void a_nul_in_a_string_is_mended(void **state)
{
	herald_doc *d = parse("{}");

	(void)state;
	assert_int_equal(h.json_set(d, "/a", HERALD_JSON_STRING,
				    (herald_str){ "a\0b\0", 4 }),
			 HERALD_MENDED);
	expect_text(d, "{\"a\":\"a\xef\xbf\xbd"
		       "b\xef\xbf\xbd\"}");
	h.json_free(d);
}

static void no_document_gets_too_deep_to_read(void **state)
{
	char path[2 * HD_JSON_DEPTH + 3];
	herald_doc *d = parse("{}");

	(void)state;
	for (size_t i = 0; i < HD_JSON_DEPTH; i++)
		memcpy(path + 2 * i, "/a", 3);
	/* 64 objects inside each other. */
	assert_int_equal(h.json_set(d, path, HERALD_JSON_INT, HERALD_S("1")),
			 HERALD_OK);
	assert_int_equal(h.json_set(d, path, HERALD_JSON_OBJECT,
				    HERALD_S("{}")),
			 HERALD_TOO_BIG);
	memcpy(path + 2 * HD_JSON_DEPTH, "/a", 3);
	assert_int_equal(h.json_set(d, path, HERALD_JSON_INT, HERALD_S("1")),
			 HERALD_TOO_BIG);
	/* It can be read again. */
	h.json_free(parse(h.json_text(d).p));
	/* Nor by copying it into itself. */
	assert_int_equal(h.json_copy(d, "/b", d, ""), HERALD_TOO_BIG);
	h.json_free(d);
}

static void a_name_over_the_bound_is_refused(void **state)
{
	char path[HD_JSON_KEY_MAX + 3] = "/";
	herald_doc *d = parse("{}");

	(void)state;
	memset(path + 1, 'k', HD_JSON_KEY_MAX + 1);
	assert_int_equal(h.json_set(d, path, HERALD_JSON_INT, HERALD_S("1")),
			 HERALD_BAD_INPUT);
	path[HD_JSON_KEY_MAX + 1] = '\0';
	assert_int_equal(h.json_set(d, path, HERALD_JSON_INT, HERALD_S("1")),
			 HERALD_OK);
	h.json_free(d);
}

static void copy_takes_what_is_there_and_no_more(void **state)
{
	herald_doc *from = parse("{\"a\":{\"b\":[1]},\"n\":null}");
	herald_doc *to = parse("{}");

	(void)state;
	assert_int_equal(h.json_copy(to, "/x/y", from, "/a"), HERALD_OK);
	assert_int_equal(h.json_copy(to, "/z", from, "/none"), HERALD_OK);
	assert_int_equal(h.json_copy(to, "/z", from, "/n"), HERALD_OK);
	expect_text(to, "{\"x\":{\"y\":{\"b\":[1]}}}");
	/* It is a copy. */
	h.json_set(from, "/a/b/0", HERALD_JSON_INT, HERALD_S("2"));
	expect_text(to, "{\"x\":{\"y\":{\"b\":[1]}}}");
	h.json_free(from);
	h.json_free(to);
}

static void span_splits_concatenated_documents(void **state)
{
	(void)state;
	assert_int_equal(h.json_span(&h, HERALD_S("{\"a\":1} {\"b\":2}")), 8);
	assert_int_equal(h.json_span(&h, HERALD_S("{\"a\":")), 0);
	assert_int_equal(h.json_span(&h, (herald_str){ NULL, 0 }), 0);
}

static void a_pointer_is_built_from_any_name(void **state)
{
	herald_doc *d = parse("{\"p\":{\"a/b~c\":5}}");
	char path[64];

	(void)state;
	assert_non_null(
		herald_pointer(path, sizeof(path), "/p", HERALD_S("a/b~c")));
	assert_int_equal(h.json_get(d, path, NULL), HERALD_JSON_INT);
	assert_null(herald_pointer(path, 5, "/p", HERALD_S("a/b~c")));
	h.json_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_tells_ok_mended_bad_and_not_exact),
		cmocka_unit_test(get_gives_type_and_text),
		cmocka_unit_test(what_was_lent_lives_until_a_change),
		cmocka_unit_test(keys_come_in_order_and_by_any_index),
		cmocka_unit_test(set_changes_as_a_whole_or_not_at_all),
		cmocka_unit_test(a_nul_in_a_string_is_mended),
		cmocka_unit_test(no_document_gets_too_deep_to_read),
		cmocka_unit_test(a_name_over_the_bound_is_refused),
		cmocka_unit_test(copy_takes_what_is_there_and_no_more),
		cmocka_unit_test(span_splits_concatenated_documents),
		cmocka_unit_test(a_pointer_is_built_from_any_name),
	};

	hd_host_fill_json(&h);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
