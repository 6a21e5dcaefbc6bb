/* A person's word: settled, run again, taken back. */
#include "core/action/action_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/journal/journal.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

#define AGAIN_MS INT64_C(3600000) /* for the tries of a row run again */
#define AGAIN_END_MS                                            \
	INT64_C(86400000) /* and until one that is pending ends \
			   */

static struct hd_word *new_word(const char *kind, const char *json,
				void (*fn)(void *ud, const struct hd_err *err),
				void *ud)
{
	struct hd_word *word = hd_alloc(sizeof(*word));

	word->kind = hd_strdup(kind);
	word->json = hd_strdup(json);
	word->fn = fn;
	word->ud = ud;
	return word;
}

/* The case, which may have been read just for this. */
static struct hd_case *open_case(struct hd_actions *a, const char *alert,
				 struct hd_err *err)
{
	struct hd_case *c;

	if (a->stopping) {
		hd_err_set(err, ESHUTDOWN, "herald stops");
		return NULL;
	}
	c = hd_actions_case(a, alert, err);
	if (c && c->lost) {
		hd_err_set(err, EBUSY, "its last change could not be stored");
		return NULL;
	}
	return c;
}

/* As if it had just been decided. */
static void run_again(struct hd_row *r)
{
	int64_t now = hd_utc_steady_ms();

	r->state = HD_ACTION_DECIDED;
	r->due_ms = 0;
	r->tries = 0;
	r->retry_until_ms = now + AGAIN_MS;
	r->deadline_ms = now + AGAIN_END_MS;
	r->fresh = r->held = false;
	/* An or_else waits again for what it stands in for. */
	if (r->or_else)
		hd_row_await_turn(r);
	hd_row_set(&r->target, NULL);
	hd_row_set(&r->target_uid, NULL);
	hd_row_set(&r->summary, NULL);
}

/* ---- settle, retry ---- */

static bool is_meant(const struct hd_row *r, const struct hd_amend *amend)
{
	if (amend->row)
		return strcmp(r->id, amend->row) == 0 &&
		       r->state == HD_ACTION_IN_DOUBT;
	return r->state == HD_ACTION_FAILED;
}

static int check_meant(const struct hd_case *c, const struct hd_amend *amend,
		       struct hd_err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < c->count; i++) {
		if (!is_meant(c->rows[i], amend))
			continue;
		if (c->rows[i]->busy)
			return hd_err_set(err, EBUSY,
					  "it is being worked on just now");
		n++;
	}
	if (n == 0)
		return hd_err_set(err, ENOENT, "no such action");
	return 0;
}

static void amend_row(struct hd_actions *a, struct hd_row *r,
		      const struct hd_amend *amend)
{
	if (r->state == HD_ACTION_IN_DOUBT)
		hd_actions_alarm(a, "in doubt", r, NULL);
	if (amend->state == HD_ACTION_DECIDED)
		run_again(r);
	else
		r->state = amend->state;
	if (r->state == HD_ACTION_DONE && r->undo_of[0])
		hd_flow_mark_undone(r);
	hd_row_set(&r->message, amend->message);
	r->changed = true;
}

int hd_actions_amend(struct hd_actions *a, const struct hd_amend *amend,
		     struct hd_err *err)
{
	struct hd_case *c = open_case(a, amend->alert, err);
	struct hd_row *first = NULL;

	if (!c)
		return -1;
	if (check_meant(c, amend, err) < 0) {
		hd_actions_settle(a, c);
		return -1;
	}
	for (size_t i = 0; i < c->count; i++) {
		if (!is_meant(c->rows[i], amend))
			continue;
		amend_row(a, c->rows[i], amend);
		first = first ? first : c->rows[i];
	}
	c->ending = false;
	hd_action_store_word(a, first,
			     new_word(amend->kind, amend->json, amend->fn,
				      amend->ud));
	return 0;
}

/* ---- given up ---- */

static void give_up(struct hd_actions *a, struct hd_row *r, const char *why)
{
	bool may_be = r->state == HD_ACTION_STARTED ||
		      r->state == HD_ACTION_PENDING;

	if (may_be && !(hd_call_flags(a, r) & HERALD_IDEMPOTENT))
		hd_flow_unclear(a, r, 0, 0, why);
	else
		hd_flow_end(a, r, HD_ACTION_FAILED, why);
}

void hd_actions_give_up(struct hd_actions *a, const char *alert,
			const char *connector, const char *why)
{
	struct hd_err err;
	struct hd_case *c = open_case(a, alert, &err);

	if (!c) {
		hd_error("actions of alert %.8s: %s", alert, err.text);
		return;
	}
	for (size_t i = 0; i < c->count; i++) {
		struct hd_row *r = c->rows[i];

		if (!r->busy && !hd_row_is_final(r) &&
		    r->state != HD_ACTION_IN_DOUBT &&
		    (!connector[0] || strcmp(r->connector, connector) == 0))
			give_up(a, r, why);
	}
	hd_actions_settle(a, c);
}

/* ---- undo ---- */

/* The plugin's own way back from this row's action; NULL and `err`. */
static const herald_action *way_back(struct hd_actions *a,
				     const struct hd_row *r, struct hd_err *err)
{
	struct hd_instance *instance = a->env.connector(a->env.ud,
							r->connector);
	const struct hd_module *module;
	int index;

	if (!instance) {
		hd_err_set(err, ENOTSUP, "there is no connector %s any more",
			   r->connector);
		return NULL;
	}
	module = hd_instance_module(instance);
	index = hd_module_action_find(module, r->action);
	if (index >= 0 && hd_module_action(module, (uint32_t)index)->undo)
		index = hd_module_action_find(
			module,
			hd_module_action(module, (uint32_t)index)->undo);
	else
		index = -1;
	if (index < 0) {
		hd_err_set(err, ENOTSUP, "%s.%s cannot be taken back",
			   r->connector, r->action);
		return NULL;
	}
	return hd_module_action(module, (uint32_t)index);
}

static struct hd_row *undo_of(const struct hd_case *c, const struct hd_row *r)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->rows[i]->undo_of, r->id) == 0)
			return c->rows[i];
	return NULL;
}

static struct hd_row *add_undo(struct hd_case *c, const struct hd_row *r,
			       const herald_action *action)
{
	char *idem = hd_strf("%s/undo", r->idem);
	char *name = hd_strf("%s/undo", r->name);
	int64_t now = hd_utc_steady_ms();
	const struct hd_action_row row = {
		.idem = idem,
		.name = name,
		.connector = r->connector,
		.action = action->name,
		.effect = (int)action->effect,
		.mode = r->mode,
		.undo_of = r->id,
		.params = r->params,
		.spec = "{}",
		.memo = r->memo,
		.state = HD_ACTION_DECIDED,
		.retry_until_ms = now + AGAIN_MS,
		.deadline_ms = now + AGAIN_END_MS,
		.created_ms = now,
	};
	struct hd_row *undo = hd_case_add(c, &row);

	undo->added = true;
	free(idem);
	free(name);
	return undo;
}

/* Begun anew with the memo of what it takes back. */
static struct hd_row *undo_again(struct hd_row *undo, const struct hd_row *r)
{
	run_again(undo);
	hd_row_set(&undo->memo, r->memo);
	return undo;
}

static int check_undo(const struct hd_row *r, const struct hd_row *undo,
		      struct hd_err *err)
{
	if (!r)
		return hd_err_set(err, ENOENT, "no such action");
	if (undo && !hd_row_is_final(undo))
		return hd_err_set(err, EBUSY,
				  "it is being taken back already: %s",
				  hd_action_state_name(undo->state));
	if (r->busy || (undo && undo->busy))
		return hd_err_set(err, EBUSY, "it is being worked on just now");
	if (r->state != HD_ACTION_DONE)
		return hd_err_set(err, EINVAL,
				  "it is %s: only what is done can be taken "
				  "back",
				  hd_action_state_name(r->state));
	if (r->undo_of[0])
		return hd_err_set(err, EINVAL, "it is an undo itself");
	return 0;
}

static struct hd_row *make_undo(struct hd_actions *a, struct hd_case *c,
				const char *id, struct hd_err *err)
{
	struct hd_row *r = hd_case_row(c, id);
	struct hd_row *undo = r ? undo_of(c, r) : NULL;
	const herald_action *action;

	if (check_undo(r, undo, err) < 0)
		return NULL;
	action = way_back(a, r, err);
	if (!action)
		return NULL;
	return undo ? undo_again(undo, r) : add_undo(c, r, action);
}

int hd_actions_undo(struct hd_actions *a, const struct hd_undoing *undo,
		    struct hd_err *err)
{
	struct hd_case *c = open_case(a, undo->alert, err);
	struct hd_row *r;

	if (!c)
		return -1;
	r = make_undo(a, c, undo->row, err);
	if (!r) {
		hd_actions_settle(a, c);
		return -1;
	}
	hd_row_set(&r->message, undo->message);
	c->ending = false;
	hd_action_store_word(
		a, r, new_word(undo->kind, undo->json, undo->fn, undo->ud));
	return 0;
}
