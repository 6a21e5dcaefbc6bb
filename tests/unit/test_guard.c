#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <herald/plugin.h>

#include "core/action/guard_own.h"
#include "tests/unit/guard_rig.h"
#include "tests/unit/json_help.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define ANN                                                          \
	"{'type':'user','uid':'u1','user':{'name':'ann','groups':[{" \
	"'name':'Users'}]}}"

static const struct hd_rates plenty = { 1, { { 1000, HOUR } } };
static const struct hd_rates no_rates = { 0 };

static int set_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	rig_new(rig);
	rig_limit(rig, "ad.lock", HERALD_CONTAINS, plenty, no_rates);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	rig_free(*state);
	free(*state);
	return 0;
}

/* ---- built in ---- */

#define SID "S-1-5-21-1004336348-1177238915-682003330-"
#define USER(members) "{'type':'user','uid':'g1','user':{" members "}}"
#define DEVICE(members) "{'type':'device','uid':'g2','device':{" members "}}"

static void what_is_built_in_cannot_be_touched(void **state)
{
	static const struct {
		const char *target, *word; /* NULL: may be touched */
	} cases[] = {
		{ USER("'name':'ann'"), NULL },
		{ USER("'name':'Administrator'"), NULL }, /* by RID only */
		{ USER("'name':'x','uid':'" SID "500'"), "RID 500" },
		{ USER("'name':'x','uid_alt':'s-1-5-21-1-2-3-500'"),
		  "RID 500" },
		{ USER("'name':'x','account':{'uid':'" SID "500'}"),
		  "RID 500" },
		{ "{'type':'user','uid':'" SID "500','user':{'name':'x'}}",
		  "RID 500" },
		{ USER("'name':'x','uid':'" SID "1500'"), NULL },
		{ USER("'name':'x','uid':'" SID "5001'"), NULL },
		{ USER("'name':'x','uid':'room-500'"), NULL },
		{ USER("'name':'x','uid':'" SID "502'"), "krbtgt" },
		{ "{'type':'user','uid':'" SID "502','user':{'name':'x'}}",
		  "krbtgt" },
		{ USER("'name':'krbtgt'"), "krbtgt" },
		{ USER("'name':'CORP\\\\KRBTGT'"), "krbtgt" },
		{ USER("'name':'krbtgt_28417'"), "krbtgt" },
		{ USER("'name':'krbtgt@corp.example'"), "krbtgt" },
		{ USER("'name':'krbtgtx'"), NULL },
		{ USER("'name':'krbtgt_test'"), NULL },
		{ USER("'name':'svc-herald'"), "herald's own" },
		{ USER("'name':'SVC-Herald$'"), "herald's own" },
		{ USER("'name':'svc-herald@corp.example'"), "herald's own" },
		{ USER("'name':'x','ldap_person':{'ldap_dn':"
		       "'CN=svc-herald,OU=Services,DC=corp,DC=example'}"),
		  "herald's own" },
		{ USER("'name':'svc-herald2'"), NULL },
		/* Nobody may hide behind our name. */
		{ USER("'name':'x','full_name':'svc-herald',"
		       "'email_addr':'svc-herald@evil.example'"),
		  NULL },
		{ USER("'name':'DC01$','groups':[{'uid':'" SID "516'}]"),
		  "domain controller" },
		{ DEVICE("'hostname':'pc1'"), NULL },
		{ DEVICE("'hostname':'pc1','groups':[{'name':'Domain "
			 "Computers','uid':'" SID "515'}]"),
		  NULL },
		{ DEVICE("'hostname':'x','groups':[{'uid':'" SID "516'}]"),
		  "domain controller" },
		{ DEVICE("'hostname':'x','groups':[{'uid':'" SID "521'}]"),
		  "domain controller" },
		{ DEVICE("'hostname':'x','groups':[{'name':'domain "
			 "controllers'}]"),
		  "domain controller" },
		{ DEVICE("'hostname':'x','labels':['SERVER_TRUST_ACCOUNT']"),
		  "domain controller" },
		{ DEVICE("'hostname':'x','data':{'userAccountControl':532480}"),
		  "domain controller" },
		{ DEVICE("'hostname':'x','data':{'userAccountControl':4096}"),
		  NULL },
		{ DEVICE("'hostname':'edr.example.com'"), "connectors talk" },
		{ DEVICE("'hostname':'EDR'"), "connectors talk" },
		{ DEVICE("'name':'edr.example.com.'"), "connectors talk" },
		{ DEVICE("'hostname':'edr.other.example'"), NULL },
		{ DEVICE("'hostname':'edr2'"), NULL },
		{ DEVICE("'hostname':'x','ip':'192.0.2.7'"),
		  "connectors talk" },
		{ DEVICE("'hostname':'x','ip':'::ffff:192.0.2.7'"),
		  "connectors talk" },
		{ DEVICE("'hostname':'x','network_interfaces':[{'ip':"
			 "'192.0.2.8'},{'ip':'192.0.2.7'}]"),
		  "connectors talk" },
		{ DEVICE("'hostname':'192','ip':'192.0.2.70'"), NULL },
		{ "{'type':'message','uid':'m1'}", NULL },
		{ "{'type':'user','uid':'u','user':'ann'}", "looked at" },
		{ "{'type':'user','uid':'u','device':['x']}", "looked at" },
		{ "['x']", "looked at" },
	};
	struct rig *rig = *state;
	char why[512];

	for (size_t i = 0; i < N(cases); i++) {
		struct hd_row *row = rig_row(rig, "lock", HERALD_CONTAINS,
					     cases[i].target);
		enum hd_verdict verdict;

		if (!row->target_uid[0])
			hd_row_set(&row->target_uid, "x");
		verdict = rig_ask(rig, row, 0, why);
		if (!cases[i].word && verdict == HD_PASS)
			continue;
		if (!cases[i].word || verdict != HD_REFUSE ||
		    strncmp(why, "protected: ", 11) != 0 ||
		    !strstr(why, cases[i].word))
			fail_msg("%s: %d '%s'", cases[i].target, verdict, why);
	}
}

static void names_that_mean_the_same(void **state)
{
	static const struct {
		const char *a, *b;
		bool account, host;
	} cases[] = {
		{ "herald", "HERALD", true, true },
		{ "herald$", "herald", true, false },
		{ "CORP\\herald", "herald@corp.example", true, false },
		{ "cn=herald,ou=x", "uid=herald,dc=y", true, false },
		{ "herald", "heralds", false, false },
		{ "", "", false, false },
		{ "@corp", "@corp", false, true },
		{ "dc01", "dc01.corp.example", false, true },
		{ "dc01.corp.example", "dc01.corp.example.", false, true },
		{ "dc01.corp.example", "dc01.other.example", false, false },
		{ "10.0.0.1", "10", false, false },
		{ "2001:db8::1", "2001:DB8:0::1", false, true },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		if (hd_guard_own_same_account(cases[i].a, cases[i].b) !=
		    cases[i].account)
			fail_msg("accounts %s, %s", cases[i].a, cases[i].b);
		if (hd_guard_own_same_host(cases[i].a, cases[i].b) !=
		    cases[i].host)
			fail_msg("hosts %s, %s", cases[i].a, cases[i].b);
	}
}

/* ---- rules ---- */

static void only_a_clear_no_lets_through(void **state)
{
	static const struct {
		const char *target, *word;
	} cases[] = {
		{ ANN, NULL },
		{ USER("'name':'x','groups':[{'name':'Domain Admins'}]"),
		  "protected: admins: it is so" },
		{ USER("'name':'x'"), "protected: admins: it is so (absent" },
		{ USER("'name':'x','groups':'Domain Admins'"),
		  "protected: admins: it is so (error" },
		{ DEVICE("'hostname':'pc1','risk_level_id':1"), NULL },
		{ DEVICE("'hostname':'erp','risk_level_id':4"),
		  "protected: critical: it is so" },
		{ DEVICE("'hostname':'erp'"),
		  "protected: critical: it is so (absent" },
		/* Neither rule is about it. */
		{ "{'type':'message','uid':'m1'}", NULL },
	};
	struct rig *rig = *state;
	char why[512];

	rig_protect(rig, "admins",
		    "target.user.groups.exists(g, g.name == 'Domain Admins')",
		    true, false);
	rig_protect(rig, "critical", "target.device.risk_level_id == 4", false,
		    true);
	for (size_t i = 0; i < N(cases); i++) {
		struct hd_row *row = rig_row(rig, "lock", HERALD_CONTAINS,
					     cases[i].target);
		enum hd_verdict verdict = rig_ask(rig, row, 0, why);

		if (verdict != (cases[i].word ? HD_REFUSE : HD_PASS) ||
		    (cases[i].word &&
		     strncmp(why, cases[i].word, strlen(cases[i].word)) != 0))
			fail_msg("%s: %d '%s'", cases[i].target, verdict, why);
	}
	/* The error alone was worth an alarm. */
	assert_int_equal(rig->alarms, 1);
	assert_non_null(strstr(rig->alarm, "rule error admins"));
}

static void a_rule_about_every_target_is_about_all(void **state)
{
	struct rig *rig = *state;
	char why[512];

	rig_protect(rig, "everything", "true", false, false);
	assert_int_equal(rig_ask(rig,
				 rig_row(rig, "lock", HERALD_CONTAINS,
					 "{'type':'message','uid':'m'}"),
				 0, why),
			 HD_REFUSE);
}

/* ---- halt, loop, effects ---- */

static void halt_holds_what_contains(void **state)
{
	struct rig *rig = *state;
	struct hd_row *row = rig_row(rig, "lock", HERALD_CONTAINS, ANN);
	char why[512];

	assert_int_equal(rig_ask(rig, row, 0, why), HD_PASS);
	assert_int_equal(hd_guard_run(rig->guards, row, 0, why, sizeof(why)),
			 HD_PASS);
	hd_guards_halt(rig->guards, "a test");
	assert_int_equal(hd_guard_run(rig->guards, row, 0, why, sizeof(why)),
			 HD_REFUSE);
	assert_string_equal(why, "halted: a test -> heraldctl unhalt");
	assert_int_equal(rig_ask(rig, row, 0, why), HD_REFUSE);
	row = rig_row(rig, "mail", HERALD_NOTIFIES, NULL);
	assert_int_equal(hd_guard_run(rig->guards, row, 0, why, sizeof(why)),
			 HD_PASS);
	hd_guards_halt(rig->guards, NULL);
	row = rig_row(rig, "lock", HERALD_CONTAINS, ANN);
	assert_int_equal(rig_ask(rig, row, 0, why), HD_PASS);
}

static void what_is_planned_is_looked_at_again(void **state)
{
	struct rig *rig = *state;
	struct hd_row *row = rig_row(rig, "lock", HERALD_CONTAINS, ANN);
	char why[512];

	assert_int_equal(rig_ask(rig, row, 0, why), HD_PASS);
	rig_protect(rig, "ann", "target.user.name == 'ann'", true, false);
	assert_int_equal(hd_guard_run(rig->guards, row, 0, why, sizeof(why)),
			 HD_REFUSE);
	assert_string_equal(why, "protected: ann: it is so");
	hd_row_set(&row->target, "not JSON");
	assert_int_equal(hd_guard_run(rig->guards, row, 0, why, sizeof(why)),
			 HD_REFUSE);
}

static void alerts_of_our_own_contain_nothing(void **state)
{
	static const struct {
		const char *record;
		bool ours;
	} cases[] = {
		{ "{}", false },
		{ "{'user':{'name':'ann'}}", false },
		{ "{'user':{'name':'svc-herald'}}", true },
		{ "{'actor':{'user':{'name':'CORP\\\\svc-herald'}}}", true },
		{ "{'evidences':[{'user':{'name':'ann'}},{'actor':{'user':"
		  "{'name':'SVC-HERALD'}}}]}",
		  true },
		{ "{'evidences':[{'user':{'name':'svc-herald'}}]}", true },
		{ "{'evidences':[{'user':{'name':'ann','full_name':"
		  "'svc-herald'}}]}",
		  false },
		{ "{'evidences':{'user':{'name':'svc-herald'}}}", false },
	};
	struct rig *rig = *state;
	json_t *target = json_of(ANN);
	char why[512];

	for (size_t i = 0; i < N(cases); i++) {
		struct hd_row *row = rig_row(rig, "lock", HERALD_CONTAINS, ANN);
		json_t *record = json_of(cases[i].record);
		char *text = json_dumps(record, 0);
		enum hd_verdict verdict = hd_guard_target(rig->guards, row,
							  target, text, 0, why,
							  sizeof(why));

		if (verdict != (cases[i].ours ? HD_REFUSE : HD_PASS) ||
		    (cases[i].ours &&
		     strncmp(why, "caused by herald itself", 23) != 0))
			fail_msg("%s: %d %s", cases[i].record, verdict, why);
		free(text);
		json_decref(record);
	}
	json_decref(target);
}

static void without_a_limit_nothing_contains(void **state)
{
	struct rig *rig = *state;
	char why[512];

	assert_int_equal(rig_ask(rig,
				 rig_row(rig, "isolate", HERALD_CONTAINS, ANN),
				 0, why),
			 HD_REFUSE);
	assert_string_equal(why, "no budget: safety.actions.ad.isolate is not "
				 "configured");
	rig_limit(rig, "ad.wipe", HERALD_DESTROYS, plenty, no_rates);
	assert_int_equal(rig_ask(rig,
				 rig_row(rig, "wipe", HERALD_DESTROYS, ANN), 0,
				 why),
			 HD_REFUSE);
	assert_non_null(strstr(why, "approval"));
	/* A worse effect than any that is known is the worst. */
	assert_int_equal(rig_ask(rig, rig_row(rig, "lock", 9, ANN), 0, why),
			 HD_REFUSE);
	assert_int_equal(rig_ask(rig,
				 rig_row(rig, "lock", HERALD_CONTAINS,
					 "{'type':'user'}"),
				 0, why),
			 HD_REFUSE);
	assert_non_null(strstr(why, "no uid"));
}

/* ---- budgets ---- */

static void says_when_there_is_room_again(void **state)
{
	static const struct hd_rates two = { 2, { { 2, HOUR }, { 9, DAY } } };
	static const struct hd_rates once = { 1, { { 1, DAY } } };
	struct rig *rig = *state;
	char why[512];

	rig_limit(rig, "ad.lock", HERALD_CONTAINS, two, once);
	assert_int_equal(rig_ask(rig, rig_row(rig, "lock", 3, ANN), 0, why),
			 HD_PASS);
	assert_int_equal(rig_ask(rig, rig_row(rig, "lock", 3, ANN), 1, why),
			 HD_REFUSE);
	assert_string_equal(why, "budget reached: 1/1d of ad.lock for this "
				 "target; next at 2026-11-26 12:00 UTC");
	assert_string_equal(rig->alarm,
			    "budget reached ad.lock for this target: budget "
			    "reached: 1/1d of ad.lock for this target; next at "
			    "2026-11-26 12:00 UTC -> heraldctl status");
	assert_int_equal(rig_ask(rig,
				 rig_row(rig, "lock", 3, USER("'name':'bob'")),
				 300000, why),
			 HD_PASS);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rig_ask(rig,
					 rig_row(rig, "lock", 3,
						 DEVICE("'hostname':'x'")),
					 400000, why),
				 HD_REFUSE);
		assert_string_equal(why, "budget reached: 2/1h of ad.lock; "
					 "next at 13:00 UTC");
	}
	assert_int_equal(rig->alarms, 2); /* each once */
	/* What was refused took nothing. */
	assert_int_equal(
		rig_ask(rig, rig_row(rig, "lock", 3, DEVICE("'hostname':'x'")),
			HOUR, why),
		HD_PASS);
}

static void tells_what_is_used(void **state)
{
	static const struct hd_rates two = { 1, { { 2, HOUR } } };
	struct rig *rig = *state;
	int64_t wait_ms = 0;
	char why[512];
	json_t *told;

	rig_limit(rig, "ad.lock", HERALD_CONTAINS, two, two);
	rig_limit(rig, "ad.note", HERALD_RECORDS, two, no_rates);
	rig_ask(rig, rig_row(rig, "lock", 3, ANN), 0, why);
	rig_ask(rig, rig_row(rig, "lock", 3, ANN), 0, why);
	for (int i = 0; i < 3; i++)
		hd_guard_rate(rig->guards, rig_row(rig, "note", 1, NULL), 0,
			      why, sizeof(why), &wait_ms);
	hd_guards_halt(rig->guards, "a test");
	told = hd_guards_describe(rig->guards, 1000);
	assert_true(json_same(
		told,
		"{'mode':'live','halted':'a test','budgets':[{'action':"
		"'ad.lock','limits':[{'limit':'2/1h','used':2}],"
		"'per_target':['2/1h'],"
		"'next':'2026-11-25T13:00:00.000Z'}],'rates':[{'action':"
		"'ad.note','limits':[{'limit':'2/1h','used':2}],'waiting':1,"
		"'next':'2026-11-25T13:00:00.000Z'}]}"));
	json_decref(told);
}

/* ---- rates ---- */

static void what_records_waits_for_its_turn(void **state)
{
	struct rig *rig = *state;
	struct hd_row *row;
	int64_t wait_ms;
	char why[512];

	for (int i = 0; i < 60; i++) {
		row = rig_row(rig, "note", HERALD_RECORDS, NULL);
		assert_int_equal(hd_guard_rate(rig->guards, row, i, why,
					       sizeof(why), &wait_ms),
				 HD_PASS);
	}
	row = rig_row(rig, "note", HERALD_RECORDS, NULL);
	assert_int_equal(hd_guard_rate(rig->guards, row, 100, why, sizeof(why),
				       &wait_ms),
			 HD_PARK);
	assert_int_equal(wait_ms, 60000 - 100);
	assert_string_equal(why, "waits for its turn: 60/1m of ad.note");
	assert_int_equal(rig->alarms, 1);
	assert_int_equal(hd_guard_rate(rig->guards, row, 200, why, sizeof(why),
				       &wait_ms),
			 HD_PARK);
	assert_int_equal(wait_ms, 60000 - 200);
	assert_int_equal(hd_guard_rate(rig->guards, row, 60000, why,
				       sizeof(why), &wait_ms),
			 HD_PASS);
	/* Another action has a rate of its own, and what contains has none. */
	assert_int_equal(hd_guard_rate(rig->guards,
				       rig_row(rig, "mail", HERALD_NOTIFIES,
					       NULL),
				       100, why, sizeof(why), &wait_ms),
			 HD_PASS);
	for (int i = 0; i < 200; i++)
		assert_int_equal(hd_guard_rate(rig->guards,
					       rig_row(rig, "lock",
						       HERALD_CONTAINS, ANN),
					       0, why, sizeof(why), &wait_ms),
				 HD_PASS);
}

static void a_rate_of_none_refuses(void **state)
{
	static const struct hd_rates none = { 1, { { 0, HOUR } } };
	struct rig *rig = *state;
	int64_t wait_ms;
	char why[512];

	rig_limit(rig, "ad.note", HERALD_RECORDS, none, no_rates);
	assert_int_equal(hd_guard_rate(rig->guards,
				       rig_row(rig, "note", 1, NULL), 0, why,
				       sizeof(why), &wait_ms),
			 HD_REFUSE);
	assert_string_equal(why, "its rate is 0/1h: none is let through");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_built_in_cannot_be_touched),
		cmocka_unit_test(names_that_mean_the_same),
		TEST(only_a_clear_no_lets_through),
		TEST(a_rule_about_every_target_is_about_all),
		TEST(halt_holds_what_contains),
		TEST(what_is_planned_is_looked_at_again),
		TEST(alerts_of_our_own_contain_nothing),
		TEST(without_a_limit_nothing_contains),
		TEST(says_when_there_is_room_again),
		TEST(tells_what_is_used),
		TEST(what_records_waits_for_its_turn),
		TEST(a_rate_of_none_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
