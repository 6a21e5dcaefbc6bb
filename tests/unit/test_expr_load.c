#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/expr/expr.h"
#include "core/expr/template.h"
#include "tests/unit/expr_stage.h"

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
	{ "true && enrich . hibp.size() > 0", HD_EXPR_BOOL,
	  "column 18: enrich.hibp: no step before asks" },
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
	{ "during(\"office_hours\")", HD_EXPR_BOOL, "a later release" },
	{ "now - duration(\"5x\") > now", HD_EXPR_BOOL,
	  "column 7: this always "
	  "fails" },
	{ "1 / 0 == 1", HD_EXPR_BOOL, "division by zero" },
	{ "listed( \"vips\", user.name)", HD_EXPR_BOOL,
	  "column 9: there is no list 'vips'" },
	{ "listed(\"anything\", user.name)", HD_EXPR_BOOL,
	  "there is 'never_isolate', 'our_networks', 'partner_domains', "
	  "'vip'" },
	{ "done.nothing.state == \"done\"", HD_EXPR_BOOL,
	  "there is 'case', 'isolate'" },
	{ "user.nam == \"x\"", HD_EXPR_BOOL, "no attribute 'nam' in user" },
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

static void only_names_count_as_names(void **state)
{
	const struct hd_expr_names in_row = { .row = true };
	struct hd_expr *expr;
	struct hd_err err = { 0 };
	char text[4096] = "true";
	size_t n = strlen(text);

	(void)state;
	for (int i = 0; i < 100; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      " && row.m%d.k%d != 'x%d'", i, i, i);
	expr = hd_expr_compile_text(env, &in_row, text, HD_EXPR_BOOL, &err);
	if (!expr)
		fail_msg("%s", err.text);
	hd_expr_free(expr);
	n = strlen("true");
	for (int i = 0; i < 65; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      " && m%d != 'x'", i);
	assert_null(
		hd_expr_compile_text(env, &in_row, text, HD_EXPR_BOOL, &err));
	assert_non_null(strstr(err.text, "too many names"));
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
	static const char yaml[] = "scores:\n"
				   "  a: 'user.nam == \"x\"'\n"
				   "  b: |-\n"
				   "    severity_id > 3 &&\n"
				   "      finding_info.titel == \"x\"\n";
	struct hd_complaints *own = hd_complaints_new();
	struct hd_conf_text text = { "f.yaml", yaml, sizeof(yaml) - 1 };
	struct hd_conf *conf = hd_conf_load_texts(&text, 1, own);
	const struct hd_complaint *c;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_null(hd_expr_compile(
			env, &names, hd_conf_entry(conf, HD_CONF_SCORES, i),
			HD_EXPR_BOOL, own));
	assert_int_equal(hd_complaints_count(own), 2);
	c = hd_complaints_get(own, 0);
	assert_int_equal(c->line, 2);
	assert_true(c->col >= 7 && c->col <= 12); /* user.nam */
	assert_non_null(strstr(c->text, " in scores.a"));
	c = hd_complaints_get(own, 1);
	assert_int_equal(c->line, 5);
	assert_true(c->col >= 7 && c->col <= 20); /* finding_info.titel */
	assert_non_null(strstr(c->text, " in scores.b"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_right_is_refused_at_load),
		cmocka_unit_test(each_place_has_its_names),
		cmocka_unit_test(only_names_count_as_names),
		cmocka_unit_test(every_example_of_the_manual_compiles),
		cmocka_unit_test(complaints_point_into_the_file),
		cmocka_unit_test(constants_are_named_after_captions),
		cmocka_unit_test(levels_begin_at_their_bounds),
		cmocka_unit_test(paths_are_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
