/* enrich: asks connectors about what the record holds, in parallel.
 *
 * Round one asks about the observables of the record.  When it has ended, round
 * two asks the same connectors about what round one added, once.  `within`
 * covers both; an answer that has not come by then is missing, and fills the
 * cache later.
 */
#include "core/pipeline/enrich.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/lookup/from_record.h"
#include "core/lookup/lookup.h"
#include "core/lookup/policy.h"
#include "core/pipeline/alert.h"
#include "core/pipeline/engine.h"
#include "core/pipeline/program.h"
#include "core/plugin/inflight.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

const char *hd_enrich_fills(struct hd_instance *instance, uint32_t key)
{
	const struct hd_common *common = hd_instance_common(instance);

	return common->fills ? common->fills
			     : hd_module_key(hd_instance_module(instance), key)
				       ->fills;
}

struct round;

struct waiting {
	struct round *round;
	size_t index;	      /* in alert->asked */
	struct hd_wait *wait; /* NULL: answered */
	int64_t since_ms;
};

struct round {
	struct hd_alert *alert;
	const struct hd_enrich *enrich;
	size_t from; /* first question of this round */
	struct waiting *waits;
	size_t count, open;
	size_t skipped; /* values beyond the bound */
	uv_timer_t *timer;
	int64_t within_ms;
	size_t observables; /* of the record, in round one */
	bool second;
	bool red;    /* the alert is labelled tlp:red */
	bool asking; /* inside ask_all: an answer goes no further */
};

static void free_closed(uv_handle_t *handle)
{
	free(handle);
}

static void free_round(struct round *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->waits[i].wait)
			hd_lookups_leave(r->waits[i].wait);
	if (r->timer)
		uv_close((uv_handle_t *)r->timer, free_closed);
	free(r->waits);
	r->alert->step_state = NULL;
	free(r);
}

void hd_enrich_abandon(struct hd_alert *alert)
{
	if (alert->step_state)
		free_round(alert->step_state);
}

static void end_round(struct round *r); /* asks again, and so waits again */

static void on_answer(void *ud, struct hd_answer *answer)
{
	struct waiting *w = ud;
	struct round *r = w->round;

	r->alert->asked.items[w->index].answer = hd_answer_ref(answer);
	w->wait = NULL;
	if (--r->open == 0 && !r->asking)
		end_round(r);
}

/* Of a URL the host counts too. */
static bool is_own(const struct hd_program *program, enum hd_kind kind,
		   const char *value, size_t n)
{
	const char *host;
	size_t host_n;

	if (hd_program_is_own(program, value, n))
		return true;
	host = hd_policy_host(kind, value, n, &host_n);
	return host && host != value &&
	       hd_program_is_own(program, host, host_n);
}

/* Names, not pointers: the instance may be gone when the record is written. */
static void ask_one(struct round *r, struct hd_instance *instance,
		    unsigned order, enum hd_kind kind, const char *value,
		    size_t n)
{
	struct hd_alert *alert = r->alert;
	const char *name = hd_instance_name(instance);
	int key = hd_instance_key(instance, kind);
	const char *fields;
	char *context = NULL;
	struct hd_answer *answer;
	struct hd_ask ask = { .alert = alert->id };
	struct waiting *w;

	if (key < 0 || hd_asked_has(&alert->asked, name, kind, value))
		return;
	w = &r->waits[r->count++];
	w->round = r;
	w->since_ms = hd_now_ms();
	w->index = hd_asked_add(
		&alert->asked, name, kind, value,
		hd_module_key(hd_instance_module(instance), (uint32_t)key)
			->kind,
		hd_enrich_fills(instance, (uint32_t)key), order);
	ask.instance = instance;
	ask.key = (uint32_t)key;
	ask.kind = kind;
	ask.value = value;
	ask.value_n = n;
	ask.own = is_own(alert->program, kind, value, n);
	ask.red = r->red;
	fields = hd_module_key(hd_instance_module(instance), ask.key)->context;
	if (fields)
		ask.context = context = hd_from_record_context(alert->record,
							       fields, kind,
							       value, n);
	answer = hd_lookups_ask(hd_engine_lookups(alert->engine), &ask,
				on_answer, w, &w->wait);
	free(context);
	if (answer)
		alert->asked.items[w->index].answer = answer;
	else
		r->open++;
}

/* A connector that the configuration had when the alert began, and that is not
 * there now: its answer is missing, not clean. */
static void miss_one(struct round *r, unsigned order, enum hd_kind kind,
		     const char *value)
{
	const struct hd_enrich_by *a = &r->enrich->by[order];
	struct hd_asked *asked = &r->alert->asked;
	size_t at;

	if (!a->of[kind].asks || hd_asked_has(asked, a->name, kind, value))
		return;
	at = hd_asked_add(asked, a->name, kind, value, a->of[kind].enrichment,
			  a->of[kind].fills, order);
	asked->items[at].answer = hd_answer_new(HD_MISSING, HERALD_CANCELLED,
						NULL, "no such connector now",
						hd_utc_ms(), 0);
}

static void ask_all(struct round *r)
{
	const struct hd_enrich *e = r->enrich;
	struct hd_enrich_values v;

	hd_enrich_values_init(&v, r->alert, e, r->second);
	r->asking = true;
	r->red = hd_from_record_red(r->alert->record);
	r->from = r->alert->asked.count;
	r->count = r->open = 0;
	r->skipped += v.skipped;
	free(r->waits);
	r->waits = hd_alloc_array(v.count * e->count, sizeof(*r->waits));
	for (unsigned c = 0; c < e->count; c++) {
		struct hd_instance *instance =
			hd_engine_connector(r->alert->engine, e->by[c].name);

		hd_asked_mention(&r->alert->asked, e->by[c].name);
		for (size_t i = 0; i < v.count; i++)
			if (instance)
				ask_one(r, instance, c, v.items[i].kind,
					v.items[i].text, v.items[i].n);
			else
				miss_one(r, c, v.items[i].kind,
					 v.items[i].text);
	}
	hd_enrich_values_fini(&v);
	r->asking = false;
}

/* What has not come is missing. */
static void give_up(struct round *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct waiting *w = &r->waits[i];
		int64_t took;
		char *reason;

		if (!w->wait)
			continue;
		hd_lookups_leave(w->wait);
		w->wait = NULL;
		took = hd_now_ms() - w->since_ms;
		reason = hd_strf("timed out after %lld.%lld s",
				 (long long)(took / 1000),
				 (long long)(took % 1000 / 100));
		r->alert->asked.items[w->index].answer =
			hd_answer_new(HD_MISSING, HERALD_TIMEOUT, NULL, reason,
				      hd_utc_ms(), took);
		free(reason);
	}
	r->open = 0;
}

static void merge_round(struct round *r)
{
	struct hd_alert *alert = r->alert;

	if (r->from == alert->asked.count)
		return;
	hd_inflight_enter(alert->mark);
	hd_alert_change(alert);
	hd_asked_merge(&alert->asked, r->from, alert->record);
	hd_inflight_leave(alert->mark);
}

static size_t observables_of(const struct round *r)
{
	return json_array_size(
		json_object_get(r->alert->record, "observables"));
}

/* Nothing new to ask about where round one added no value. */
static bool has_grown(const struct round *r)
{
	return observables_of(r) != r->observables;
}

/* What follows the answers; false if the step is done. */
static bool goes_on(struct round *r)
{
	while (r->open == 0) {
		merge_round(r);
		if (r->second || r->within_ms == 0 || !has_grown(r))
			return false;
		r->second = true;
		ask_all(r);
	}
	return true;
}

static void finish(struct round *r)
{
	if (r->skipped != 0)
		hd_alert_note(r->alert, "enrich",
			      json_pack("{s:I, s:i}", "skipped",
					(json_int_t)r->skipped, "looked_up",
					HD_ENRICH_VALUES_MAX));
	free_round(r);
}

static void end_round(struct round *r)
{
	struct hd_alert *alert = r->alert;

	if (goes_on(r))
		return;
	finish(r);
	hd_run_continue(alert);
}

static void on_within(uv_timer_t *timer)
{
	struct round *r = timer->data;

	r->within_ms = 0;
	give_up(r);
	end_round(r);
}

static int64_t within_of(struct hd_alert *alert, const struct hd_enrich *e)
{
	struct hd_expr_scope scope;
	struct hd_reason why;
	int64_t ms;

	if (!e->within)
		return e->within_ms;
	hd_alert_scope(alert, &scope);
	if (hd_expr_duration(e->within, &scope, &ms, &why) == HD_HOLDS &&
	    ms > 0)
		return ms;
	hd_alert_alarm(alert, "enrich.within", why.text);
	return HD_ENRICH_WITHIN_MS;
}

static void start_timer(struct round *r)
{
	uv_loop_t *loop = hd_engine_loop(r->alert->engine);

	r->timer = hd_alloc(sizeof(*r->timer));
	uv_timer_init(loop, r->timer);
	r->timer->data = r;
	uv_update_time(loop);
	uv_timer_start(r->timer, on_within, (uint64_t)r->within_ms, 0);
}

enum hd_step_result hd_enrich_run(struct hd_alert *alert, void *step,
				  enum hd_truth holds)
{
	struct round *r = hd_alloc(sizeof(*r));

	if (holds == HD_ERROR)
		hd_alert_alarm(alert, "enrich", "its condition failed");
	r->alert = alert;
	r->enrich = step;
	r->within_ms = within_of(alert, step);
	alert->step_state = r;
	r->observables = observables_of(r);
	ask_all(r);
	if (!goes_on(r)) {
		finish(r);
		return HD_STEP_NEXT;
	}
	start_timer(r);
	return HD_STEP_WAIT;
}
