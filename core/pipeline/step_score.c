/* score: named contributions to one sum.  See ledger.h. */
#include "core/pipeline/alert.h"
#include "core/pipeline/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/record/record.h"

#define USE_DEPTH 16

struct rule {
	const char *name, *because;
	struct hd_expr *cond;  /* NULL: always */
	struct hd_expr *value; /* instead of `add` */
	double add, low, high;
	int group; /* best_of within the step, 0: none */
};

struct score {
	struct rule *rules;
	size_t count;
	int groups;
};

struct raw_rule {
	const char *name, *because, *use;
	const struct hd_node *cond, *value, *between, *best_of, *add;
};

#define AT(field) offsetof(struct raw_rule, field)
static const struct hd_key rule_keys[] = {
	{ "name", HD_TYPE_NAME, 0, NULL, NULL, AT(name), NULL },
	{ "if", HERALD_EXPR, 0, NULL, NULL, AT(cond), NULL },
	{ "add", HD_TYPE_NODE, 0, NULL, NULL, AT(add), NULL },
	{ "value", HERALD_EXPR, 0, NULL, NULL, AT(value), NULL },
	{ "between", HD_TYPE_NODE, 0, NULL, NULL, AT(between), NULL },
	{ "because", HERALD_STRING, 0, NULL, NULL, AT(because), NULL },
	{ "best_of", HD_TYPE_NODE, 0, NULL, NULL, AT(best_of), NULL },
	{ "use", HD_TYPE_NAME, 0, NULL, NULL, AT(use), NULL },
	{ 0 },
};
#undef AT

struct building {
	struct hd_build *b;
	struct score *score;
	const struct hd_node **nodes; /* of score->rules */
	const char *uses[USE_DEPTH];
	int depth;
};

static void build_list(struct building *s, const struct hd_node *list,
		       int group);

static int read_number(struct hd_build *b, const struct hd_node *node,
		       double *out)
{
	const char *text = hd_node_text(node, NULL);
	char *end = NULL;

	*out = text ? strtod(text, &end) : 0;
	if (text && end != text && *end == '\0' && *out >= -1000 &&
	    *out <= 1000)
		return 0;
	hd_complain(b->complaints, hd_node_place(node),
		    "a number from -1000 to 1000 is wanted%s%s",
		    text ? ", not " : "", text ? text : "");
	hd_complain_remedy(b->complaints, "write add: 30, for example");
	return -1;
}

static int read_between(struct hd_build *b, const struct hd_node *node,
			struct rule *rule)
{
	if (hd_node_type(node) != HD_NODE_SEQ || hd_node_count(node) != 2) {
		hd_complain(b->complaints, hd_node_place(node),
			    "between is a list of two numbers");
		hd_complain_remedy(b->complaints, "write between: [0, 60]");
		return -1;
	}
	if (read_number(b, hd_node_item(node, 0), &rule->low) < 0 ||
	    read_number(b, hd_node_item(node, 1), &rule->high) < 0)
		return -1;
	if (rule->low > rule->high)
		return hd_complain(b->complaints, hd_node_place(node),
				   "between: %g is above %g", rule->low,
				   rule->high);
	return 0;
}

static void build_use(struct building *s, const struct hd_node *node,
		      const char *name, int group)
{
	const struct hd_node *list = hd_conf_find(s->b->program->conf,
						  HD_CONF_SCORES, name);
	const char *like;

	if (!list) {
		hd_complain(s->b->complaints, hd_node_place(node),
			    "no list of scores is named '%s'", name);
		like = hd_conf_like(s->b->program->conf, HD_CONF_SCORES, name);
		if (like)
			hd_complain_remedy(s->b->complaints, "write '%s'",
					   like);
		return;
	}
	for (int i = 0; i < s->depth; i++)
		if (strcmp(s->uses[i], name) == 0) {
			hd_complain(s->b->complaints, hd_node_place(node),
				    "scores use each other in a circle: %s",
				    name);
			return;
		}
	if (s->depth == USE_DEPTH) {
		hd_complain(s->b->complaints, hd_node_place(node),
			    "scores use each other deeper than %d", USE_DEPTH);
		return;
	}
	s->uses[s->depth++] = name;
	build_list(s, list, group);
	s->depth--;
}

static int check_alone(struct hd_build *b, const struct hd_node *item,
		       const char *key)
{
	if (hd_node_count(item) == 1)
		return 0;
	hd_complain(b->complaints, hd_node_place(item),
		    "beside '%s' nothing else may stand in one entry", key);
	return -1;
}

static int check_rule(struct hd_build *b, const struct hd_node *item,
		      const struct raw_rule *raw)
{
	if (!raw->name || !raw->because) {
		hd_complain(b->complaints, hd_node_place(item),
			    "a contribution needs '%s'",
			    raw->name ? "because" : "name");
		hd_complain_remedy(b->complaints,
				   "- {name: base, add: 30, because: why it "
				   "counts}");
		return -1;
	}
	if (!raw->add == !raw->value) {
		hd_complain(b->complaints, hd_node_place(item),
			    "contribution '%s' needs either 'add' or 'value'",
			    raw->name);
		return -1;
	}
	if (raw->value && !raw->between) {
		hd_complain(b->complaints, hd_node_place(raw->value),
			    "'value' needs 'between': its bounds, also while "
			    "it is unknown");
		hd_complain_remedy(b->complaints, "between: [0, 60]");
		return -1;
	}
	return 0;
}

/* Is it in this step already?  The same list used twice counts once; two of one
 * name are a mistake. */
static bool is_there(struct building *s, const struct hd_node *item,
		     const char *name)
{
	for (size_t i = 0; i < s->score->count; i++) {
		if (strcmp(s->score->rules[i].name, name) != 0)
			continue;
		if (s->nodes[i] != item) {
			hd_complain(s->b->complaints, hd_node_place(item),
				    "two contributions are named '%s', and a "
				    "name counts once",
				    name);
			hd_complain_remedy(s->b->complaints,
					   "give each a name of its own");
		}
		return true;
	}
	return false;
}

static void build_rule(struct building *s, const struct hd_node *item,
		       const struct raw_rule *raw, int group)
{
	struct rule rule = { 0 };
	size_t n = s->score->count;

	if (check_rule(s->b, item, raw) < 0 || is_there(s, item, raw->name))
		return;
	rule.name = raw->name;
	rule.because = raw->because;
	rule.group = group;
	if (raw->add && read_number(s->b, raw->add, &rule.add) < 0)
		return;
	if (raw->between && read_between(s->b, raw->between, &rule) < 0)
		return;
	if (raw->add) {
		rule.low = rule.add < 0 ? rule.add : 0;
		rule.high = rule.add > 0 ? rule.add : 0;
	}
	if (raw->cond)
		rule.cond = hd_build_expr(s->b, raw->cond, HD_EXPR_BOOL);
	if (raw->value)
		rule.value = hd_build_expr(s->b, raw->value, HD_EXPR_NUMBER);
	s->score->rules = hd_realloc_array(s->score->rules, n + 1,
					   sizeof(rule));
	s->nodes = hd_realloc_array(s->nodes, n + 1, sizeof(*s->nodes));
	s->score->rules[n] = rule;
	s->nodes[n] = item;
	s->score->count++;
}

static void build_item(struct building *s, const struct hd_node *item,
		       int group)
{
	struct raw_rule raw = { 0 };

	if (hd_table_check(rule_keys, item, "a contribution", &s->b->check,
			   &raw) < 0)
		return;
	if (raw.use) {
		if (check_alone(s->b, item, "use") == 0)
			build_use(s, hd_node_get(item, "use"), raw.use, group);
	} else if (raw.best_of) {
		if (check_alone(s->b, item, "best_of") < 0)
			return;
		if (group != 0) {
			hd_complain(s->b->complaints, hd_node_place(item),
				    "a best_of inside a best_of");
			return;
		}
		build_list(s, raw.best_of, ++s->score->groups);
	} else {
		build_rule(s, item, &raw, group);
	}
}

static void build_list(struct building *s, const struct hd_node *list,
		       int group)
{
	if (hd_node_type(list) != HD_NODE_SEQ) {
		hd_complain(s->b->complaints, hd_node_place(list),
			    "a list of contributions is wanted, not %s",
			    hd_node_kind(list));
		hd_complain_remedy(s->b->complaints,
				   "begin each with a dash: - {name: ..., add: "
				   "..., because: ...}");
		return;
	}
	for (size_t i = 0; i < hd_node_count(list); i++)
		build_item(s, hd_node_item(list, i), group);
}

/* The largest and the least that the rules of one best_of can bring; of group
 * 0, each counts. */
static void widen(const struct score *score, int group, double *low,
		  double *high)
{
	double least = 0, most = 0;

	for (size_t i = 0; i < score->count; i++) {
		const struct rule *r = &score->rules[i];

		if (r->group != group)
			continue;
		if (group == 0) {
			*low += r->low < 0 ? r->low : 0;
			*high += r->high > 0 ? r->high : 0;
		}
		least = r->low < least ? r->low : least;
		most = r->high > most ? r->high : most;
	}
	if (group != 0) {
		*low += least;
		*high += most;
	}
}

static void *build(struct hd_build *b, const struct hd_node *body)
{
	struct building s = { .b = b };

	s.score = hd_alloc(sizeof(*s.score));
	build_list(&s, body, 0);
	free(s.nodes);
	for (int group = 0; group <= s.score->groups; group++)
		widen(s.score, group, &b->score_low, &b->score_high);
	b->scored = true;
	return s.score;
}

static void free_score(void *data)
{
	struct score *score = data;

	for (size_t i = 0; i < score->count; i++) {
		hd_expr_free(score->rules[i].cond);
		hd_expr_free(score->rules[i].value);
	}
	free(score->rules);
	free(score);
}

/* ---- running ---- */

static enum hd_counted counted_of(enum hd_truth truth)
{
	switch (truth) {
	case HD_HOLDS:
		return HD_COUNTED;
	case HD_NOT_MET:
		return HD_NOT_COUNTED_NOT_MET;
	case HD_ABSENT:
		return HD_NOT_COUNTED_ABSENT;
	case HD_NOT_SURE:
		return HD_NOT_COUNTED_UNKNOWN;
	case HD_ERROR:
		break;
	}
	return HD_NOT_COUNTED_ERROR;
}

static void evaluate_value(const struct rule *rule,
			   const struct hd_expr_scope *scope,
			   struct hd_contribution *c, struct hd_reason *why)
{
	json_t *value = NULL;
	enum hd_truth truth = hd_expr_value(rule->value, scope, &value, why);

	c->counted = counted_of(truth);
	if (truth == HD_HOLDS && !json_is_number(value)) { /* 0.0 / 0.0 */
		c->counted = HD_NOT_COUNTED_ERROR;
		snprintf(why->text, sizeof(why->text), "not a number");
	} else if (truth == HD_HOLDS) {
		c->value = json_number_value(value);
		if (c->value < rule->low)
			c->value = rule->low;
		if (c->value > rule->high)
			c->value = rule->high;
	}
	json_decref(value);
}

static void evaluate(struct hd_alert *alert, const struct rule *rule,
		     enum hd_truth step_holds)
{
	struct hd_expr_scope scope;
	struct hd_reason why = { "" };
	struct hd_contribution c = { 0 };
	enum hd_truth truth = HD_HOLDS;

	c.name = rule->name;
	c.because = rule->because;
	c.value = rule->add;
	c.low = rule->low < 0 ? rule->low : 0;
	c.high = rule->high > 0 ? rule->high : 0;
	hd_alert_scope(alert, &scope);
	if (rule->cond)
		truth = hd_expr_holds(rule->cond, &scope, &why);
	if (truth == HD_HOLDS && step_holds != HD_HOLDS) {
		truth = step_holds;
		snprintf(why.text, sizeof(why.text), "the step's `if`");
	}
	c.counted = counted_of(truth);
	if (truth == HD_HOLDS && rule->value)
		evaluate_value(rule, &scope, &c, &why);
	snprintf(c.why, sizeof(c.why), "%s", why.text);
	if (c.counted == HD_NOT_COUNTED_ERROR)
		hd_alert_alarm(alert, rule->name, why.text);
	c.group = rule->group != 0 ? alert->ledger.groups + rule->group : 0;
	hd_ledger_add(&alert->ledger, &c);
}

static void set_integer(json_t *record, const char *name, int64_t value)
{
	json_object_set_new(record, name, json_integer(value));
}

static void write_score(struct hd_alert *alert)
{
	const struct hd_interval *i = &alert->ledger.interval;
	int level = hd_risk_level(&alert->program->levels, i->known);
	char *details = hd_ledger_details(&alert->ledger);

	hd_alert_change(alert);
	set_integer(alert->record, "risk_score", i->known);
	set_integer(alert->record, "risk_level_id", level);
	json_object_set_new(alert->record, "risk_level",
			    json_string(hd_risk_level_name(level)));
	if (details[0])
		json_object_set_new(alert->record, "risk_details",
				    json_string(details));
	free(details);
}

static enum hd_step_result run(struct hd_alert *alert, void *data,
			       enum hd_truth holds)
{
	const struct score *score = data;

	for (size_t i = 0; i < score->count; i++)
		if (!hd_ledger_has(&alert->ledger, score->rules[i].name))
			evaluate(alert, &score->rules[i], holds);
	alert->ledger.groups += score->groups;
	hd_ledger_sum(&alert->ledger);
	write_score(alert);
	return HD_STEP_NEXT;
}

const struct hd_step_type hd_step_score = {
	.name = "score",
	.alone = true,
	.is_list = true,
	.build = build,
	.free = free_score,
	.run = run,
};
