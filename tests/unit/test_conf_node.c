#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"

static struct hd_conf *conf;
static struct hd_complaints *complaints;

/* The root of a main file; errors are left in `complaints`. */
static const struct hd_node *read_text(const char *text)
{
	struct hd_conf_text one = { "h.yaml", text, strlen(text) };

	complaints = hd_complaints_new();
	conf = hd_conf_load_texts(&one, 1, complaints);
	return conf ? hd_conf_main(conf) : NULL;
}

static void done(void)
{
	hd_conf_unref(conf);
	hd_complaints_free(complaints);
}

static void assert_place(struct hd_place place, unsigned line, unsigned col)
{
	assert_int_equal(place.line, line);
	assert_int_equal(place.col, col);
}

static void members_and_items_have_places(void **state)
{
	const struct hd_node *root = read_text("herald:\n"
					       "  mode: live\n"
					       "  own:\n"
					       "    - 'a'\n"
					       "    - \xc3\xa4: \"b\"\n"
					       "  keep:\n"
					       "  empty: []\n");
	const struct hd_node *herald = hd_node_get(root, "herald"), *own;

	(void)state;
	assert_place(hd_node_key_place(herald), 1, 1);
	assert_place(hd_node_place(herald), 2, 3);
	assert_place(hd_node_place(hd_node_get(herald, "mode")), 2, 9);
	own = hd_node_get(herald, "own");
	assert_place(hd_node_place(hd_node_item(own, 0)), 4, 7);
	assert_place(hd_node_place(hd_node_item(own, 1)), 5, 7);
	assert_place(hd_node_place(hd_node_item(hd_node_item(own, 1), 0)), 5,
		     10);
	/* What is empty stands where its key stands. */
	assert_place(hd_node_place(hd_node_get(herald, "keep")), 6, 3);
	assert_place(hd_node_place(hd_node_get(herald, "empty")), 7, 3);
	assert_int_equal(hd_node_type(hd_node_get(herald, "keep")),
			 HD_NODE_NULL);
	assert_int_equal(hd_node_type(hd_node_get(herald, "empty")),
			 HD_NODE_SEQ);
	done();
}

static void access_is_safe_on_nothing(void **state)
{
	const struct hd_node *root = read_text("herald: {mode: live}\n");
	size_t n = 7;
	char *path;

	(void)state;
	assert_null(hd_node_get(NULL, "x"));
	assert_null(hd_node_get(root, "x"));
	assert_null(hd_node_item(root, 1));
	assert_null(hd_node_key(root, 1));
	assert_string_equal(hd_node_key(root, 0), "herald");
	assert_null(hd_node_text(root, &n));
	assert_int_equal(n, 0);
	assert_int_equal(hd_node_count(NULL), 0);
	assert_true(hd_node_is(hd_node_get(hd_node_get(root, "herald"), "mode"),
			       "live"));
	assert_string_equal(hd_node_kind(root), "a mapping");
	path = hd_node_path(NULL);
	assert_string_equal(path, "");
	free(path);
	path = hd_node_path(root);
	assert_string_equal(path, "");
	free(path);
	done();
}

static void paths_name_pipelines(void **state)
{
	const struct hd_node *root = read_text("pipelines:\n"
					       "  - name: suspicious_login\n"
					       "    steps:\n"
					       "      - dedup: {}\n"
					       "      - score: [{name: a}]\n");
	const struct hd_node *pipeline =
		hd_node_item(hd_node_get(root, "pipelines"), 0);
	const struct hd_node *step =
		hd_node_item(hd_node_get(pipeline, "steps"), 1);
	char *path = hd_node_path(hd_node_item(hd_node_get(step, "score"), 0));

	(void)state;
	assert_string_equal(path,
			    "pipelines.suspicious_login.steps[1].score[0]");
	free(path);
	done();
}

/* Where the byte at `offset` of the value of `x` stands. */
static const struct at {
	const char *name, *text, *value;
	size_t offset;
	unsigned line, col;
} places[] = {
	{ "plain", "x: a == b\n", "a == b", 5, 1, 9 },
	{ "plain with umlaut before", "x: '\xc3\xa4' + b\n", NULL, 0, 1, 4 },
	{ "single quotes", "x: 'a == b'\n", "a == b", 5, 1, 10 },
	{ "single quotes, start", "x: 'a == b'\n", "a == b", 0, 1, 5 },
	{ "doubled quote before", "x: 'a == ''b'' && c'\n", "a == 'b' && c", 12,
	  1, 19 },
	{ "double quotes", "x: \"a == b\"\n", "a == b", 5, 1, 10 },
	{ "before an escape", "x: \"ab \\\" c\"\n", "ab \" c", 1, 1, 6 },
	{ "behind an escape", "x: \"ab \\\" c\"\n", "ab \" c", 5, 1, 11 },
	{ "behind escapes of all kinds",
	  "x: \"\\x41\\u00e4\\U0001F600\\t\\e|b\"\n", NULL, 10, 1, 30 },
	{ "double quotes, two lines", "x: \"a  \n   \\\"b c\"\n", "a \"b c", 5,
	  2, 8 },
	{ "double quotes, an escaped line end", "x: \"a \\\n   b c\"\n",
	  "a b c", 4, 2, 6 },
	{ "double quotes, an empty line", "x: \"a\n\n  b c\"\n", "a\nb c", 4, 3,
	  5 },
	{ "single quotes, two lines", "x: 'it''s\n  b c'\n", "it's b c", 7, 2,
	  5 },
	{ "characters, not bytes", "x: '\xc3\xa4\xc3\xb6 == b'\n",
	  "\xc3\xa4\xc3\xb6 == b", 8, 1, 11 },
	{ "literal, first line", "x: |-\n  a &&\n  b\n", "a &&\nb", 2, 2, 5 },
	{ "literal, second line", "x: |-\n  a &&\n  b == c\n", "a &&\nb == c",
	  10, 3, 8 },
	{ "literal, deeper line", "x: |-\n  a\n    b\n", "a\n  b", 4, 3, 5 },
	{ "literal, empty line", "x: |-\n  a\n\n  b\n", "a\n\nb", 3, 4, 3 },
	{ "literal, leading empty line", "x: |-\n\n  a\n", "\na", 1, 3, 3 },
	{ "literal, stated indentation", "x: |2-\n    a\n  b\n", "  a\nb", 2, 2,
	  5 },
	{ "literal, line end", "x: |-\n  a\n  b\n", "a\nb", 1, 2, 4 },
	{ "literal, behind the end", "x: |\n  a\n", "a\n", 99, 2, 4 },
	{ "literal, with CR", "x: |-\r\n  a\r\n  b\r\n", "a\nb", 2, 3, 3 },
	{ "folded", "x: >-\n  a\n  b\n", "a b", 2, 3, 3 },
	{ "folded, first line", "x: >-\n  ab\n  c\n", "ab c", 1, 2, 4 },
	{ "folded, third line", "x: >-\n  a\n  b\n  c d\n", "a b c d", 6, 4,
	  5 },
	{ "folded, empty lines", "x: >-\n  a\n\n\n  b c\n", "a\n\nb c", 5, 5,
	  5 },
	{ "folded, a deeper line", "x: >-\n  a\n    b\n  c d\n", "a\n  b\nc d",
	  8, 4, 5 },
	{ "folded, a blank at a line end", "x: >-\n  a \n  b c\n", "a  b c", 5,
	  3, 5 },
	{ "folded, with CR", "x: >-\r\n  a\r\n  b c\r\n", "a b c", 4, 3, 5 },
	{ "two lines, plain", "x: a\n  b\n", "a b", 2, 2, 3 },
	{ "three lines, plain", "x: a\n  b\n\n  c d\n", "a b\nc d", 6, 4, 5 },
	{ "behind a comment", "# \xc3\xa4\nx: 'abc'\n", "abc", 2, 2, 7 },
};

static void places_inside_texts(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct at *at = &places[i];
		const struct hd_node *node = hd_node_get(read_text(at->text),
							 "x");
		struct hd_place place = hd_node_place_at(node, at->offset);

		if (at->value && strcmp(hd_node_text(node, &n), at->value) != 0)
			fail_msg("%s: reads '%s'", at->name,
				 hd_node_text(node, &n));
		if (place.line != at->line || place.col != at->col)
			fail_msg("%s: %u:%u, not %u:%u", at->name, place.line,
				 place.col, at->line, at->col);
		done();
	}
}

static void mended_expressions_keep_their_places(void **state)
{
	const struct hd_node *root = read_text(
		"a:\n  - {if: !x(\"a\", b), add: 3, unless: \"c\" in "
		"d, value: e}\nx: yes\n");
	const struct hd_node *one = hd_node_item(hd_node_get(root, "a"), 0);
	const struct hd_node *first = hd_node_get(one, "if");

	(void)state;
	assert_string_equal(hd_node_text(first, NULL), "!x(\"a\", b)");
	assert_place(hd_node_place(first), 2, 10);
	assert_place(hd_node_place_at(first, 8), 2, 18);
	assert_string_equal(hd_node_get_text(one, "add"), "3");
	assert_place(hd_node_key_place(hd_node_get(one, "add")), 2, 22);
	assert_string_equal(hd_node_get_text(one, "unless"), "\"c\" in d");
	assert_place(hd_node_place(hd_node_get(one, "value")), 2, 55);
	assert_place(hd_node_place(hd_node_get(root, "x")), 3, 4);
	done();
}

static const struct {
	const char *text, *json;
} jsons[] = {
	{ "null", "null" },
	{ "~", "null" },
	{ "", "null" },
	{ "'~'", "\"~\"" },
	{ "true", "true" },
	{ "FALSE", "false" },
	{ "yes", "\"yes\"" },
	{ "'true'", "\"true\"" },
	{ "12", "12" },
	{ "-7", "-7" },
	{ "+7", "7" },
	{ "007", "7" },
	{ "0x1F", "31" },
	{ "0o17", "15" },
	{ "9223372036854775807", "9223372036854775807" },
	{ "9223372036854775808", "\"9223372036854775808\"" },
	{ "1.5", "1.5" },
	{ "-1e3", "-1000.0" },
	{ "1e999", "\"1e999\"" },
	{ ".5", "\".5\"" },
	{ "1.", "\"1.\"" },
	{ "1.2.3", "\"1.2.3\"" },
	{ "192.0.2.1", "\"192.0.2.1\"" },
	{ ".inf", "\".inf\"" },
	{ "0x", "\"0x\"" },
	{ "-", "[null]" },
	{ "'12'", "\"12\"" },
	{ "[1, a, {b: 'c'}]", "[1,\"a\",{\"b\":\"c\"}]" },
};

static void json_follows_the_core_schema(void **state)
{
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(jsons) / sizeof(jsons[0]); i++) {
		json_t *value;
		char *got;

		snprintf(text, sizeof(text), "x:\n  %s\n", jsons[i].text);
		value = hd_node_json(hd_node_get(read_text(text), "x"));
		got = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		if (strcmp(got, jsons[i].json) != 0)
			fail_msg("%s became %s", jsons[i].text, got);
		free(got);
		json_decref(value);
		done();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_and_items_have_places),
		cmocka_unit_test(access_is_safe_on_nothing),
		cmocka_unit_test(paths_name_pipelines),
		cmocka_unit_test(places_inside_texts),
		cmocka_unit_test(mended_expressions_keep_their_places),
		cmocka_unit_test(json_follows_the_core_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
