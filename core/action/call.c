/* Calling plugins: which call a row needs now, and its place in the lane of its
 * connector. */
#include "core/action/action_impl.h"

#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/action/budget.h"
#include "core/action/guard.h"
#include "core/action/lane.h"
#include "core/action/outcome.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/crash.h"
#include "core/base/err.h"
#include "core/base/mutant.h"
#include "core/journal/reader.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"
#include "core/plugin/ration.h"
#include "core/plugin/rations.h"

#define LANE_MAX 32	    /* calls at once, unless configured */
#define READ_PAUSE_MS 10000 /* before the journal is asked again */
#define TAKE_PAUSE_MS 100   /* a part of a window ended just now */
#define LIMIT_WAIT_MAX_MS INT64_C(86400000)

/* What a call is made to. */
struct callee {
	struct hd_instance *instance;
	const herald_action *action;
	int index;
};

struct call {
	struct hd_actions *actions;
	struct hd_row *row;
	struct hd_lane *lane;
	uint32_t mode;
};

static void pump(struct hd_actions *a, struct hd_lane *lane);

/* The connector that has the name now, and its action; action NULL: gone. */
static struct callee callee_of(struct hd_actions *a, const struct hd_row *r)
{
	struct callee to = { a->env.connector(a->env.ud, r->connector), NULL,
			     -1 };
	const struct hd_module *module;

	if (!to.instance)
		return to;
	module = hd_instance_module(to.instance);
	to.index = hd_module_action_find(module, r->action);
	if (to.index >= 0)
		to.action = hd_module_action(module, (uint32_t)to.index);
	return to;
}

uint32_t hd_call_flags(struct hd_actions *a, const struct hd_row *r)
{
	struct callee to = callee_of(a, r);

	return to.action ? to.action->flags : 0;
}

/* ---- one call ---- */

static void on_completed(void *ud, const struct hd_completion *completion)
{
	struct call *call = ud;
	struct hd_actions *a = call->actions;
	struct hd_row *r = call->row;
	struct hd_lane *lane = call->lane;
	uint32_t mode = call->mode;

	free(call);
	if (a->abandoned)
		return;
	lane->running--;
	a->calls--;
	r->owner->pins--;
	r->busy = false;
	if (completion->memo)
		hd_row_set(&r->memo, completion->memo);
	hd_flow_completed(a, r, mode, completion);
	pump(a, lane);
	hd_actions_report_stopped(a);
}

/* The alert's text for the plugin, read again if the case was parked. */
static enum hd_found read_record(struct hd_actions *a, struct hd_case *c,
				 struct hd_err *err)
{
	enum hd_found found;
	struct hd_body body;

	if (c->record)
		return HD_FOUND;
	found = hd_reader_body(a->env.reader, c->alert, &body, err);
	if (found == HD_FOUND)
		c->record = hd_memdup0(body.record.p, body.record.n);
	return found;
}

/* Without its alert nothing is done: an action is never made up. */
static bool has_record(struct hd_actions *a, struct hd_row *r)
{
	struct hd_err err;

	switch (read_record(a, r->owner, &err)) {
	case HD_FOUND:
		return true;
	case HD_READ_FAILED:
		hd_flow_wait(a, r, r->fresh ? HD_ACTION_DECIDED : r->state,
			     READ_PAUSE_MS, err.text);
		return false;
	default:
		if (r->state == HD_ACTION_STARTED && !r->fresh)
			hd_flow_unclear(a, r, 0, 0,
					"its alert is damaged in the journal");
		else
			hd_flow_end(a, r, HD_ACTION_FAILED,
				    "its alert is damaged in the journal");
		return false;
	}
}

static void call_plugin(struct hd_actions *a, struct hd_row *r,
			const struct callee *to, uint32_t mode)
{
	struct hd_intent intent = { 0 };
	struct call *call;

	if (!has_record(a, r))
		return;
	intent.action = (uint32_t)to->index;
	intent.mode = mode;
	intent.undoing = r->undo_of[0] != '\0';
	intent.params = r->params[0] ? r->params : "{}";
	intent.record = r->owner->record;
	intent.idem = r->idem;
	intent.memo = r->memo[0] ? r->memo : NULL;
	intent.alert = r->owner->alert;
	intent.deadline_ms = hd_now_ms() +
			     hd_instance_common(to->instance)->timeout_ms;
	call = hd_alloc(sizeof(*call));
	call->actions = a;
	call->row = r;
	call->lane = hd_lane_of(&a->lanes, r->connector);
	call->mode = mode;
	call->lane->running++;
	a->calls++;
	r->owner->pins++;
	r->tries += mode != HERALD_VERIFY;
	r->fresh = false;
	r->busy = true;
	if (mode == HERALD_RUN)
		hd_crash_point("before_run");
	else if (mode == HERALD_VERIFY)
		hd_crash_point("before_verify");
	else
		hd_crash_point("before_plan");
	hd_instance_run(to->instance, &intent, on_completed, call);
}

/* ---- which call ---- */

static bool mode_lets(struct hd_actions *a, const struct hd_row *r,
		      const struct callee *to, char *why, size_t why_size)
{
	return hd_guard_mode(a->env.guards, r,
			     hd_instance_common(to->instance)->mode, why,
			     why_size) == HD_PASS;
}

/* Beyond its rate, which takes nothing off the time for its tries. */
static void wait_turn(struct hd_actions *a, struct hd_row *r, int64_t wait_ms,
		      const char *why)
{
	r->due_ms = hd_utc_steady_ms() + wait_ms;
	r->retry_until_ms += r->retry_until_ms != 0 ? wait_ms : 0;
	r->deadline_ms += r->deadline_ms != 0 ? wait_ms : 0;
	hd_row_set(&r->message, why);
	hd_action_store(a, r, NULL);
}

/* May it be tried for the first time?  If not, what becomes of it was said. */
static bool has_turn(struct hd_actions *a, struct hd_row *r)
{
	int64_t wait_ms = 0;
	char why[512];

	if (r->tries != 0)
		return true;
	switch (hd_guard_rate(a->env.guards, r, hd_now_ms(), why, sizeof(why),
			      &wait_ms)) {
	case HD_PARK:
		wait_turn(a, r, wait_ms, why);
		return false;
	case HD_REFUSE:
		hd_flow_end(a, r, HD_ACTION_REFUSED, why);
		return false;
	default:
		return true;
	}
}

/* When one that finds its connector's limit spent is due: not all at the same
 * moment, but one behind the other as the limit lets them.  One that has waited
 * before keeps its place before those that come now. */
static int64_t place_in_line(struct hd_actions *a, const struct hd_row *r,
			     const struct hd_rate *rate, int64_t wait_ms)
{
	struct hd_lane *lane = hd_lane_of(&a->lanes, r->connector);
	int64_t now = hd_utc_steady_ms(), behind;
	bool last = r->due_ms == 0 && rate->count > 0;

	if (last) {
		behind = lane->turn_ms + rate->window_ms / rate->count - now;
		wait_ms = wait_ms > behind ? wait_ms : behind;
	}
	if (wait_ms > LIMIT_WAIT_MAX_MS)
		wait_ms = LIMIT_WAIT_MAX_MS;
	if (last)
		lane->turn_ms = now + wait_ms;
	return wait_ms;
}

static void wait_for_limit(struct hd_actions *a, struct hd_row *r,
			   const struct hd_rate *rate, int64_t wait_ms)
{
	char limit[HD_RATE_TEXT], when[HD_UTC_TEXT], *why;

	wait_ms = place_in_line(a, r, rate, wait_ms);
	hd_rate_text(rate, limit);
	hd_utc_text((hd_utc_ms() + wait_ms + 999) / 1000 * 1000, when);
	why = hd_strf("limit of %s of connector %s is spent: waits until "
		      "%.*sZ",
		      limit, r->connector, (int)strcspn(when, "."), when);
	wait_turn(a, r, wait_ms, why);
	free(why);
}

/* Does the limit of its connector (NULL: it has none) let it be tried?  If not,
 * it waits.  Takes nothing. */
static bool has_room(struct hd_actions *a, struct hd_row *r,
		     struct hd_ration *ration)
{
	struct hd_rate rate;
	int64_t wait_ms;
	char *trouble;

	if (!ration)
		return true;
	wait_ms = hd_ration_wait(ration, 1, &rate);
	if (wait_ms != 0) {
		wait_for_limit(a, r, &rate, wait_ms);
		return false;
	}
	if (!hd_ration_trouble(ration))
		return true;
	trouble = hd_strdup(hd_ration_trouble(ration));
	hd_ration_prepare(ration, 1); /* another try */
	wait_turn(a, r, READ_PAUSE_MS, trouble);
	free(trouble);
	return false;
}

/* Each try takes one, before it is planned: what was planned is not left to
 * grow old.  Looking whether it took place takes none. */
static bool may_try(struct hd_actions *a, struct hd_row *r,
		    const struct callee *to)
{
	struct hd_ration *ration = hd_rations_of(a->env.rations, to->instance);

	if (!has_room(a, r, ration) || !has_turn(a, r))
		return false;
	if (!ration || hd_ration_take(ration, 1) == 1)
		return true;
	wait_turn(a, r, TAKE_PAUSE_MS, "waits for its connector's limit");
	return false;
}

static void start_decided(struct hd_actions *a, struct hd_row *r,
			  const struct callee *to)
{
	bool plans = (to->action->flags & HERALD_PLANS) != 0;
	char why[512];
	bool acts = mode_lets(a, r, to, why, sizeof(why));

	if (acts && !may_try(a, r, to))
		return;
	if (plans && !hd_row_is_planned(r))
		call_plugin(a, r, to, HERALD_PLAN);
	else if (!acts)
		hd_flow_end(a, r, HD_ACTION_SKIPPED, why);
	else if (plans || !(to->action->flags & HERALD_IDEMPOTENT))
		hd_flow_begin(a, r);
	else
		call_plugin(a, r, to, HERALD_RUN);
}

/* The intent is stored; what was allowed then must be allowed now. */
static void run_fresh(struct hd_actions *a, struct hd_row *r,
		      const struct callee *to)
{
	char why[512];

	if (!mode_lets(a, r, to, why, sizeof(why)))
		hd_flow_end(a, r, HD_ACTION_SKIPPED, why);
	else if (hd_guard_run(a->env.guards, r, hd_now_ms(), why,
			      sizeof(why)) == HD_REFUSE)
		hd_flow_end(a, r, HD_ACTION_REFUSED, why);
	else
		call_plugin(a, r, to, HERALD_RUN);
}

static void end_gone(struct hd_actions *a, struct hd_row *r,
		     const struct callee *to)
{
	char *text = hd_strf(to->instance ? "connector %s has no action %s"
					  : "no connector %s, which had %s",
			     r->connector, r->action);

	if (r->state == HD_ACTION_STARTED && !r->fresh)
		hd_flow_unclear(a, r, 0, 0, text);
	else
		hd_flow_end(a, r, HD_ACTION_FAILED, text);
	free(text);
}

static void start_row(struct hd_actions *a, struct hd_row *r)
{
	struct callee to = callee_of(a, r);
	const char *stopped;

	if (!to.action) {
		end_gone(a, r, &to);
		return;
	}
	stopped = hd_instance_stopped(to.instance);
	r->held = stopped != NULL;
	if (stopped)
		hd_flow_wait(a, r, r->fresh ? HD_ACTION_DECIDED : r->state,
			     HD_HELD_PAUSE_MS, stopped);
	else if (r->state == HD_ACTION_DECIDED)
		start_decided(a, r, &to);
	else if (r->state == HD_ACTION_PENDING)
		call_plugin(a, r, &to, HERALD_VERIFY);
	else if (r->fresh)
		run_fresh(a, r, &to);
	else if (to.action->flags & HERALD_VERIFIES)
		call_plugin(a, r, &to,
			    hd_mutant("skip_verify") ? HERALD_RUN
						     : HERALD_VERIFY);
	else
		hd_flow_unclear(a, r, to.action->flags, 0,
				"herald ended while it was under way");
}

/* ---- lanes ---- */

static uint32_t lane_max(struct hd_actions *a, const char *connector)
{
	struct hd_instance *instance = a->env.connector(a->env.ud, connector);
	uint32_t max = instance ? hd_instance_common(instance)->max_in_flight
				: 0;

	return max != 0 ? max : LANE_MAX;
}

/* The row's connector has a limit, of which a block is being stored. */
static bool is_storing(struct hd_actions *a, const struct hd_row *r)
{
	struct hd_instance *instance = a->env.connector(a->env.ud,
							r->connector);
	struct hd_ration *ration = instance ? hd_rations_of(a->env.rations,
							    instance)
					    : NULL;

	return ration && hd_ration_is_storing(ration);
}

static void pump(struct hd_actions *a, struct hd_lane *lane)
{
	while (lane->first && !a->stopping &&
	       lane->running < lane_max(a, lane->first->connector) &&
	       !is_storing(a, lane->first))
		start_row(a, hd_lane_pop(lane));
}

void hd_call_on_ration(void *ud, struct hd_ration *ration)
{
	struct hd_actions *a = ud;

	pump(a, hd_lane_of(&a->lanes, hd_ration_name(ration)));
}

void hd_call_advance(struct hd_actions *a, struct hd_row *r)
{
	struct hd_lane *lane;

	if (r->busy || r->queued || r->deferred || hd_row_is_final(r) ||
	    r->state == HD_ACTION_IN_DOUBT || r->state == HD_ACTION_AWAITING ||
	    a->stopping)
		return;
	if (r->due_ms > hd_utc_steady_ms() && !r->fresh)
		return;
	lane = hd_lane_of(&a->lanes, r->connector);
	hd_lane_push(lane, r);
	pump(a, lane);
}
