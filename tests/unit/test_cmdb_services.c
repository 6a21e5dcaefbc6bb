/* cmdb_enrich: what is asked of a service, and how its answers are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cmdb_enrich/encoded.h"
#include "cmdb_enrich/key.h"
#include "cmdb_enrich/page.h"
#include "cmdb_enrich/row.h"
#include "tests/unit/json_help.h"
#include "tests/unit/plugin_rig.h"

static struct rig rig;
static const char *filter; /* option query */

static herald_str option(const herald_host *h, const char *name, uint32_t i)
{
	(void)h;
	if (strcmp(name, "query") == 0 && i == 0)
		return herald_cstr(filter);
	return (herald_str){ NULL, 0 };
}

static int set_up(void **state)
{
	(void)state;
	rig_init(&rig);
	rig.h.option = option;
	filter = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_fini(&rig);
	return 0;
}

/* ---- encoded queries ---- */

static const struct {
	const char *value;
	bool may;
} values[] = {
	{ "ws0042", true },
	{ "ws0042.corp.example.com", true },
	{ "my_host-1", true },
	{ "b\xc3\xbcro", true },
	{ "", false },
	{ "ws^ORname=dc1", false },
	{ "ws^NQsys_idISNOTEMPTY", false },
	{ "^", false },
	{ "javascript:gs.log(1)", false },
	{ "javascript:x", false },
	{ "a=b", false },
	{ "a,b", false },
	{ "a@b", false },
	{ "a b", false },
	{ "a\nb", false },
	{ "a*", false },
};

static void only_names_become_a_piece_of_a_query(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (cmdb_encoded_may_hold(herald_cstr(values[i].value)) !=
		    values[i].may)
			fail_msg("%s", values[i].value);
	}
	assert_false(cmdb_encoded_may_hold((herald_str){ "a\0b", 3 }));
}

static const struct cmdb_mapping usual = {
	.fields = { { "hostname", "name" },
		    { "fqdn", "fqdn" },
		    { "ip", "ip_address" },
		    { "mac", "mac_address" } },
	.field_count = 4,
};
static const struct cmdb_mapping names_only = {
	.fields = { { "hostname", "u_name" } },
	.field_count = 1,
};

static const struct {
	const struct cmdb_mapping *mapping;
	enum cmdb_kind kind;
	const char *value, *filter, *query; /* NULL: it cannot be asked */
} queries[] = {
	{ &usual, CMDB_BY_HOST, "ws1", NULL,
	  "name=ws1^ORfqdnSTARTSWITHws1.^ORnameSTARTSWITHws1." },
	{ &usual, CMDB_BY_HOST, "ws1.a.example", NULL,
	  "name=ws1.a.example^ORfqdn=ws1.a.example" },
	{ &usual, CMDB_BY_HOST, "ws1.corp.example", "x=1^y=2",
	  "name=ws1.corp.example^ORfqdn=ws1.corp.example^x=1^y=2"
	  "^NQname=ws1^fqdnISEMPTY^x=1^y=2" },
	{ &usual, CMDB_BY_IP, "192.0.2.1", "x=1", "ip_address=192.0.2.1^x=1" },
	{ &usual, CMDB_BY_MAC, "00:00:5e:00:53:2a", NULL,
	  "mac_address=00:00:5e:00:53:2a^ORmac_address=00-00-5e-00-53-2a" },
	{ &names_only, CMDB_BY_HOST, "ws1.corp.example", NULL,
	  "u_name=ws1.corp.example^NQu_name=ws1" },
	{ &names_only, CMDB_BY_IP, "192.0.2.1", "x=1", NULL },
	{ &names_only, CMDB_BY_MAC, "00:00:5e:00:53:2a", NULL, NULL },
};

static void queries_ask_for_one_asset(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		const herald_lookup asked = {
			.key = queries[i].kind,
			.value = herald_cstr(queries[i].value),
		};
		const struct cmdb c = { .h = &rig.h,
					.mapping = *queries[i].mapping,
					.own = { "corp.example", NULL } };
		struct hp_text text;
		bool can;

		filter = queries[i].filter;
		hp_text_init(&text, 1024);
		can = cmdb_encoded_make(&text, &c, &asked);
		if (can != (queries[i].query != NULL) ||
		    (can && strcmp(text.p, queries[i].query) != 0))
			fail_msg("%s: %s", queries[i].value,
				 hp_text_str(&text).p);
		hp_text_fini(&text);
	}
}

/* ---- pages and values of NetBox ---- */

static void open_body(struct hp_json *body, const char *text)
{
	json_t *value = json_of(text);
	char *plain = json_dumps(value, JSON_ENCODE_ANY);

	hp_json_open(body, &rig.h, herald_cstr(plain));
	free(plain);
	json_decref(value);
}

static const struct {
	const char *body;
	int64_t count;
} pages[] = {
	{ "{'count': 0, 'next': null, 'results': []}", 0 },
	{ "{'count': 2, 'next': null, 'results': [{}, {}]}", 2 },
	{ "{'count': 7, 'next': 'x', 'results': [{}, {}]}", 7 },
	{ "{'count': null, 'next': null, 'results': [{}]}", 1 },
	{ "{'count': null, 'next': 'x', 'results': [{}]}", 2 },
	{ "{'count': 1, 'results': [{}, {}]}", 2 },
	{ "{'results': [{}]}", 1 },
	{ "{'count': 1}", -1 },
	{ "{'count': 1, 'results': {}}", -1 },
	{ "[]", -1 },
};

static void a_page_says_how_many_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct hp_json body;

		open_body(&body, pages[i].body);
		if (cmdb_page_count(&body) != pages[i].count)
			fail_msg("%s", pages[i].body);
		hp_json_close(&body);
	}
}

static const char things[] =
	"{'a': {'text': ' x ', 'number': 7, 'yes': true, 'no': false,"
	" 'none': null, 'empty': '', 'choice': {'value': 'active', 'label':"
	" 'Active'}, 'site': {'id': 1, 'display': 'HQ 1', 'name': 'HQ'},"
	" 'shown': {'id': 1, 'display': 'HQ 1'}, 'tags': [{'name': 'a'},"
	" {'name': ''}, 'b', 3], 'a/b~c': 'odd', 'cf': {'x': {'y': 'deep'}}}}";

static const struct {
	const char *path, *value;
} paths[] = {
	{ "text", "x" },
	{ "number", "7" },
	{ "yes", "true" },
	{ "no", "false" },
	{ "none", NULL },
	{ "empty", NULL },
	{ "nothing", NULL },
	{ "choice", "active" },
	{ "choice.label", "Active" },
	{ "site", "HQ" },
	{ "shown", "HQ 1" },
	{ "tags", "a;b;3" },
	{ "tags.0", "a" },
	{ "a/b~c", "odd" },
	{ "cf.x.y", "deep" },
	{ "cf.x", NULL },
	{ "cf..y", NULL },
};

static void values_are_found_by_paths_of_names(void **state)
{
	struct hp_json body;

	(void)state;
	open_body(&body, things);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char *got = cmdb_page_value(&body, "/a", paths[i].path);

		if (paths[i].value ? !got || strcmp(got, paths[i].value) != 0
				   : got != NULL)
			fail_msg("%s: %s", paths[i].path, got ? got : "none");
		free(got);
	}
	hp_json_close(&body);
}

static void interfaces_and_addresses_are_compared_as_what_they_are(void **state)
{
	struct hp_json body;

	(void)state;
	open_body(&body, "{'mac_address': '00-00-5E-00-53-01', 'mac_addresses':"
			 " [{'mac_address': '00:00:5e:00:53:02'}], 'address':"
			 " '2001:DB8:0::1/64'}");
	assert_true(
		cmdb_page_is_of_mac(&body, "", HERALD_S("00:00:5e:00:53:01")));
	assert_true(
		cmdb_page_is_of_mac(&body, "", HERALD_S("00:00:5e:00:53:02")));
	assert_false(
		cmdb_page_is_of_mac(&body, "", HERALD_S("00:00:5e:00:53:03")));
	assert_true(cmdb_page_is_of_ip(&body, "", HERALD_S("2001:db8::1")));
	assert_false(cmdb_page_is_of_ip(&body, "", HERALD_S("2001:db8::2")));
	hp_json_close(&body);
}

/* ---- is it the one that was asked? ---- */

static const struct {
	const char *host, *fqdn, *asked;
	bool is;
} names[] = {
	{ "WS1", "", "ws1", true },
	{ "ws1", "", "ws2", false },
	{ "", "ws1.a.example.", "ws1.A.example", true },
	{ "x", "ws1.a.example", "ws1", true },
	{ "ws1.a.example", "", "ws1", true },
	{ "ws1", "", "ws1.corp.example", true },
	{ "ws1", "ws1.lab.example", "ws1.corp.example", false },
	{ "ws1", "", "ws1.evil.example", false },
	{ "ws1.a.example", "", "ws1.b.example", false },
	{ "", "", "ws1", false },
	{ "", "", "", false },
};

static void a_row_is_the_one_that_is_called_so(void **state)
{
	static const char *const own[] = { "corp.example", NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct cmdb_row row = { .count = 0 };

		if (names[i].host[0])
			row.facts.of[CMDB_HOSTNAME] = herald_cstr(
				names[i].host);
		if (names[i].fqdn[0])
			row.facts.of[CMDB_FQDN] = herald_cstr(names[i].fqdn);
		if (cmdb_row_is_called(&row, herald_cstr(names[i].asked),
				       own) != names[i].is)
			fail_msg("%s (%s) as %s", names[i].host, names[i].fqdn,
				 names[i].asked);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(only_names_become_a_piece_of_a_query),
		CASE(queries_ask_for_one_asset),
		CASE(a_page_says_how_many_fit),
		CASE(values_are_found_by_paths_of_names),
		CASE(interfaces_and_addresses_are_compared_as_what_they_are),
		CASE(a_row_is_the_one_that_is_called_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
