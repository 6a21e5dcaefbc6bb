#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/conf/complaint.h"

static char *printed(struct hd_complaints *complaints)
{
	struct hd_buf out;

	hd_buf_init(&out, 1 << 20);
	hd_complaints_print(complaints, &out);
	return hd_buf_steal(&out);
}

static struct hd_source *source_of(const char *name, const char *text,
				   unsigned rank)
{
	return hd_source_new(name, text, strlen(text), rank);
}

/* Prints one complaint at a place and compares. */
static void expect(const char *text, unsigned line, unsigned col,
		   const char *want)
{
	struct hd_source *source = source_of("h.yaml", text, 0);
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_place place = { source, line, col };
	char *got;

	hd_complain(complaints, place, "bad");
	hd_source_free(source);
	got = printed(complaints);
	assert_string_equal(got, want);
	free(got);
	hd_complaints_free(complaints);
}

static void line_caret_and_remedy_follow_the_sentence(void **state)
{
	struct hd_source *source = source_of("herald.yaml",
					     "a:\n  becuase: x\n", 0);
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_place place = { source, 2, 3 };
	char *got;

	(void)state;
	assert_int_equal(hd_complain(complaints, place,
				     "unknown key '%s'; did you mean '%s'?",
				     "becuase", "because"),
			 -1);
	hd_complain_remedy(complaints, "write '%s'", "because");
	hd_source_free(source);
	got = printed(complaints);
	assert_string_equal(got, "herald.yaml:2:3: unknown key 'becuase'; did "
				 "you mean 'because'?\n"
				 "      becuase: x\n"
				 "      ^\n"
				 "  -> write 'because'\n");
	free(got);
	assert_int_equal(hd_complaints_errors(complaints), 1);
	hd_complaints_free(complaints);
}

static void carets_stand_under_their_character(void **state)
{
	(void)state;
	expect("\tx:\ty\n", 1, 5,
	       "h.yaml:1:5: bad\n    \tx:\ty\n    \t  \t^\n");
	expect("\xc3\xa4\xc3\xb6: y\n", 1, 5,
	       "h.yaml:1:5: bad\n    \xc3\xa4\xc3\xb6: y\n        ^\n");
	expect("a\r\nb: c\r\n", 2, 1, "h.yaml:2:1: bad\n    b: c\n    ^\n");
	expect("a\n", 1, 2, "h.yaml:1:2: bad\n    a\n     ^\n");
	expect("", 1, 1, "h.yaml:1:1: bad\n    \n    ^\n");
}

static void terminals_are_not_obeyed(void **state)
{
	(void)state;
	expect("a: \x1b[31m\xff\xc2\x9b\xe2\x80\xae!\n", 1, 11,
	       "h.yaml:1:11: bad\n    a: ?[31m?"
	       "?"
	       "?!\n              ^\n");
}

static void a_file_as_a_whole_has_no_line(void **state)
{
	(void)state;
	expect("a: b\n", 0, 0, "h.yaml: bad\n");
}

static void long_lines_are_windowed(void **state)
{
	char text[1001];
	struct hd_source *source;
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_place place = { NULL, 1, 501 };
	const struct hd_complaint *one;

	(void)state;
	memset(text, '-', 1000);
	text[500] = 'X';
	text[1000] = '\0';
	source = source_of("h.yaml", text, 0);
	place.source = source;
	hd_complain(complaints, place, "bad");
	hd_source_free(source);
	one = hd_complaints_get(complaints, 0);
	assert_true(strlen(one->excerpt) < 200);
	assert_int_equal(one->excerpt[strlen(one->caret)], 'X');
	assert_int_equal(strncmp(one->excerpt, "...", 3), 0);
	hd_complaints_free(complaints);
}

static void secrets_are_not_shown(void **state)
{
	(void)state;
	expect("m: {secret: hunter2, x: 1}\n", 1, 22,
	       "h.yaml:1:22: bad\n    m: {secret: *******, x: 1}\n"
	       "                         ^\n");
	expect("client_secret: 'hunter2'\n", 1, 1,
	       "h.yaml:1:1: bad\n    client_secret: *********\n    ^\n");
	expect("secret: {file: /x}\n", 1, 1,
	       "h.yaml:1:1: bad\n    secret: {file: /x}\n    ^\n");
	expect("secretary: ann\n", 1, 1,
	       "h.yaml:1:1: bad\n    secretary: ann\n    ^\n");
}

static void files_and_lines_are_in_order_and_none_twice(void **state)
{
	struct hd_source *a = source_of("z.yaml", "1\n2\n3\n", 0);
	struct hd_source *b = source_of("a.yaml", "1\n2\n3\n", 1);
	struct hd_complaints *complaints = hd_complaints_new();
	const struct hd_place places[] = { { b, 2, 1 }, { a, 3, 1 },
					   { a, 1, 2 }, { a, 1, 1 },
					   { a, 3, 1 }, { b, 1, 1 } };
	static const char *const want[] = { "z.yaml", "z.yaml", "z.yaml",
					    "a.yaml", "a.yaml" };
	static const unsigned lines[] = { 1, 1, 3, 1, 2 };
	size_t i;

	(void)state;
	for (i = 0; i < 6; i++)
		hd_complain(complaints, places[i], "bad");
	hd_complain_remedy(complaints, "mend it");
	assert_int_equal(hd_complaints_count(complaints), 5);
	for (i = 0; i < 5; i++) {
		const struct hd_complaint *one = hd_complaints_get(complaints,
								   i);

		assert_string_equal(one->file, want[i]);
		assert_int_equal(one->line, lines[i]);
	}
	assert_string_equal(hd_complaints_get(complaints, 3)->remedy,
			    "mend it");
	assert_null(hd_complaints_get(complaints, 5));
	hd_source_free(a);
	hd_source_free(b);
	hd_complaints_free(complaints);
}

static void a_remedy_belongs_to_no_repeat(void **state)
{
	struct hd_source *source = source_of("h.yaml", "x\n", 0);
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_place place = { source, 1, 1 };

	(void)state;
	hd_complain(complaints, place, "bad");
	hd_complain_remedy(complaints, "first");
	hd_complain(complaints, place, "bad");
	hd_complain_remedy(complaints, "second");
	assert_string_equal(hd_complaints_get(complaints, 0)->remedy, "first");
	hd_source_free(source);
	hd_complaints_free(complaints);
}

static void warnings_are_told_apart(void **state)
{
	struct hd_source *source = source_of("h.yaml", "x\n", 0);
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_place place = { source, 1, 1 };
	json_t *all, *one;
	char *got;

	(void)state;
	hd_complain_warning(complaints, place, "odd");
	hd_complain_remedy(complaints, "look");
	assert_int_equal(hd_complaints_errors(complaints), 0);
	assert_int_equal(hd_complaints_warnings(complaints), 1);
	got = printed(complaints);
	assert_string_equal(got, "h.yaml:1:1: warning: odd\n    x\n    ^\n"
				 "  -> look\n");
	free(got);
	all = hd_complaints_json(complaints);
	one = json_array_get(all, 0);
	assert_string_equal(json_string_value(json_object_get(one, "severity")),
			    "warning");
	assert_string_equal(json_string_value(json_object_get(one, "file")),
			    "h.yaml");
	assert_int_equal(json_integer_value(json_object_get(one, "line")), 1);
	assert_int_equal(json_integer_value(json_object_get(one, "column")), 1);
	assert_string_equal(json_string_value(json_object_get(one, "text")),
			    "odd");
	assert_string_equal(json_string_value(json_object_get(one, "remedy")),
			    "look");
	assert_string_equal(json_string_value(json_object_get(one, "excerpt")),
			    "x");
	json_decref(all);
	hd_source_free(source);
	hd_complaints_free(complaints);
}

static void too_many_are_counted(void **state)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_place place = { NULL, 0, 0 };
	char *got;
	int i;

	(void)state;
	for (i = 0; i < HD_COMPLAINTS_MAX + 3; i++)
		hd_complain(complaints, place, "bad %d", i);
	assert_int_equal(hd_complaints_errors(complaints),
			 HD_COMPLAINTS_MAX + 3);
	assert_int_equal(hd_complaints_count(complaints), HD_COMPLAINTS_MAX);
	got = printed(complaints);
	assert_non_null(strstr(got, "and 3 more\n"));
	free(got);
	hd_complaints_free(complaints);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_caret_and_remedy_follow_the_sentence),
		cmocka_unit_test(carets_stand_under_their_character),
		cmocka_unit_test(terminals_are_not_obeyed),
		cmocka_unit_test(a_file_as_a_whole_has_no_line),
		cmocka_unit_test(long_lines_are_windowed),
		cmocka_unit_test(secrets_are_not_shown),
		cmocka_unit_test(files_and_lines_are_in_order_and_none_twice),
		cmocka_unit_test(a_remedy_belongs_to_no_repeat),
		cmocka_unit_test(warnings_are_told_apart),
		cmocka_unit_test(too_many_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
