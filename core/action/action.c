/* Cases in memory.  A case is there while one of its rows moves; one whose rows
 * all wait is parked: only its time is kept. */
#include "core/action/action_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/action/lane.h"
#include "core/action/park.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/journal/reader.h"
#include "core/plugin/inflight.h"
#include "core/plugin/rations.h"

#define DOUBTS_TOLD_MAX 20 /* at a start; the others are in the list */
#define ACTIVE_MAX 1000	   /* cases in memory; more wait in the journal */
#define PATIENCE_MS 10000  /* for calls under way, while stopping */
#define LOST_PAUSE_MS INT64_C(300000)
/* Nothing waits longer than a service may ask for (24 h): a time beyond was
 * written under a clock that was wrong. */
#define WAIT_MAX_MS INT64_C(90000000)

static void on_due(void *ud, const char *alert, const char *woken);

struct hd_actions *hd_actions_new(const struct hd_actions_env *env)
{
	struct hd_actions *a = hd_alloc(sizeof(*a));

	a->env = *env;
	a->patience = hd_alloc(sizeof(*a->patience));
	uv_timer_init(env->loop, a->patience);
	a->patience->data = a;
	hd_dict_init(&a->active);
	hd_dict_init(&a->lanes);
	a->park = hd_park_new(env->loop, on_due, a);
	hd_rations_listen(env->rations, hd_call_on_ration, a);
	return a;
}

static void free_closed(uv_handle_t *handle)
{
	free(handle);
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
	uv_close((uv_handle_t *)a->patience, free_closed);
	free(a);
}

/* ---- stopping ---- */

void hd_actions_report_stopped(struct hd_actions *a)
{
	void (*fn)(void *ud) = a->on_stopped;

	if (!fn || (a->calls != 0 && !a->abandoned) || a->commits != 0)
		return;
	a->on_stopped = NULL;
	uv_timer_stop(a->patience);
	fn(a->on_stopped_ud);
}

static void on_patience(uv_timer_t *timer)
{
	struct hd_actions *a = timer->data;

	hd_warning("%llu actions are under way still: they are left to the "
		   "next start",
		   (unsigned long long)a->calls);
	a->abandoned = true;
	hd_actions_report_stopped(a);
}

void hd_actions_stop(struct hd_actions *a, void (*fn)(void *ud), void *ud)
{
	struct hd_case *c;
	size_t at = 0;

	a->stopping = true;
	hd_park_pause(a->park, true);
	a->on_stopped = fn;
	a->on_stopped_ud = ud;
	/* What was to be run is not begun: so the journal shall say. */
	while ((c = hd_dict_next(&a->active, &at, NULL)))
		for (size_t i = 0; i < c->count; i++)
			if (c->rows[i]->fresh && c->rows[i]->queued)
				hd_flow_wait(a, c->rows[i], HD_ACTION_DECIDED,
					     0, "herald stopped before it");
	uv_timer_start(a->patience, on_patience, PATIENCE_MS, 0);
	hd_actions_report_stopped(a);
}

/* ---- alarms ---- */

void hd_actions_alarm(struct hd_actions *a, const char *kind,
		      const struct hd_row *r, const char *text)
{
	a->env.alarm(a->env.ud, kind, r->id, text);
}

void hd_actions_tell_doubt(struct hd_actions *a, const struct hd_action_row *r)
{
	char *text = hd_strf("alert %.8s: action %s (%s.%s) is in doubt: %s -> "
			     "heraldctl settle %s done|not-done",
			     r->alert, r->name, r->connector, r->action,
			     r->message ? r->message : "no word why", r->id);

	a->env.alarm(a->env.ud, "in doubt", r->id, text);
	free(text);
}

/* ---- into memory and out ---- */

static void leave_memory(struct hd_actions *a, struct hd_case *c)
{
	char alert[HD_ID_TEXT];

	memcpy(alert, c->alert, sizeof(alert));
	hd_dict_del(&a->active, alert);
	hd_case_free(c);
	a->env.left(a->env.ud, alert);
	if (hd_dict_count(&a->active) < ACTIVE_MAX && !a->stopping)
		hd_park_pause(a->park, false);
}

static void finish(struct hd_actions *a, struct hd_case *c)
{
	/* One that was only looked at had ended before. */
	if (c->ending)
		a->env.finished(a->env.ud, c, hd_case_outcome(c));
	leave_memory(a, c);
}

static bool waits_for_time(const struct hd_row *r)
{
	return !hd_row_is_final(r) && !r->deferred &&
	       r->state != HD_ACTION_IN_DOUBT && r->state != HD_ACTION_AWAITING;
}

static void park_case(struct hd_actions *a, struct hd_case *c)
{
	int64_t soonest = INT64_MAX;
	int64_t now = hd_utc_steady_ms();
	struct hd_buf held;

	hd_buf_init(&held, 65536);
	for (size_t i = 0; i < c->count; i++) {
		const struct hd_row *r = c->rows[i];

		if (!waits_for_time(r))
			continue;
		soonest = r->due_ms < soonest ? r->due_ms : soonest;
		if (r->held)
			hd_buf_addf(&held, "%s ", r->connector);
	}
	if (soonest != INT64_MAX)
		hd_park_put(a->park, c->alert,
			    soonest > now ? soonest - now : 0,
			    held.n != 0 ? hd_buf_text(&held) : NULL);
	hd_buf_fini(&held);
	leave_memory(a, c);
}

static bool is_still(const struct hd_case *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i]->busy || c->rows[i]->queued)
			return false;
	return c->pins == 0;
}

/* What it holds was not stored: it is read again, later. */
static void give_back(struct hd_actions *a, struct hd_case *c)
{
	if (!a->stopping)
		hd_park_put(a->park, c->alert, LOST_PAUSE_MS, NULL);
	leave_memory(a, c);
}

void hd_actions_settle(struct hd_actions *a, struct hd_case *c)
{
	struct hd_row *turned;

	if (!c->lost && !a->stopping) {
		turned = hd_turn_resolve(a, c);
		if (turned)
			hd_action_store(a, turned, NULL);
		for (size_t i = 0; i < c->count; i++)
			hd_call_advance(a, c->rows[i]);
	}
	if (!is_still(c))
		return;
	if (c->lost)
		give_back(a, c);
	else if (hd_case_outcome(c) != HD_ALERT_KEEP)
		finish(a, c);
	else if (!a->stopping)
		park_case(a, c);
}

static void enter_memory(struct hd_actions *a, struct hd_case *c)
{
	c->mark = hd_inflight_note(c->alert, NULL, "actions");
	hd_dict_put(&a->active, c->alert, c);
	if (hd_dict_count(&a->active) >= ACTIVE_MAX)
		hd_park_pause(a->park, true);
}

void hd_actions_take(struct hd_actions *a, struct hd_case *c)
{
	/* All of it is stored: it comes when there is room. */
	if (hd_dict_count(&a->active) >= ACTIVE_MAX) {
		hd_park_put(a->park, c->alert, 0, NULL);
		hd_case_free(c);
		return;
	}
	enter_memory(a, c);
	hd_actions_settle(a, c);
}

/* ---- from the journal ---- */

static bool add_row(void *ud, const struct hd_action_row *row)
{
	struct hd_case *c = ud;
	struct hd_row *r = hd_case_add(c, row);

	if (r->due_ms > hd_utc_steady_ms() + WAIT_MAX_MS)
		r->due_ms = 0;
	if (c->pipeline[0] == '\0')
		hd_row_set(&c->pipeline, row->pipeline);
	return true;
}

static struct hd_case *load_case(struct hd_actions *a, const char *alert,
				 struct hd_err *err)
{
	struct hd_case *c = hd_case_new(alert, "");

	if (hd_reader_actions(a->env.reader, alert, add_row, c, err) == 0) {
		if (c->count != 0)
			return c;
		hd_err_set(err, ENOENT, "alert %.8s has no actions", alert);
	}
	hd_case_free(c);
	return NULL;
}

struct hd_case *hd_actions_case(struct hd_actions *a, const char *alert,
				struct hd_err *err)
{
	struct hd_case *c = hd_dict_get(&a->active, alert);

	if (c)
		return c;
	c = load_case(a, alert, err);
	if (!c)
		return NULL;
	hd_park_take(a->park, alert);
	enter_memory(a, c);
	return c;
}

/* Those that waited for this connector (NULL: for anything) need not wait for
 * their time. */
static void bring_forward(struct hd_case *c, const char *connector)
{
	for (size_t i = 0; i < c->count; i++) {
		struct hd_row *r = c->rows[i];

		if (r->busy || r->queued || !waits_for_time(r))
			continue;
		if (!connector || strcmp(r->connector, connector) == 0) {
			r->due_ms = 0;
			r->held = false;
		}
	}
}

static void resume(struct hd_actions *a, const char *alert, bool forward,
		   const char *woken)
{
	struct hd_err err;
	struct hd_case *c = hd_actions_case(a, alert, &err);

	if (!c) {
		hd_error("actions of alert %.8s: %s", alert, err.text);
		return;
	}
	if (forward)
		bring_forward(c, woken);
	hd_actions_settle(a, c);
}

static void on_due(void *ud, const char *alert, const char *woken)
{
	struct hd_actions *a = ud;

	if (!a->stopping)
		resume(a, alert, woken != NULL, woken);
}

void hd_actions_nudge(struct hd_actions *a, const char *alert)
{
	if (!a->stopping)
		resume(a, alert, true, NULL);
}

void hd_actions_resume(struct hd_actions *a, const char *alert)
{
	if (!a->stopping)
		resume(a, alert, false, NULL);
}

bool hd_actions_has(const struct hd_actions *a, const char *alert)
{
	return hd_dict_get(&a->active, alert) != NULL;
}

/* Of the cases in memory only rows that were held back move: others of that
 * connector have a reason of their own to wait. */
static void wake_active(struct hd_actions *a, const char *connector)
{
	size_t n = 0, count = hd_dict_count(&a->active), at = 0;
	char(*ids)[HD_ID_TEXT] = hd_alloc_array(count + 1, sizeof(*ids));
	struct hd_case *c;

	while (n < count && (c = hd_dict_next(&a->active, &at, NULL)))
		memcpy(ids[n++], c->alert, sizeof(*ids));
	for (size_t i = 0; i < n; i++) {
		bool held = false;

		c = hd_dict_get(&a->active, ids[i]);
		for (size_t k = 0; c && k < c->count; k++)
			held = held ||
			       (c->rows[k]->held &&
				strcmp(c->rows[k]->connector, connector) == 0);
		if (held)
			resume(a, ids[i], true, connector);
	}
	free(ids);
}

void hd_actions_wake(struct hd_actions *a, const char *connector)
{
	if (a->stopping)
		return;
	wake_active(a, connector);
	hd_park_wake(a->park, connector);
}

static bool park_row(void *ud, const struct hd_action_row *row)
{
	struct hd_actions *a = ud;
	int64_t wait = row->due_ms - hd_utc_steady_ms();

	if (row->state == HD_ACTION_IN_DOUBT &&
	    a->doubts_told++ < DOUBTS_TOLD_MAX)
		hd_actions_tell_doubt(a, row);
	if (row->state == HD_ACTION_IN_DOUBT ||
	    row->state == HD_ACTION_AWAITING ||
	    a->env.holds(a->env.ud, row->alert) ||
	    hd_dict_get(&a->active, row->alert) ||
	    hd_park_has(a->park, row->alert))
		return true; /* soonest first: the first time holds */
	hd_park_put(a->park, row->alert,
		    wait < 0 || wait > WAIT_MAX_MS || hd_row_was_held(row)
			    ? 0
			    : wait,
		    NULL);
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
