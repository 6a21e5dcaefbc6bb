#include "core/pipeline/program.h"

#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/action/guard_rules.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/suggest.h"
#include "core/conf/complaint.h"
#include "core/conf/list.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/pipeline/alarm_actions.h"
#include "core/pipeline/doubt.h"
#include "core/pipeline/safety.h"

/* ---- lists ---- */

static void read_lists(struct hd_program *p, const struct hd_check *check)
{
	size_t n = p->settings->lists_count;

	p->lists = hd_alloc_array(n + 1, sizeof(*p->lists));
	for (size_t i = 0; i < n; i++) {
		const struct hd_list_settings *s = &p->settings->lists[i];

		p->lists[i] = hd_list_read(s->name, s->node, check);
		if (p->lists[i])
			hd_expr_env_list(p->env, s->name, p->lists[i]);
	}
}

static const struct hd_list *find_list(const struct hd_program *p,
				       const char *name)
{
	for (size_t i = 0; i < p->settings->lists_count; i++)
		if (strcmp(p->settings->lists[i].name, name) == 0)
			return p->lists[i];
	return NULL;
}

static bool list_is_declared(const struct hd_program *p, const char *name)
{
	for (size_t i = 0; i < p->settings->lists_count; i++)
		if (strcmp(p->settings->lists[i].name, name) == 0)
			return true;
	return false;
}

static void read_own(struct hd_program *p, struct hd_complaints *complaints)
{
	const struct hd_node *own = p->settings->herald.own;
	bool one = hd_node_type(own) == HD_NODE_SCALAR;
	size_t n = one ? 1 : hd_node_count(own);
	size_t kept = 0;

	p->own = hd_alloc_array(n + 1, sizeof(*p->own));
	for (size_t i = 0; i < n; i++) {
		const struct hd_node *item = one ? own : hd_node_item(own, i);
		const char *name = hd_node_text(item, NULL);

		if (!name)
			continue;
		if (!list_is_declared(p, name)) {
			hd_complain(complaints, hd_node_place(item),
				    "herald.own: no list is named '%s'", name);
			hd_complain_remedy(complaints,
					   "declare it below lists:, or leave "
					   "it out");
			continue;
		}
		if (find_list(p, name))
			p->own[kept++] = find_list(p, name);
	}
}

bool hd_program_is_own(const struct hd_program *p, const char *value, size_t n)
{
	int64_t now = hd_utc_ms();

	for (size_t i = 0; p->own[i]; i++)
		if (hd_list_has(p->own[i], value, n, now))
			return true;
	return false;
}

struct hd_program *hd_program_new(struct hd_conf *conf,
				  struct hd_complaints *complaints)
{
	struct hd_program *p = hd_alloc(sizeof(*p));
	struct hd_check check;

	p->refs = 1;
	p->conf = hd_conf_ref(conf);
	p->settings = hd_settings_read(conf, complaints);
	p->levels.low = (int)p->settings->risk_levels[1];
	p->levels.medium = (int)p->settings->risk_levels[2];
	p->levels.high = (int)p->settings->risk_levels[3];
	p->levels.critical = (int)p->settings->risk_levels[4];
	p->env = hd_expr_env_new(&p->levels, p->settings->herald.timezone);
	check.complaints = complaints;
	check.inline_secrets = p->settings->herald.inline_secrets;
	read_lists(p, &check);
	read_own(p, complaints);
	return p;
}

/* ---- helpers of steps ---- */

void hd_build_add(const char ***list, size_t *count, const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp((*list)[i], name) == 0)
			return;
	*list = hd_realloc_array(*list, *count + 2, sizeof(**list));
	(*list)[(*count)++] = name;
	(*list)[*count] = NULL;
}

struct hd_expr_names hd_build_names(const struct hd_build *b)
{
	struct hd_expr_names names = { 0 };

	names.enrich = b->enrich;
	names.done = b->done;
	return names;
}

struct hd_expr *hd_build_expr(struct hd_build *b, const struct hd_node *node,
			      enum hd_expr_type type)
{
	struct hd_expr_names names = hd_build_names(b);
	struct hd_expr *expr = hd_expr_compile(b->program->env, &names, node,
					       type, b->complaints);

	if (expr && type == HD_EXPR_BOOL)
		hd_doubt_condition(b, node, expr);
	return expr;
}

struct hd_instance *hd_build_connector(struct hd_build *b,
				       const struct hd_node *node)
{
	const char *name = hd_node_text(node, NULL);
	struct hd_instance *instance;
	const char *like;

	if (!name) {
		hd_complain(b->complaints, hd_node_place(node),
			    "the name of a connector is wanted, not %s",
			    hd_node_kind(node));
		return NULL;
	}
	instance = b->connector(b->connector_ud, name);
	if (instance || hd_settings_connector(b->program->settings, name))
		return instance; /* what is wrong with it was said there */
	hd_complain(b->complaints, hd_node_place(node),
		    "no connector is named '%s'", name);
	like = hd_conf_like(b->program->conf, HD_CONF_CONNECTORS, name);
	if (like)
		hd_complain_remedy(b->complaints, "write '%s'", like);
	else
		hd_complain_remedy(b->complaints,
				   "declare it below connectors:");
	return NULL;
}

/* ---- steps ---- */

static const char *nearest_step(const char *name)
{
	const char *names[32] = { 0 };
	size_t i;

	for (i = 0; i < 31 && hd_step_type_at(i); i++)
		names[i] = hd_step_type_at(i)->name;
	return hd_suggest(name, names);
}

static void complain_step(struct hd_build *b, const struct hd_node *value)
{
	const char *name = hd_node_name(value);
	const char *like = nearest_step(name);

	hd_complain(b->complaints, hd_node_key_place(value),
		    strcmp(name, "ask") == 0
			    ? "step 'ask' comes in a later release"
			    : "no step is called '%s'",
		    name);
	if (like)
		hd_complain_remedy(b->complaints, "write '%s'", like);
	else
		hd_complain_remedy(b->complaints,
				   "the steps are drop, dedup, enrich, score, "
				   "respond, stop");
}

/* The one member of `item` that names a step; NULL having complained. */
static const struct hd_node *step_member(struct hd_build *b,
					 const struct hd_node *item)
{
	const struct hd_node *found = NULL;

	if (hd_node_type(item) != HD_NODE_MAP) {
		hd_complain(
			b->complaints, hd_node_place(item),
			"a step is a mapping such as `score: [...]`, not %s",
			hd_node_kind(item));
		return NULL;
	}
	for (size_t i = 0; i < hd_node_count(item); i++) {
		const struct hd_node *value = hd_node_item(item, i);

		if (strcmp(hd_node_name(value), "if") == 0)
			continue;
		if (!hd_step_type(hd_node_name(value))) {
			complain_step(b, value);
			return NULL;
		}
		if (found) {
			hd_complain(b->complaints, hd_node_key_place(value),
				    "two steps in one: '%s' and '%s'",
				    hd_node_name(found), hd_node_name(value));
			hd_complain_remedy(b->complaints,
					   "begin '%s' with a dash of its own",
					   hd_node_name(value));
			return NULL;
		}
		found = value;
	}
	if (!found)
		hd_complain(b->complaints, hd_node_place(item),
			    "an `if` without a step beside it");
	return found;
}

static const struct hd_node *cond_of(struct hd_build *b,
				     const struct hd_step_type *type,
				     const struct hd_node *item,
				     const struct hd_node *body)
{
	const struct hd_node *beside = hd_node_get(item, "if");

	if (!beside || type->is_list)
		return type->is_list ? beside : hd_node_get(body, "if");
	hd_complain(b->complaints, hd_node_key_place(beside),
		    "the `if` of %s stands inside it", type->name);
	hd_complain_remedy(b->complaints, "- %s:\n      if: ...", type->name);
	return NULL;
}

/* What was decided cannot be merged or dropped any more; and an alert has one
 * window. */
static void check_order(struct hd_build *b, const struct hd_step_type *type,
			const struct hd_node *body)
{
	const struct hd_pipeline *p = b->pipeline;
	bool decided = false;

	for (size_t i = 0; i < p->count; i++) {
		decided = decided || p->steps[i].type->decides;
		if (!type->once || p->steps[i].type != type)
			continue;
		hd_complain(b->complaints, hd_node_key_place(body),
			    "a second %s in one pipeline", type->name);
		hd_complain_remedy(b->complaints, "put both into one");
	}
	if (type->undecided && decided) {
		hd_complain(b->complaints, hd_node_key_place(body),
			    "%s after respond: the actions are decided by then",
			    type->name);
		hd_complain_remedy(b->complaints, "put it before respond");
	}
}

static bool holds_always(const struct hd_node *cond)
{
	const char *text = cond ? hd_node_text(cond, NULL) : NULL;

	return !cond || (text && strcmp(text, "true") == 0);
}

/* Told once, at the first step that nothing gets to. */
static void check_reached(struct hd_build *b, const struct hd_node *item)
{
	struct hd_pipeline *p = b->pipeline;

	if (!p->ended || p->told)
		return;
	p->told = true;
	hd_complain_warning(b->complaints, hd_node_place(item),
			    "nothing gets here: the step before ends every "
			    "alert");
	hd_complain_remedy(b->complaints,
			   "give that step an `if`, or put it behind");
}

static void build_step(struct hd_build *b, const struct hd_node *item)
{
	struct hd_pipeline *p = b->pipeline;
	const struct hd_node *body = step_member(b, item), *cond;
	struct hd_step step = { 0 };

	if (!body)
		return;
	step.type = hd_step_type(hd_node_name(body));
	check_order(b, step.type, body);
	check_reached(b, item);
	cond = cond_of(b, step.type, item, body);
	if (cond)
		step.cond = hd_build_expr(b, cond, HD_EXPR_BOOL);
	step.data = step.type->build(b, body);
	if (!step.data) {
		hd_expr_free(step.cond);
		return;
	}
	p->steps = hd_realloc_array(p->steps, p->count + 1, sizeof(*p->steps));
	p->steps[p->count++] = step;
	p->alone = p->alone && step.type->alone;
	p->ended = p->ended || (step.type->ends && holds_always(cond));
}

/* ---- pipelines ---- */

struct raw_pipeline {
	const char *name;
	const struct hd_node *from, *cond, *steps;
	int mode;
};

#define AT(field) offsetof(struct raw_pipeline, field)
static const struct hd_key pipeline_keys[] = {
	{ "name", HD_TYPE_NAME, HERALD_REQUIRED, NULL, NULL, AT(name), NULL },
	{ "from", HD_TYPE_NAME, HERALD_LIST, NULL, NULL, AT(from), NULL },
	{ "if", HERALD_EXPR, 0, NULL, NULL, AT(cond), NULL },
	{ "mode", HERALD_ENUM, 0, "live", "dry_run|notify|live", AT(mode),
	  NULL },
	{ "steps", HD_TYPE_NODE, HERALD_REQUIRED, NULL, NULL, AT(steps), NULL },
	{ "rate", HD_TYPE_NODE, HD_KEY_LATER, NULL, NULL, HD_KEY_NOWHERE,
	  NULL },
	{ 0 },
};
#undef AT

static void build_from(struct hd_build *b, const struct hd_node *from)
{
	bool one = hd_node_type(from) == HD_NODE_SCALAR;
	size_t n = one ? 1 : hd_node_count(from);
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		const struct hd_node *item = one ? from : hd_node_item(from, i);

		hd_build_connector(b, item);
		if (hd_node_text(item, NULL))
			hd_build_add(&b->pipeline->from, &count,
				     hd_node_text(item, NULL));
	}
}

static void forget_names(struct hd_build *b)
{
	free(b->enrich);
	free(b->done);
	b->enrich = b->done = NULL;
	b->enrich_count = b->done_count = 0;
	b->score_low = b->score_high = 0;
	b->scored = false;
}

static void build_pipeline(struct hd_build *b, const struct hd_node *node)
{
	struct raw_pipeline raw = { 0 };
	const struct hd_node *steps;

	if (hd_table_check(pipeline_keys, node, "a pipeline", &b->check, &raw) <
	    0)
		raw.mode = HD_MODE_LIVE;
	b->pipeline->name = raw.name ? raw.name : "?";
	b->pipeline->mode = (enum hd_mode)raw.mode;
	b->pipeline->alone = true;
	if (raw.from)
		build_from(b, raw.from);
	if (raw.cond)
		b->pipeline->cond = hd_build_expr(b, raw.cond, HD_EXPR_BOOL);
	steps = raw.steps;
	if (steps && hd_node_type(steps) != HD_NODE_SEQ) {
		hd_complain(b->complaints, hd_node_place(steps),
			    "steps is a list, not %s", hd_node_kind(steps));
		hd_complain_remedy(b->complaints,
				   "begin each step with a dash: - dedup: ...");
		return;
	}
	for (size_t i = 0; i < hd_node_count(steps); i++)
		build_step(b, hd_node_item(steps, i));
	forget_names(b);
}

void hd_program_build(struct hd_program *program, hd_connector_fn connector,
		      void *ud, struct hd_complaints *complaints)
{
	size_t n = hd_conf_count(program->conf, HD_CONF_PIPELINES);
	struct hd_build b = { 0 };

	b.program = program;
	b.complaints = complaints;
	b.check.complaints = complaints;
	b.check.inline_secrets = program->settings->herald.inline_secrets;
	b.connector = connector;
	b.connector_ud = ud;
	program->pipelines = hd_alloc_array(n, sizeof(*program->pipelines));
	program->count = n;
	for (size_t i = 0; i < n; i++) {
		b.pipeline = &program->pipelines[i];
		build_pipeline(&b, hd_conf_entry(program->conf,
						 HD_CONF_PIPELINES, i));
	}
	hd_doubt_pipelines(&b);
	program->alarms = hd_alarm_actions_build(&b);
	program->rules = hd_safety_build(&b);
}

/* ---- life ---- */

struct hd_program *hd_program_ref(struct hd_program *program)
{
	program->refs++;
	return program;
}

static void fini_pipeline(struct hd_pipeline *p)
{
	for (size_t i = 0; i < p->count; i++) {
		p->steps[i].type->free(p->steps[i].data);
		hd_expr_free(p->steps[i].cond);
	}
	free(p->steps);
	free(p->from);
	hd_expr_free(p->cond);
}

void hd_program_unref(struct hd_program *p)
{
	if (!p || --p->refs != 0)
		return;
	for (size_t i = 0; i < p->count; i++)
		fini_pipeline(&p->pipelines[i]);
	free(p->pipelines);
	hd_alarm_actions_free(p->alarms);
	hd_guard_rules_free(p->rules);
	hd_expr_env_free(p->env);
	for (size_t i = 0; p->settings && i < p->settings->lists_count; i++)
		hd_list_free(p->lists[i]);
	free(p->lists);
	free(p->own);
	hd_settings_free(p->settings);
	hd_conf_unref(p->conf);
	free(p);
}
