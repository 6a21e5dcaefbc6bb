/* respond: decides which actions there will be.
 *
 * Every entry whose condition holds becomes a row of the journal; none waits
 * for another, but one that reads done.NAME, and an or_else, which are decided
 * when NAME has ended.  Such a row carries its expressions as text, so that it
 * needs nothing but itself (defer.h).  Nothing is carried out here.
 */
#include "core/pipeline/alert.h"
#include "core/pipeline/defer.h"
#include "core/pipeline/params.h"
#include "core/pipeline/program.h"
#include "core/pipeline/safety.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/action/row.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json_text.h"
#include "core/base/suggest.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

#define RETRY_MS INT64_C(3600000)	  /* 1 h */
#define RETRY_PEOPLE_MS INT64_C(86400000) /* mail and the like: 24 h */
#define TIMEOUT_MS INT64_C(86400000)	  /* of an action that is pending */
#define SPEC_MAX (1 << 20)

struct entry {
	const char *name;      /* "case", "case/or_else" */
	char *own_name;	       /* when it had to be made */
	const char *connector; /* borrowed from what */
	char *what;	       /* "soar\0create_case" */
	const char *action;
	int effect;
	struct hd_expr *cond;
	struct hd_params *params;
	int64_t retry_ms, timeout_ms;
	char *after; /* entries whose done it reads, blanks between; NULL */
	struct entry *or_else;
};

struct respond {
	struct entry *entries;
	size_t count;
};

struct raw_entry {
	const char *name, *what;
	const struct hd_node *cond, *with, *or_else;
	int64_t retry_ms, timeout_ms;
};

#define AT(field) offsetof(struct raw_entry, field)
static const struct hd_key entry_keys[] = {
	{ "name", HD_TYPE_NAME, 0, NULL, NULL, AT(name), NULL },
	{ "if", HERALD_EXPR, 0, NULL, NULL, AT(cond), NULL },
	{ "do", HERALD_STRING, HERALD_REQUIRED, NULL, NULL, AT(what), NULL },
	{ "with", HD_TYPE_NODE, 0, NULL, NULL, AT(with), NULL },
	{ "or_else", HD_TYPE_NODE, 0, NULL, NULL, AT(or_else), NULL },
	{ "retry_until", HERALD_DURATION, 0, NULL, "0s..30d", AT(retry_ms),
	  NULL },
	{ "timeout", HERALD_DURATION, 0, NULL, "1s..30d", AT(timeout_ms),
	  NULL },
	{ "undo_after", HD_TYPE_NODE, HD_KEY_LATER, NULL, NULL, HD_KEY_NOWHERE,
	  NULL },
	{ "each", HERALD_EXPR, HD_KEY_LATER, NULL, NULL, HD_KEY_NOWHERE, NULL },
	{ "unsure", HERALD_STRING, HD_KEY_LATER, NULL, NULL, HD_KEY_NOWHERE,
	  NULL },
	{ 0 },
};
#undef AT

/* ---- building ---- */

static void complain_action(struct hd_build *b, const struct hd_node *node,
			    const struct hd_module *module,
			    const char *connector, const char *action)
{
	const char *names[64] = { 0 };
	const char *like;
	uint32_t n = 0;

	for (; n < 63 && hd_module_action(module, n); n++)
		names[n] = hd_module_action(module, n)->name;
	like = hd_suggest(action, names);
	hd_complain(b->complaints, hd_node_place(node),
		    "connector %s has no action '%s'", connector, action);
	if (like)
		hd_complain_remedy(b->complaints, "write %s.%s", connector,
				   like);
	else if (n == 0)
		hd_complain_remedy(b->complaints,
				   "its plugin %s has no actions",
				   hd_module_plugin(module)->name);
	else
		hd_complain_remedy(b->complaints, "heraldctl plugin %s",
				   hd_module_plugin(module)->name);
}

/* Splits `do` and finds the action; NULL having complained. */
static const herald_action *find_action(struct hd_build *b, struct entry *e,
					const struct hd_node *node,
					const struct hd_module **module,
					int *index)
{
	const struct hd_node *named;
	struct hd_instance *instance;
	char *dot;

	e->what = hd_strdup(hd_node_text(node, NULL));
	dot = e->what ? strchr(e->what, '.') : NULL;
	if (!dot || dot == e->what || !dot[1]) {
		hd_complain(b->complaints, hd_node_place(node),
			    "`do` names a connector and its action");
		hd_complain_remedy(b->complaints,
				   "write do: soar.create_case, for example");
		return NULL;
	}
	*dot = '\0';
	e->connector = e->what;
	e->action = dot + 1;
	named = node;
	instance = b->connector(b->connector_ud, e->connector);
	if (!instance) {
		if (!hd_settings_connector(b->program->settings, e->connector))
			hd_complain(b->complaints, hd_node_place(named),
				    "no connector is named '%s'", e->connector);
		return NULL;
	}
	*module = hd_instance_module(instance);
	*index = hd_module_action_find(*module, e->action);
	if (*index < 0) {
		complain_action(b, node, *module, e->connector, e->action);
		return NULL;
	}
	return hd_module_action(*module, (uint32_t)*index);
}

static void note_done(void *ud, const char *path)
{
	struct entry *e = ud;
	size_t n;
	char *all;

	if (strncmp(path, "done.", 5) != 0)
		return;
	n = strcspn(path + 5, ".[");
	all = hd_strf("%s%s%.*s", e->after ? e->after : "", e->after ? " " : "",
		      (int)n, path + 5);
	free(e->after);
	e->after = all;
}

static void free_entry(struct entry *e)
{
	free(e->own_name);
	free(e->what);
	hd_expr_free(e->cond);
	hd_params_free(e->params);
	free(e->after);
	if (e->or_else)
		free_entry(e->or_else);
	free(e->or_else);
}

static int build_entry(struct hd_build *b, const struct hd_node *node,
		       struct entry *e, const char *name);

static void build_or_else(struct hd_build *b, struct entry *e,
			  const struct hd_node *node)
{
	struct entry *other = hd_alloc(sizeof(*other));

	other->own_name = hd_strf("%s/or_else", e->name);
	if (build_entry(b, node, other, other->own_name) < 0) {
		free_entry(other);
		free(other);
		return;
	}
	e->or_else = other;
}

static void check_name(struct hd_build *b, struct entry *e,
		       const struct hd_node *node)
{
	for (size_t i = 0; i < b->done_count; i++)
		if (strcmp(b->done[i], e->name) == 0) {
			hd_complain(b->complaints, hd_node_place(node),
				    "two entries of this pipeline are named "
				    "'%s'",
				    e->name);
			hd_complain_remedy(b->complaints,
					   "give each a `name` of its own");
			return;
		}
}

static void build_times(struct entry *e, const struct raw_entry *raw,
			const struct hd_node *node)
{
	int64_t usual = e->effect == HERALD_NOTIFIES ? RETRY_PEOPLE_MS
						     : RETRY_MS;

	e->retry_ms = hd_node_get(node, "retry_until") ? raw->retry_ms : usual;
	e->timeout_ms = raw->timeout_ms != 0 ? raw->timeout_ms : TIMEOUT_MS;
}

static int build_entry(struct hd_build *b, const struct hd_node *node,
		       struct entry *e, const char *name)
{
	const struct hd_module *module = NULL;
	const herald_action *action;
	struct raw_entry raw = { 0 };
	int index = -1;

	if (hd_table_check(entry_keys, node, "an entry of respond", &b->check,
			   &raw) < 0)
		return -1;
	action = find_action(b, e, hd_node_get(node, "do"), &module, &index);
	if (!action)
		return -1;
	e->effect = (int)action->effect;
	hd_safety_use(b, e->connector, action, hd_node_get(node, "do"));
	/* The whole of `do` names an entry that has no name. */
	if (!name && !raw.name)
		e->own_name = hd_strf("%s.%s", e->connector, e->action);
	e->name = name ? name : raw.name ? raw.name : e->own_name;
	check_name(b, e, node);
	if (raw.cond) {
		e->cond = hd_build_expr(b, raw.cond, HD_EXPR_BOOL);
		if (e->cond)
			hd_expr_paths(e->cond, note_done, e);
	}
	e->params = hd_params_build(b, module, (uint32_t)index, raw.with, node);
	hd_params_paths(e->params, note_done, e);
	build_times(e, &raw, node);
	hd_build_add(&b->done, &b->done_count, e->name);
	if (raw.or_else)
		build_or_else(b, e, raw.or_else);
	return 0;
}

/* An entry that could not be built has a name all the same: who reads its
 * `done` is not wrong. */
static void keep_name(struct hd_build *b, const struct hd_node *node)
{
	const char *name = hd_node_get_text(node, "name");

	if (!name)
		name = hd_node_get_text(node, "do");
	if (name)
		hd_build_add(&b->done, &b->done_count, name);
}

static void *build(struct hd_build *b, const struct hd_node *body)
{
	struct respond *r;

	if (hd_node_type(body) != HD_NODE_SEQ) {
		hd_complain(b->complaints, hd_node_place(body),
			    "respond is a list of entries, not %s",
			    hd_node_kind(body));
		hd_complain_remedy(b->complaints,
				   "begin each with a dash: - {do: ...}");
		return NULL;
	}
	r = hd_alloc(sizeof(*r));
	r->entries = hd_alloc_array(hd_node_count(body), sizeof(*r->entries));
	for (size_t i = 0; i < hd_node_count(body); i++) {
		struct entry *e = &r->entries[r->count];

		if (build_entry(b, hd_node_item(body, i), e, NULL) == 0) {
			r->count++;
		} else {
			keep_name(b, hd_node_item(body, i));
			free_entry(e);
			memset(e, 0, sizeof(*e));
		}
	}
	return r;
}

static void free_respond(void *data)
{
	struct respond *r = data;

	for (size_t i = 0; i < r->count; i++)
		free_entry(&r->entries[i]);
	free(r->entries);
	free(r);
}

/* ---- running ---- */

static char *spec_of(const struct entry *e, bool or_else, const char *after)
{
	json_t *spec = json_object();
	struct hd_buf text;

	if (after) {
		json_object_set_new(spec, "after", json_string(after));
		json_object_set_new(spec, "or_else", json_boolean(or_else));
		json_object_set_new(spec, "defer",
				    hd_defer_source(e->cond, e->params));
	}
	hd_buf_init(&text, SPEC_MAX);
	hd_json_write(&text, spec, 0);
	json_decref(spec);
	return hd_buf_steal(&text);
}

static struct hd_row *add_row(struct hd_alert *alert, const struct entry *e,
			      const char *params, const char *spec)
{
	int64_t now = hd_utc_steady_ms();
	char *idem = hd_strf("%s/%s/%s", alert->id, alert->pipeline->name,
			     e->name);
	const struct hd_action_row row = {
		.idem = idem,
		.alert = alert->id,
		.pipeline = alert->pipeline->name,
		.name = e->name,
		.connector = e->connector,
		.action = e->action,
		.effect = e->effect,
		.mode = hd_mode_name(alert->dry_run ? HD_MODE_DRY_RUN
						    : alert->pipeline->mode),
		.params = params,
		.spec = spec,
		.state = HD_ACTION_DECIDED,
		.retry_until_ms = now + e->retry_ms,
		.deadline_ms = now + e->timeout_ms,
		.created_ms = now,
	};
	struct hd_row *r;

	if (!alert->rows)
		alert->rows = hd_case_new(alert->id, alert->pipeline->name);
	r = hd_case_add(alert->rows, &row);
	free(idem);
	return r;
}

static void note_decision(struct hd_alert *alert, const struct entry *e,
			  const char *outcome, const char *why)
{
	json_t *note = json_pack("{s:s, s:s, s:s, s:s}", "name", e->name, "do",
				 e->connector, "action", e->action, "outcome",
				 outcome);

	if (why && why[0])
		json_object_set_new(note, "why", json_string(why));
	hd_alert_note(alert, "respond", note);
}

static void defer(struct hd_alert *alert, const struct entry *e, bool or_else,
		  const char *after)
{
	char *spec = spec_of(e, or_else, after);

	add_row(alert, e, "", spec);
	free(spec);
}

static void decide_now(struct hd_alert *alert, const struct entry *e,
		       const struct hd_expr_scope *scope)
{
	char *spec = spec_of(e, false, NULL);
	char why[512];
	struct hd_buf text;
	struct hd_row *row;
	json_t *params;

	params = hd_params_render(e->params, scope, why, sizeof(why));
	hd_buf_init(&text, SPEC_MAX);
	if (params)
		hd_json_write(&text, params, 0);
	row = add_row(alert, e, hd_buf_text(&text), spec);
	if (!params) {
		row->state = HD_ACTION_REFUSED;
		hd_row_set(&row->message, why);
	}
	hd_buf_fini(&text);
	json_decref(params);
	free(spec);
}

/* Of all truths only these act; what contains wants certainty. */
static bool acts(const struct entry *e, enum hd_truth truth)
{
	return truth == HD_HOLDS ||
	       (truth == HD_NOT_SURE && e->effect <= HERALD_NOTIFIES);
}

/* What would be done instead, should the entry fail or be refused; and instead
 * of that. */
static void defer_or_else(struct hd_alert *alert, const struct entry *e)
{
	for (; e->or_else; e = e->or_else)
		defer(alert, e->or_else, true, e->name);
}

static void decide_entry(struct hd_alert *alert, const struct entry *e,
			 enum hd_truth step_holds)
{
	struct hd_expr_scope scope;
	struct hd_reason why = { "" };
	enum hd_truth truth = step_holds;

	hd_alert_scope(alert, &scope);
	if (truth != HD_HOLDS)
		snprintf(why.text, sizeof(why.text), "the step's `if`");
	else if (e->cond && !e->after)
		truth = hd_expr_holds(e->cond, &scope, &why);
	if (truth == HD_ERROR) {
		alert->failed_entries++;
		hd_alert_alarm(alert, e->name, why.text);
	}
	if (!acts(e, truth)) {
		note_decision(alert, e, hd_truth_name(truth), why.text);
		return;
	}
	if (truth == HD_NOT_SURE)
		note_decision(alert, e, "not sure, so it acts", why.text);
	if (e->after)
		defer(alert, e, false, e->after);
	else
		decide_now(alert, e, &scope);
	defer_or_else(alert, e);
}

static enum hd_step_result run(struct hd_alert *alert, void *data,
			       enum hd_truth holds)
{
	const struct respond *r = data;

	for (size_t i = 0; i < r->count; i++)
		decide_entry(alert, &r->entries[i], holds);
	return HD_STEP_NEXT;
}

const struct hd_step_type hd_step_respond = {
	.name = "respond",
	.alone = true,
	.is_list = true,
	.decides = true,
	.build = build,
	.free = free_respond,
	.run = run,
};
