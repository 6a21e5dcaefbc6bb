/* The parameters of tests/plugins/acts.c, filled in from what attackers write:
 * values of class f of tests/conformance/bad-inputs.tsv. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/err.h"
#include "core/expr/expr.h"
#include "core/pipeline/params.h"
#include "core/plugin/module.h"
#include "tests/unit/json_help.h"
#include "tests/unit/plugin_help.h"

static const struct hd_risk_levels levels = { 20, 40, 60, 80 };
static struct hd_expr_env *env;
static const struct hd_module *acts;
static char dir[256];

static int set_up(void **state)
{
	struct hd_err err = { 0 };

	(void)state;
	help_make_dir(dir, sizeof(dir));
	help_copy_plugin("acts", dir, "acts");
	acts = hd_module_load(dir, "acts", &err);
	if (!acts)
		fprintf(stderr, "%s\n", err.text);
	env = hd_expr_env_new(&levels, "UTC");
	return acts ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	hd_expr_env_free(env);
	help_remove_dir(dir);
	return 0;
}

/* What `with` (JSON, ' for ") comes to over `record`; NULL and why. */
static json_t *render(const char *with, json_t *record, char why[512])
{
	const struct hd_expr_names names = { 0 };
	const struct hd_expr_scope scope = { .record = record, .now_ms = 1 };
	json_t *source = json_of(with), *values;
	struct hd_params *params = hd_params_from_source(
		env, &names, acts,
		(uint32_t)hd_module_action_find(acts, "record"), source);

	assert_non_null(params);
	values = hd_params_render(params, &scope, why, 512);
	hd_params_free(params);
	json_decref(source);
	return values;
}

static json_t *user_record(const char *name, size_t n)
{
	return json_pack("{s:[{s:{s:s#}}]}", "evidences", "user", "name", name,
			 (int)n);
}

static void expect(const char *with, json_t *record_take, const char *param,
		   const char *want)
{
	char why[512];
	json_t *values = render(with, record_take, why);

	if (!values)
		fail_msg("%s: refused: %s", with, why);
	if (!json_same(json_object_get(values, param), want))
		fail_msg("%s", with);
	json_decref(values);
	json_decref(record_take);
}

static void expect_refused(const char *with, json_t *record_take,
			   const char *words)
{
	char why[512];
	json_t *values = render(with, record_take, why);

	if (values)
		fail_msg("%s was taken", with);
	if (!strstr(why, words))
		fail_msg("%s: '%s' does not say '%s'", with, why, words);
	json_decref(record_take);
}

#define FROM(param) "{'" param "': '${user.name}'}"

static void only_what_is_of_its_type_comes_through(void **state)
{
	static const struct {
		const char *with, *value, *param, *want; /* want NULL: no */
	} cases[] = {
		{ FROM("user"), "jdoe", "user", "'jdoe'" },
		{ FROM("user"), "*", "user", "'*'" }, /* escaped where used */
		{ FROM("user"), ")(objectClass=*", "user",
		  "')(objectClass=*'" },
		{ FROM("user"), "", "user", NULL },
		{ FROM("user"), "x\r\nBcc: all@corp", "user", NULL },
		{ FROM("user"), "x\033[2J", "user", NULL },
		{ FROM("ip"), "198.51.100.7", "ip", "'198.51.100.7'" },
		{ FROM("ip"), "2001:db8::1", "ip", "'2001:db8::1'" },
		{ FROM("ip"), "0.0.0.0/0", "ip", NULL },
		{ FROM("ip"), "999.1.1.1", "ip", NULL },
		{ FROM("ip"), "1.2.3", "ip", NULL },
		{ FROM("ip"), "0x7f.1", "ip", NULL },
		{ FROM("ip"), "2130706433", "ip", NULL },
		{ FROM("ip"), " 198.51.100.7", "ip", NULL },
		{ FROM("to"), "a@corp.example", "to", "['a@corp.example']" },
		{ FROM("to"), "a@b.example, c@d.example", "to", NULL },
		{ FROM("to"), "a@b.example>\nRCPT", "to", NULL },
		{ FROM("to"), "a@b.example\r\nBcc: c@d.example", "to", NULL },
		{ FROM("to"), "nobody", "to", NULL },
		{ FROM("number"), "7", "number", "7" },
		{ FROM("number"), "11", "number", NULL },
		{ FROM("number"), "7; rm", "number", NULL },
		{ FROM("text"), "x\r\nBcc: all@corp", "text",
		  "'x\\r\\nBcc: all@corp'" }, /* for people: any text */
		{ FROM("text"), "{{7*7}} ${jndi:ldap://x} %n", "text",
		  "'{{7*7}} ${jndi:ldap://x} %n'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *record = user_record(cases[i].value,
					     strlen(cases[i].value));

		if (cases[i].want)
			expect(cases[i].with, record, cases[i].param,
			       cases[i].want);
		else
			expect_refused(cases[i].with, record, "parameter ");
	}
}

static void a_name_has_a_bound(void **state)
{
	char name[10000], want[256 + 3];

	(void)state;
	memset(name, 'x', sizeof(name));
	memset(want, 'x', sizeof(want));
	want[0] = want[257] = '\'';
	want[258] = '\0';
	expect_refused(FROM("user"), user_record(name, 10000), "user");
	expect_refused(FROM("user"), user_record(name, 257), "user");
	expect(FROM("user"), user_record(name, 256), "user", want);
}

static void a_text_for_people_is_always_made(void **state)
{
	(void)state;
	expect("{'text': 'user ${user.name}, mail ${user.email_addr}'}",
	       user_record("jdoe", 4), "text",
	       "'user jdoe, mail (no user.email_addr)'");
	expect("{'text': 'n ${1 / (size(user.name) - 4)}'}", user_record("jdoe", 4), "text",
	       "'n (error)'");
}

static void any_other_must_be_known(void **state)
{
	(void)state;
	expect_refused("{'user': '${user.email_addr}'}", user_record("jdoe", 4),
		       "absent");
	expect_refused("{'ip': '${src.ip}'}", user_record("jdoe", 4), "absent");
}

static void a_list_may_come_from_one_expression(void **state)
{
	json_t *labels = json_of("{'metadata': {'labels': ['a@x.example',"
				 " 'b@x.example']}}");

	(void)state;
	expect("{'to': ['${metadata.labels}']}", json_incref(labels), "to",
	       "['a@x.example', 'b@x.example']");
	expect("{'to': ['c@x.example', '${metadata.labels}']}",
	       json_incref(labels), "to",
	       "['c@x.example', 'a@x.example', 'b@x.example']");
	json_decref(labels);
	expect_refused("{'to': ['${metadata.labels}']}",
		       json_of("{'metadata': {'labels': ['a@x.example',"
			       " 'nobody']}}"),
		       "parameter to");
	expect_refused("{'to': ['${metadata.labels.map(x, size(x))}']}",
		       json_of("{'metadata': {'labels': ['a']}}"),
		       "parameter to");
}

static void defaults_are_filled_in(void **state)
{
	(void)state;
	expect("{}", json_object(), "number", "3");
	expect("{}", json_object(), "tags", "['a', 'b']");
	expect("{'tags': ['c']}", json_object(), "tags", "['c']");
}

static void what_does_not_fit_the_plugin_is_told(void **state)
{
	const struct hd_expr_names names = { 0 };
	json_t *source = json_of("{'colour': 'green'}");

	(void)state;
	assert_null(hd_params_from_source(env, &names, acts, 0, source));
	json_decref(source);
	source = json_of("{'text': '${user.nam'}");
	assert_null(hd_params_from_source(env, &names, acts, 0, source));
	json_decref(source);
}

static void as_written_and_back(void **state)
{
	const struct hd_expr_names names = { 0 };
	static const char text[] = "{'text': 'a ${user.name}', 'to':"
				   " ['x@y.example', '${user.email_addr}']}";
	json_t *source = json_of(text), *again;
	struct hd_params *params = hd_params_from_source(env, &names, acts, 0,
							 source);

	(void)state;
	assert_non_null(params);
	again = hd_params_source(params);
	assert_true(json_same(again, text));
	json_decref(again);
	json_decref(source);
	hd_params_free(params);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_of_its_type_comes_through),
		cmocka_unit_test(a_name_has_a_bound),
		cmocka_unit_test(a_text_for_people_is_always_made),
		cmocka_unit_test(any_other_must_be_known),
		cmocka_unit_test(a_list_may_come_from_one_expression),
		cmocka_unit_test(defaults_are_filled_in),
		cmocka_unit_test(what_does_not_fit_the_plugin_is_told),
		cmocka_unit_test(as_written_and_back),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
