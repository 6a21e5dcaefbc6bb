/* Wrong configurations: each must be complained of at the right place, with
 * the right word, and with a remedy that helps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/settings.h"

#define V "version: 1\n"
#define END "pipelines: [{name: default, steps: []}]\n"

struct bad {
	const char *name;
	const char *text, *more; /* the main file, a file of conf.d or NULL */
	const char *file;	 /* "m" or "d" */
	unsigned line, col;
	const char *word, *remedy; /* parts of the texts */
};

/* What YAML makes of expressions that are not quoted. */
static const struct bad quoting[] = {
	{ "leading !", V "x:\n  if: !listed(\"vip\", user.name)\n" END, NULL,
	  "m", 3, 7, "a leading '!' as a tag",
	  "write: if: '!listed(\"vip\", user.name)'" },
	{ "leading ! of one word", V "x:\n  if: !done\n" END, NULL, "m", 3, 7,
	  "a leading '!' as a tag", "write: if: '!done'" },
	{ "leading ! inside { }", V "x: [{if: !x(a, b), add: 1}]\n" END, NULL,
	  "m", 2, 10, "a leading '!' as a tag",
	  "write: x: [{if: '!x(a, b)', add: 1}]" },
	{ "leading \"", V "x:\n  if: \"new\" in metadata.labels\n" END, NULL,
	  "m", 3, 7, "ends the text at its closing quote",
	  "write: if: '\"new\" in metadata.labels'" },
	{ "leading \" in a list", V "key:\n  - \"a\" + b\n" END, NULL, "m", 3,
	  5, "ends the text at its closing quote", "write: - '\"a\" + b'" },
	{ "leading ' doubles it", V "x:\n  if: 'new' in labels\n" END, NULL,
	  "m", 3, 7, "ends the text at its closing quote",
	  "write: if: '''new'' in labels'" },
	{ "leading [", V "x:\n  if: [1, 2].exists(n, n == y)\n" END, NULL, "m",
	  3, 7, "a leading '[' as a list",
	  "write: if: '[1, 2].exists(n, n == y)'" },
	{ "leading {", V "x:\n  if: {\"a\": 1}.size() > 0\n" END, NULL, "m", 3,
	  7, "a leading '{' as a mapping",
	  "write: if: '{\"a\": 1}.size() > 0'" },
	{ "leading &", V "x:\n  if: &&y\n" END, NULL, "m", 3, 7,
	  "a leading '&' as an anchor", "write: if: '&&y'" },
	{ "leading *", V "x:\n  if: *y == 1\n" END, NULL, "m", 3, 7,
	  "a leading '*' as an alias", "write: if: '*y == 1'" },
	{ "colon", V "x:\n  if: a ? b : c\n" END, NULL, "m", 3, 7,
	  "': ' as the end of a key", "write: if: 'a ? b : c'" },
	{ "colon inside { }", V "x: [{value: a ? b : c, add: 3}]\n" END, NULL,
	  "m", 2, 13, "': ' as the end of a key",
	  "write: x: [{value: 'a ? b : c', add: 3}]" },
	{ "hash, which loads", V "x:\n  if: name == \"a #b\"\n" END, NULL, "m",
	  3, 7, "' #' for a comment", "write: if: 'name == \"a #b\"'" },
	{ "comma, which loads",
	  V "x: [{if: listed(\"vip\", user.name), add: 3}]\n" END, NULL, "m", 2,
	  10, "ends a value at ','",
	  "write: x: [{if: 'listed(\"vip\", user.name)', add: 3}]" },
	{ "bracket inside { }",
	  V "x: [{if: a in [\"b\", \"c\"], add: 3}]\n" END, NULL, "m", 2, 10,
	  "at a bracket", "write: x: [{if: 'a in [\"b\", \"c\"]', add: 3}]" },
	{ "comma in a list of keys", V "key: [digest(a, b), c]\n" END, NULL,
	  "m", 2, 7, "ends a value at ','", "write: key: ['digest(a, b)', c]" },
	{ "more than one line", V "x:\n  if: !a &&\n    b\n  add: 1\n" END,
	  NULL, "m", 3, 7, "a leading '!' as a tag", "write: if: '!a && b'" },
	{ "template", V "subject: [${risk_level}] ${title}: ${user}\n" END,
	  NULL, "m", 2, 10, "the text of 'subject' must be quoted",
	  "write: subject: '[${risk_level}] ${title}: ${user}'" },
	{ "backtick", V "text: `x`\n" END, NULL, "m", 2, 7,
	  "reserves the first character", "write: text: '`x`'" },
	{ "in conf.d", V END, "scores:\n  a:\n    - if: !b\n", "d", 3, 11,
	  "a leading '!' as a tag", "write: - if: '!b'" },
};

/* What is no YAML, or none that we take. */
static const struct bad yaml[] = {
	{ "empty", "", NULL, "m", 1, 1, "holds nothing", "version: 1" },
	{ "comments only", "# x\n\n", NULL, "m", 1, 1, "holds nothing",
	  "version: 1" },
	{ "empty in conf.d", V END, "", "d", 1, 1, "holds nothing",
	  "may be removed" },
	{ "tab", V "herald:\n\tmode: live\n" END, NULL, "m", 3, 1, "a tab",
	  "by blanks" },
	{ "second document", V END "---\nx: 1\n", NULL, "m", 3, 1,
	  "a second document", "'---'" },
	{ "repeated key", V "herald: {mode: live, mode: notify}\n" END, NULL,
	  "m", 2, 22, "'mode' stands here a second time",
	  "remove one of the two" },
	{ "repeated section", V "herald: {}\n" END "herald: {}\n", NULL, "m", 4,
	  1, "the first is on line 2", "remove one of the two" },
	{ "anchor", V "x: &base\n  a: 1\n" END, NULL, "m", 2, 1, "anchors",
	  "write the value out" },
	{ "alias", V "x: *base\n" END, NULL, "m", 2, 5, "aliases",
	  "write the value out" },
	{ "merge key", V "x:\n  <<: {a: 1}\n" END, NULL, "m", 3, 3,
	  "merge keys", "write the members out" },
	{ "tag", V "x: !!str 12\n" END, NULL, "m", 2, 4, "tags",
	  "remove the tag" },
	{ "NUL in quotes", V "x: \"a\\0b\"\n" END, NULL, "m", 2, 4, "NUL",
	  "remove the \\0" },
	{ "no UTF-8", V "x: a\xff\n" END, NULL, "m", 2, 5, "0xff is no UTF-8",
	  "UTF-8" },
	{ "unclosed \"", V "x: \"abc\n", NULL, "m", 2, 5, "is not closed",
	  "close it" },
	{ "unclosed [", V "x:\n  y: [1, 2\n" END, NULL, "m", 3, 6,
	  "a bracket is not closed", "close it with ]" },
	{ "stray }", V "x: }\n" END, NULL, "m", 2, 4,
	  "a closing bracket without", "remove it" },
	{ "wrong indentation", V "herald:\n   mode: live\n  own: [a]\n" END,
	  NULL, "m", 4, 3, "", "exactly under each other" },
	{ "key in a list", V "x:\n  - a\n  b: 1\n" END, NULL, "m", 4, 3,
	  "a key where an item", "begin the line with '- '" },
	{ "two keys on a line", V "x: a: b\n" END, NULL, "m", 2, 4,
	  "must be quoted", "write: x: 'a: b'" },
	{ "list as a file", "- a\n- b\n", NULL, "m", 1, 3,
	  "a mapping of sections", "connectors:" },
	{ "complex key", V "? [a, b]\n: c\n" END, NULL, "m", 2, 4,
	  "a key must be a plain text", "name: value" },
	{ "bad escape", V "x: \"C:\\dir\"\n" END, NULL, "m", 2, 0, "escape",
	  "single quotes" },
};

/* Sound YAML, and a wrong configuration. */
static const struct bad content[] = {
	{ "no version", "herald: {}\n" END, NULL, "m", 1, 1, "no version",
	  "version: 1" },
	{ "later version", "version: 2\n" END, NULL, "m", 1, 10, "version 2",
	  "install the release that reads 2" },
	{ "unknown section", V "piplines: []\n" END, NULL, "m", 2, 1,
	  "did you mean 'pipelines'?", "the sections are" },
	{ "unknown key", V "herald: {mdoe: live}\n" END, NULL, "m", 2, 10,
	  "unknown key 'mdoe' in herald; did you mean 'mode'?",
	  "write 'mode'" },
	{ "unknown key without a guess", V "herald: {zzzzzzz: 1}\n" END, NULL,
	  "m", 2, 10, "unknown key 'zzzzzzz' in herald", "the keys here are" },
	{ "mode", V "herald: {mode: life}\n" END, NULL, "m", 2, 16,
	  "did you mean 'live'?", "dry_run, notify or live" },
	{ "number out of range", V "herald:\n  limits: {running: 0}\n" END,
	  NULL, "m", 3, 21, "is not from 1 to 100000", "1..100000" },
	{ "percent", V "herald: {limits: {disk: 80}}\n" END, NULL, "m", 2, 25,
	  "'80' is no percentage", "0% to 100%" },
	{ "duration", V "herald: {keep: {done: 90}}\n" END, NULL, "m", 2, 23,
	  "herald.keep.done: '90' is no duration", "500ms" },
	{ "size", V "herald: {keep: {size: 20GB}}\n" END, NULL, "m", 2, 23,
	  "is no size", "GiB" },
	{ "bool", V "herald: {inline_secrets: on}\n" END, NULL, "m", 2, 26,
	  "neither true nor false", "true or false" },
	{ "path", V "herald: {state_dir: var}\n" END, NULL, "m", 2, 21,
	  "no absolute path", "begin it with /" },
	{ "zone", V "herald: {timezone: Mars/Olympus}\n" END, NULL, "m", 2, 20,
	  "no time zone", "Europe/Berlin" },
	{ "no value", V "herald:\n  mode:\n" END, NULL, "m", 3, 3,
	  "herald.mode has no value", "remove the key" },
	{ "list for a value", V "herald:\n  mode: [live]\n" END, NULL, "m", 3,
	  10, "not a list", "write a word" },
	{ "value for a section", V "herald: live\n" END, NULL, "m", 2, 9,
	  "herald is a mapping, not text", "key: value" },
	{ "address", V "listen:\n  admin: {address: 'localhost'}\n" END, NULL,
	  "m", 3, 20, "no address to listen on", "127.0.0.1:9464" },
	{ "no address", V "listen:\n  admin: {}\n" END, NULL, "m", 3, 3,
	  "listen.admin has no 'address'", "add 'address:'" },
	{ "literal key",
	  V "listen:\n  a: {address: '127.0.0.1:1', tls: "
	    "{cert: /c, key: abc}}\n" END,
	  NULL, "m", 3, 52, "written out in the configuration",
	  "{file: PATH}" },
	{ "no plugin", V "connectors:\n  misp: {url: x}\n" END, NULL, "m", 3, 3,
	  "names no plugin", "plugin: NAME" },
	{ "connector's name", V "connectors:\n  Misp-1: {plugin: x}\n" END,
	  NULL, "m", 3, 3, "'Misp-1' is no name", "begin with a letter" },
	{ "connector twice", V "connectors: {a: {plugin: x}}\n" END,
	  "connectors:\n  a: {plugin: y}\n", "d", 2, 3,
	  "the first is in m:2:14", "rename" },
	{ "pipeline twice", V END, "pipelines:\n  - name: default\n", "d", 2,
	  11, "the first is in m:2:20", "rename" },
	{ "pipeline without name", V END, "pipelines:\n  - steps: []\n", "d", 2,
	  5, "has no name", "name: ..." },
	{ "main section in conf.d", V END, "herald: {mode: live}\n", "d", 1, 1,
	  "'herald' cannot stand in a file of conf.d", "move it to m" },
	{ "unknown in safety of conf.d", V END, "safety:\n  protcet: []\n", "d",
	  2, 3, "'safety.protcet' cannot stand", "move it" },
	{ "unknown in safety", V "safety: {protcet: []}\n" END, NULL, "m", 2,
	  10, "did you mean 'protect'?", "write 'protect'" },
	{ "pipelines as a mapping", V "pipelines:\n  a: {steps: []}\n", NULL,
	  "m", 3, 3, "pipelines is a list, not a mapping", "- name:" },
	{ "connectors as a list", V "connectors:\n  - a\n" END, NULL, "m", 3, 5,
	  "connectors is a mapping, not a list", "name: {...}" },
	{ "no default", V "pipelines: [{name: a, steps: []}]\n", NULL, "m", 1,
	  1, "no pipeline 'default'", "it takes what no other took" },
	{ "default with if", V "pipelines:\n  - name: default\n    if: 'x'\n",
	  NULL, "m", 4, 5, "may not have an 'if'", "remove it" },
	{ "times", V "times:\n  a: {days: mon}\n" END, NULL, "m", 2, 1,
	  "times comes in a later release", "remove it" },
	{ "action without dot", V "safety:\n  actions:\n    x: {}\n" END, NULL,
	  "m", 4, 5, "'x' is no name", "CONNECTOR.ACTION" },
	{ "alarm to nobody",
	  V "connectors: {mail: {plugin: x}}\n"
	    "alarms: [{do: mial.send}]\n" END,
	  NULL, "m", 3, 15, "did you mean 'mail'?", "section connectors" },
	{ "alarm without dot", V "alarms: [{do: mail}]\n" END, NULL, "m", 2, 15,
	  "names no action", "CONNECTOR.ACTION" },
	{ "levels that do not rise",
	  V "risk_levels: {low: 50, medium: 40}\n" END, NULL, "m", 2, 15,
	  "do not rise", "each above the one before" },
	{ "kind of a list", V "lists:\n  a: {values: [x], of: users}\n" END,
	  NULL, "m", 3, 24, "did you mean 'user'?", "user, host, net" },
	{ "list of nothing", V "lists:\n  a: {of: user}\n" END, NULL, "m", 3, 3,
	  "neither 'file' nor 'values'", "write one of them" },
	{ "list with both",
	  V "lists:\n  a: {of: user, file: /x, values: [a]}\n" END, NULL, "m",
	  3, 3, "both 'file' and 'values'", "write one of them" },
	{ "role", V "control: {admin: ['a:b']}\n" END, NULL, "m", 2, 19,
	  "no unix user or group", "group:NAME" },
};

static struct hd_complaints *check(const struct bad *bad)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_conf_text texts[2] = {
		{ "m", bad->text, strlen(bad->text) },
		{ "d", bad->more, bad->more ? strlen(bad->more) : 0 },
	};
	struct hd_conf *conf = hd_conf_load_texts(texts, bad->more ? 2 : 1,
						  complaints);
	struct hd_settings *settings;

	if (conf) {
		settings = hd_settings_read(conf, complaints);
		hd_settings_free(settings);
	}
	hd_conf_unref(conf);
	return complaints;
}

/* The unknown section `x`, `key`, ... of the quoting cases is complained of as
 * well: the one that is expected is among them. */
static bool is_there(struct hd_complaints *complaints, const struct bad *bad)
{
	const struct hd_complaint *one;
	size_t i;

	for (i = 0; (one = hd_complaints_get(complaints, i)) != NULL; i++) {
		if (strcmp(one->file, bad->file) == 0 &&
		    one->line == bad->line &&
		    (bad->col == 0 || one->col == bad->col) &&
		    strstr(one->text, bad->word) && one->remedy &&
		    strstr(one->remedy, bad->remedy))
			return true;
	}
	return false;
}

static void run(const struct bad *cases, size_t count)
{
	size_t i, wrong = 0;

	for (i = 0; i < count; i++) {
		struct hd_complaints *complaints = check(&cases[i]);
		struct hd_buf out;

		if (!is_there(complaints, &cases[i])) {
			hd_buf_init(&out, 1 << 20);
			hd_complaints_print(complaints, &out);
			print_error("%s: expected %s:%u:%u %s; got\n%s\n",
				    cases[i].name, cases[i].file, cases[i].line,
				    cases[i].col, cases[i].word,
				    hd_buf_text(&out));
			hd_buf_fini(&out);
			wrong++;
		}
		hd_complaints_free(complaints);
	}
	assert_int_equal(wrong, 0);
}

static void
mangled_expressions_are_answered_with_the_line_to_paste(void **state)
{
	(void)state;
	run(quoting, sizeof(quoting) / sizeof(quoting[0]));
}

static void what_is_no_yaml_is_refused_with_its_place(void **state)
{
	(void)state;
	run(yaml, sizeof(yaml) / sizeof(yaml[0]));
}

static void wrong_content_is_refused_with_its_place(void **state)
{
	(void)state;
	run(content, sizeof(content) / sizeof(content[0]));
}

static void all_complaints_of_all_files_come_at_once(void **state)
{
	const struct bad bad = {
		.text = V "herald: {mdoe: live}\nlisten: {admin: {adress: 1}}\n"
			  "scores:\n  a:\n    - if: !x\n    - if: \"y\" in z\n"
			  "    - {if: f(1, 2), add: 3}\n" END,
		.more = "lists: {a: {of: usr, values: [x]}}\n",
	};
	struct hd_complaints *complaints = check(&bad);
	static const struct {
		const char *file;
		unsigned line, col;
	} places[] = { { "m", 2, 10 }, { "m", 3, 10 }, { "m", 3, 18 },
		       { "m", 6, 11 }, { "m", 7, 11 }, { "m", 8, 12 },
		       { "d", 1, 17 } };
	size_t i;

	(void)state;
	assert_int_equal(hd_complaints_count(complaints), 7);
	for (i = 0; i < 7; i++) {
		const struct hd_complaint *one = hd_complaints_get(complaints,
								   i);

		assert_string_equal(one->file, places[i].file);
		assert_int_equal(one->line, places[i].line);
		assert_int_equal(one->col, places[i].col);
	}
	hd_complaints_free(complaints);
}

static void sizes_have_bounds(void **state)
{
	size_t n = HD_CONF_FILE_MAX + 1;
	char *text = malloc(n + 1);
	struct bad long_line = { "a long line",
				 NULL,
				 NULL,
				 "m",
				 1,
				 1,
				 "a line of 1000003 bytes",
				 "files of their own" };
	struct bad too_big = { "a line of 4 MiB", NULL,	      NULL, "m", 0, 0,
			       "over 4 MiB",	  "divide it" };
	struct bad deep = {
		"deep", NULL, NULL, "m", 1, 0, "nested too deep", "not closed"
	};

	(void)state;
	assert_non_null(text);
	memset(text, 'x', n);
	memcpy(text, "a: ", 3);
	text[n] = '\0';
	too_big.text = text;
	run(&too_big, 1);
	text[1000003] = '\0';
	long_line.text = text;
	run(&long_line, 1);
	memset(text + 3, '[', 200);
	text[203] = '\0';
	deep.text = text;
	run(&deep, 1);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			mangled_expressions_are_answered_with_the_line_to_paste),
		cmocka_unit_test(what_is_no_yaml_is_refused_with_its_place),
		cmocka_unit_test(wrong_content_is_refused_with_its_place),
		cmocka_unit_test(all_complaints_of_all_files_come_at_once),
		cmocka_unit_test(sizes_have_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
