#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/err.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/expr/map.h"
#include "tests/unit/json_help.h"

static const struct hd_risk_levels levels = { 20, 40, 60, 80 };
static struct hd_expr_env *env;

static int set_up(void **state)
{
	(void)state;
	env = hd_expr_env_new(&levels, "UTC");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hd_expr_env_free(env);
	return 0;
}

static const struct hd_map_row rows[] = {
	{ "message", "row.title", NULL },
	{ "message", "row.text", NULL },
	{ "count", "int(number(row.n))", "row.kind == \"counted\"" },
	{ "metadata.labels", "row.tag", NULL },
	{ "metadata.labels", "\"always\"", NULL },
	{ "evidences.user.name", "row.user", NULL },
	{ "metadata.event_code", "name", NULL },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct {
	const char *name, *received, *want;
	unsigned errors;
} cases[] = {
	{ "the first row that applies wins",
	  "{'row': {'title': 'a', 'text': 'b'}}",
	  "{'message': 'a', 'metadata': {'labels': ['always']}, 'unmapped':"
	  " {'src': {'text': 'b'}}}",
	  0 },
	{ "one that came to nothing does not win",
	  "{'row': {'title': '', 'text': 'b'}}",
	  "{'message': 'b', 'metadata': {'labels': ['always']}}", 0 },
	{ "a list attribute takes all", "{'row': {'tag': ['x', 'y']}}",
	  "{'metadata': {'labels': ['x', 'y', 'always']}}", 0 },
	{ "a condition that does not hold", "{'row': {'n': '3', 'kind': 'x'}}",
	  "{'metadata': {'labels': ['always']}, 'unmapped': {'src': {'n': '3',"
	  " 'kind': 'x'}}}",
	  0 },
	{ "one that holds", "{'row': {'n': '3', 'kind': 'counted'}}",
	  "{'count': 3, 'metadata': {'labels': ['always']}}", 0 },
	{ "an error is counted and the rest stands",
	  "{'row': {'n': 'many', 'kind': 'counted', 'user': 'ann'}}",
	  "{'metadata': {'labels': ['always']}, 'evidences': [{'user': {'name':"
	  " 'ann'}}], 'unmapped': {'src': {'n': 'many', 'kind': 'counted'}}}",
	  1 },
	{ "members beside the row are names", "{'name': 'rule', 'row': {}}",
	  "{'metadata': {'labels': ['always'], 'event_code': 'rule'}}", 0 },
	{ "nulls and empty texts are not kept",
	  "{'row': {'a': null, 'b': '', 'c': ['', null], 'd': 0}}",
	  "{'metadata': {'labels': ['always']}, 'unmapped': {'src': {'d':"
	  " 0}}}",
	  0 },
};

static void rows_make_the_finding(void **state)
{
	struct hd_err err = { 0 };
	struct hd_map *map = hd_map_new(env, "src", rows, ROWS, &err);
	int faults = 0;

	(void)state;
	if (!map)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *received = json_of(cases[i].received);
		json_t *before = json_deep_copy(received);
		struct hd_reason why = { "" };
		unsigned errors = 9;
		json_t *record = hd_map_apply(map, received,
					      json_object_get(received, "row"),
					      0, &errors, &why);

		if (!json_same(record, cases[i].want) ||
		    errors != cases[i].errors ||
		    !json_equal(received, before)) {
			print_error("%s: %u '%s'\n", cases[i].name, errors,
				    why.text);
			faults++;
		}
		json_decref(before);
		json_decref(received);
		json_decref(record);
	}
	hd_map_free(map);
	assert_int_equal(faults, 0);
}

static void the_row_can_be_all_that_was_received(void **state)
{
	struct hd_map *map = hd_map_new(env, "src", rows, ROWS, NULL);
	json_t *received = json_of("{'name': 'rule', 'user': 'ann', 'x': '1'}");
	json_t *record = hd_map_apply(map, received, received, 0, NULL, NULL);

	(void)state;
	assert_true(json_same(
		record, "{'metadata': {'labels': ['always'], 'event_code':"
			" 'rule'}, 'evidences': [{'user': {'name': 'ann'}}],"
			" 'unmapped': {'src': {'x': '1'}}}"));
	json_decref(record);
	json_decref(received);
	hd_map_free(map);
}

/* What a row can do without a member that it names. */
static void absence_counts_as_the_language_has_it(void **state)
{
	static const struct hd_map_row odd[] = {
		{ "message", "row.a", "row.b == \"x\" || has(row.a)" },
		{ "comment", "has(row.b) ? \"b\" : \"no b\"", NULL },
		{ "status_code", "row.a", "has(row.b) == false" },
		{ "status_detail", "lower(row.?b.orValue(\"NONE\"))", NULL },
		{ "unmapped.t.and", "row.b && false", NULL },
		{ "unmapped.t.plain", "lower((row.b))", NULL },
		{ "unmapped.t.cond", "row.a", "type(row.b) == string && true" },
	};
	struct hd_err err = { 0 };
	struct hd_map *map = hd_map_new(env, "src", odd,
					sizeof(odd) / sizeof(odd[0]), &err);
	json_t *received = json_of("{'a': '1'}");
	json_t *record;

	(void)state;
	if (!map)
		fail_msg("%s", err.text);
	record = hd_map_apply(map, received, received, 0, NULL, NULL);
	assert_true(json_same(record,
			      "{'message': '1', 'comment': 'no b',"
			      " 'status_code': '1', 'status_detail': 'none',"
			      " 'unmapped': {'t': {'and': false}}}"));
	json_decref(record);
	json_decref(received);
	hd_map_free(map);
}

static void a_broken_default_row_is_the_plugins_fault(void **state)
{
	static const struct {
		struct hd_map_row row;
		const char *why;
	} broken[] = {
		{ { "evidences.user.nick", "row.x", NULL },
		  "map row for evidences.user.nick: no attribute 'nick' in "
		  "user ('evidences.user.nick')" },
		{ { "message.x", "row.x", NULL },
		  "map row for message.x: 'message.x' is no path of the "
		  "record" },
		{ { "metadata.uid", "row.x", NULL },
		  "map row for metadata.uid: 'metadata.uid' is made by "
		  "herald" },
		{ { "message", "row.", NULL }, NULL },
		{ { "message", "row.x", "row.x +" }, NULL },
		{ { "message", "row.x", "1" }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct hd_err err = { 0 };

		assert_null(hd_map_new(env, "src", &broken[i].row, 1, &err));
		assert_true(err.text[0]);
		if (broken[i].why)
			assert_string_equal(err.text, broken[i].why);
	}
}

/* ---- the operator's rows ---- */

static int add(struct hd_map *map, const char *yaml,
	       struct hd_complaints *complaints, struct hd_conf **conf)
{
	struct hd_conf_text text = { "herald.yaml", yaml, strlen(yaml) };

	*conf = hd_conf_load_texts(&text, 1, complaints);
	assert_non_null(*conf);
	return hd_map_add(map,
			  hd_node_get(hd_conf_find(*conf, HD_CONF_CONNECTORS,
						   "c"),
				      "map"),
			  complaints);
}

static void the_operators_rows_take_the_place_of_default_ones(void **state)
{
	struct hd_map *map = hd_map_new(env, "src", rows, ROWS, NULL);
	struct hd_complaints *complaints = hd_complaints_new();
	json_t *received = json_of("{'row': {'title': 't', 'text': 'x',"
				   " 'tag': 'g', 'new': 'true'}}");
	struct hd_conf *conf;
	json_t *record;

	(void)state;
	assert_int_equal(
		add(map,
		    "connectors: {c: {plugin: x, map: [\n"
		    "  {set: message, to: 'row.nothing'},\n"
		    "  {set: message, to: 'row.text + \"!\"'},\n"
		    "  {set: metadata.labels, to: '\"new\"', if: 'row.new == "
		    "\"true\"'}]}}\n",
		    complaints, &conf),
		0);
	record = hd_map_apply(map, received, json_object_get(received, "row"),
			      0, NULL, NULL);
	assert_true(json_same(record, "{'message': 'x!', 'metadata': {'labels':"
				      " ['new']}, 'unmapped': {'src': {'title':"
				      " 't', 'tag': 'g'}}}"));
	json_decref(record);
	json_decref(received);
	hd_map_free(map);
	hd_conf_unref(conf);
	hd_complaints_free(complaints);
}

static const struct {
	const char *yaml;
	unsigned line, col;
	const char *text;
} complaints_of[] = {
	{ "connectors: {c: {plugin: x, map: [\n    {set: evidences.user.nmae, "
	  "to: 'row.x'}]}}\n",
	  2, 11,
	  "no attribute 'nmae' in user ('evidences.user.nmae'); did you mean "
	  "'name'?" },
	{ "connectors: {c: {plugin: x, map: [\n    {sett: message, to: "
	  "'row.x', set: count}]}}\n",
	  2, 6, "unknown key 'sett' in a row of map; did you mean 'set'?" },
	{ "connectors: {c: {plugin: x, map: [\n    {to: 'row.x'}]}}\n", 2, 6,
	  "a row of map needs 'set', a path of the record" },
	{ "connectors: {c: {plugin: x, map: [\n    {set: message}]}}\n", 2, 6,
	  "a row of map needs 'to', an expression" },
	{ "connectors: {c: {plugin: x, map: 1}}\n", 1, 34,
	  "map is a list of rows, this is text" },
	{ "connectors: {c: {plugin: x, map: [\n    {set: message, to: 'row.x', "
	  "if: 'size(row) + 1'}]}}\n",
	  2, 0, NULL },
	{ "connectors: {c: {plugin: x, map: [\n    {set: message, to: 'row.x "
	  "++ 1'}]}}\n",
	  2, 0, NULL },
	{ "connectors: {c: {plugin: x, map: [\n    {set: raw_data, to: "
	  "'row.x'}]}}\n",
	  2, 11, "'raw_data' is made by herald" },
};

static void faults_are_placed_in_the_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(complaints_of) / sizeof(complaints_of[0]);
	     i++) {
		struct hd_map *map = hd_map_new(env, "src", rows, ROWS, NULL);
		struct hd_complaints *complaints = hd_complaints_new();
		const struct hd_complaint *c;
		struct hd_conf *conf;

		assert_int_equal(
			add(map, complaints_of[i].yaml, complaints, &conf), -1);
		assert_true(hd_complaints_errors(complaints) > 0);
		c = hd_complaints_get(complaints, 0);
		assert_int_equal(c->line, complaints_of[i].line);
		if (complaints_of[i].col > 0)
			assert_int_equal(c->col, complaints_of[i].col);
		if (complaints_of[i].text)
			assert_string_equal(c->text, complaints_of[i].text);
		hd_map_free(map);
		hd_conf_unref(conf);
		hd_complaints_free(complaints);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_make_the_finding),
		cmocka_unit_test(the_row_can_be_all_that_was_received),
		cmocka_unit_test(absence_counts_as_the_language_has_it),
		cmocka_unit_test(a_broken_default_row_is_the_plugins_fault),
		cmocka_unit_test(
			the_operators_rows_take_the_place_of_default_ones),
		cmocka_unit_test(faults_are_placed_in_the_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
