#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <herald/plugin.h>

#include "core/base/secret.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/conf/rate.h"
#include "core/conf/secret_ref.h"
#include "core/conf/table.h"

struct inner {
	int64_t size;
	const char *word;
};

struct outer {
	const char *name;
	int64_t within;
	bool loud;
	int color;
	struct hd_rates limit;
	struct inner inner;
	const struct hd_node *condition, *of, *headers;
	struct hd_secret_ref secret;
};

static const struct hd_key inner_keys[] = {
	{ "size", HERALD_SIZE, 0, "64KiB", NULL, offsetof(struct inner, size),
	  NULL },
	{ "word", HERALD_STRING, 0, NULL, NULL, offsetof(struct inner, word),
	  NULL },
	{ NULL, 0, 0, NULL, NULL, 0, NULL },
};

#define AT(member) offsetof(struct outer, member)
static const struct hd_key keys[] = {
	{ "name", HD_TYPE_NAME, HERALD_REQUIRED, NULL, NULL, AT(name), NULL },
	{ "within", HERALD_DURATION, 0, "5s", "1s..1h", AT(within), NULL },
	{ "loud", HERALD_BOOL, 0, "true", NULL, AT(loud), NULL },
	{ "color", HERALD_ENUM, 0, "green", "red|green", AT(color), NULL },
	{ "limit", HD_TYPE_RATE, 0, "60/1m", NULL, AT(limit), NULL },
	{ "inner", HD_TYPE_SUB, 0, NULL, NULL, AT(inner), inner_keys },
	{ "if", HERALD_EXPR, 0, NULL, NULL, AT(condition), NULL },
	{ "of", HD_TYPE_NAME, HERALD_LIST | HD_KEY_NOT_NULL, NULL, NULL, AT(of),
	  NULL },
	{ "headers", HERALD_STRING, HERALD_MAP, NULL, NULL, AT(headers), NULL },
	{ "secret", HERALD_STRING, HERALD_SECRET, NULL, NULL, AT(secret),
	  NULL },
	{ "rows", HD_TYPE_SUB, HERALD_LIST, NULL, NULL, HD_KEY_NOWHERE,
	  inner_keys },
	{ "undo_after", HERALD_DURATION, HD_KEY_LATER, NULL, NULL,
	  HD_KEY_NOWHERE, NULL },
	{ "filter", HERALD_EXPR, 0, NULL, NULL, HD_KEY_NOWHERE, NULL },
	{ "old", HERALD_STRING, HERALD_DEPRECATED, NULL, NULL, HD_KEY_NOWHERE,
	  NULL },
	{ NULL, 0, 0, NULL, NULL, 0, NULL },
};

static struct hd_conf *conf;
static struct hd_complaints *complaints;
static struct outer out;

/* Checks `text`, the members of a mapping `x`. */
static int check(const char *text, bool inline_secrets)
{
	char *whole = malloc(strlen(text) + 16);
	struct hd_conf_text one = { "h.yaml", whole, 0 };
	struct hd_check with;
	int rc;

	snprintf(whole, strlen(text) + 16, "x:\n  %s\n", text);
	one.n = strlen(whole);
	complaints = hd_complaints_new();
	conf = hd_conf_load_texts(&one, 1, complaints);
	assert_non_null(conf);
	hd_complaints_free(complaints);
	complaints = hd_complaints_new();
	with.complaints = complaints;
	with.inline_secrets = inline_secrets;
	memset(&out, 0, sizeof(out));
	rc = hd_table_check(keys, hd_node_get(hd_conf_main(conf), "x"), "x",
			    &with, &out);
	free(whole);
	return rc;
}

static void done(void)
{
	hd_conf_unref(conf);
	hd_complaints_free(complaints);
}

static void values_go_where_the_table_says(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(check("{name: a, within: 10s, loud: no, color: red, "
			       "limit: [4/1m, 500/1d], inner: {size: 1MiB, "
			       "word: w}, if: b, of: [c, d], headers: {X-A: "
			       "v}, secret: {env: E}, rows: [{word: r}]}",
			       false),
			 0);
	assert_string_equal(out.name, "a");
	assert_int_equal(out.within, 10000);
	assert_false(out.loud);
	assert_int_equal(out.color, 0);
	assert_int_equal(out.limit.count, 2);
	assert_int_equal(out.limit.items[1].count, 500);
	assert_int_equal(out.inner.size, 1 << 20);
	assert_string_equal(out.inner.word, "w");
	assert_string_equal(hd_node_text(out.condition, &n), "b");
	assert_int_equal(hd_node_count(out.of), 2);
	assert_string_equal(hd_node_key(out.headers, 0), "X-A");
	assert_int_equal(out.secret.from, HD_SECRET_ENV);
	assert_string_equal(out.secret.text, "E");
	assert_int_equal(hd_complaints_count(complaints), 0);
	done();
}

static void lacking_keys_get_their_defaults(void **state)
{
	(void)state;
	assert_int_equal(check("name: a", false), 0);
	assert_int_equal(out.within, 5000);
	assert_true(out.loud);
	assert_int_equal(out.color, 1);
	assert_int_equal(out.limit.count, 1);
	assert_int_equal(out.limit.items[0].window_ms, 60000);
	assert_int_equal(out.inner.size, 65536);
	assert_null(out.of);
	assert_int_equal(out.secret.from, HD_SECRET_NONE);
	done();
}

static void one_value_stands_for_a_list_of_one(void **state)
{
	(void)state;
	assert_int_equal(check("{name: a, of: c}", false), 0);
	assert_string_equal(hd_node_text(out.of, NULL), "c");
	done();
}

static const struct {
	const char *text, *word, *remedy;
	unsigned col;
} wrong[] = {
	{ "{within: 1s}", "x has no 'name'", "add 'name:' with a name", 1 },
	{ "[a]", "x is a mapping, not a list", "key: value", 4 },
	{ "{name: a, inner: {sise: 1}}",
	  "unknown key 'sise' in x.inner; did you mean 'size'?", "write 'size'",
	  21 },
	{ "{name: a, undo_after: 8h}", "x.undo_after comes in a later release",
	  "remove it", 13 },
	{ "{name: a, of: []}", "x.of is empty", "at least one", 13 },
	{ "{name: a, of: }", "x.of is empty", "at least one", 13 },
	{ "{name: a, of: [b, C]}", "x.of[1]: 'C' is no name", "letter", 21 },
	{ "{name: a, headers: [b]}", "x.headers is a mapping, not a list",
	  "a mapping", 23 },
	{ "{name: a, rows: [{word: b}, {wrod: c}]}",
	  "unknown key 'wrod' in x.rows[1]", "write 'word'", 32 },
	{ "{name: a, limit: [1/1s, 2]}", "x.limit[1]: '2' is no limit",
	  "COUNT/DURATION", 27 },
	{ "{name: a, secret: abc}", "x.secret is written out",
	  "{credential: NAME}", 21 },
	{ "{name: a, secret: {path: /x}}", "says nowhere to take a secret",
	  "{file: PATH}", 22 },
	{ "{name: a, secret: {file: x}}", "has no absolute path",
	  "{file: PATH}", 22 },
	{ "{name: a, secret: {credential: ../x}}", "has no sound name",
	  "{credential: NAME}", 22 },
	{ "{name: a, filter: f(b, c), within: 1s}",
	  "x.filter must be quoted: inside { } and [ ]",
	  "write: {name: a, filter: 'f(b, c)', within: 1s}", 21 },
	{ "{name: a, if: [b]}", "x.if is an expression, not a list",
	  "an expression", 18 },
};

static void wrong_sections_are_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const struct hd_complaint *one;

		assert_int_equal(check(wrong[i].text, false), -1);
		assert_int_equal(hd_complaints_count(complaints), 1);
		one = hd_complaints_get(complaints, 0);
		if (!strstr(one->text, wrong[i].word) ||
		    !strstr(one->remedy, wrong[i].remedy) ||
		    one->col != wrong[i].col)
			fail_msg("%s: %u: %s -> %s", wrong[i].text, one->col,
				 one->text, one->remedy);
		done();
	}
}

static void all_wrong_keys_are_told_at_once(void **state)
{
	(void)state;
	assert_int_equal(
		check("{nmae: a, within: 1, loud: 2, color: blue}", false), -1);
	assert_int_equal(hd_complaints_errors(complaints), 5);
	done();
}

static void old_keys_are_warned_of(void **state)
{
	(void)state;
	assert_int_equal(check("{name: a, old: b}", false), 0);
	assert_int_equal(hd_complaints_warnings(complaints), 1);
	assert_int_equal(hd_complaints_errors(complaints), 0);
	done();
}

static void literal_secrets_are_admitted_with_a_warning(void **state)
{
	struct hd_check with;
	struct hd_secret *secret;

	(void)state;
	assert_int_equal(check("{name: a, secret: hunter2}", true), 0);
	assert_int_equal(hd_complaints_warnings(complaints), 1);
	assert_null(
		strstr(hd_complaints_get(complaints, 0)->excerpt, "hunter2"));
	with.complaints = complaints;
	secret = hd_secret_ref_open(&out.secret, false, &with);
	assert_non_null(secret);
	assert_true(hd_secret_is(secret, "hunter2", 7));
	hd_secret_unref(secret);
	done();
}

static void missing_secrets_are_told_at_their_place(void **state)
{
	struct hd_check with;
	const struct hd_complaint *one;

	(void)state;
	assert_int_equal(check("{name: a, secret: {file: /nowhere/x}}", false),
			 0);
	with.complaints = complaints;
	assert_null(hd_secret_ref_open(&out.secret, false, &with));
	one = hd_complaints_get(complaints, 0);
	assert_int_equal(one->col, 22);
	assert_non_null(strstr(one->text, "/nowhere/x"));
	assert_non_null(strstr(one->remedy, "0640"));
	done();
}

static void open_secret_files_are_refused(void **state)
{
	char path[] = "/tmp/herald-secret-XXXXXX", text[128];
	struct hd_check with;
	struct hd_secret *secret;
	int fd = mkstemp(path);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

	(void)state;
	assert_non_null(file);
	fputs("hunter2\n", file);
	fclose(file);
	snprintf(text, sizeof(text), "{name: a, secret: {file: %s}}", path);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(check(text, false), 0);
	with.complaints = complaints;
	assert_null(hd_secret_ref_open(&out.secret, false, &with));
	assert_int_equal(hd_complaints_errors(complaints), 1);
	assert_int_equal(chmod(path, 0640), 0);
	secret = hd_secret_ref_open(&out.secret, false, &with);
	assert_non_null(secret);
	assert_true(hd_secret_is(secret, "hunter2", 7));
	hd_secret_unref(secret);
	remove(path);
	done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_go_where_the_table_says),
		cmocka_unit_test(lacking_keys_get_their_defaults),
		cmocka_unit_test(one_value_stands_for_a_list_of_one),
		cmocka_unit_test(wrong_sections_are_refused),
		cmocka_unit_test(all_wrong_keys_are_told_at_once),
		cmocka_unit_test(old_keys_are_warned_of),
		cmocka_unit_test(literal_secrets_are_admitted_with_a_warning),
		cmocka_unit_test(missing_secrets_are_told_at_their_place),
		cmocka_unit_test(open_secret_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
