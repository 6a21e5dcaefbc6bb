#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/conf/complaint.h"
#include "core/conf/list.h"
#include "core/conf/load.h"
#include "core/conf/node.h"

#define DAY (24 * 3600 * INT64_C(1000))
#define NEW_YEAR_2027 (20819 * DAY)

static struct hd_complaints *complaints;

static struct hd_list *parse(enum hd_list_kind kind, const char *text)
{
	struct hd_check check = { .complaints = complaints };

	return hd_list_parse("l", kind, "l.txt", text, strlen(text), &check);
}

static int begin(void **state)
{
	(void)state;
	complaints = hd_complaints_new();
	return 0;
}

static int end(void **state)
{
	(void)state;
	hd_complaints_free(complaints);
	return 0;
}

static const struct {
	enum hd_list_kind kind;
	const char *entries, *value;
	bool has;
} answers[] = {
	{ HD_LIST_USER, "ann", "ANN", true },
	{ HD_LIST_USER, "ann", "CORP\\Ann", true },
	{ HD_LIST_USER, "ann", "ann@corp.example", true },
	{ HD_LIST_USER, "CORP\\ann", "ann", true },
	{ HD_LIST_USER, "Ann@corp.example", "OTHER\\ann", true },
	{ HD_LIST_USER, "ann", "anna", false },
	{ HD_LIST_USER, "ann", "", false },
	{ HD_LIST_HOST, "srv1", "SRV1.corp.example", true },
	{ HD_LIST_HOST, "srv1.corp.example", "srv1", true },
	{ HD_LIST_HOST, "srv1.corp.example", "srv1.corp.example.", true },
	{ HD_LIST_HOST, "srv1.corp.example", "srv1.other.example", false },
	{ HD_LIST_HOST, "srv1", "srv10", false },
	{ HD_LIST_HOST, "192.0.2.1", "192.0.2.1", true },
	{ HD_LIST_HOST, "192.0.2.1", "192", false },
	{ HD_LIST_HOST, "192", "192.0.2.1", false },
	{ HD_LIST_NET, "192.0.2.0/24", "192.0.2.255", true },
	{ HD_LIST_NET, "192.0.2.0/24", "192.0.3.0", false },
	{ HD_LIST_NET, "192.0.2.0/25", "192.0.2.128", false },
	{ HD_LIST_NET, "192.0.2.7", "192.0.2.7", true },
	{ HD_LIST_NET, "192.0.2.7", "192.0.2.8", false },
	{ HD_LIST_NET, "0.0.0.0/0", "203.0.113.9", true },
	{ HD_LIST_NET, "0.0.0.0/0", "2001:db8::1", false },
	{ HD_LIST_NET, "2001:db8::/32", "2001:db8:ffff::1", true },
	{ HD_LIST_NET, "2001:db8::/32", "2001:db9::1", false },
	{ HD_LIST_NET, "192.0.2.0/24", "::ffff:192.0.2.1", true },
	{ HD_LIST_NET, "192.0.2.0/24", "no address", false },
	{ HD_LIST_NET, "192.0.2.1/32", "192.0.2.1", true },
	{ HD_LIST_NET, "192.0.2.1", "192.0.2.1/32", false },
	{ HD_LIST_DOMAIN, "example.com", "Example.COM", true },
	{ HD_LIST_DOMAIN, "example.com", "a.b.example.com", true },
	{ HD_LIST_DOMAIN, "example.com", "x@mail.example.com", true },
	{ HD_LIST_DOMAIN, "*.example.com", "example.com.", true },
	{ HD_LIST_DOMAIN, "example.com", "badexample.com", false },
	{ HD_LIST_DOMAIN, "a.example.com", "example.com", false },
	{ HD_LIST_DOMAIN, "example.com", "example.com@evil.example", false },
	{ HD_LIST_TEXT, "Two words", "Two words", true },
	{ HD_LIST_TEXT, "Two words", "two words", false },
	{ HD_LIST_TEXT, "a", "a ", false },
};

static void the_kind_decides_how_values_compare(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct hd_list *list = parse(answers[i].kind,
					     answers[i].entries);

		assert_non_null(list);
		if (hd_list_has(list, answers[i].value,
				strlen(answers[i].value), 0) != answers[i].has)
			fail_msg("'%s' in '%s'", answers[i].value,
				 answers[i].entries);
		hd_list_free(list);
	}
}

static void comments_and_dates_stand_behind_entries(void **state)
{
	struct hd_list *list = parse(HD_LIST_USER,
				     "# whom we watch\r\n"
				     "\n"
				     "ann    # until she is back\n"
				     "  bob\tuntil=2026-12-31   # moved\n"
				     "eve until=2026-12-31\n"
				     "eve until=2027-01-31\n"
				     "c#d");

	(void)state;
	assert_non_null(list);
	assert_int_equal(hd_list_count(list), 5);
	assert_true(hd_list_has(list, "ann", 3, NEW_YEAR_2027 + 999 * DAY));
	assert_true(hd_list_has(list, "bob", 3, NEW_YEAR_2027 - 1));
	assert_false(hd_list_has(list, "bob", 3, NEW_YEAR_2027));
	assert_true(hd_list_has(list, "eve", 3, NEW_YEAR_2027));
	assert_true(hd_list_has(list, "c#d", 3, 0));
	assert_int_equal(hd_list_expired(list, NEW_YEAR_2027), 1);
	hd_list_free(list);
}

static void wrong_entries_are_told_with_their_line(void **state)
{
	const struct hd_complaint *one;

	(void)state;
	assert_null(parse(HD_LIST_NET, "192.0.2.0/24\n 192.0.2.0/33\n"
				       "a until=2026-13-01\n until=2026-01-01\n"
				       "2001:db8::/129\n10.1.2.3/8\n"));
	assert_int_equal(hd_complaints_errors(complaints), 5);
	one = hd_complaints_get(complaints, 0);
	assert_string_equal(one->file, "l.txt");
	assert_int_equal(one->line, 2);
	assert_int_equal(one->col, 2);
	assert_string_equal(one->text,
			    "'192.0.2.0/33' is no entry of a list of kind net");
	one = hd_complaints_get(complaints, 1);
	assert_int_equal(one->col, 3);
	assert_string_equal(one->text, "'until=2026-13-01' is no date");
	assert_null(parse(HD_LIST_HOST, "two words\n"));
	assert_null(parse(HD_LIST_DOMAIN, "@\n"));
}

static struct hd_list *read_node(const char *text)
{
	struct hd_conf_text one = { "h.yaml", text, strlen(text) };
	struct hd_check check = { .complaints = hd_complaints_new() };
	struct hd_conf *conf = hd_conf_load_texts(&one, 1, check.complaints);
	struct hd_list *list;

	hd_complaints_free(check.complaints);
	check.complaints = complaints;
	list = hd_list_read("l", hd_conf_find(conf, HD_CONF_LISTS, "l"),
			    &check);
	hd_conf_unref(conf);
	return list;
}

static void values_stand_in_the_configuration(void **state)
{
	struct hd_list *list = read_node("lists:\n  l: {values: [192.0.2.0/24, "
					 "'2001:db8::/32'], of: net}\n");

	(void)state;
	assert_non_null(list);
	assert_string_equal(hd_list_name(list), "l");
	assert_int_equal(hd_list_kind(list), HD_LIST_NET);
	assert_true(hd_list_has(list, "2001:db8::7", 11, 0));
	hd_list_free(list);
	assert_null(read_node("lists:\n  l: {values: [x], of: net}\n"));
	assert_int_equal(hd_complaints_get(complaints, 0)->line, 2);
	assert_int_equal(hd_complaints_get(complaints, 0)->col, 16);
}

static void values_stand_in_a_file(void **state)
{
	char path[] = "/tmp/herald-list-XXXXXX", text[128];
	int fd = mkstemp(path);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	struct hd_list *list;

	(void)state;
	assert_non_null(file);
	fputs("srv1\n# srv2\n", file);
	fclose(file);
	snprintf(text, sizeof(text), "lists: {l: {file: %s, of: host}}\n",
		 path);
	list = read_node(text);
	assert_non_null(list);
	assert_true(hd_list_has(list, "SRV1", 4, 0));
	assert_false(hd_list_has(list, "srv2", 4, 0));
	hd_list_free(list);
	remove(path);
	assert_null(read_node(text));
	assert_non_null(
		strstr(hd_complaints_get(complaints, 0)->text, "No such file"));
	assert_int_equal(hd_complaints_get(complaints, 0)->col, 19);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(the_kind_decides_how_values_compare),
		TEST(comments_and_dates_stand_behind_entries),
		TEST(wrong_entries_are_told_with_their_line),
		TEST(values_stand_in_the_configuration),
		TEST(values_stand_in_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
