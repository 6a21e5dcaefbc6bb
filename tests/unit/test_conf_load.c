#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"

#define MAIN "version: 1\npipelines: [{name: default}, {name: b}]\n"

static char folder[64];

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	remove(path);
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/herald-conf-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {
		"conf.d/10-a.yaml", "conf.d/20-b.yaml", "conf.d/9-c.yaml",
		"conf.d/old.yaml~", "conf.d/.x.yaml",	"conf.d/pipe.yaml",
		"conf.d",	    "herald.yaml",	""
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove_file(names[i]);
	return 0;
}

static void make_conf_d(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/conf.d", folder);
	assert_int_equal(mkdir(path, 0700), 0);
}

static struct hd_conf *load(struct hd_complaints *complaints)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/herald.yaml", folder);
	return hd_conf_load(path, complaints);
}

static void conf_d_may_be_missing(void **state)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_conf *conf;

	(void)state;
	write_file("herald.yaml", MAIN);
	conf = load(complaints);
	assert_non_null(conf);
	assert_int_equal(hd_complaints_count(complaints), 0);
	assert_int_equal(hd_conf_files(conf), 1);
	hd_conf_unref(conf);
	hd_complaints_free(complaints);
}

static void files_are_merged_in_bytewise_order(void **state)
{
	static const char *const order[] = { "b", "a", "c", "z", "default" };
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_conf *conf;
	size_t i;

	(void)state;
	write_file("herald.yaml", MAIN "lists: {one: {}}\n");
	make_conf_d();
	write_file("conf.d/9-c.yaml", "pipelines: [{name: z}]\n");
	write_file("conf.d/20-b.yaml", "pipelines: [{name: c}]\n"
				       "lists: {two: {}}\n");
	write_file("conf.d/10-a.yaml",
		   "pipelines: [{name: a}]\nconnectors: {m: {}}\n"
		   "safety: {protect: [{name: p}], actions: {m.x: {}}}\n"
		   "scores: {s: []}\ntimes: {t: {}}\n");
	write_file("conf.d/old.yaml~", ": [");
	write_file("conf.d/.x.yaml", ": [");
	conf = load(complaints);
	assert_non_null(conf);
	assert_int_equal(hd_complaints_count(complaints), 0);
	assert_int_equal(hd_conf_files(conf), 4);
	assert_int_equal(hd_conf_count(conf, HD_CONF_PIPELINES), 5);
	for (i = 0; i < 5; i++)
		assert_string_equal(hd_conf_name(conf, HD_CONF_PIPELINES, i),
				    order[i]);
	assert_string_equal(hd_conf_name(conf, HD_CONF_LISTS, 1), "two");
	assert_non_null(hd_conf_find(conf, HD_CONF_CONNECTORS, "m"));
	assert_non_null(hd_conf_find(conf, HD_CONF_PROTECT, "p"));
	assert_non_null(hd_conf_find(conf, HD_CONF_ACTIONS, "m.x"));
	assert_non_null(hd_conf_find(conf, HD_CONF_SCORES, "s"));
	assert_non_null(hd_conf_find(conf, HD_CONF_TIMES, "t"));
	assert_null(hd_conf_find(conf, HD_CONF_TIMES, "u"));
	assert_string_equal(hd_conf_like(conf, HD_CONF_PIPELINES, "defautl"),
			    "default");
	assert_null(hd_conf_like(conf, HD_CONF_PIPELINES, "something"));
	hd_conf_unref(conf);
	hd_complaints_free(complaints);
}

static void every_file_is_read_for_its_complaints(void **state)
{
	struct hd_complaints *complaints = hd_complaints_new();

	(void)state;
	write_file("herald.yaml", "a: [\n");
	make_conf_d();
	write_file("conf.d/10-a.yaml", "b: }\n");
	assert_null(load(complaints));
	assert_int_equal(hd_complaints_errors(complaints), 2);
	hd_complaints_free(complaints);
}

static void what_is_no_file_is_refused(void **state)
{
	struct hd_complaints *complaints = hd_complaints_new();
	char path[128];

	(void)state;
	write_file("herald.yaml", MAIN);
	make_conf_d();
	snprintf(path, sizeof(path), "%s/conf.d/pipe.yaml", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(load(complaints));
	assert_string_equal(hd_complaints_get(complaints, 0)->text,
			    "no regular file");
	hd_complaints_free(complaints);
}

static void a_missing_main_file_is_told(void **state)
{
	struct hd_complaints *complaints = hd_complaints_new();
	const struct hd_complaint *one;

	(void)state;
	assert_null(load(complaints));
	one = hd_complaints_get(complaints, 0);
	assert_non_null(strstr(one->file, "/herald.yaml"));
	assert_string_equal(one->text, "open: No such file or directory");
	assert_non_null(one->remedy);
	hd_complaints_free(complaints);
}

static struct hd_conf *of_texts(const char *first, const char *second)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_conf_text texts[2] = {
		{ "a", first, strlen(first) },
		{ "b", second, strlen(second) },
	};
	struct hd_conf *conf = hd_conf_load_texts(texts, 2, complaints);

	hd_complaints_free(complaints);
	return conf;
}

static void the_id_is_that_of_all_texts(void **state)
{
	struct hd_conf *one = of_texts("a: 1\n", "lists: {}\n");
	struct hd_conf *same = of_texts("a: 1\n", "lists: {}\n");
	struct hd_conf *other = of_texts("a: 1\n", "lists: {} \n");

	(void)state;
	assert_int_equal(strlen(hd_conf_id(one)), 64);
	assert_string_equal(hd_conf_id(one), hd_conf_id(same));
	assert_string_not_equal(hd_conf_id(one), hd_conf_id(other));
	hd_conf_unref(one);
	hd_conf_unref(same);
	hd_conf_unref(other);
}

static void a_reference_keeps_it(void **state)
{
	struct hd_conf *conf = of_texts("a: 1\n", "lists: {}\n");

	(void)state;
	assert_ptr_equal(hd_conf_ref(conf), conf);
	hd_conf_unref(conf);
	assert_true(hd_node_is(hd_node_get(hd_conf_main(conf), "a"), "1"));
	hd_conf_unref(conf);
	hd_conf_unref(NULL);
}

/* What the manual shows. */
static void the_examples_are_read_with_their_places(void **state)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_conf *conf = hd_conf_load(TEST_SRCDIR
					    "/../conf/examples/herald.yaml",
					    complaints);
	const struct hd_node *pipeline, *step, *entry;
	struct hd_place place;
	struct hd_buf out;
	char *path;

	(void)state;
	hd_buf_init(&out, 1 << 20);
	hd_complaints_print(complaints, &out);
	assert_string_equal(hd_buf_text(&out), "");
	hd_buf_fini(&out);
	assert_non_null(conf);
	assert_int_equal(hd_conf_files(conf), 4);
	assert_int_equal(hd_conf_count(conf, HD_CONF_PIPELINES), 6);
	assert_string_equal(hd_conf_name(conf, HD_CONF_PIPELINES, 0),
			    "suspicious_login");
	assert_string_equal(hd_conf_name(conf, HD_CONF_PIPELINES, 5),
			    "default");
	assert_int_equal(hd_conf_count(conf, HD_CONF_CONNECTORS), 14);
	assert_int_equal(hd_conf_count(conf, HD_CONF_PROTECT), 3);
	assert_int_equal(hd_conf_count(conf, HD_CONF_ACTIONS), 3);

	pipeline = hd_conf_find(conf, HD_CONF_PIPELINES, "suspicious_login");
	step = hd_node_item(hd_node_get(pipeline, "steps"), 2);
	entry = hd_node_get(hd_node_get(step, "enrich"), "if");
	assert_string_equal(hd_node_text(entry, NULL),
			    "!listed(\"our_networks\", src.ip)");
	place = hd_node_place_at(entry, 1);
	assert_int_equal(place.line, 108);
	assert_int_equal(place.col, 17);
	path = hd_node_path(entry);
	assert_string_equal(path,
			    "pipelines.suspicious_login.steps[2].enrich.if");
	free(path);
	hd_conf_unref(conf);
	hd_complaints_free(complaints);
}

int main(void)
{
#define IN_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		IN_FOLDER(conf_d_may_be_missing),
		IN_FOLDER(files_are_merged_in_bytewise_order),
		IN_FOLDER(every_file_is_read_for_its_complaints),
		IN_FOLDER(what_is_no_file_is_refused),
		IN_FOLDER(a_missing_main_file_is_told),
		cmocka_unit_test(the_id_is_that_of_all_texts),
		cmocka_unit_test(a_reference_keeps_it),
		cmocka_unit_test(the_examples_are_read_with_their_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
