/* Rows going their way; see action.h for the picture.
 *
 * Every change of state is stored before anything that depends on it happens:
 * store() writes all changed rows of a case, the alert's end when it was the
 * last row, and then calls the next step.  A full disk makes it wait, not fail.
 * Between two steps a row is either busy (a call or commit is under way),
 * queued (its lane has no room), or waiting (parked as soon as nothing else of
 * its case moves).
 */
#include "core/action/action.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/action/guard.h"
#include "core/action/lane.h"
#include "core/action/outcome.h"
#include "core/action/park.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/crash.h"
#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

#define ACTIVE_MAX 1000		  /* cases in memory; more wait in the journal */
#define LANE_MAX 32		  /* calls at once, unless configured */
#define FULL_PAUSE_MS 1000	  /* before storing again on a full disk */
#define RERUN_MS INT64_C(3600000)	/* for the tries of a row run again */
#define RERUN_END_MS INT64_C(86400000) /* and until one that is pending ends */
#define TARGET_TEXT_MAX (1 << 20) /* of what a plugin says */

struct hd_actions {
	struct hd_actions_env env;
	struct hd_dict active; /* alert id -> case */
	struct hd_dict lanes;
	struct hd_park *park;
	uint64_t calls, commits; /* under way */
	bool stopping;
	void (*on_stopped)(void *ud);
	void *on_stopped_ud;
};

typedef void (*step_fn)(struct hd_actions *a, struct hd_row *r);

struct amending {
	char *kind, *json;
	void (*fn)(void *ud, const struct hd_err *err);
	void *ud;
};

struct storing {
	struct hd_actions *actions;
	struct hd_row *row;
	step_fn next;
	uv_timer_t *pause; /* while the disk is full */
	struct amending *amend; /* a person's word; NULL: none */
};

static void advance(struct hd_actions *a, struct hd_row *r);
static void settle_case(struct hd_actions *a, struct hd_case *c);
static void on_due(void *ud, const char *alert, const char *woken);

struct hd_actions *hd_actions_new(const struct hd_actions_env *env)
{
	struct hd_actions *a = hd_alloc(sizeof(*a));

	a->env = *env;
	hd_dict_init(&a->active);
	hd_dict_init(&a->lanes);
	a->park = hd_park_new(env->loop, on_due, a);
	return a;
}

void hd_actions_free(struct hd_actions *a)
{
	struct hd_case *c;
	size_t at = 0;

	if (!a)
		return;
	while ((c = hd_dict_next(&a->active, &at, NULL)))
		hd_case_free(c);
	hd_dict_fini(&a->active);
	hd_lanes_fini(&a->lanes);
	hd_park_free(a->park);
	free(a);
}

static void report_stopped(struct hd_actions *a)
{
	void (*fn)(void *ud) = a->on_stopped;

	if (!fn || a->calls != 0 || a->commits != 0)
		return;
	a->on_stopped = NULL;
	fn(a->on_stopped_ud);
}

void hd_actions_stop(struct hd_actions *a, void (*fn)(void *ud), void *ud)
{
	a->stopping = true;
	hd_park_pause(a->park, true);
	a->on_stopped = fn;
	a->on_stopped_ud = ud;
	report_stopped(a);
}

/* ---- the timeline and the log ---- */

static void count_end(const struct hd_row *r)
{
	struct hd_buf labels;

	hd_buf_init(&labels, 1024);
	hd_metric_label(&labels, "connector", r->connector);
	hd_metric_label(&labels, "action", r->action);
	hd_metric_label(&labels, "state", hd_action_state_name(r->state));
	hd_metric_add(hd_metric_get(HD_COUNTER, "herald_actions_total",
				    hd_buf_text(&labels),
				    "Actions by the state they came to"),
		      1);
	hd_buf_fini(&labels);
}

static void add_entry(struct hd_txn *txn, const struct hd_row *r)
{
	json_t *entry = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s}", "name",
				  r->name, "do", r->connector, "action",
				  r->action, "state",
				  hd_action_state_name(r->state), "try",
				  (json_int_t)r->tries, "message", r->message);
	struct hd_buf text;

	hd_buf_init(&text, TARGET_TEXT_MAX);
	hd_json_write(&text, entry, 0);
	hd_txn_entry(txn, r->owner->alert, "action", hd_buf_text(&text));
	hd_buf_fini(&text);
	json_decref(entry);
}

/* ---- storing ---- */

static void free_closed(uv_handle_t *handle)
{
	free(handle);
}

static void store_now(struct storing *s);

static void on_pause(uv_timer_t *timer)
{
	struct storing *s = timer->data;

	uv_close((uv_handle_t *)timer, free_closed);
	s->pause = NULL;
	store_now(s);
}

static void store_later(struct storing *s)
{
	hd_warning("journal full: what action %s did waits to be stored",
		   s->row->id);
	s->pause = hd_alloc(sizeof(*s->pause));
	uv_timer_init(s->actions->env.loop, s->pause);
	s->pause->data = s;
	uv_timer_start(s->pause, on_pause, FULL_PAUSE_MS, 0);
}

static const char *const crash_names[HD_ACTION_STATES] = {
	[HD_ACTION_DECIDED] = "retry",	 [HD_ACTION_STARTED] = "started",
	[HD_ACTION_PENDING] = "pending", [HD_ACTION_DONE] = "outcome",
	[HD_ACTION_FAILED] = "outcome",	 [HD_ACTION_IN_DOUBT] = "in_doubt",
};

static void crash_here(const char *when, const struct hd_row *r)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_%s", when,
		 crash_names[r->state] ? crash_names[r->state] : "other");
	hd_crash_point(name);
}

static void finish(struct hd_actions *a, struct hd_case *c)
{
	hd_dict_del(&a->active, c->alert);
	a->env.finished(a->env.ud, c, hd_case_outcome(c));
	hd_case_free(c);
	if (hd_dict_count(&a->active) < ACTIVE_MAX && !a->stopping)
		hd_park_pause(a->park, false);
}

static void end_amending(struct storing *s, const struct hd_err *err)
{
	struct hd_case *c = s->row->owner;

	if (!s->amend)
		return;
	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].amended) {
			c->rows[i].amended = false;
			c->rows[i].busy = false;
		}
	s->amend->fn(s->amend->ud, err);
	free(s->amend->kind);
	free(s->amend->json);
	free(s->amend);
}

static void on_stored(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	struct storing *s = ud;
	struct hd_actions *a = s->actions;
	struct hd_row *r = s->row;
	step_fn next = s->next;

	if (status == HD_TXN_FULL) {
		for (size_t i = 0; i < r->owner->count; i++)
			r->owner->rows[i].changed = true;
		store_later(s);
		return;
	}
	a->commits--;
	r->owner->pins--;
	r->busy = false;
	end_amending(s, status == HD_TXN_OK ? NULL : hd_txn_error(txn));
	free(s);
	if (status == HD_TXN_FAILED) {
		/* The store is dead, and so is the daemon soon: nothing that
		 * was not stored may happen. */
		hd_error("action %s: not stored: %s", r->id,
			 hd_txn_error(txn)->text);
		r->busy = true;
		report_stopped(a);
		return;
	}
	r->charged_ms = 0;
	crash_here("after", r);
	if (hd_row_is_final(r))
		count_end(r);
	if (next && !a->stopping)
		next(a, r);
	else
		settle_case(a, r->owner);
	report_stopped(a);
}

static void store_now(struct storing *s)
{
	struct hd_actions *a = s->actions;
	struct hd_case *c = s->row->owner;
	enum hd_alert_state end = hd_case_outcome(c);
	struct hd_txn *txn = hd_txn_new();

	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].changed) {
			hd_row_update(&c->rows[i], txn);
			add_entry(txn, &c->rows[i]);
			c->rows[i].changed = false;
		}
	hd_guard_charge(a->env.guards, s->row, txn);
	if (s->amend)
		hd_txn_entry(txn, c->alert, s->amend->kind, s->amend->json);
	if (s->amend && end == HD_ALERT_KEEP) {
		const struct hd_alert_change again = { .state =
							       HD_ALERT_WAITING };

		hd_txn_alert_update(txn, c->alert, &again);
	}
	if (end != HD_ALERT_KEEP) {
		const struct hd_alert_change change = { .state = end };

		hd_txn_alert_update(txn, c->alert, &change);
		a->env.finishing(a->env.ud, c, end, txn);
	}
	crash_here("before", s->row);
	hd_journal_commit(a->env.journal, txn, on_stored, s);
}

/* Has the entry `name` come as far as whoever waits for it needs?  It ended;
 * or, for one that only reads done.X, it is parked. */
static bool has_come(struct hd_case *c, const struct hd_row *r,
		     const char *name)
{
	const struct hd_row *first = hd_case_find(c, name);

	if (!first || hd_row_is_final(first))
		return true;
	return !r->or_else && !first->busy && !first->queued &&
	       (first->due_ms > hd_utc_ms() || first->held ||
		first->state == HD_ACTION_IN_DOUBT);
}

/* `after` is a list of entries with blanks between. */
static bool is_turn(struct hd_case *c, const struct hd_row *r)
{
	char *names = hd_strdup(r->after ? r->after : "");
	char *rest = names, *name;
	bool turn = true;

	while (turn && (name = strsep(&rest, " ")))
		if (name[0])
			turn = has_come(c, r, name);
	free(names);
	return turn;
}

static void resolve_turns(struct hd_actions *a, struct hd_case *c)
{
	for (size_t i = 0; i < c->count; i++) {
		struct hd_row *r = &c->rows[i];

		if (!r->deferred || hd_row_is_final(r) || !is_turn(c, r))
			continue;
		a->env.resolve(a->env.ud, c, r);
		r->deferred = false;
		r->changed = true;
		i = (size_t)-1; /* one may open the way for another */
	}
}

/* Stores the row's change and all that follows from it, then goes on. */
static void store_amended(struct hd_actions *a, struct hd_row *r, step_fn next,
			  struct amending *amend)
{
	struct storing *s = hd_alloc(sizeof(*s));

	r->changed = true;
	r->busy = false;
	resolve_turns(a, r->owner);
	r->busy = true;
	r->owner->pins++;
	a->commits++;
	s->actions = a;
	s->row = r;
	s->next = next;
	s->amend = amend;
	store_now(s);
}

static void store(struct hd_actions *a, struct hd_row *r, step_fn next)
{
	store_amended(a, r, next, NULL);
}

/* ---- ends ---- */

static void end_row(struct hd_actions *a, struct hd_row *r,
		    enum hd_action_state state, const char *message)
{
	r->state = state;
	r->due_ms = 0;
	if (message)
		hd_row_set(&r->message, message);
	store(a, r, NULL);
}

/* Waits: state says for what (DECIDED: RUN again; STARTED, PENDING: VERIFY). */
static void wait_row(struct hd_actions *a, struct hd_row *r,
		     enum hd_action_state state, int64_t pause_ms,
		     const char *message)
{
	int64_t now = hd_utc_ms();

	if (state != HD_ACTION_PENDING && r->retry_until_ms != 0 &&
	    now + pause_ms > r->retry_until_ms && !r->unclear) {
		char *text = hd_strf("gave up after %lld tries: %s",
				     (long long)r->tries, message);

		end_row(a, r, HD_ACTION_FAILED, text);
		free(text);
		return;
	}
	r->state = state;
	r->due_ms = now + pause_ms;
	if (message)
		hd_row_set(&r->message, message);
	store(a, r, NULL);
}

/* ---- calls ---- */

struct call {
	struct hd_actions *actions;
	struct hd_row *row;
	struct hd_lane *lane;
	uint32_t mode;
};

static void pump(struct hd_actions *a, struct hd_lane *lane);
static void on_plan(struct hd_actions *a, struct hd_row *r,
		    const struct hd_completion *c);
static void on_run(struct hd_actions *a, struct hd_row *r,
		   const struct hd_completion *c);
static void on_verify(struct hd_actions *a, struct hd_row *r,
		      const struct hd_completion *c);

static void on_completed(void *ud, const struct hd_completion *completion)
{
	struct call *call = ud;
	struct hd_actions *a = call->actions;
	struct hd_row *r = call->row;
	struct hd_case *c = r->owner;
	struct hd_lane *lane = call->lane;
	uint32_t mode = call->mode;

	free(call);
	lane->running--;
	a->calls--;
	c->pins--;
	r->busy = false;
	if (completion->memo)
		hd_row_set(&r->memo, completion->memo);
	if (mode == HERALD_PLAN)
		on_plan(a, r, completion);
	else if (mode == HERALD_RUN)
		on_run(a, r, completion);
	else
		on_verify(a, r, completion);
	pump(a, lane);
	report_stopped(a);
}

/* The alert's text for the plugin, read again if the case was parked. */
static const char *record_text(struct hd_actions *a, struct hd_case *c)
{
	struct hd_body body;
	struct hd_err err;

	if (c->record)
		return c->record;
	if (hd_reader_body(a->env.reader, c->alert, &body, &err) == HD_FOUND)
		c->record = hd_memdup0(body.record.p, body.record.n);
	else
		c->record = hd_strdup("{}");
	return c->record;
}

static void call_plugin(struct hd_actions *a, struct hd_row *r,
			struct hd_instance *instance, int action, uint32_t mode)
{
	const struct hd_intent intent = {
		.action = (uint32_t)action,
		.mode = mode,
		.undoing = r->undo_of[0] != '\0',
		.params = r->params,
		.record = record_text(a, r->owner),
		.idem = r->idem,
		.memo = r->memo[0] ? r->memo : NULL,
		.alert = r->owner->alert,
		.deadline_ms = hd_now_ms() +
			       hd_instance_common(instance)->timeout_ms,
	};
	struct call *call = hd_alloc(sizeof(*call));

	call->actions = a;
	call->row = r;
	call->lane = hd_lane_of(&a->lanes, r->connector);
	call->mode = mode;
	call->lane->running++;
	a->calls++;
	r->owner->pins++;
	r->busy = true;
	if (mode == HERALD_RUN)
		hd_crash_point("before_run");
	hd_instance_run(instance, &intent, on_completed, call);
}

/* ---- what the calls come to ---- */

static char *member_text(const json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);
	struct hd_buf text;

	if (!value)
		return NULL;
	if (json_is_string(value))
		return hd_memdup0(json_string_value(value),
				  json_string_length(value));
	hd_buf_init(&text, TARGET_TEXT_MAX);
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

static void run_started(struct hd_actions *a, struct hd_row *r)
{
	advance(a, r);
}

static void begin_run(struct hd_actions *a, struct hd_row *r)
{
	r->state = HD_ACTION_STARTED;
	r->fresh = true;
	r->due_ms = 0;
	store(a, r, run_started);
}

static enum hd_mode mode_of(struct hd_actions *a, const struct hd_row *r)
{
	struct hd_instance *instance =
		a->env.connector(a->env.ud, r->connector);

	return instance ? hd_instance_common(instance)->mode : HD_MODE_DRY_RUN;
}

static void on_plan(struct hd_actions *a, struct hd_row *r,
		    const struct hd_completion *c)
{
	enum hd_action_state state;
	enum hd_verdict verdict;
	char why[512] = "";
	json_t *target;
	char *text;

	if (HERALD_CLASS(c->status) != 0) {
		state = hd_outcome_of_plan(c->status);
		if (state == HD_ACTION_DECIDED) {
			r->held = HERALD_CLASS(c->status) == 3;
			wait_row(a, r, state, hd_retry_pause(r, c), c->message);
		} else {
			end_row(a, r, state, c->message);
		}
		return;
	}
	target = json_object_get(c->json, "target");
	take_member(&r->summary, c->json, "summary");
	take_member(&r->target, c->json, "target");
	text = member_text(target, "uid");
	hd_row_set(&r->target_uid, text);
	free(text);
	if (!json_is_object(target)) {
		end_row(a, r, HD_ACTION_REFUSED,
			"the plan names no target: nothing is done");
		return;
	}
	if (hd_guard_mode(a->env.guards, r, mode_of(a, r), why, sizeof(why)) ==
	    HD_SKIP) {
		end_row(a, r, HD_ACTION_SKIPPED, why);
		return;
	}
	verdict = hd_guard_target(a->env.guards, r, target,
				  record_text(a, r->owner), hd_now_ms(), why,
				  sizeof(why));
	if (verdict == HD_REFUSE)
		end_row(a, r, HD_ACTION_REFUSED, why);
	else
		begin_run(a, r);
}

static void done_row(struct hd_actions *a, struct hd_row *r,
		     const struct hd_completion *c)
{
	take_member(&r->result, c->json, "data");
	take_member(&r->ticket, c->json, "ticket");
	r->unclear = false;
	end_row(a, r, HD_ACTION_DONE, c->message);
}

static void pend_row(struct hd_actions *a, struct hd_row *r,
		     const struct hd_completion *c)
{
	take_member(&r->result, c->json, "data");
	take_member(&r->ticket, c->json, "ticket");
	if (r->deadline_ms != 0 && hd_utc_ms() >= r->deadline_ms) {
		end_row(a, r, HD_ACTION_FAILED,
			"begun, but not ended within its timeout");
		return;
	}
	wait_row(a, r, HD_ACTION_PENDING, hd_pending_pause(c), c->message);
}

/* It may or may not have taken place. */
static void unclear_row(struct hd_actions *a, struct hd_row *r, uint32_t flags,
			int64_t pause_ms, const char *message)
{
	if (flags & HERALD_VERIFIES) {
		r->unclear = true;
		wait_row(a, r, HD_ACTION_STARTED, pause_ms, message);
	} else if (flags & HERALD_IDEMPOTENT) {
		wait_row(a, r, HD_ACTION_DECIDED, pause_ms, message);
	} else {
		r->unclear = true;
		r->state = HD_ACTION_IN_DOUBT;
		r->due_ms = 0;
		hd_row_set(&r->message, message);
		hd_log(HD_LOG_ERROR,
		       &(struct hd_log_context){ r->connector, r->owner->alert },
		       "action %s is in doubt: %s -> heraldctl settle %.8s "
		       "done|not-done", r->action, message, r->id);
		store(a, r, NULL);
	}
}

static uint32_t flags_of(struct hd_actions *a, const struct hd_row *r)
{
	struct hd_instance *instance =
		a->env.connector(a->env.ud, r->connector);
	const herald_action *action;
	int index;

	if (!instance)
		return 0;
	index = hd_module_action_find(hd_instance_module(instance), r->action);
	if (index < 0)
		return 0;
	action = hd_module_action(hd_instance_module(instance),
				  (uint32_t)index);
	return action->flags;
}

static void on_run(struct hd_actions *a, struct hd_row *r,
		   const struct hd_completion *c)
{
	hd_crash_point("after_run");
	switch (HERALD_CLASS(c->status)) {
	case 0:
		done_row(a, r, c);
		break;
	case 2:
		wait_row(a, r, HD_ACTION_DECIDED, hd_retry_pause(r, c),
			 c->message);
		break;
	case 3:
		r->held = true;
		wait_row(a, r, HD_ACTION_DECIDED, HD_HELD_PAUSE_MS, c->message);
		break;
	case 6:
		unclear_row(a, r, flags_of(a, r), hd_retry_pause(r, c),
			    c->message);
		break;
	case 7:
		pend_row(a, r, c);
		break;
	default:
		end_row(a, r, hd_outcome_of_run(c->status), c->message);
	}
}

static void on_verify(struct hd_actions *a, struct hd_row *r,
		      const struct hd_completion *c)
{
	switch (HERALD_CLASS(c->status)) {
	case 0:
		done_row(a, r, c);
		break;
	case 1: /* it did not take place: run it */
		r->unclear = false;
		wait_row(a, r, HD_ACTION_DECIDED, hd_retry_pause(r, c),
			 c->message);
		break;
	case 7:
		r->unclear = false;
		pend_row(a, r, c);
		break;
	case 4:
	case 5:
		if (r->state == HD_ACTION_PENDING) {
			end_row(a, r, hd_outcome_of_run(c->status), c->message);
			break;
		}
		unclear_row(a, r, 0, 0, c->message);
		break;
	default: /* cannot tell now */
		r->held = HERALD_CLASS(c->status) == 3;
		wait_row(a, r, r->state, hd_retry_pause(r, c), c->message);
	}
}

/* ---- beginning ---- */

static void skip_row(struct hd_actions *a, struct hd_row *r, const char *why)
{
	end_row(a, r, HD_ACTION_SKIPPED, why);
}

/* Beyond its rate, which takes nothing off the time for its tries. */
static void wait_turn(struct hd_actions *a, struct hd_row *r, int64_t wait_ms,
		      const char *why)
{
	r->due_ms = hd_utc_ms() + wait_ms;
	r->retry_until_ms += r->retry_until_ms != 0 ? wait_ms : 0;
	r->deadline_ms += r->deadline_ms != 0 ? wait_ms : 0;
	hd_row_set(&r->message, why);
	store(a, r, NULL);
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
		end_row(a, r, HD_ACTION_REFUSED, why);
		return false;
	default:
		return true;
	}
}

/* A row that was decided: plan, or run, or say why not. */
static void start_decided(struct hd_actions *a, struct hd_row *r,
			  struct hd_instance *instance, int index)
{
	const herald_action *action =
		hd_module_action(hd_instance_module(instance), (uint32_t)index);
	bool plans = (action->flags & HERALD_PLANS) != 0;
	bool acts;
	char why[512];

	acts = hd_guard_mode(a->env.guards, r,
			     hd_instance_common(instance)->mode, why,
			     sizeof(why)) == HD_PASS;
	if (acts && !has_turn(a, r))
		return;
	if (plans && !hd_row_is_planned(r)) {
		r->tries++;
		call_plugin(a, r, instance, index, HERALD_PLAN);
		return;
	}
	if (!acts) {
		skip_row(a, r, why);
		return;
	}
	if (plans || !(action->flags & HERALD_IDEMPOTENT)) {
		begin_run(a, r);
		return;
	}
	r->tries++;
	call_plugin(a, r, instance, index, HERALD_RUN);
}

/* The intent is stored; what was allowed then must be allowed now. */
static void run_fresh(struct hd_actions *a, struct hd_row *r,
		      struct hd_instance *instance, int index)
{
	char why[512];

	r->fresh = false;
	if (hd_guard_mode(a->env.guards, r, hd_instance_common(instance)->mode,
			  why, sizeof(why)) == HD_SKIP) {
		skip_row(a, r, why);
		return;
	}
	if (hd_guard_run(a->env.guards, r, hd_now_ms(), why, sizeof(why)) ==
	    HD_REFUSE) {
		end_row(a, r, HD_ACTION_REFUSED, why);
		return;
	}
	r->tries++;
	call_plugin(a, r, instance, index, HERALD_RUN);
}

static void start_row(struct hd_actions *a, struct hd_row *r)
{
	struct hd_instance *instance =
		a->env.connector(a->env.ud, r->connector);
	const char *stopped;
	char *text;
	int index;

	index = instance ? hd_module_action_find(hd_instance_module(instance),
						 r->action) : -1;
	if (index < 0) {
		text = hd_strf(instance ? "connector %s has no action %s" :
					  "no connector %s, which had %s",
			       r->connector, r->action);
		end_row(a, r, HD_ACTION_FAILED, text);
		free(text);
		return;
	}
	stopped = hd_instance_stopped(instance);
	if (stopped) {
		r->held = true;
		wait_row(a, r, r->state, HD_HELD_PAUSE_MS, stopped);
		return;
	}
	r->held = false;
	if (r->state == HD_ACTION_DECIDED) {
		start_decided(a, r, instance, index);
	} else if (r->state == HD_ACTION_PENDING || r->unclear) {
		call_plugin(a, r, instance, index, HERALD_VERIFY);
	} else if (r->fresh) {
		run_fresh(a, r, instance, index);
	} else { /* STARTED, and then this process began */
		r->unclear = true;
		unclear_row(a, r, flags_of(a, r), 0,
			    "herald ended while it was under way");
	}
}

static uint32_t lane_max(struct hd_actions *a, const char *connector)
{
	struct hd_instance *instance = a->env.connector(a->env.ud, connector);
	uint32_t max = instance ? hd_instance_common(instance)->max_in_flight :
				  0;

	return max != 0 ? max : LANE_MAX;
}

static void pump(struct hd_actions *a, struct hd_lane *lane)
{
	struct hd_row *r;

	while (lane->first && !a->stopping &&
	       lane->running < lane_max(a, lane->first->connector)) {
		r = hd_lane_pop(lane);
		start_row(a, r);
	}
}

static void advance(struct hd_actions *a, struct hd_row *r)
{
	struct hd_lane *lane;

	if (r->busy || r->queued || r->deferred || hd_row_is_final(r) ||
	    r->state == HD_ACTION_IN_DOUBT || r->state == HD_ACTION_AWAITING ||
	    a->stopping)
		return;
	if (r->after && !is_turn(r->owner, r))
		return;
	if (r->due_ms > hd_utc_ms() && !r->fresh)
		return;
	lane = hd_lane_of(&a->lanes, r->connector);
	hd_lane_push(lane, r);
	pump(a, lane);
}

/* ---- cases ---- */

static bool still(const struct hd_case *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].busy || c->rows[i].queued)
			return false;
	return c->pins == 0;
}

/* Sends a case that only waits out of memory. */
static void park_case(struct hd_actions *a, struct hd_case *c)
{
	int64_t soonest = INT64_MAX;
	int64_t now = hd_utc_ms();
	const char *held = NULL;

	for (size_t i = 0; i < c->count; i++) {
		const struct hd_row *r = &c->rows[i];

		if (hd_row_is_final(r) || r->deferred ||
		    r->state == HD_ACTION_IN_DOUBT ||
		    r->state == HD_ACTION_AWAITING)
			continue;
		soonest = r->due_ms < soonest ? r->due_ms : soonest;
		if (r->held)
			held = r->connector;
	}
	if (soonest != INT64_MAX)
		hd_park_put(a->park, c->alert,
			    soonest > now ? soonest - now : 0, held);
	hd_dict_del(&a->active, c->alert);
	hd_case_free(c);
	if (hd_dict_count(&a->active) < ACTIVE_MAX && !a->stopping)
		hd_park_pause(a->park, false);
}

static void settle_case(struct hd_actions *a, struct hd_case *c)
{
	char alert[HD_ID_TEXT];

	memcpy(alert, c->alert, sizeof(alert));
	for (size_t i = 0; i < c->count; i++)
		advance(a, &c->rows[i]);
	if (hd_dict_get(&a->active, alert) != c || !still(c))
		return;
	if (hd_case_outcome(c) != HD_ALERT_KEEP)
		finish(a, c);
	else if (!a->stopping)
		park_case(a, c);
}

void hd_actions_take(struct hd_actions *a, struct hd_case *c)
{
	hd_dict_put(&a->active, c->alert, c);
	if (hd_dict_count(&a->active) >= ACTIVE_MAX)
		hd_park_pause(a->park, true);
	settle_case(a, c);
}

static bool add_row(void *ud, const struct hd_action_row *row)
{
	struct hd_case *c = ud;

	hd_case_add(c, row);
	if (c->pipeline[0] == '\0')
		hd_row_set(&c->pipeline, row->pipeline);
	return true;
}

static struct hd_case *load_case(struct hd_actions *a, const char *alert)
{
	struct hd_case *c = hd_case_new(alert, "");
	struct hd_err err;

	if (hd_reader_actions(a->env.reader, alert, add_row, c, &err) < 0) {
		hd_error("actions of alert %.8s cannot be read: %s", alert,
			 err.text);
		hd_case_free(c);
		return NULL;
	}
	return c;
}

/* Those that waited for this connector need not wait for their time. */
static void bring_forward(struct hd_case *c, const char *connector)
{
	for (size_t i = 0; i < c->count; i++)
		if (!hd_row_is_final(&c->rows[i]) &&
		    (!connector ||
		     strcmp(c->rows[i].connector, connector) == 0))
			c->rows[i].due_ms = 0;
}

static void on_due(void *ud, const char *alert, const char *woken)
{
	struct hd_actions *a = ud;
	struct hd_case *c;

	if (a->stopping || hd_dict_get(&a->active, alert))
		return;
	c = load_case(a, alert);
	if (!c)
		return;
	if (woken)
		bring_forward(c, woken);
	hd_actions_take(a, c);
}

/* ---- a person's word ---- */

/* As if it had just been decided. */
static void run_again(struct hd_row *r)
{
	int64_t now = hd_utc_ms();

	r->due_ms = 0;
	r->tries = 0;
	r->retry_until_ms = now + RERUN_MS;
	r->deadline_ms = now + RERUN_END_MS;
	r->fresh = r->held = false;
	/* An or_else waits again for what it stands in for. */
	r->deferred = r->deferred || r->or_else;
	hd_row_set(&r->target, NULL);
	hd_row_set(&r->target_uid, NULL);
	hd_row_set(&r->summary, NULL);
}

static bool is_meant(const struct hd_row *r, const struct hd_amend *amend)
{
	if (amend->row)
		return strcmp(r->id, amend->row) == 0 &&
		       r->state == HD_ACTION_IN_DOUBT;
	return r->state == HD_ACTION_FAILED;
}

/* The first row that was changed, or NULL: none, or one is being stored. */
static struct hd_row *amend_rows(struct hd_case *c,
				 const struct hd_amend *amend)
{
	struct hd_row *first = NULL;

	for (size_t i = 0; i < c->count; i++)
		if (is_meant(&c->rows[i], amend) && c->rows[i].busy)
			return NULL;
	for (size_t i = 0; i < c->count; i++) {
		struct hd_row *r = &c->rows[i];

		if (!is_meant(r, amend))
			continue;
		r->state = amend->state;
		r->unclear = false;
		if (amend->state == HD_ACTION_DECIDED)
			run_again(r);
		hd_row_set(&r->message, amend->message);
		r->changed = r->amended = r->busy = true;
		first = first ? first : r;
	}
	return first;
}

static struct amending *copy_amend(const struct hd_amend *amend)
{
	struct amending *copy = hd_alloc(sizeof(*copy));

	copy->kind = hd_strdup(amend->kind);
	copy->json = hd_strdup(amend->json);
	copy->fn = amend->fn;
	copy->ud = amend->ud;
	return copy;
}

int hd_actions_amend(struct hd_actions *a, const struct hd_amend *amend,
		     struct hd_err *err)
{
	struct hd_case *c = hd_dict_get(&a->active, amend->alert);
	bool loaded = !c;
	struct hd_row *first;

	if (a->stopping)
		return hd_err_set(err, ESHUTDOWN, "herald stops");
	if (loaded)
		c = load_case(a, amend->alert);
	if (!c)
		return hd_err_set(err, EIO, "its actions cannot be read");
	first = amend_rows(c, amend);
	if (!first) {
		if (loaded)
			hd_case_free(c);
		return hd_err_set(err, loaded ? ENOENT : EBUSY,
				  loaded ? "no such action" :
					   "it is being worked on just now");
	}
	if (loaded) {
		hd_park_take(a->park, amend->alert);
		hd_dict_put(&a->active, c->alert, c);
	}
	store_amended(a, first, NULL, copy_amend(amend));
	return 0;
}

void hd_actions_nudge(struct hd_actions *a, const char *alert)
{
	struct hd_case *c;

	if (a->stopping || hd_dict_get(&a->active, alert))
		return;
	c = load_case(a, alert);
	if (!c)
		return;
	hd_park_take(a->park, alert);
	bring_forward(c, NULL);
	hd_actions_take(a, c);
}

void hd_actions_wake(struct hd_actions *a, const char *connector)
{
	hd_park_wake(a->park, connector);
}

static bool park_row(void *ud, const struct hd_action_row *row)
{
	struct hd_actions *a = ud;
	int64_t now = hd_utc_ms();

	if (row->state != HD_ACTION_IN_DOUBT &&
	    row->state != HD_ACTION_AWAITING && !hd_dict_get(&a->active, row->alert))
		hd_park_put(a->park, row->alert,
			    row->due_ms > now ? row->due_ms - now : 0, NULL);
	return true;
}

int hd_actions_recover(struct hd_actions *a, struct hd_err *err)
{
	return hd_reader_actions_open(a->env.reader, park_row, a, err);
}

size_t hd_actions_active(const struct hd_actions *a)
{
	return hd_dict_count(&a->active);
}

size_t hd_actions_parked(const struct hd_actions *a)
{
	return hd_park_count(a->park);
}
