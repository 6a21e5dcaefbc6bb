#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cel_rig.h"

struct line {
	const char *expr, *wanted;
};

static void run(const struct line *cases, size_t n, const char *record)
{
	struct cel_rig *rig = cel_rig_new(record);
	size_t i, bad = 0;

	for (i = 0; i < n; i++) {
		const char *got = cel_rig_eval(rig, cases[i].expr);

		if (strcmp(got, cases[i].wanted) == 0)
			continue;
		print_error("%s\n\tgives  %s\n\twanted %s\n", cases[i].expr,
			    got, cases[i].wanted);
		bad++;
	}
	cel_rig_free(rig);
	assert_int_equal(bad, 0);
}

#define RUN(cases, record) run(cases, sizeof(cases) / sizeof(cases[0]), record)

#define ENDS " | something is missing at its end"
#define CLOSES " | it closes nothing, or something is missing before it"

static void grammar_errors_have_a_place(void **state)
{
	static const struct line cases[] = {
		{ "", "issue 1:1+1 the expression ends where a value is "
		      "wanted" ENDS },
		{ "1 +", "issue 1:4+1 the expression ends where a value is "
			 "wanted" ENDS },
		{ "(1",
		  "issue 1:3+1 the expression ends where ')' is wanted" ENDS },
		{ "b and n",
		  "issue 1:3+3 'and' where an operator or the end is "
		  "wanted | 'and' is written '&&'" },
		{ "b or n", "issue 1:3+2 'or' where an operator or the end is "
			    "wanted | 'or' is written '||'" },
		{ "not b", "issue 1:5+1 'b' where an operator or the end is "
			   "wanted | 'not' is written '!'" },
		{ "knot b", "issue 1:6+1 'b' where an operator or the end is "
			    "wanted" },
		{ "1 2", "issue 1:3+1 '2' where an operator or the end is "
			 "wanted" },
		{ "n ==\n  == 1", "issue 2:3+2 '==' where a value is wanted" },
		{ "'\xc3\xa9' + )",
		  "issue 1:7+1 ')' where a value is wanted" CLOSES },
		{ "n = 1", "issue 1:3+1 '=' is no operator | equality is "
			   "'=='" },
		{ "b & b", "issue 1:3+1 not an operator | '&&' and '||'" },
		{ "'abc", "issue 1:1+4 a text that does not end | close it "
			  "with the quote it began with" },
		{ "'a\nb'", "issue 1:1+2 a text that does not end | close it "
			    "with the quote it began with" },
		{ "'\\q'", "issue 1:2+2 not an escape | double the backslash, "
			   "or put r before the quote" },
		{ "'\\ud800'", "issue 1:2+2 an escape that is no character" },
		{ "'\\x4'", "issue 1:2+2 an escape without all its digits" },
		{ "b'\\u00e9'", "issue 1:3+2 no \\u or \\U in bytes" },
		{ "9223372036854775808", "issue 1:1+19 a number beyond 64 "
					 "bits" },
		{ "-9223372036854775809", "issue 1:2+19 a number beyond 64 "
					  "bits" },
		{ "18446744073709551616u", "issue 1:1+21 a number beyond 64 "
					   "bits" },
		{ "0x1ffffffffffffffff", "issue 1:1+19 a number beyond 64 "
					 "bits" },
		{ "1abc", "issue 1:1+1 a number ends in letters" },
		{ "rb'a'", "issue 1:3+3 ''a'' where an operator or the end is "
			   "wanted" },
		{ "for", "issue 1:1+3 'for' where a name that is not reserved "
			 "is wanted" },
		{ "m.in", "issue 1:3+2 'in' where the name of an attribute is "
			  "wanted" },
		{ "m.`a b", "issue 1:3+4 not a name in backquotes | letters, "
			    "digits, '_', '.', '-', '/' and blanks" },
		{ "T{a: 1}", "issue 1:1+1 there are no message literals here | "
			     "maps are written {\"name\": value}" },
		{ "size(1,)",
		  "issue 1:8+1 ')' where an argument is wanted" CLOSES },
		{ "has(n)", "issue 1:1+3 has() wants an attribute | has(a.b)" },
		{ "l.all(1, true)", "issue 1:7+1 the variable of a macro must "
				    "be a simple name" },
		{ "l.all(a.b, true)", "issue 1:9+1 the variable of a macro "
				      "must be a simple name" },
		{ "l.all(i, i, true)", "issue 1:10+1 the two variables need "
				       "different names" },
		{ "math.greatest('a')", "issue 1:15+3 a number is wanted" },
		{ "\xff", "issue 1:1+1 not UTF-8" },
		{ "$", "issue 1:1+1 not a character of an expression" },
	};

	(void)state;
	RUN(cases, NULL);
}

static void literals_mean_what_they_say(void **state)
{
	static const struct line cases[] = {
		{ "0x1F", "int 31" },
		{ "-0x1f", "int -31" },
		{ "0xFFu", "uint 255" },
		{ ".5", "double 0.5" },
		{ "1e3", "double 1000" },
		{ "--5", "int 5" },
		{ "!!true", "bool true" },
		{ "-9223372036854775808", "int -9223372036854775808" },
		{ "r'\\n'", "string \\n" },
		{ "R\"a\\\"", "string a\\" },
		{ "'''a'b''c'''", "string a'b''c" },
		{ "\"\"\"a\nb\"\"\"", "string a\nb" },
		{ "'\\x41\\u0042\\U00000043\\104'", "string ABCD" },
		{ "b'\\377' == b'\\xff'", "bool true" },
		{ "bytes('\xc3\xa9') == b'\xc3\xa9'", "bool true" },
		{ "1 // one\n + 2", "int 3" },
		{ "'\\ud83d\\udc31' == '\\U0001f431'", "bool true" },
		{ "[1, 2,]", "list [1,2]" },
		{ "{'a': 1,}", "map {\"a\":1}" },
		{ "{'for': 1}.for", "int 1" },
		{ "{'a-b': 1}.`a-b`", "int 1" },
		{ "1.0.a", "issue 1:5+1 double has no attributes ('a')" },
		{ "2 - -1", "int 3" },
		{ "-2 - 1", "int -3" },
		{ "1 + 2 * 3 - 4 / 2 % 3", "int 5" },
		{ "1 < 2 == true", "bool true" },
		{ "false ? 1 : true ? 2 : 3", "int 2" },
		{ "true || false && false", "bool true" },
		{ "(true || false) && false", "bool false" },
	};

	(void)state;
	RUN(cases, NULL);
}

/* "((((...1...))))" and its like, `depth` deep. */
static char *nest(const char *open, const char *core, const char *close,
		  size_t depth)
{
	size_t on = strlen(open), cn = strlen(close), n = 0, i;
	char *text = malloc(depth * (on + cn) + strlen(core) + 1);

	for (i = 0; i < depth; i++, n += on)
		memcpy(text + n, open, on);
	memcpy(text + n, core, strlen(core));
	n += strlen(core);
	for (i = 0; i < depth; i++, n += cn)
		memcpy(text + n, close, cn);
	text[n] = '\0';
	return text;
}

static void nesting_is_bounded(void **state)
{
	static const struct {
		const char *open, *core, *close;
	} shapes[] = {
		{ "(", "1", ")" },
		{ "[", "1", "]" },
		{ "{1:", "1", "}" },
		{ "size([", "1", "])" },
		{ "", "1", "+1" },
		{ "[0][", "0", "]" },
		{ "true ? 1 : ", "1", "" },
		{ "dyn(", "1", ")" },
		{ "", "x", ".a" },
		{ "", "x", "[0]" },
		{ "cel.bind(y,1,", "1", ")" },
		{ "", "x", ".a()" },
	};
	struct cel_rig *rig = cel_rig_new(NULL);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		char *text = nest(shapes[i].open, shapes[i].core,
				  shapes[i].close, 240 / 2);
		const char *got = cel_rig_eval(rig, text);

		assert_null(strstr(got, "nested"));
		free(text);
		text = nest(shapes[i].open, shapes[i].core, shapes[i].close,
			    1000);
		got = cel_rig_eval(rig, text);
		if (!strstr(got, "nested more than 250 deep"))
			print_error("%s%s%s: %s\n", shapes[i].open,
				    shapes[i].core, shapes[i].close, got);
		assert_non_null(strstr(got, "nested more than 250 deep"));
		free(text);
	}
	cel_rig_free(rig);
}

/* Long is not deep: conditions of many terms are fine. */
static void many_terms_are_fine(void **state)
{
	struct cel_rig *rig = cel_rig_new(NULL);
	char *text = nest("", "false", " || false", 1200);

	(void)state;
	assert_string_equal(cel_rig_eval(rig, text), "bool false");
	free(text);
	text = nest("", "true", " && true", 1200);
	assert_string_equal(cel_rig_eval(rig, text), "bool true");
	free(text);
	cel_rig_free(rig);
}

static void a_source_has_a_greatest_length(void **state)
{
	struct cel_rig *rig = cel_rig_new(NULL);
	char *text = nest("", "1", " ", 16383);

	(void)state;
	assert_string_equal(cel_rig_eval(rig, text), "int 1");
	free(text);
	text = nest("", "1", " ", 16384);
	assert_string_equal(cel_rig_eval(rig, text),
			    "issue 1:1+1 longer than 16384 bytes");
	free(text);
	cel_rig_free(rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(grammar_errors_have_a_place),
		cmocka_unit_test(literals_mean_what_they_say),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(many_terms_are_fine),
		cmocka_unit_test(a_source_has_a_greatest_length),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
