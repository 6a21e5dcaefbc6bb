/* expr_stage.h - an alert, half looked up, and an environment to look at it */
#ifndef HD_TESTS_UNIT_EXPR_STAGE_H
#define HD_TESTS_UNIT_EXPR_STAGE_H

#include "core/base/err.h"
#include "core/conf/complaint.h"
#include "core/conf/list.h"
#include "core/expr/expr.h"
#include "tests/unit/json_help.h"

static const struct hd_risk_levels levels = { 20, 40, 60, 80 };
static const char *const connectors[] = { "ad",	  "cmdb", "geo",
					  "misp", "vt",	  NULL };
static const char *const entries[] = { "case", "isolate", NULL };
static const struct hd_expr_names names = { .enrich = connectors,
					    .done = entries };

/* 2026-11-25T00:00:00Z */
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
#define CLEAN ", 'reputation': {'score_id': 0, 'base_score': 0.0}"

enum {
	AD = 1,
	VT = 2,
	CMDB = 4,
	PARKED = 8,
	BAD_SOURCE = 16,
	FULL = 32,
	MISP = 64,
	CLEAN_SOURCE = 128
};

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
static const struct hd_missing misp = { .connector = "misp",
					.kind = "threat_intel",
					.types = "ip",
					.reason = "timed out" };

struct stage {
	struct hd_expr_scope scope;
	struct hd_missing missing[4];
	struct hd_interval risk;
};

static void set_stage(struct stage *stage, unsigned how, int low, int known,
		      int high)
{
	static const char *const parked[] = { "isolate", NULL };
	char record[4096];
	size_t n = 0;

	memset(stage, 0, sizeof(*stage));
	snprintf(record, sizeof(record), RECORD,
		 how & BAD_SOURCE     ? BAD
		 : how & CLEAN_SOURCE ? CLEAN
				      : "");
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
	if (how & MISP)
		stage->missing[n++] = misp;
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

#endif
