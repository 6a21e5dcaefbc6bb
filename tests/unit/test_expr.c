#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/expr/expr.h"
#include "tests/unit/expr_stage.h"

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
	/* that one knows nothing is no answer for another who is missing */
	{ "src.reputation.score_id in [9, 10]", CLEAN_SOURCE, 0, 0, 0,
	  HD_NOT_MET, "" },
	{ "src.reputation.score_id in [9, 10]", VT | CLEAN_SOURCE, 0, 0, 0,
	  HD_NOT_SURE, "vt quota spent" },
	{ "src.reputation.score_id in [9, 10]", CMDB | CLEAN_SOURCE, 0, 0, 0,
	  HD_NOT_MET, "" },
	{ "observables.exists(o, o.?reputation.?score_id.orValue(0) == 9)",
	  VT | CLEAN_SOURCE, 0, 0, 0, HD_NOT_SURE, "vt quota spent" },
	{ "observables.exists(o, o.?reputation.?score_id.orValue(0) == 9)",
	  CMDB | CLEAN_SOURCE, 0, 0, 0, HD_NOT_MET, "" },
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
	/* misp answered for one value and not for another */
	{ "enrich.misp.exists(a, a.reputation.score_id == 9)", MISP, 0, 0, 0,
	  HD_HOLDS, "" },
	{ "enrich.misp.exists(a, a.reputation.score_id == 10)", MISP, 0, 0, 0,
	  HD_NOT_SURE, "misp timed out" },
	{ "enrich.misp.all(a, a.reputation.score_id == 9)", MISP, 0, 0, 0,
	  HD_NOT_SURE, "misp timed out" },
	{ "enrich.misp.all(a, a.reputation.score_id == 10)", MISP, 0, 0, 0,
	  HD_NOT_MET, "" },
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
	/* absent at one end only */
	{ "risk_score < 70 ? user.has_mfa : true", 0, 65, 65, 95, HD_NOT_SURE,
	  "risk_score is 65, could be 65 to 95" },
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
	{ "now == timestamp(\"2026-11-25T00:00:00Z\")", 0, 0, 0, 0, HD_HOLDS,
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
	  "epoch_ms(\"2026-11-25T00:05:55.000+00:00\") == 1795565155000",
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
	{ "sorted([\"b\", \"\", \"ab\", \"a\", \"b\"]) == "
	  "[\"\", \"a\", \"ab\", \"b\", \"b\"]",
	  0, 0, 0, 0, HD_HOLDS, "" },
	{ "sorted([\"b\", 1, \"a\"]) == [\"b\", 1, \"a\"] && "
	  "sorted(\"ba\") == \"ba\" && sorted([]) == []",
	  0, 0, 0, 0, HD_HOLDS, "" },
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
	{ "millis(time)", HD_HOLDS, "'2026-11-24T23:59:02Z'" },
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
	unsigned how;
	int low, known, high;
	const char *want;
} explained[] = {
	{ "user.has_mfa", AD, 0, 0, 0,
	  "{'outcome': 'not sure', 'type': 'bool', 'cost': 1, 'why': "
	  "'ad timed out', 'unknown': ['ad'], 'parts': [{'path': "
	  "'user.has_mfa', 'state': 'not known', 'why': 'ad timed out'}]}" },
	{ "user.has_mfa", 0, 0, 0, 0,
	  "{'outcome': 'absent', 'type': 'bool', 'cost': 1, 'why': "
	  "'user.has_mfa', 'unknown': [], 'parts': [{'path': 'user.has_mfa', "
	  "'state': 'absent'}]}" },
	/* what made no difference is told all the same, but waited for by
	 * none */
	{ "severity_id > 3 || user.has_mfa || dst.ip == \"x\"", AD, 0, 0, 0,
	  "{'outcome': 'holds', 'value': true, 'type': 'bool', 'cost': 4, "
	  "'why': '', 'unknown': [], 'parts': [{'path': 'user.has_mfa', "
	  "'state': 'not known', 'why': 'ad timed out'}, {'path': 'dst.ip', "
	  "'state': 'absent'}]}" },
	{ "message + \"!\"", 0, 0, 0, 0,
	  "{'outcome': 'value', 'value': 'm!', 'type': 'string', 'cost': 3, "
	  "'why': '', 'unknown': [], 'parts': []}" },
	{ "severity_id > 4", 0, 0, 0, 0,
	  "{'outcome': 'not met', 'value': false, 'type': 'bool', 'cost': 3, "
	  "'why': '', 'unknown': [], 'parts': []}" },
	{ "1 / (count - 3)", 0, 0, 0, 0,
	  "{'outcome': 'error', 'type': 'int', 'cost': 5, 'why': "
	  "'division by zero', 'unknown': [], 'parts': []}" },
	/* only the score is not sure: tried at 65, 80 and 95 */
	{ "risk_score >= 80", VT, 65, 65, 95,
	  "{'outcome': 'not sure', 'type': 'bool', 'cost': 9, 'why': "
	  "'risk_score is 65, could be 65 to 95: vt quota spent', 'unknown': "
	  "['vt'], 'parts': [{'path': 'risk_score', 'state': 'not known', "
	  "'why': 'vt quota spent'}]}" },
	{ "risk_score >= 60", VT, 65, 65, 95,
	  "{'outcome': 'holds', 'value': true, 'type': 'bool', 'cost': 9, "
	  "'why': '', 'unknown': [], 'parts': [{'path': 'risk_score', 'state': "
	  "'not known', 'why': 'vt quota spent'}]}" },
	{ "risk_score >= 80", VT, 65, 65, 65,
	  "{'outcome': 'not met', 'value': false, 'type': 'bool', 'cost': 3, "
	  "'why': '', 'unknown': [], 'parts': []}" },
	/* one that waits for a look-up and for the score */
	{ "risk_score >= 80 && user.has_mfa", VT | AD, 65, 65, 95,
	  "{'outcome': 'not sure', 'type': 'bool', 'cost': 14, 'why': "
	  "'risk_score is 65, could be 65 to 95: ad timed out, vt quota "
	  "spent', 'unknown': ['ad', 'vt'], 'parts': [{'path': 'risk_score', "
	  "'state': 'not known', 'why': 'ad timed out, vt quota spent'}, "
	  "{'path': 'user.has_mfa', 'state': 'not known', 'why': "
	  "'ad timed out'}]}" },
	{ "evidences.exists(e, e.file.name == \"f\")", 0, 0, 0, 0,
	  "{'outcome': 'holds', 'value': true, 'type': 'bool', 'cost': 11, "
	  "'why': '', 'unknown': [], 'parts': []}" },
	{ "evidences.exists(e, e.?url.?url_string.orValue(\"\") == \"u\")", 0,
	  0, 0, 0,
	  "{'outcome': 'not met', 'value': false, 'type': 'bool', 'cost': 18, "
	  "'why': '', 'unknown': [], 'parts': [{'path': "
	  "'evidences[*].url.url_string', 'state': 'absent'}]}" },
	{ "done.isolate.state == \"done\"", PARKED, 0, 0, 0,
	  "{'outcome': 'not sure', 'type': 'bool', 'cost': 3, 'why': "
	  "'isolate has not ended', 'unknown': ['isolate'], 'parts': [{'path': "
	  "'done.isolate.state', 'state': 'not known', 'why': "
	  "'isolate has not ended'}]}" },
	{ "enrich.vt.size() == 0 && enrich.misp.size() == 1", VT, 0, 0, 0,
	  "{'outcome': 'not sure', 'type': 'bool', 'cost': 9, 'why': "
	  "'vt quota spent', 'unknown': ['vt'], 'parts': [{'path': "
	  "'enrich.vt', 'state': 'not known', 'why': 'vt quota spent'}]}" },
};

static void explain_tells_outcome_cost_and_what_is_not_there(void **state)
{
	int faults = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(explained) / sizeof(explained[0]); i++) {
		struct hd_expr *expr = compiled(explained[i].text, HD_EXPR_ANY);
		struct stage stage;
		json_t *out;

		set_stage(&stage, explained[i].how, explained[i].low,
			  explained[i].known, explained[i].high);
		out = hd_expr_explain(expr, &stage.scope);
		if (!json_same(out, explained[i].want)) {
			char *text = json_dumps(out, 0);

			print_error("%s: %s\n", explained[i].text, text);
			free(text);
			faults++;
		}
		json_decref(out);
		strike(&stage);
		hd_expr_free(expr);
	}
	assert_int_equal(faults, 0);
}

/* 99 reads 0 wherever an ordered enum is read, and nowhere else: the same
 * through a path, a variable of a macro, a filter, a key. */
static void other_reads_zero_however_it_is_reached(void **state)
{
	static const char *const ways[] = {
		"observables.exists(o, o.?reputation.?score_id.orValue(1) == "
		"0)",
		"observables.exists(o, o[?\"reputation\"].?score_id.orValue(1) "
		"== 0)",
		"observables.filter(o, "
		"has(o.reputation))[0].reputation.score_id "
		"== 0",
		"cel.bind(r, observables[1].reputation, r.score_id == 0)",
		"record.observables[1].reputation.score_id == 0",
		"record.observables[1].reputation[\"score_id\"] == 0",
		"confidence_id == 0 && record.confidence_id == 0",
		"[record].all(r, r.confidence_id == 0)",
	};
	struct stage stage;

	(void)state;
	set_stage(&stage, 0, 0, 0, 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct hd_expr *expr = compiled(ways[i], HD_EXPR_BOOL);
		enum hd_truth truth = hd_expr_holds(expr, &stage.scope, NULL);

		if (truth != HD_HOLDS)
			print_error("%s: %s\n", ways[i], hd_truth_name(truth));
		assert_int_equal(truth, HD_HOLDS);
		hd_expr_free(expr);
	}
	strike(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_have_five_outcomes),
		cmocka_unit_test(the_record_is_not_changed_by_looking),
		cmocka_unit_test(values_keep_their_type),
		cmocka_unit_test(a_duration_is_read_in_milliseconds),
		cmocka_unit_test(
			explain_tells_outcome_cost_and_what_is_not_there),
		cmocka_unit_test(other_reads_zero_however_it_is_reached),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
