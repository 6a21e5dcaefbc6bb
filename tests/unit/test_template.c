#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/expr/template.h"
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

static struct hd_template *compiled(const char *text, enum hd_escape escape)
{
	struct hd_err err = { 0 };
	struct hd_template *t = hd_template_compile_text(env, NULL, text,
							 escape, &err);

	if (!t)
		fail_msg("%s: %s", text, err.text);
	return t;
}

#define RECORD                                                               \
	"{'severity_id': 4, 'severity': 'High', 'count': 0, 'message': 'm'," \
	" 'metadata': {'labels': ['a', 'b']}, 'evidences': [{'user':"        \
	" {'name': 'jdoe'}}]}"

static const struct hd_missing missing = { .connector = "vt",
					   .fills = "user",
					   .reason = "timed out" };

static const struct {
	const char *text, *lenient;
	enum hd_truth truth;	  /* of both forms */
	const char *strict, *why; /* strict NULL: came to nothing */
} cases[] = {
	{ "plain $text $$1 {x} }", "plain $text $1 {x} }", HD_HOLDS,
	  "plain $text $1 {x} }", "" },
	{ "", "", HD_HOLDS, "", "" },
	{ "[${severity}] ${message}: ${user.name}", "[High] m: jdoe", HD_HOLDS,
	  "[High] m: jdoe", "" },
	{ "$${x}", "${x}", HD_HOLDS, "${x}", "" },
	{ "${severity_id + 1} ${1.5} ${true} ${2.0}", "5 1.5 true 2", HD_HOLDS,
	  "5 1.5 true 2", "" },
	{ "${metadata.labels}", "[\"a\",\"b\"]", HD_HOLDS, "[\"a\",\"b\"]",
	  "" },
	{ "${{\"k\": \"}\"}}!", "{\"k\":\"}\"}!", HD_HOLDS, "{\"k\":\"}\"}!",
	  "" },
	{ "${\"}\" + '}' + r\"\\\"}", "}}\\", HD_HOLDS, "}}\\", "" },
	{ "${severity_id > 3 ? \"bad }\" : \"good\"}.", "bad }.", HD_HOLDS,
	  "bad }.", "" },
	{ "to ${device.hostname}!", "to (no device.hostname)!", HD_ABSENT, NULL,
	  "device.hostname" },
	{ "to ${user.email_addr}!", "to (not known: vt timed out)!",
	  HD_NOT_SURE, NULL, "vt timed out" },
	{ "${1 / count}", "(error)", HD_ERROR, NULL, "division by zero" },
	{ "${device.ip} ${1 / count} ${user.email_addr}",
	  "(no device.ip) (error) (not known: vt timed out)", HD_ERROR, NULL,
	  NULL },
	{ "${finding_info.?title.orValue(\"alert\")} on "
	  "${device.?hostname.orValue(\"unknown host\")}",
	  "alert on unknown host", HD_HOLDS, "alert on unknown host", "" },
	{ "${risk_score}", "65 (could be 65 to 95: vt timed out)", HD_NOT_SURE,
	  NULL, "risk_score is 65, could be 65 to 95: vt timed out" },
	{ "${risk_level}", "High (could be High to Critical: vt timed out)",
	  HD_NOT_SURE, NULL, NULL },
	{ "${risk_level_id >= 2 ? \"yes\" : \"no\"}", "yes", HD_HOLDS, "yes",
	  "" },
	{ "${risk_level_id >= 4 ? \"yes\" : \"no\"}",
	  "(not known: risk_score is 65, could be 65 to 95: vt timed out)",
	  HD_NOT_SURE, NULL, NULL },
};

static void texts_for_people_are_whole_and_parameters_are_sure(void **state)
{
	struct hd_interval risk = { 65, 95, 65 };
	struct hd_expr_scope scope = { .record = json_of(RECORD),
				       .missing = &missing,
				       .missing_count = 1,
				       .risk = &risk };
	int faults = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hd_template *t = compiled(cases[i].text, HD_ESCAPE_TEXT);
		struct hd_reason why = { "?" };
		struct hd_buf out;
		enum hd_truth truth, strict;

		hd_buf_init(&out, 4096);
		truth = hd_template_render(t, &scope, true, &out, &why);
		if (truth != cases[i].truth ||
		    strcmp(hd_buf_text(&out), cases[i].lenient) != 0) {
			print_error("%s: %s '%s'\n", cases[i].text,
				    hd_truth_name(truth), hd_buf_text(&out));
			faults++;
		}
		hd_buf_clear(&out);
		strict = hd_template_render(t, &scope, false, &out, &why);
		if ((strict == HD_HOLDS) != (cases[i].strict != NULL) ||
		    (cases[i].strict &&
		     strcmp(hd_buf_text(&out), cases[i].strict) != 0) ||
		    (cases[i].why && strcmp(why.text, cases[i].why) != 0)) {
			print_error("strict %s: %s '%s' '%s'\n", cases[i].text,
				    hd_truth_name(strict), hd_buf_text(&out),
				    why.text);
			faults++;
		}
		hd_buf_fini(&out);
		hd_template_free(t);
	}
	json_decref(scope.record);
	assert_int_equal(faults, 0);
}

#define ATTACK "a\r\nBcc: x@y <b>&'\"*()\\\x7f\xc2\x85\xc3\xa9%"

static const struct {
	const char *word;
	const char *want;
} escapes[] = {
	{ "text", "<" ATTACK ">" },
	{ "header", "<a  Bcc: x@y <b>&'\"*()\\  \xc3\xa9%>" },
	{ "html", "<a\r\nBcc: x@y &lt;b&gt;&amp;&#39;&quot;*()\\\x7f\xc2\x85"
		  "\xc3\xa9%>" },
	{ "json", "<a\\r\\nBcc: x@y <b>&'\\\"*()\\\\\x7f\xc2\x85\xc3\xa9%>" },
	{ "url", "<a%0D%0ABcc%3A%20x%40y%20%3Cb%3E%26%27%22%2A%28%29%5C%7F%C2"
		 "%85%C3%A9%25>" },
	{ "ldap", "<a\\0d\\0aBcc: x@y <b>&'\"\\2a\\28\\29\\5c\\7f\xc2\x85"
		  "\xc3\xa9%>" },
};

static void the_place_decides_the_escaping(void **state)
{
	struct hd_expr_scope scope = { .record = json_object() };

	(void)state;
	json_object_set_new(scope.record, "message", json_string(ATTACK));
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		enum hd_escape escape;
		struct hd_template *t;
		struct hd_buf out;

		assert_int_equal(hd_escape_parse(escapes[i].word, &escape), 0);
		t = compiled("<${message}>", escape);
		hd_buf_init(&out, 4096);
		assert_int_equal(hd_template_render(t, &scope, false, &out,
						    NULL),
				 HD_HOLDS);
		assert_string_equal(hd_buf_text(&out), escapes[i].want);
		hd_buf_fini(&out);
		hd_template_free(t);
	}
	json_decref(scope.record);
	assert_int_equal(hd_escape_parse("xml", &(enum hd_escape){ 0 }), -1);
}

static char *rendered(const char *template, enum hd_escape escape,
		      const json_t *value, size_t *n)
{
	struct hd_expr_scope scope = { .record = json_object() };
	struct hd_template *t = compiled(template, escape);
	struct hd_buf out;
	char *text;

	json_object_set_new(scope.record, "message", json_deep_copy(value));
	hd_buf_init(&out, 1 << 16);
	assert_int_equal(hd_template_render(t, &scope, false, &out, NULL),
			 HD_HOLDS);
	*n = out.n;
	text = malloc(out.n + 1);
	memcpy(text, hd_buf_text(&out), out.n + 1);
	hd_buf_fini(&out);
	hd_template_free(t);
	json_decref(scope.record);
	return text;
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *p;

	c = c >= 'A' && c <= 'F' ? (char)(c + 32) : c;
	p = c ? strchr(digits, c) : NULL;
	return p ? (int)(p - digits) : -1;
}

/* Takes "%0D" or "\0d" back; false if what is left unescaped is not allowed. */
static bool decode(const char *text, size_t n, char mark, const char *forbidden,
		   char *out, size_t *out_n)
{
	*out_n = 0;
	for (size_t i = 0; i < n; i++) {
		if (text[i] != mark) {
			if (!text[i] || strchr(forbidden, text[i]))
				return false;
			out[(*out_n)++] = text[i];
			continue;
		}
		if (i + 2 >= n || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0)
			return false;
		out[(*out_n)++] = (char)(hex(text[i + 1]) << 4 |
					 hex(text[i + 2]));
		i += 2;
	}
	return true;
}

static void header_is_one_line(const char *text, size_t n, const json_t *value)
{
	(void)value;
	assert_int_equal(strcspn(text, "\r\n"), n); /* no NUL either */
	assert_true(strncmp(text, "Subject: ", 9) == 0);
	assert_string_equal(text + n - 4, " end");
}

static void html_has_no_element(const char *text, size_t n, const json_t *value)
{
	(void)value;
	text += 3;
	n -= 7;
	for (size_t i = 0; i < n; i++)
		assert_null(text[i] ? strchr("<>\"'", text[i]) : NULL);
}

static void json_reads_back(const char *text, size_t n, const json_t *value)
{
	json_t *read = json_loadb(text, n, JSON_ALLOW_NUL, NULL);

	assert_non_null(read);
	assert_int_equal(json_object_size(read), 1);
	assert_true(json_equal(json_object_get(read, "m"), value));
	json_decref(read);
}

static void url_reads_back(const char *text, size_t n, const json_t *value)
{
	char back[4096];
	size_t back_n;

	assert_true(n >= 6 && decode(text + 6, n - 6, '%', "/?#&=+ \r\n\"<>\\",
				    back, &back_n));
	assert_int_equal(back_n, json_string_length(value));
	assert_memory_equal(back, json_string_value(value), back_n);
}

static void ldap_reads_back(const char *text, size_t n, const json_t *value)
{
	char back[4096];
	size_t back_n;

	assert_true(decode(text + 4, n - 5, '\\', "*()\r\n", back, &back_n));
	assert_int_equal(back_n, json_string_length(value));
	assert_memory_equal(back, json_string_value(value), back_n);
}

static const struct {
	const char *template;
	enum hd_escape escape;
	void (*check)(const char *text, size_t n, const json_t *value);
} injected[] = {
	{ "Subject: ${message} end", HD_ESCAPE_HEADER, header_is_one_line },
	{ "<b>${message}</b>", HD_ESCAPE_HTML, html_has_no_element },
	{ "{\"m\": \"${message}\"}", HD_ESCAPE_JSON, json_reads_back },
	{ "/find/${message}", HD_ESCAPE_URL, url_reads_back },
	{ "(cn=${message})", HD_ESCAPE_LDAP, ldap_reads_back },
};

static void inject(const json_t *value)
{
	for (size_t i = 0; i < sizeof(injected) / sizeof(injected[0]); i++) {
		size_t n;
		char *text = rendered(injected[i].template, injected[i].escape,
				      value, &n);

		injected[i].check(text, n, value);
		free(text);
	}
}

/* Besides what is known of mail: an element and an attribute of HTML, the end
 * of a JSON string, another parameter or path of a URL, another filter of
 * LDAP; NUL, line ends of Unicode, text that is escaped already. */
static const char *const values[] = {
	"<script>alert(1)</script>",
	"\" onmouseover=\"x",
	"' onmouseover='x",
	"&lt;b&gt;",
	"\", \"admin\": true, \"x\": \"",
	"\\\", \\\"admin\\\": true",
	"x\\",
	"\\u0022",
	"../../admin?x=1&y=2#z",
	"%2e%2e%2f%00",
	"a b+c",
	"//evil.example/",
	"*)(objectClass=*",
	"admin)(|(uid=*",
	"\\2a",
	"\x01\x02\x1b[31m\x7f",
	"\xc2\x85\xe2\x80\xa8\xe2\x80\xa9",
	"${message} $${x} {{x}}",
	"J\xc3\xbcrgen \xf0\x9f\x98\x80",
	"",
};

static void what_an_alert_says_does_not_leave_its_place(void **state)
{
	static const char with_nul[] = "a\0)(cn=*";
	const char *folder = getenv("srcdir");
	char name[4096];
	json_t *vectors, *one, *value;
	size_t i;

	(void)state;
	snprintf(name, sizeof(name),
		 "%s/tests/fixtures/smtp/injection_vectors.json",
		 folder ? folder : ".");
	vectors = json_load_file(name, JSON_ALLOW_NUL, NULL);
	assert_true(json_array_size(vectors) > 10);
	json_array_foreach(vectors, i, one)
		inject(json_object_get(one, "value"));
	json_decref(vectors);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		value = json_string(values[i]);
		inject(value);
		json_decref(value);
	}
	value = json_stringn(with_nul, sizeof(with_nul) - 1);
	inject(value);
	json_decref(value);
}

static void a_header_stays_one_line_whoever_wrote_it(void **state)
{
	struct hd_expr_scope scope = { .record = json_object() };
	struct hd_template *t = compiled("a\nb ${1}\r\n", HD_ESCAPE_HEADER);
	struct hd_buf out;

	(void)state;
	hd_buf_init(&out, 100);
	hd_template_render(t, &scope, true, &out, NULL);
	assert_string_equal(hd_buf_text(&out), "a b 1  ");
	hd_buf_fini(&out);
	hd_template_free(t);
	json_decref(scope.record);
}

static void a_single_expression_keeps_its_type(void **state)
{
	static const struct {
		const char *text, *want;
	} single[] = {
		{ "${metadata.labels}", "['a', 'b']" },
		{ "${severity_id}", "4" },
		{ " ${severity_id}", "' 4'" },
		{ "text", "'text'" },
		{ "${user.name}", "'jdoe'" },
	};
	struct hd_expr_scope scope = { .record = json_of(RECORD) };

	(void)state;
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
		struct hd_template *t = compiled(single[i].text,
						 HD_ESCAPE_TEXT);
		json_t *out;

		assert_int_equal(hd_template_value(t, &scope, &out, NULL),
				 HD_HOLDS);
		assert_true(json_same(out, single[i].want));
		json_decref(out);
		hd_template_free(t);
	}
	json_decref(scope.record);
}

static void broken_templates_are_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} broken[] = {
		{ "x ${user.name", "byte 3: '${' without '}'; write '$$' for a "
				   "dollar sign" },
		{ "x ${}", "byte 3: '${}' without an expression" },
		{ "x ${ // only a comment }", NULL },
		{ "x ${user.nam}", NULL },
		{ "${\"}", "byte 1: '${' without '}'; write '$$' for a dollar "
			   "sign" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct hd_err err = { 0 };

		assert_null(hd_template_compile_text(env, NULL, broken[i].text,
						     HD_ESCAPE_TEXT, &err));
		assert_true(err.text[0]);
		if (broken[i].why)
			assert_string_equal(err.text, broken[i].why);
	}
}

static void a_template_without_expressions_is_constant(void **state)
{
	struct hd_template *a = compiled("a $$ b", HD_ESCAPE_TEXT);
	struct hd_template *b = compiled("a ${1}", HD_ESCAPE_TEXT);

	(void)state;
	assert_true(hd_template_is_constant(a));
	assert_false(hd_template_is_constant(b));
	hd_template_free(a);
	hd_template_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			texts_for_people_are_whole_and_parameters_are_sure),
		cmocka_unit_test(the_place_decides_the_escaping),
		cmocka_unit_test(what_an_alert_says_does_not_leave_its_place),
		cmocka_unit_test(a_header_stays_one_line_whoever_wrote_it),
		cmocka_unit_test(a_single_expression_keeps_its_type),
		cmocka_unit_test(broken_templates_are_refused),
		cmocka_unit_test(a_template_without_expressions_is_constant),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
