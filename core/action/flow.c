/* What a plugin's word means for a row; see action.h for the picture. */
#include "core/action/action_impl.h"

#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/action/guard.h"
#include "core/action/outcome.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/crash.h"
#include "core/base/json_text.h"
#include "core/base/log.h"
#include "core/base/mutant.h"
#include "core/plugin/instance.h"

#define MEMBER_MAX (1 << 20) /* bytes of what a plugin says in one member */

/* ---- ends ---- */

/* An undo that did not work leaves something as it should not be. */
static void tell_failed_undo(struct hd_actions *a, const struct hd_row *r)
{
	char *text = hd_strf("undo of %s.%s failed (alert %.8s): %s -> "
			     "heraldctl retry %.8s",
			     r->connector, r->action, r->owner->alert,
			     r->message, r->owner->alert);

	hd_actions_alarm(a, "undo failed", r, text);
	free(text);
}

void hd_flow_end(struct hd_actions *a, struct hd_row *r,
		 enum hd_action_state state, const char *message)
{
	r->state = state;
	r->due_ms = 0;
	r->fresh = false;
	if (message)
		hd_row_set(&r->message, message);
	if (state == HD_ACTION_FAILED && r->undo_of[0])
		tell_failed_undo(a, r);
	hd_action_store(a, r, NULL);
}

static void end_in_doubt(struct hd_actions *a, struct hd_row *r,
			 const char *message)
{
	const struct hd_action_row row = {
		.id = r->id,
		.alert = r->owner->alert,
		.name = r->name,
		.connector = r->connector,
		.action = r->action,
		.message = message,
	};

	hd_actions_tell_doubt(a, &row);
	hd_flow_end(a, r, HD_ACTION_IN_DOUBT, message);
}

static void give_up(struct hd_actions *a, struct hd_row *r,
		    enum hd_action_state state, const char *message)
{
	char *text = hd_strf("gave up after %lld tries: %s",
			     (long long)r->tries, message);

	if (state == HD_ACTION_STARTED)
		end_in_doubt(a, r, text);
	else
		hd_flow_end(a, r, HD_ACTION_FAILED, text);
	free(text);
}

/* Its time for ending is over.  True if it was ended. */
static bool is_overdue(struct hd_actions *a, struct hd_row *r,
		       const char *message, int64_t now)
{
	char *text;

	if (r->deadline_ms == 0 || now < r->deadline_ms)
		return false;
	text = hd_strf("begun, but not ended within its timeout%s%s",
		       message[0] ? ": " : "", message);
	hd_flow_end(a, r, HD_ACTION_FAILED, text);
	free(text);
	return true;
}

void hd_flow_wait(struct hd_actions *a, struct hd_row *r,
		  enum hd_action_state state, int64_t pause_ms,
		  const char *message)
{
	int64_t now = hd_utc_steady_ms();
	int64_t left = r->retry_until_ms - now;

	if (!message)
		message = r->message;
	if (state == HD_ACTION_PENDING) {
		if (is_overdue(a, r, message, now))
			return;
		if (r->deadline_ms != 0 && now + pause_ms > r->deadline_ms)
			pause_ms = r->deadline_ms - now;
	} else if (r->retry_until_ms != 0) {
		/* A stopped connector may be started at any time. */
		if (r->held && left > 0 && pause_ms > left)
			pause_ms = left;
		if (pause_ms > left) {
			give_up(a, r, state, message);
			return;
		}
	}
	r->state = state;
	r->due_ms = now + pause_ms;
	r->fresh = false;
	hd_row_set(&r->message, message);
	hd_row_note_held(r);
	hd_action_store(a, r, NULL);
}

void hd_flow_unclear(struct hd_actions *a, struct hd_row *r, uint32_t flags,
		     int64_t pause_ms, const char *message)
{
	if (flags & HERALD_VERIFIES)
		hd_flow_wait(a, r, HD_ACTION_STARTED, pause_ms, message);
	else if (flags & HERALD_IDEMPOTENT || hd_mutant("retry_nonidem"))
		hd_flow_wait(a, r, HD_ACTION_DECIDED, pause_ms, message);
	else
		end_in_doubt(a, r, message);
}

/* ---- what a result holds ---- */

static char *member_text(const json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);
	struct hd_buf text;

	if (!value)
		return NULL;
	if (json_is_string(value))
		return hd_memdup0(json_string_value(value),
				  json_string_length(value));
	hd_buf_init(&text, MEMBER_MAX);
	hd_json_write(&text, value, 0);
	if (hd_buf_failed(&text))
		hd_buf_clear(&text);
	return hd_buf_steal(&text);
}

static void take_member(char **field, const json_t *object, const char *name)
{
	char *text = member_text(object, name);

	if (!text)
		return;
	free(*field);
	*field = text;
}

static void take_result(struct hd_row *r, const struct hd_completion *c)
{
	take_member(&r->result, c->json, "data");
	take_member(&r->ticket, c->json, "ticket");
}

/* ---- PLAN ---- */

static void run_begun(struct hd_actions *a, struct hd_row *r)
{
	if (a->stopping)
		hd_flow_wait(a, r, HD_ACTION_DECIDED, 0,
			     "herald stopped before it");
	else
		hd_actions_settle(a, r->owner);
}

void hd_flow_begin(struct hd_actions *a, struct hd_row *r)
{
	r->state = HD_ACTION_STARTED;
	r->fresh = true;
	r->due_ms = 0;
	hd_action_store(a, r, run_begun);
}

static enum hd_mode mode_of(struct hd_actions *a, const struct hd_row *r)
{
	struct hd_instance *instance = a->env.connector(a->env.ud,
							r->connector);

	return instance ? hd_instance_common(instance)->mode : HD_MODE_DRY_RUN;
}

static void plan_failed(struct hd_actions *a, struct hd_row *r,
			const struct hd_completion *c)
{
	enum hd_action_state state = hd_outcome_of_plan(c->status);

	if (state == HD_ACTION_DECIDED) {
		r->held = HERALD_CLASS(c->status) == 3;
		hd_flow_wait(a, r, state,
			     r->held ? HD_HELD_PAUSE_MS : hd_retry_pause(r, c),
			     c->message);
		return;
	}
	hd_flow_end(a, r, state,
		    c->message[0] ? c->message
				  : "the plan found nothing to act on");
}

/* The guards on what the plan found. */
static void guard(struct hd_actions *a, struct hd_row *r, const json_t *target)
{
	char why[512] = "";

	if (hd_guard_mode(a->env.guards, r, mode_of(a, r), why, sizeof(why)) ==
	    HD_SKIP)
		hd_flow_end(a, r, HD_ACTION_SKIPPED, why);
	else if (hd_guard_target(a->env.guards, r, target, r->owner->record,
				 hd_now_ms(), why, sizeof(why)) == HD_REFUSE)
		hd_flow_end(a, r, HD_ACTION_REFUSED, why);
	else
		hd_flow_begin(a, r);
}

static void on_plan(struct hd_actions *a, struct hd_row *r,
		    const struct hd_completion *c)
{
	json_t *target = json_object_get(c->json, "target");
	char *uid;

	hd_crash_point("after_plan");
	if (HERALD_CLASS(c->status) != 0) {
		plan_failed(a, r, c);
		return;
	}
	take_member(&r->summary, c->json, "summary");
	if (!json_is_object(target)) {
		hd_flow_end(a, r, HD_ACTION_REFUSED,
			    "the plan names no target: nothing is done");
		return;
	}
	take_member(&r->target, c->json, "target");
	uid = member_text(target, "uid");
	hd_row_set(&r->target_uid, uid);
	free(uid);
	guard(a, r, target);
}

/* ---- RUN, VERIFY ---- */

void hd_flow_mark_undone(struct hd_row *undo)
{
	struct hd_row *r = hd_case_row(undo->owner, undo->undo_of);

	if (!r || r->state != HD_ACTION_DONE)
		return;
	r->state = HD_ACTION_UNDONE;
	r->changed = true;
}

static void done_row(struct hd_actions *a, struct hd_row *r,
		     const struct hd_completion *c)
{
	take_result(r, c);
	if (r->undo_of[0])
		hd_flow_mark_undone(r);
	hd_flow_end(a, r, HD_ACTION_DONE, c->message);
}

static void pend_row(struct hd_actions *a, struct hd_row *r,
		     const struct hd_completion *c)
{
	take_result(r, c);
	hd_flow_wait(a, r, HD_ACTION_PENDING, hd_pending_pause(c), c->message);
}

static void run_ok(struct hd_actions *a, struct hd_row *r,
		   const struct hd_completion *c)
{
	if (!r->undo_of[0] || !(hd_call_flags(a, r) & HERALD_VERIFIES)) {
		done_row(a, r, c);
		return;
	}
	/* That something was taken back is looked at again. */
	take_result(r, c);
	hd_flow_wait(a, r, HD_ACTION_STARTED, 0, c->message);
}

static void on_run(struct hd_actions *a, struct hd_row *r,
		   const struct hd_completion *c)
{
	hd_crash_point("after_run");
	switch (HERALD_CLASS(c->status)) {
	case 0:
		run_ok(a, r, c);
		break;
	case 2:
		hd_flow_wait(a, r, HD_ACTION_DECIDED, hd_retry_pause(r, c),
			     c->message);
		break;
	case 3:
		r->held = true;
		hd_flow_wait(a, r, HD_ACTION_DECIDED, HD_HELD_PAUSE_MS,
			     c->message);
		break;
	case 6:
		hd_flow_unclear(a, r, hd_call_flags(a, r), hd_retry_pause(r, c),
				c->message);
		break;
	case 7:
		pend_row(a, r, c);
		break;
	default:
		hd_flow_end(a, r, hd_outcome_of_run(c->status),
			    c->message[0] ? c->message
					  : "there was nothing to act on");
	}
}

/* It did not take place: it is run again.  Why it was not clear is kept, or
 * nobody would know what keeps it from taking place. */
static void run_again(struct hd_actions *a, struct hd_row *r,
		      const struct hd_completion *c)
{
	const char *what = c->message[0] ? c->message : "did not take place";
	const char *before = r->message ? r->message : "";
	char *text;

	if (strncmp(before, what, strlen(what)) == 0)
		text = hd_strdup(before);
	else
		text = hd_strf("%s%s%s", what, before[0] ? "; before: " : "",
			       before);
	hd_flow_wait(a, r, HD_ACTION_DECIDED, hd_retry_pause(r, c), text);
	free(text);
}

static void on_verify(struct hd_actions *a, struct hd_row *r,
		      const struct hd_completion *c)
{
	hd_crash_point("after_verify");
	switch (HERALD_CLASS(c->status)) {
	case 0:
		done_row(a, r, c);
		break;
	case 1:
		run_again(a, r, c);
		break;
	case 7:
		pend_row(a, r, c);
		break;
	case 4:
	case 5:
		if (r->state == HD_ACTION_PENDING)
			hd_flow_end(a, r, hd_outcome_of_run(c->status),
				    c->message);
		else
			hd_flow_unclear(a, r,
					hd_call_flags(a, r) &
						~(uint32_t)HERALD_VERIFIES,
					hd_retry_pause(r, c), c->message);
		break;
	default: /* cannot tell now */
		r->tries++;
		r->held = HERALD_CLASS(c->status) == 3;
		hd_flow_wait(a, r, r->state,
			     r->held ? HD_HELD_PAUSE_MS : hd_retry_pause(r, c),
			     c->message);
	}
}

void hd_flow_completed(struct hd_actions *a, struct hd_row *r, uint32_t mode,
		       const struct hd_completion *c)
{
	if (mode == HERALD_PLAN)
		on_plan(a, r, c);
	else if (mode == HERALD_RUN)
		on_run(a, r, c);
	else
		on_verify(a, r, c);
}
