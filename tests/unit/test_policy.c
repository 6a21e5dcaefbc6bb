/* What may leave; what a question takes from its alert; how long a reason is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <herald/plugin.h>

#include "core/lookup/answer.h"
#include "core/lookup/from_record.h"
#include "core/lookup/policy.h"

enum { IN = 0, OUT = 1, OWN = 2, RED = 4, ALL = 8, NONE = 16 };

static const struct {
	enum hd_kind kind;
	const char *value;
	int how;
	const char *why; /* begins so; NULL: may be asked */
} cases[] = {
	{ HD_KIND_IP, "8.8.8.8", OUT, NULL },
	{ HD_KIND_IP, "127.0.0.1", IN, "an address that is nobody's" },
	{ HD_KIND_IP, "127.0.0.1", OUT | ALL, "an address that is nobody's" },
	{ HD_KIND_IP, "fe80::1", IN, "an address that is nobody's" },
	{ HD_KIND_IP, "224.0.0.1", IN, "an address that is nobody's" },
	{ HD_KIND_IP, "0.0.0.0", IN, "an address that is nobody's" },
	{ HD_KIND_IP, "10.1.2.3", IN, NULL },
	{ HD_KIND_IP, "10.1.2.3", OUT, "a private address" },
	{ HD_KIND_IP, "10.1.2.3", OUT | ALL, NULL },
	{ HD_KIND_IP, "100.64.0.1", OUT, "a private address" },
	{ HD_KIND_IP, "203.0.113.9", IN, NULL },
	{ HD_KIND_IP, "203.0.113.9", OUT, "a documentation address" },
	{ HD_KIND_IP, "203.0.113.9", OUT | ALL, NULL },
	{ HD_KIND_IP, "2001:db8::1", OUT, "a documentation address" },
	{ HD_KIND_IP, "240.0.0.1", OUT, "a reserved address" },
	{ HD_KIND_IP, "8.8.8.8", OUT | RED, "values of an alert labelled" },
	{ HD_KIND_IP, "8.8.8.8", OUT | RED | ALL,
	  "values of an alert labelled" },
	{ HD_KIND_IP, "8.8.8.8", IN | RED, NULL },
	{ HD_KIND_IP, "8.8.8.8", OUT | OWN, "one of our own" },
	{ HD_KIND_IP, "8.8.8.8", OUT | OWN | ALL, NULL },
	{ HD_KIND_IP, "8.8.8.8", IN | OWN, NULL },
	{ HD_KIND_IP, "8.8.8.8", OUT | NONE, "its connector is set to share" },
	{ HD_KIND_IP, "8.8.8.8", IN | NONE, NULL },
	{ HD_KIND_DOMAIN, "example.com", OUT, NULL },
	{ HD_KIND_DOMAIN, "dc1.corp", OUT, "an internal name" },
	{ HD_KIND_DOMAIN, "dc1.corp", OUT | ALL, NULL },
	{ HD_KIND_DOMAIN, "dc1.corp", IN, NULL },
	{ HD_KIND_DOMAIN, "printer.home.arpa", OUT, "an internal name" },
	{ HD_KIND_DOMAIN, "unicorp", OUT, "an internal name" },
	{ HD_KIND_DOMAIN, "a.unicorp", OUT, NULL },
	{ HD_KIND_HOST, "dc1", OUT, "an internal name" },
	{ HD_KIND_HOST, "dc1", IN, NULL },
	{ HD_KIND_URL, "http://example.com/x?y=z", OUT, NULL },
	{ HD_KIND_URL, "http://10.0.0.1:8080/x", OUT, "a private address" },
	{ HD_KIND_URL, "http://u:p@10.0.0.1/x", OUT, "a private address" },
	{ HD_KIND_URL, "http://a.example.com@intra/x", OUT,
	  "an internal name" },
	{ HD_KIND_URL, "http://[fd00::1]:80/x", OUT, "a private address" },
	{ HD_KIND_URL, "http://127.0.0.1/x", OUT | ALL,
	  "an address that is nobody's" },
	{ HD_KIND_URL, "http://intra/x", IN, NULL },
	{ HD_KIND_EMAIL, "ann@example.com", OUT, NULL },
	{ HD_KIND_EMAIL, "ann@mail.local", OUT, "an internal name" },
	{ HD_KIND_MD5, "d41d8cd98f00b204e9800998ecf8427e", OUT, NULL },
	{ HD_KIND_USER, "ann", OUT, NULL },
	{ HD_KIND_USER, "", IN, "an empty value" },
};

static void values_leave_only_where_they_may(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct hd_policy policy = {
			.external = cases[i].how & OUT,
			.own = cases[i].how & OWN,
			.red = cases[i].how & RED,
			.share = cases[i].how & ALL    ? HD_SHARE_ALL
				 : cases[i].how & NONE ? HD_SHARE_NONE
						       : HD_SHARE_DEFAULT,
		};
		const char *why = hd_policy_forbids(&policy, cases[i].kind,
						    cases[i].value,
						    strlen(cases[i].value));

		if (!cases[i].why && why)
			fail_msg("%s: %s", cases[i].value, why);
		if (cases[i].why &&
		    (!why ||
		     strncmp(why, cases[i].why, strlen(cases[i].why)) != 0))
			fail_msg("%s: %s", cases[i].value, why ? why : "may");
	}
}

static json_t *record_of(const char *text)
{
	json_t *record = json_loads(text, 0, NULL);

	assert_non_null(record);
	return record;
}

static void red_is_a_label(void **state)
{
	static const struct {
		const char *text;
		bool red;
	} records[] = {
		{ "{}", false },
		{ "{\"metadata\":{\"labels\":[\"tlp:amber\"]}}", false },
		{ "{\"metadata\":{\"labels\":[\"x\",\"tlp:red\"]}}", true },
		{ "{\"metadata\":{\"labels\":[\"TLP:RED\"]}}", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		json_t *record = record_of(records[i].text);

		assert_int_equal(hd_from_record_red(record), records[i].red);
		json_decref(record);
	}
}

static void context_is_of_the_user_who_has_the_value(void **state)
{
	json_t *record = record_of(
		"{\"device\":{\"name\":\"pc7\",\"hostname\":\"pc7\"},"
		"\"evidences\":[{\"user\":{\"name\":\"bob\",\"domain\":\"A\"}},"
		"{\"user\":{\"name\":\"ann\",\"domain\":\"B\"}}]}");
	char *text;

	(void)state;
	text = hd_from_record_context(record, "user.domain, host.name",
				      HD_KIND_USER, "ann", 3);
	assert_string_equal(text, "{\"host\":{\"name\":\"pc7\"},"
				  "\"user\":{\"domain\":\"B\"}}");
	free(text);
	text = hd_from_record_context(record, "user.domain", HD_KIND_USER,
				      "eve", 3);
	assert_string_equal(text, "{\"user\":{\"domain\":\"A\"}}");
	free(text);
	text = hd_from_record_context(record, "user.email_addr,nothing",
				      HD_KIND_USER, "ann", 3);
	assert_string_equal(text, "{}");
	free(text);
	json_decref(record);
}

static void long_reasons_are_cut_at_a_word(void **state)
{
	char text[1000] = "";
	struct hd_answer *a;

	(void)state;
	for (int i = 0; i < 60; i++)
		strncat(text, "wörter ", sizeof(text) - strlen(text) - 1);
	a = hd_answer_new(HD_MISSING, 0x200, NULL, text, 0, 0);
	assert_string_equal(a->detail, text);
	/* 22 words of 6 characters with the blanks between, and the mark */
	assert_int_equal(strlen(a->reason), 22 * 7 + 21 + strlen("\u2026"));
	assert_memory_equal(a->reason + strlen(a->reason) - 10, "wörter\u2026",
			    10);
	hd_answer_unref(a);
	a = hd_answer_new(HD_MISSING, 0x200, NULL, "MISP answered HTTP 500", 0,
			  0);
	assert_string_equal(a->reason, "MISP answered HTTP 500");
	assert_null(a->detail);
	hd_answer_unref(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_leave_only_where_they_may),
		cmocka_unit_test(red_is_a_label),
		cmocka_unit_test(context_is_of_the_user_who_has_the_value),
		cmocka_unit_test(long_reasons_are_cut_at_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
