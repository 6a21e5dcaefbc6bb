#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/plugin/module.h"
#include "tests/unit/plugin_help.h"

/* A folder of ours alone, made anew for each test. */
static char dir[64];

static int set_up(void **state)
{
	(void)state;
	help_make_dir(dir, sizeof(dir));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	help_remove_dir(dir);
	return 0;
}

static void expect_refused(const char *name, const char *words)
{
	struct hd_err err = { 0 };

	assert_null(hd_module_load(dir, name, &err));
	if (!strstr(err.text, words))
		fail_msg("'%s' does not say '%s'", err.text, words);
	if (!strstr(err.text, name))
		fail_msg("'%s' does not name the plugin", err.text);
}

static void write_file(const char *name, const void *p, size_t n)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s.so", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

static void a_sound_plugin_is_loaded_once(void **state)
{
	const struct hd_module *m;
	struct hd_err err = { 0 };

	(void)state;
	help_copy_plugin("plain", dir, "plain");
	m = hd_module_load(dir, "plain", &err);
	if (!m)
		fail_msg("%s", err.text);
	assert_string_equal(hd_module_plugin(m)->name, "plain");
	assert_ptr_equal(hd_module_load(dir, "plain", &err), m);
	assert_string_equal(hd_module_key(m, 0)->type, "ip");
	assert_null(hd_module_key(m, 1));
	assert_int_equal(hd_module_action_find(m, "none"), -1);
	assert_null(hd_module_param(m, 0, 0));
}

static void p09_the_same_name_from_elsewhere_is_refused(void **state)
{
	char other[64];
	struct hd_err err = { 0 };

	(void)state;
	help_make_dir(other, sizeof(other));
	help_copy_plugin("plain", other, "plain");
	/* The test before has loaded it from another folder. */
	assert_null(hd_module_load(other, "plain", &err));
	assert_non_null(strstr(err.text, "was loaded from"));
	help_remove_dir(other);
}

static void p09_a_copy_under_another_name_is_refused(void **state)
{
	(void)state;
	help_copy_plugin("plain", dir, "plain_two");
	expect_refused("plain_two", "calls itself 'plain'");
}

static void a_missing_file_is_named_with_its_path(void **state)
{
	(void)state;
	expect_refused("nowhere", "nowhere.so: No such file");
}

static void p01_what_is_no_elf_file_is_refused(void **state)
{
	static const char text[] = "#!/bin/sh\necho herald\n";
	unsigned char cut[40] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	(void)state;
	write_file("text", text, sizeof(text));
	expect_refused("text", "not an ELF file");
	write_file("empty", "", 0);
	expect_refused("empty", "not an ELF file");
	write_file("cut", cut, sizeof(cut));
	expect_refused("cut", "not an ELF file");
}

static void a_damaged_elf_header_is_refused(void **state)
{
	unsigned char head[64] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	(void)state;
	head[16] = 3;  /* e_type: ET_DYN */
	head[18] = 62; /* e_machine: x86-64; elsewhere: another machine */
	head[54] = 56; /* e_phentsize */
	head[56] = 8;  /* e_phnum: past the end of the file */
	head[32] = 64; /* e_phoff */
	write_file("head", head, sizeof(head));
#if defined(__x86_64__)
	expect_refused("head", "cut off");
#else
	expect_refused("head", "another machine");
#endif
	head[18] = 0xf3; /* RISC-V */
	write_file("head", head, sizeof(head));
	expect_refused("head", "another machine");
	head[18] = 62;
	head[16] = 2; /* ET_EXEC */
	write_file("head", head, sizeof(head));
#if defined(__x86_64__)
	expect_refused("head", "not a shared object");
#endif
}

static void p03_no_descriptor_is_refused(void **state)
{
	(void)state;
	help_copy_plugin("nosymbol", dir, "nosymbol");
	expect_refused("nosymbol", "exports no herald_plugin_v1");
}

static void p06_a_newer_plugin_is_loaded_without_its_extras(void **state)
{
	const struct hd_module *m;
	struct hd_err err = { 0 };

	(void)state;
	help_copy_plugin("newer", dir, "newer");
	m = hd_module_load(dir, "newer", &err);
	if (!m)
		fail_msg("%s", err.text);
	assert_int_equal(hd_module_plugin(m)->abi_minor, 7);
	/* Its items are longer than ours: the second one tells. */
	assert_string_equal(hd_module_key(m, 1)->type, "domain");
	assert_int_equal(hd_module_key(m, 1)->ttl_s, 2);
}

static void p07_a_descriptor_longer_than_its_symbol_is_refused(void **state)
{
	(void)state;
	help_copy_plugin("huge", dir, "huge");
	expect_refused("huge", "struct_size is 1073741824");
}

static void p08_names_that_lead_elsewhere_are_refused(void **state)
{
	char longer[301];

	(void)state;
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	struct hd_err err = { 0 };

	assert_null(hd_module_load(dir, "../plain", &err));
	assert_non_null(strstr(err.text, "no name"));
	assert_null(hd_module_load(dir, longer, &err));
	assert_non_null(strstr(err.text, "no name"));
	assert_null(hd_module_load(dir, "", &err));
	assert_non_null(strstr(err.text, "no name"));
}

static void p10_a_file_that_others_may_write_is_refused(void **state)
{
	char path[128];

	(void)state;
	help_copy_plugin("plain", dir, "open");
	snprintf(path, sizeof(path), "%s/open.so", dir);
	assert_int_equal(chmod(path, 0666), 0);
	expect_refused("open", "writable by others (mode 0666)");
	assert_int_equal(chmod(path, 0664), 0);
	expect_refused("open", "writable by others (mode 0664)");
}

static void p11_a_folder_that_others_may_write_is_refused(void **state)
{
	(void)state;
	help_copy_plugin("plain", dir, "in_open");
	assert_int_equal(chmod(dir, 0777), 0);
	expect_refused("in_open", "writable by others (mode 0777)");
	assert_int_equal(chmod(dir, 0755), 0);
	/* The name is wrong, so it went past the check. */
	expect_refused("in_open", "calls itself");
}

static void p11_what_belongs_to_somebody_else_is_refused(void **state)
{
	char path[128];

	(void)state;
	if (geteuid() != 0)
		skip();
	help_copy_plugin("plain", dir, "foreign");
	snprintf(path, sizeof(path), "%s/foreign.so", dir);
	assert_int_equal(chown(path, 65533, 65533), 0);
	expect_refused("foreign", "belongs to user 65533");
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(chown(dir, 65533, 65533), 0);
	expect_refused("foreign", "belongs to user 65533");
}

static void a_link_out_of_the_folder_is_refused(void **state)
{
	char other[64], from[128], to[128];

	(void)state;
	help_make_dir(other, sizeof(other));
	help_copy_plugin("plain", other, "linked");
	snprintf(from, sizeof(from), "%s/linked.so", other);
	snprintf(to, sizeof(to), "%s/linked.so", dir);
	assert_int_equal(symlink(from, to), 0);
	expect_refused("linked", "outside its folder");
	unlink(to);
	/* A link inside it is fine: it gets as far as the name. */
	help_copy_plugin("plain", dir, "inside");
	assert_int_equal(symlink("inside.so", to), 0);
	expect_refused("linked", "calls itself 'plain'");
	help_remove_dir(other);
}

static void a_folder_by_a_relative_path_is_refused(void **state)
{
	struct hd_err err = { 0 };

	(void)state;
	assert_null(hd_module_load("plugins", "plain", &err));
	assert_non_null(strstr(err.text, "not an absolute path"));
}

static void p13_a_constructor_that_ends_the_process_is_survived(void **state)
{
	(void)state;
	help_copy_plugin("exits", dir, "exits");
	expect_refused("exits", "a constructor ended the process");
	help_copy_plugin("crashes", dir, "crashes");
	expect_refused("crashes", "crashed while it was loaded (signal 11");
}

static void p14_a_constructor_that_hangs_is_ended(void **state)
{
	int64_t began = hd_now_ms();

	(void)state;
	help_copy_plugin("loops", dir, "loops");
	expect_refused("loops", "did not end within 5000 ms");
	assert_true(hd_now_ms() - began < 20000);
}

static void p15_an_executable_stack_is_refused(void **state)
{
	(void)state;
	help_copy_plugin("execstack", dir, "execstack");
	expect_refused("execstack", "executable stack");
}

static void p16_a_missing_function_is_told_in_the_loaders_words(void **state)
{
	(void)state;
	help_copy_plugin("missing", dir, "missing");
	expect_refused("missing", "function_that_no_library_has");
}

static void a_description_holds_what_is_declared(void **state)
{
	const struct hd_module *m;
	struct hd_err err = { 0 };
	json_t *o, *key;

	(void)state;
	help_copy_plugin("demo", dir, "demo");
	m = hd_module_load(dir, "demo", &err);
	if (!m)
		fail_msg("%s", err.text);
	o = hd_module_describe(m);
	assert_string_equal(json_string_value(json_object_get(o, "name")),
			    "demo");
	assert_string_equal(json_string_value(json_object_get(o, "abi")),
			    "1.0");
	key = json_array_get(json_object_get(o, "keys"), 0);
	assert_string_equal(json_string_value(json_object_get(key, "type")),
			    "ip");
	assert_true(json_array_size(json_object_get(o, "options")) > 5);
	assert_true(json_array_size(json_object_get(o, "host_options")) > 5);
	assert_true(json_array_size(json_object_get(o, "actions")) == 3);
	assert_true(json_array_size(json_object_get(o, "routes")) > 0);
	assert_true(strlen(hd_module_build_id(m)) % 2 == 0);
	json_decref(o);
}

static void the_template_for_authors_is_sound(void **state)
{
	const struct hd_module *m;
	struct hd_err err = { 0 };

	(void)state;
	help_copy_plugin("hello_enrich", dir, "hello_enrich");
	m = hd_module_load(dir, "hello_enrich", &err);
	if (!m)
		fail_msg("%s", err.text);
	assert_string_equal(hd_module_key(m, 0)->type, "domain");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sound_plugin_is_loaded_once),
		TEST(p09_the_same_name_from_elsewhere_is_refused),
		TEST(p09_a_copy_under_another_name_is_refused),
		TEST(a_missing_file_is_named_with_its_path),
		TEST(p01_what_is_no_elf_file_is_refused),
		TEST(a_damaged_elf_header_is_refused),
		TEST(p03_no_descriptor_is_refused),
		TEST(p06_a_newer_plugin_is_loaded_without_its_extras),
		TEST(p07_a_descriptor_longer_than_its_symbol_is_refused),
		TEST(p08_names_that_lead_elsewhere_are_refused),
		TEST(p10_a_file_that_others_may_write_is_refused),
		TEST(p11_a_folder_that_others_may_write_is_refused),
		TEST(p11_what_belongs_to_somebody_else_is_refused),
		TEST(a_link_out_of_the_folder_is_refused),
		TEST(a_folder_by_a_relative_path_is_refused),
		TEST(p13_a_constructor_that_ends_the_process_is_survived),
		TEST(p14_a_constructor_that_hangs_is_ended),
		TEST(p15_an_executable_stack_is_refused),
		TEST(p16_a_missing_function_is_told_in_the_loaders_words),
		TEST(a_description_holds_what_is_declared),
		TEST(the_template_for_authors_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
