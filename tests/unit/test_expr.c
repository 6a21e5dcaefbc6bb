#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/conf/complaint.h"
#include "core/conf/list.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/expr/expr.h"
#include "core/expr/template.h"
#include "core/record/record.h"
#include "tests/unit/json_help.h"

static const struct hd_risk_levels levels = { 20, 40, 60, 80 };
static const char *const connectors[] = { "ad",	  "cmdb", "geo",
					  "misp", "vt",	  NULL };
static const char *const entries[] = { "case", "isolate", NULL };
static const struct hd_expr_names names = { .enrich = connectors,
					    .done = entries };

/* 2026-11-25T00:06:40Z */
#define NOW 1795564800000

static struct hd_expr_env *env;
static struct hd_list *lists[4];
static struct hd_complaints *complaints;

static void add_list(size_t at, const char *name, enum hd_list_kind kind,
		     const char *text)
{
	struct hd_check check = { .complaints = complaints };

	lists[at] = hd_list_parse(name, kind, name, text, strlen(text), &check);
	assert_non_null(lists[at]);
	hd_expr_env_list(env, name, lists[at]);
}

static int set_up(void **state)
{
	(void)state;
	complaints = hd_complaints_new();
	env = hd_expr_env_new(&levels, "Europe/Berlin");
	add_list(0, "our_networks", HD_LIST_NET,
		 "192.0.2.0/24\n2001:db8::/32\n");
	add_list(1, "vip", HD_LIST_USER, "jdoe\nann until=2026-11-24\n");
	add_list(2, "never_isolate", HD_LIST_HOST, "dc01.corp.example.com\n");
	add_list(3, "partner_domains", HD_LIST_DOMAIN, "partner.example\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hd_expr_env_free(env);
	for (size_t i = 0; i < 4; i++)
		hd_list_free(lists[i]);
	hd_complaints_free(complaints);
	return 0;
}

/* A suspicious login on a critical server, half looked up. */
#define RECORD                                                                 \
	"{'severity_id': 4, 'time': 1795564742000, 'count': 3,"                \
	" 'message': 'm', 'confidence_id': 99, 'disposition_id': 1,"           \
	" 'metadata': {'uid': 'u1', 'event_code':"                             \
	"  'Multiple failed logins followed by a successful one', 'labels':"   \
	"  ['new_location'], 'version': '1.6.0', 'product': {'name': "         \
	"'Splunk'}},"                                                          \
	" 'finding_info': {'uid': 'f1', 'title': 'Failed logins', 'attacks':"  \
	"  [{'technique': {'uid': 'T1110.001'}}]},"                            \
	" 'device': {'hostname': 'srv-web-07', 'type_id': 0, 'type':"          \
	"  'Unknown'},"                                                        \
	" 'evidences': [{'user': {'name': 'jdoe'}, 'src_endpoint': {'ip':"     \
	"  '198.51.100.23'}}, {'src_endpoint': {'ip': '10.1.2.3'}, 'file':"    \
	"  {'name': 'f', 'type_id': 1, 'hashes': [{'algorithm_id': 1, "        \
	"'value':"                                                             \
	"  'd41d8cd98f00b204e9800998ecf8427e'}]}}],"                           \
	" 'observables': [{'name': 'evidences[0].src_endpoint.ip', 'type_id':" \
	"  2, 'value': '198.51.100.23'%s}, {'name':"                           \
	"  'evidences[1].file.hashes[0].value', 'type_id': 8, 'value':"        \
	"  'd41d8cd98f00b204e9800998ecf8427e', 'reputation': {'score_id': 99," \
	"  'base_score': 1.0}}],"                                              \
	" 'unmapped': {'splunk': {'failures': '14', 'risk_score': "            \
	"'1,072.5'}}}"

#define BAD ", 'reputation': {'score_id': 9, 'base_score': 12.0}"

enum { AD = 1, VT = 2, CMDB = 4, PARKED = 8, BAD_SOURCE = 16, FULL = 32 };

static const struct hd_missing ad = { .connector = "ad",
				      .fills = "user",
				      .kind = "identity",
				      .types = "user",
				      .reason = "timed out" };
static const struct hd_missing vt = { .connector = "vt",
				      .kind = "reputation",
				      .types = "ip",
				      .reason = "quota spent" };
static const struct hd_missing cmdb = { .connector = "cmdb",
					.fills = "device,resources",
					.kind = "asset",
					.types = "host",
					.reason = "circuit open" };

struct stage {
	struct hd_expr_scope scope;
	struct hd_missing missing[3];
	struct hd_interval risk;
};

static void set_stage(struct stage *stage, unsigned how, int low, int known,
		      int high)
{
	static const char *const parked[] = { "isolate", NULL };
	char record[4096];
	size_t n = 0;

	memset(stage, 0, sizeof(*stage));
	snprintf(record, sizeof(record), RECORD, how & BAD_SOURCE ? BAD : "");
	stage->scope.record = json_of(record);
	stage->scope.enrich = json_of(
		"{'misp': [{'value': '198.51.100.23', 'data': {'n': 2},"
		" 'reputation': {'score_id': 9, 'base_score': 2.0}, 'status':"
		" 'hit'}], 'cmdb': [], 'vt': []}");
	stage->scope.done = json_of(
		"{'case': {'state': 'done', 'message': 'case 7', 'result':"
		" {'id': 7}}, 'isolate': {'state': 'pending'}}");
	if (how & FULL)
		json_object_set_new(json_down(stage->scope.record,
					      "evidences.0.user"),
				    "groups", json_of("[{'name': 'C-Suite'}]"));
	if (how & AD)
		stage->missing[n++] = ad;
	if (how & VT)
		stage->missing[n++] = vt;
	if (how & CMDB)
		stage->missing[n++] = cmdb;
	stage->scope.missing = stage->missing;
	stage->scope.missing_count = n;
	if (how & PARKED)
		stage->scope.parked = parked;
	stage->risk = (struct hd_interval){ low, high, known };
	if (high > 0)
		stage->scope.risk = &stage->risk;
	stage->scope.now_ms = NOW;
}

static void strike(struct stage *stage)
{
	json_decref(stage->scope.record);
	json_decref(stage->scope.enrich);
	json_decref(stage->scope.done);
}

static struct hd_expr *compiled(const char *text, enum hd_expr_type type)
{
	struct hd_err err = { 0 };
	struct hd_expr *expr = hd_expr_compile_text(env, &names, text, type,
						    &err);

	if (!expr)
		fail_msg("%s: %s", text, err.text);
	return expr;
}

static const struct {
	const char *text;
	unsigned how;
	int low, known, high; /* of the score; high 0: none yet */
	enum hd_truth truth;
	const char *why;
} conditions[] = {
	/* the record */
	{ "severity_id >= SEVERITY.HIGH", 0, 0, 0, 0, HD_HOLDS, "" },
	{ "severity_id == 5", 0, 0, 0, 0, HD_NOT_MET, "" },
	{ "metadata.event_code == \"Multiple failed logins followed by a "
	  "successful one\"",
	  0, 0, 0, 0, HD_HOLDS, "" },
	{ "metadata.event_code.startsWith(\"Endpoint - Malware\")", 0, 0, 0, 0,
	  HD_NOT_MET, "" },
	{ "\"new_location\" in metadata.labels", 0, 0, 0, 0, HD_HOLDS, "" },
	{ "number(unmapped.splunk.failures) >= 20", 0, 0, 0, 0, HD_NOT_MET,
	  "" },
	{ "number(unmapped.splunk.risk_score) == 1072.5", 0, 0, 0, 0, HD_HOLDS,
	  "" },
	{ "number(unmapped.splunk.nothing) > 1.0", 0, 0, 0, 0, HD_ABSENT,
	  "unmapped.splunk.nothing" },
	{ "number(message) > 1.0", 0, 0, 0, 0, HD_ERROR, "'m' is no number" },
	{ "count >= 3", 0, 0, 0, 0, HD_HOLDS, "" },
	{ "device.risk_score > 50", 0, 0, 0, 0, HD_ABSENT,
	  "device.risk_score" },
	{ "device.?risk_score.orValue(0) > 50", 0, 0, 0, 0, HD_NOT_MET, "" },
	{ "has(device.risk_score) && device.risk_score > 50", 0, 0, 0, 0,
	  HD_NOT_MET, "" },
	{ "dst.ip == \"x\"", 0, 0, 0, 0, HD_ABSENT, "dst.ip" },
	{ "10 / (count - 3) > 1", 0, 0, 0, 0, HD_ERROR, "division by zero" },
	{ "false && 10 / (count - 3) > 1", 0, 0, 0, 0, HD_NOT_MET, "" },
	{ "confidence_id == 0", 0, 0, 0, 0, HD_HOLDS, "" }, /* 99 */
	{ "record.confidence_id == 0", 0, 0, 0, 0, HD_HOLDS, "" },
	{ "confidence_id >= CONFIDENCE.HIGH", 0, 0, 0, 0, HD_NOT_MET, "" },
	{ "file.reputation.score_id == 0", 0, 0, 0, 0, HD_ABSENT,
	  "file.reputation.score_id" },
	{ "observables.exists(o, o.?reputation.?score_id.orValue(0) in "
	  "[8, 9, 10])",
	  0, 0, 0, 0, HD_NOT_MET, "" },
	{ "observables.exists(o, o.?reputation.?score_id.orValue(0) in "
	  "[8, 9, 10])",
	  BAD_SOURCE, 0, 0, 0, HD_HOLDS, "" },
	{ "user.name == \"jdoe\" && src.ip == \"198.51.100.23\" && "
	  "file.name == \"f\"",
	  0, 0, 0, 0, HD_HOLDS, "" },
	{ "evidences.exists(e, has(e.src_endpoint) && has(e.src_endpoint.ip) "
	  "&& !cidr(\"10.0.0.0/8\").containsIP(e.src_endpoint.ip))",
	  0, 0, 0, 0, HD_HOLDS, "" },
	{ "finding_info.?attacks.orValue([]).exists(a, a.?technique.?uid"
	  ".orValue(\"\").startsWith(\"T1110\"))",
	  0, 0, 0, 0, HD_HOLDS, "" },
	{ "disposition_id in [DISPOSITION.BLOCKED, DISPOSITION.QUARANTINED] && "
	  "severity_id <= SEVERITY.MEDIUM",
	  0, 0, 0, 0, HD_NOT_MET, "" },
	{ "disposition_id == DISPOSITION.ALLOWED", 0, 0, 0, 0, HD_HOLDS, "" },
	/* reputation of a view */
	{ "src.reputation.score_id in [REPUTATION.PROBABLY_MALICIOUS, "
	  "REPUTATION.MALICIOUS]",
	  BAD_SOURCE, 0, 0, 0, HD_HOLDS, "" },
	{ "src.reputation.base_score == 12.0", BAD_SOURCE, 0, 0, 0, HD_HOLDS,
	  "" },
	{ "src.reputation.score_id in [9, 10]", 0, 0, 0, 0, HD_ABSENT,
	  "src.reputation.score_id" },
	{ "src.reputation.score_id in [9, 10]", VT, 0, 0, 0, HD_NOT_SURE,
	  "vt quota spent" },
	{ "src.reputation.score_id in [9, 10]", VT | BAD_SOURCE, 0, 0, 0,
	  HD_HOLDS, "" },
	{ "file.reputation.score_id in [9, 10]", VT, 0, 0, 0, HD_ABSENT,
	  "file.reputation.score_id" }, /* vt was asked for ip */
	{ "observables.exists(o, o.reputation.score_id == 9)", VT, 0, 0, 0,
	  HD_NOT_SURE, "vt quota spent" },
	{ "observables.exists(o, o.reputation.score_id == 9)", VT | BAD_SOURCE,
	  0, 0, 0, HD_HOLDS, "" },
	/* what lookups answered */
	{ "enrich.misp.exists(a, a.reputation.score_id == "
	  "REPUTATION.PROBABLY_MALICIOUS)",
	  0, 0, 0, 0, HD_HOLDS, "" },
	{ "enrich.misp.exists(a, a.data.n > 1)", 0, 0, 0, 0, HD_HOLDS, "" },
	{ "enrich.cmdb.exists(c, c.data.?criticality.orValue(9) <= 2)", 0, 0, 0,
	  0, HD_NOT_MET, "" },
	{ "enrich.geo.size() == 0", 0, 0, 0, 0, HD_ABSENT, "enrich.geo" },
	{ "enrich.vt.size() == 0", 0, 0, 0, 0, HD_HOLDS, "" },
	{ "enrich.vt.size() == 0", VT, 0, 0, 0, HD_NOT_SURE, "vt quota spent" },
	{ "missing(\"vt\")", VT, 0, 0, 0, HD_HOLDS, "" },
	{ "missing(\"vt\")", AD, 0, 0, 0, HD_NOT_MET, "" },
	/* who could have filled it */
	{ "user.groups.exists(g, g.name == \"C-Suite\")", 0, 0, 0, 0, HD_ABSENT,
	  "user.groups" },
	{ "user.groups.exists(g, g.name == \"C-Suite\")", AD, 0, 0, 0,
	  HD_NOT_SURE, "ad timed out" },
	{ "user.groups.exists(g, g.name == \"C-Suite\")", AD | FULL, 0, 0, 0,
	  HD_HOLDS, "" },
	{ "user.groups.exists(g, g.name == \"C-Suite\")", VT | CMDB, 0, 0, 0,
	  HD_ABSENT, "user.groups" },
	{ "user.has_mfa == false", AD, 0, 0, 0, HD_NOT_SURE, "ad timed out" },
	{ "user.name == \"jdoe\"", AD, 0, 0, 0, HD_HOLDS, "" },
	{ "user.has_mfa || severity_id == 4", AD, 0, 0, 0, HD_HOLDS, "" },
	{ "user.has_mfa && severity_id == 5", AD, 0, 0, 0, HD_NOT_MET, "" },
	{ "evidences.exists(e, e.user.has_mfa)", AD, 0, 0, 0, HD_NOT_SURE,
	  "ad timed out" },
	{ "user.has_mfa && device.risk_level_id == 4", AD | CMDB, 0, 0, 0,
	  HD_NOT_SURE, "ad timed out, cmdb circuit open" },
	{ "device.risk_level_id in [RISK.HIGH, RISK.CRITICAL]", CMDB, 0, 0, 0,
	  HD_NOT_SURE, "cmdb circuit open" },
	/* "Unknown", which OCSF made us write, is no answer */
	{ "device.type_id == DEVICE.SERVER", 0, 0, 0, 0, HD_NOT_MET, "" },
	{ "device.type_id == DEVICE.SERVER", CMDB, 0, 0, 0, HD_NOT_SURE,
	  "cmdb circuit open" },
	{ "dst.hostname == \"x\"", CMDB, 0, 0, 0, HD_ABSENT, "dst.hostname" },
	/* actions before this one */
	{ "done.case.state == \"done\" && done.case.result.id == 7", 0, 0, 0, 0,
	  HD_HOLDS, "" },
	{ "done.isolate.state == \"failed\"", 0, 0, 0, 0, HD_NOT_MET, "" },
	{ "done.isolate.state == \"failed\"", PARKED | VT, 0, 0, 0, HD_NOT_SURE,
	  "isolate has not ended" },
	/* lists */
	{ "listed(\"our_networks\", src.ip)", 0, 0, 0, 0, HD_NOT_MET, "" },
	{ "!listed(\"our_networks\", src.ip)", 0, 0, 0, 0, HD_HOLDS, "" },
	{ "listed(\"our_networks\", dst.ip)", 0, 0, 0, 0, HD_ABSENT, "dst.ip" },
	{ "listed(\"vip\", \"CORP\\\\JDOE\")", 0, 0, 0, 0, HD_HOLDS, "" },
	{ "listed(\"vip\", \"ann\")", 0, 0, 0, 0, HD_NOT_MET, "" }, /* until */
	{ "listed(\"never_isolate\", \"DC01\")", 0, 0, 0, 0, HD_HOLDS, "" },
	{ "listed(\"partner_domains\", \"x@mail.partner.example\")", 0, 0, 0, 0,
	  HD_HOLDS, "" },
	/* the score is an interval */
	{ "risk_score >= 80", 0, 0, 0, 0, HD_ABSENT, "risk_score" },
	{ "risk_score >= 80", 0, 80, 80, 80, HD_HOLDS, "" },
	{ "risk_score >= 80", 0, 65, 65, 100, HD_NOT_SURE,
	  "risk_score is 65, could be 65 to 100" },
	{ "risk_score >= 80", VT, 65, 65, 100, HD_NOT_SURE,
	  "risk_score is 65, could be 65 to 100: vt quota spent" },
	{ "risk_score >= 80", 0, 80, 85, 100, HD_HOLDS, "" },
	{ "risk_score >= 80", 0, 0, 10, 79, HD_NOT_MET, "" },
	{ "risk_level_id == RISK.CRITICAL", 0, 65, 65, 95, HD_NOT_SURE,
	  "risk_score is 65, could be 65 to 95" },
	{ "risk_level_id >= RISK.MEDIUM", 0, 65, 65, 95, HD_HOLDS, "" },
	/* true in the middle only */
	{ "risk_level_id == RISK.HIGH", 0, 10, 10, 90, HD_NOT_SURE,
	  "risk_score is 10, could be 10 to 90" },
	{ "risk.low >= 20 && risk.high <= 95", 0, 65, 65, 95, HD_HOLDS, "" },
	{ "risk_level == \"Medium\"", 0, 40, 40, 59, HD_HOLDS, "" },
	{ "risk_score / (risk_score - 65) > 1", 0, 60, 60, 65, HD_ERROR,
	  "division by zero" },
	/* time, and functions of our own */
	{ "millis(time).getHours(\"Europe/Berlin\") < 6", 0, 0, 0, 0, HD_HOLDS,
	  "" },
	{ "now == timestamp(\"2026-11-25T00:06:40Z\")", 0, 0, 0, 0, HD_HOLDS,
	  "" },
	{ "now - millis(time) < duration(\"1m\")", 0, 0, 0, 0, HD_HOLDS, "" },
	{ "number(\"1,024\") == 1024.0 && number(\" 7 \") == 7.0 && number(3) "
	  "== 3.0 && number(\"-1.5e3\") == -1500.0",
	  0, 0, 0, 0, HD_HOLDS, "" },
	{ "number(\"\") == 0.0", 0, 0, 0, 0, HD_ERROR, "'' is no number" },
	{ "number(\"0x10\") == 16.0", 0, 0, 0, 0, HD_ERROR,
	  "'0x10' is no number" },
	{ "number([1]) == 1.0", 0, 0, 0, 0, HD_ERROR,
	  "number(): a list is none" },
	{ "json({\"a\": [1, 2.5, true, null, \"x\"]}) == "
	  "'{\"a\":[1,2.5,true,null,\"x\"]}'",
	  0, 0, 0, 0, HD_HOLDS, "" },
	{ "epoch_ms(\"1795564742\") == 1795564742000 && "
	  "epoch_ms(\"1795564742.5\") == 1795564742500 && "
	  "epoch_ms(1795564742) == 1795564742000 && "
	  "epoch_ms(1795564742000) == 1795564742000 && "
	  "epoch_ms(1795564742.25) == 1795564742250 && "
	  "epoch_ms(\"2026-11-25T00:05:55.000+00:00\") == 1795564755000",
	  0, 0, 0, 0, HD_HOLDS, "" },
	{ "epoch_ms(\"soon\") > 0", 0, 0, 0, 0, HD_ERROR,
	  "epoch_ms(): that is no time" },
	{ "is_ip(\"192.0.2.1\") && is_ip(\"2001:db8::1\") && !is_ip(\"a\") && "
	  "!is_ip(1) && !is_ip(\"192.0.2.01\")",
	  0, 0, 0, 0, HD_HOLDS, "" },
	{ "lower(\"AbC-\\u00c4\") == \"abc-\\u00c4\" && lower(\"\") == \"\"", 0,
	  0, 0, 0, HD_HOLDS, "" },
	{ "account(\"CORP\\\\ann\") == {\"domain\": \"CORP\", \"name\": "
	  "\"ann\"} && account(\"ann@corp\") == {\"domain\": \"corp\", "
	  "\"name\": \"ann\"} && account(\"ann\") == {\"name\": \"ann\"}",
	  0, 0, 0, 0, HD_HOLDS, "" },
	{ "account(\"ann\").domain == \"x\"", 0, 0, 0, 0, HD_ABSENT, NULL },
	/* SHA-256 of {"a":1,"b":[true]} */
	{ "digest({\"b\": [true], \"a\": 1}) == "
	  "\"90eddf64b875cb5fa184bb12503cc7309b6ce21b175521a80bd8d83082bae604"
	  "\"",
	  0, 0, 0, 0, HD_HOLDS, "" },
};

static void conditions_have_five_outcomes(void **state)
{
	int faults = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]);
	     i++) {
		struct stage stage;
		struct hd_expr *expr = compiled(conditions[i].text,
						HD_EXPR_BOOL);
		struct hd_reason why = { "?" };
		enum hd_truth truth;

		set_stage(&stage, conditions[i].how, conditions[i].low,
			  conditions[i].known, conditions[i].high);
		truth = hd_expr_holds(expr, &stage.scope, &why);
		if (truth != conditions[i].truth ||
		    (conditions[i].why &&
		     strcmp(why.text, conditions[i].why) != 0)) {
			print_error("[%zu] %s: %s '%s', not %s '%s'\n", i,
				    conditions[i].text, hd_truth_name(truth),
				    why.text,
				    hd_truth_name(conditions[i].truth),
				    conditions[i].why ? conditions[i].why : "");
			faults++;
		}
		hd_expr_free(expr);
		strike(&stage);
	}
	assert_int_equal(faults, 0);
}

static void the_record_is_not_changed_by_looking(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]);
	     i++) {
		struct stage stage;
		struct hd_expr *expr = compiled(conditions[i].text,
						HD_EXPR_BOOL);
		json_t *before[3];

		set_stage(&stage, AD | VT | CMDB | PARKED | BAD_SOURCE, 10, 20,
			  90);
		before[0] = json_deep_copy(stage.scope.record);
		before[1] = json_deep_copy(stage.scope.enrich);
		before[2] = json_deep_copy(stage.scope.done);
		hd_expr_holds(expr, &stage.scope, NULL);
		assert_true(json_equal(before[0], stage.scope.record));
		assert_true(json_equal(before[1], stage.scope.enrich));
		assert_true(json_equal(before[2], stage.scope.done));
		for (size_t k = 0; k < 3; k++)
			json_decref(before[k]);
		hd_expr_free(expr);
		strike(&stage);
	}
}

static const struct {
	const char *text;
	enum hd_truth truth;
	const char *want;
} values[] = {
	{ "[metadata.?event_code.orValue(\"\"), user.?name.orValue(\"\"), "
	  "device.?hostname.orValue(\"\")]",
	  HD_HOLDS,
	  "['Multiple failed logins followed by a successful one', 'jdoe',"
	  " 'srv-web-07']" },
	{ "file.hashes.map(h, h.value).join(\",\")", HD_HOLDS,
	  "'d41d8cd98f00b204e9800998ecf8427e'" },
	{ "risk_level_id >= RISK.MEDIUM ? \"high\" : \"medium\"", HD_HOLDS,
	  "'high'" },
	{ "risk_score", HD_NOT_SURE, NULL },
	{ "severity_id > 9", HD_HOLDS, "false" },
	{ "user.has_mfa", HD_ABSENT, NULL },
	{ "1 / (count - 3)", HD_ERROR, NULL },
	{ "user", HD_HOLDS, "{'name': 'jdoe'}" },
	{ "duration(\"90s\")", HD_HOLDS, "'90s'" },
	{ "millis(time)", HD_HOLDS, "'2026-11-25T00:05:42Z'" },
	{ "enrich.cmdb.exists(c, true) ? 20 : 0", HD_HOLDS, "0" },
};

static void values_keep_their_type(void **state)
{
	struct stage stage;

	(void)state;
	set_stage(&stage, 0, 65, 65, 95);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct hd_expr *expr = compiled(values[i].text, HD_EXPR_ANY);
		json_t *out;

		assert_int_equal(hd_expr_value(expr, &stage.scope, &out, NULL),
				 values[i].truth);
		if (values[i].want)
			assert_true(json_same(out, values[i].want));
		else
			assert_null(out);
		json_decref(out);
		hd_expr_free(expr);
	}
	strike(&stage);
}

static void a_duration_is_read_in_milliseconds(void **state)
{
	struct hd_expr *expr =
		compiled("severity_id in [4, 5, 6] ? duration(\"25s\") : "
			 "duration(\"8s\")",
			 HD_EXPR_DURATION);
	struct stage stage;
	int64_t ms = 0;

	(void)state;
	set_stage(&stage, 0, 0, 0, 0);
	assert_int_equal(hd_expr_duration(expr, &stage.scope, &ms, NULL),
			 HD_HOLDS);
	assert_int_equal(ms, 25000);
	hd_expr_free(expr);
	strike(&stage);
}

static const struct {
	const char *text;
	enum hd_expr_type type;
	const char *why; /* a part of the complaint */
} refused[] = {
	{ "user.nam == \"x\"", HD_EXPR_BOOL, "did you mean 'name'" },
	{ "finding_info.titel == \"x\"", HD_EXPR_BOOL, "did you mean 'title'" },
	{ "sevrity_id == 4", HD_EXPR_BOOL, "severity_id" },
	{ "src.reputatoin.score_id == 4", HD_EXPR_BOOL, "reputation" },
	{ "evidences[0].user.reputation.score_id == 4", HD_EXPR_BOOL,
	  "reputation" },
	{ "enrich.mips.size() > 0", HD_EXPR_BOOL, "did you mean 'misp'" },
	{ "enrich.hibp.size() > 0", HD_EXPR_BOOL, "no step before asks" },
	{ "missing(\"hibp\")", HD_EXPR_BOOL, "no step before asks" },
	{ "missing(message)", HD_EXPR_BOOL, "a name in quotes" },
	{ "size(enrich) > 0", HD_EXPR_BOOL, "say which" },
	{ "done.purge.state == \"done\"", HD_EXPR_BOOL, "no entry before" },
	{ "done.isolat.state == \"done\"", HD_EXPR_BOOL,
	  "did you mean 'isolate'" },
	{ "listed(\"vips\", user.name)", HD_EXPR_BOOL, "did you mean 'vip'" },
	{ "listed(message, user.name)", HD_EXPR_BOOL, "a name in quotes" },
	{ "severity_id == \"4\"", HD_EXPR_BOOL, "" },
	{ "severity_id", HD_EXPR_BOOL, "bool" },
	{ "risk_score + 0.5", HD_EXPR_NUMBER, "" },
	{ "message", HD_EXPR_NUMBER, "a number is expected, this is string" },
	{ "SEVERITY.HUGE == 1", HD_EXPR_BOOL, "" },
	{ "first.severity_id == 1", HD_EXPR_BOOL, "first" },
	{ "target.user.name == \"x\"", HD_EXPR_BOOL, "target" },
	{ "row.user == \"x\"", HD_EXPR_BOOL, "row" },
	{ "during(\"office_hours\")", HD_EXPR_BOOL, "during" },
	{ "severity_id >= ", HD_EXPR_BOOL, "" },
};

static void what_cannot_be_right_is_refused_at_load(void **state)
{
	int faults = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct hd_err err = { 0 };
		struct hd_expr *expr = hd_expr_compile_text(
			env, &names, refused[i].text, refused[i].type, &err);

		if (expr || !strstr(err.text, refused[i].why)) {
			print_error("%s: '%s'\n", refused[i].text, err.text);
			faults++;
		}
		hd_expr_free(expr);
	}
	assert_int_equal(faults, 0);
}

static const struct {
	const char *text;
	struct hd_expr_names names;
	struct {
		const char *first, *target, *row, *received, *vars;
	} scope;
	enum hd_truth truth;
} places[] = {
	{ "number(unmapped.splunk.risk_score) >= "
	  "number(first.unmapped.splunk.risk_score) + 50.0",
	  { .first = true },
	  { .first = "{'unmapped': {'splunk': {'risk_score': '1000'}}}" },
	  HD_HOLDS },
	{ "first.confidence_id == 0",
	  { .first = true },
	  { .first = "{'confidence_id': 99}" },
	  HD_HOLDS },
	{ "target.user.groups.exists(g, g.name in [\"Domain Admins\", "
	  "\"Break Glass\"])",
	  { .target = true },
	  { .target = "{'user': {'groups': [{'name': 'Break Glass'}]}}" },
	  HD_HOLDS },
	{ "target.user.groups.exists(g, g.name == \"x\")",
	  { .target = true },
	  { .target = "{'device': {'hostname': 'a'}}" },
	  HD_ABSENT },
	{ "listed(\"never_isolate\", target.device.hostname) || "
	  "target.device.risk_level_id == RISK.CRITICAL",
	  { .target = true },
	  { .target = "{'device': {'hostname': 'a', 'risk_level_id': 4}}" },
	  HD_HOLDS },
	{ "target.device.type_id == DEVICE.SERVER",
	  { .target = true },
	  { .target = "{'device': {'type_id': 2}}" },
	  HD_NOT_MET },
	{ "row.new_location == \"true\"",
	  { .row = true },
	  { .row = "{'new_location': 'true'}" },
	  HD_HOLDS },
	{ "search_name.startsWith(\"x\") && row.size() == 0",
	  { .row = true },
	  { .row = "{}", .received = "{'search_name': 'xy'}" },
	  HD_HOLDS },
	{ "search_name == null",
	  { .row = true },
	  { .row = "{}", .received = "{'search_name': null}" },
	  HD_HOLDS },
	{ "nothing == \"x\"", { .row = true }, { .row = "{}" }, HD_ABSENT },
	{ "[1, 2].exists(x, x == 2) && \"sid // 'x'\" != sid && r'\\' != sid "
	  "// sad",
	  { .row = true },
	  { .row = "{}", .received = "{'sid': 's'}" },
	  HD_HOLDS },
	{ "score > 3 && name.first == \"a\"",
	  { .free = true },
	  { .vars = "{'score': 4, 'name': {'first': 'a'}}" },
	  HD_HOLDS },
};

static json_t *maybe(const char *text)
{
	return text ? json_of(text) : NULL;
}

static void each_place_has_its_names(void **state)
{
	int faults = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct hd_err err = { 0 };
		struct stage stage;
		struct hd_expr *expr = hd_expr_compile_text(env,
							    &places[i].names,
							    places[i].text,
							    HD_EXPR_BOOL, &err);
		struct hd_reason why = { "" };
		enum hd_truth truth = HD_ERROR;

		set_stage(&stage, 0, 0, 0, 0);
		stage.scope.first = maybe(places[i].scope.first);
		stage.scope.target = maybe(places[i].scope.target);
		stage.scope.row = maybe(places[i].scope.row);
		stage.scope.received = maybe(places[i].scope.received);
		stage.scope.vars = maybe(places[i].scope.vars);
		if (expr)
			truth = hd_expr_holds(expr, &stage.scope, &why);
		if (!expr || truth != places[i].truth) {
			print_error("%s: %s %s '%s'\n", places[i].text,
				    err.text, hd_truth_name(truth), why.text);
			faults++;
		}
		json_decref(stage.scope.first);
		json_decref(stage.scope.target);
		json_decref(stage.scope.row);
		json_decref(stage.scope.received);
		json_decref(stage.scope.vars);
		hd_expr_free(expr);
		strike(&stage);
	}
	assert_int_equal(faults, 0);
}

/* ---- what the manual shows ---- */

struct showing {
	struct hd_expr_env *env;
	struct hd_complaints *complaints;
	size_t count;
};

/* What comes in a later release (configuration manual, section 9). */
static bool is_later(const struct hd_node *node, const char *path)
{
	const char *text = hd_node_text(node, NULL);
	const struct hd_node *parent = hd_node_parent(node);

	for (; parent; parent = hd_node_parent(parent))
		if (hd_node_get(parent, "each"))
			return true;
	return strstr(path, ".tenant") || strstr(text, "during(");
}

static void show_expr(struct showing *showing, const struct hd_node *node,
		      const char *path, enum hd_expr_type type)
{
	static const char *const asked[] = { "ad", "cmdb", "misp",
					     "vt", "geo",  NULL };
	static const char *const before[] = { "isolate", "case", NULL };
	struct hd_expr_names use = { .enrich = asked, .done = before };
	struct hd_expr *expr;

	use.target = strstr(path, "safety.protect");
	use.row = strstr(path, ".map[");
	use.first = strstr(path, ".unless");
	expr = hd_expr_compile(showing->env, &use, node, type,
			       showing->complaints);
	showing->count += expr != NULL;
	hd_expr_free(expr);
}

static void show_text(struct showing *showing, const struct hd_node *node)
{
	static const char *const before[] = { "isolate", "case", NULL };
	const struct hd_expr_names use = { .done = before };
	struct hd_template *t = hd_template_compile(showing->env, &use, node,
						    HD_ESCAPE_TEXT,
						    showing->complaints);

	showing->count += t != NULL;
	hd_template_free(t);
}

static void show_scalar(struct showing *showing, const struct hd_node *node,
			const char *path)
{
	const char *name = hd_node_name(node);
	const char *text = hd_node_text(node, NULL);

	if (is_later(node, path))
		return;
	if (name && (strcmp(name, "if") == 0 || strcmp(name, "unless") == 0))
		show_expr(showing, node, path, HD_EXPR_BOOL);
	else if (name && strcmp(name, "value") == 0)
		show_expr(showing, node, path, HD_EXPR_NUMBER);
	else if ((name && strcmp(name, "to") == 0 && strstr(path, ".map[")) ||
		 strstr(path, "dedup.key["))
		show_expr(showing, node, path, HD_EXPR_ANY);
	else if (name && strcmp(name, "within") == 0 && strchr(text, '('))
		show_expr(showing, node, path, HD_EXPR_DURATION);
	else if (strstr(text, "${"))
		show_text(showing, node);
}

static void show(struct showing *showing, const struct hd_node *node)
{
	char *path = hd_node_path(node);

	if (hd_node_type(node) == HD_NODE_SCALAR)
		show_scalar(showing, node, path);
	for (size_t i = 0; i < hd_node_count(node); i++)
		show(showing, hd_node_item(node, i));
	free(path);
}

static void every_example_of_the_manual_compiles(void **state)
{
	static const char *const sets[] = { "our_networks",    "vip",
					    "never_isolate",   "service_users",
					    "partner_domains", "vpn_exits" };
	struct showing showing = { hd_expr_env_new(&levels, "UTC"),
				   hd_complaints_new(), 0 };
	struct hd_conf *conf = hd_conf_load(TEST_SRCDIR
					    "/../conf/examples/herald.yaml",
					    showing.complaints);
	struct hd_buf text;

	(void)state;
	assert_non_null(conf);
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		hd_expr_env_list(showing.env, sets[i], lists[0]);
	show(&showing, hd_conf_main(conf));
	for (int s = 0; s < HD_CONF_SECTIONS; s++)
		for (size_t i = 0; i < hd_conf_count(conf, s); i++)
			show(&showing, hd_conf_entry(conf, s, i));
	hd_buf_init(&text, 65536);
	hd_complaints_print(showing.complaints, &text);
	if (hd_complaints_errors(showing.complaints) > 0)
		fail_msg("%s", hd_buf_text(&text));
	assert_true(showing.count > 100); /* the main file is shown twice */
	hd_buf_fini(&text);
	hd_expr_env_free(showing.env);
	hd_conf_unref(conf);
	hd_complaints_free(showing.complaints);
}

static void complaints_point_into_the_file(void **state)
{
	static const char yaml[] = "a: 'user.nam == \"x\"'\n"
				   "b: |-\n"
				   "  severity_id > 3 &&\n"
				   "    finding_info.titel == \"x\"\n";
	struct hd_complaints *own = hd_complaints_new();
	struct hd_conf_text text = { "f.yaml", yaml, sizeof(yaml) - 1 };
	struct hd_conf *conf = hd_conf_load_texts(&text, 1, own);
	const struct hd_complaint *c;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_null(hd_expr_compile(env, &names,
					    hd_node_item(hd_conf_main(conf), i),
					    HD_EXPR_BOOL, own));
	c = hd_complaints_get(own, 0);
	assert_int_equal(c->line, 1);
	assert_true(c->col >= 5 && c->col <= 10);
	assert_non_null(strstr(c->text, " in a; did you mean 'name'?"));
	c = hd_complaints_get(own, 1);
	assert_int_equal(c->line, 4);
	assert_true(c->col >= 5 && c->col <= 18);
	assert_non_null(strstr(c->text, " in b; did you mean 'title'?"));
	hd_conf_unref(conf);
	hd_complaints_free(own);
}

struct constants {
	size_t count;
	int64_t high, suspicious, url;
};

static void take_constant(void *ud, const char *name, int64_t value)
{
	struct constants *constants = ud;

	constants->count++;
	if (strcmp(name, "SEVERITY.HIGH") == 0)
		constants->high = value;
	if (strcmp(name, "REPUTATION.SUSPICIOUS_RISKY") == 0)
		constants->suspicious = value;
	if (strcmp(name, "OBSERVABLE.URL_STRING") == 0)
		constants->url = value;
}

static void constants_are_named_after_captions(void **state)
{
	struct constants constants = { 0 };

	(void)state;
	hd_expr_constants(take_constant, &constants);
	assert_int_equal(constants.high, 4);
	assert_int_equal(constants.suspicious, 7);
	assert_int_equal(constants.url, 6);
	assert_true(constants.count > 100);
}

static void levels_begin_at_their_bounds(void **state)
{
	(void)state;
	assert_int_equal(hd_risk_level(&levels, 19), 0);
	assert_int_equal(hd_risk_level(&levels, 20), 1);
	assert_int_equal(hd_risk_level(&levels, 40), 2);
	assert_int_equal(hd_risk_level(&levels, 79), 3);
	assert_int_equal(hd_risk_level(&levels, 100), 4);
	assert_string_equal(hd_risk_level_name(0), "Info");
	assert_string_equal(hd_risk_level_name(4), "Critical");
}

static void take_path(void *ud, const char *path)
{
	char *text = ud;
	size_t n = strlen(text);

	snprintf(text + n, 512 - n, "%s ", path);
}

static void paths_are_told(void **state)
{
	struct hd_expr *expr =
		compiled("user.groups.exists(g, g.name == \"x\") || "
			 "enrich.vt.size() > 0 || done.case.state == \"done\"",
			 HD_EXPR_BOOL);
	char text[512] = "";

	(void)state;
	hd_expr_paths(expr, take_path, text);
	assert_non_null(strstr(text, "user.groups"));
	assert_non_null(strstr(text, "enrich.vt "));
	assert_non_null(strstr(text, "done.case.state "));
	hd_expr_free(expr);
}

static void explain_tells_outcome_and_what_it_waits_for(void **state)
{
	struct hd_expr *expr = compiled("user.has_mfa", HD_EXPR_ANY);
	struct stage stage;
	json_t *out;

	(void)state;
	set_stage(&stage, AD, 0, 0, 0);
	out = hd_expr_explain(expr, &stage.scope);
	assert_true(json_same(out, "{'outcome': 'not sure', 'type': 'bool',"
				   " 'why': 'ad timed out', 'unknown':"
				   " ['ad']}"));
	json_decref(out);
	strike(&stage);
	set_stage(&stage, 0, 0, 0, 0);
	out = hd_expr_explain(expr, &stage.scope);
	assert_true(json_same(out, "{'outcome': 'absent', 'type': 'bool',"
				   " 'why': 'user.has_mfa', 'unknown': []}"));
	json_decref(out);
	strike(&stage);
	hd_expr_free(expr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_have_five_outcomes),
		cmocka_unit_test(the_record_is_not_changed_by_looking),
		cmocka_unit_test(values_keep_their_type),
		cmocka_unit_test(a_duration_is_read_in_milliseconds),
		cmocka_unit_test(what_cannot_be_right_is_refused_at_load),
		cmocka_unit_test(each_place_has_its_names),
		cmocka_unit_test(every_example_of_the_manual_compiles),
		cmocka_unit_test(complaints_point_into_the_file),
		cmocka_unit_test(constants_are_named_after_captions),
		cmocka_unit_test(levels_begin_at_their_bounds),
		cmocka_unit_test(paths_are_told),
		cmocka_unit_test(explain_tells_outcome_and_what_it_waits_for),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
