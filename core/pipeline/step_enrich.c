/* enrich: asks connectors about what the record holds, in parallel.
 *
 * Round one asks about the observables of the record.  When it has ended, round
 * two asks the same connectors about what round one added, once.  `within`
 * covers both; an answer that has not come by then is missing, and fills the
 * cache later.
 */
#include "core/pipeline/alert.h"
#include "core/pipeline/engine.h"
#include "core/pipeline/program.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/lookup/from_record.h"
#include "core/lookup/lookup.h"
#include "core/lookup/policy.h"
#include "core/plugin/inflight.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

#define VALUES_MAX 200	/* looked up for one alert; the rest is counted */
#define SECOND_MAX 32	/* values of round two */
#define WITHIN_MS 10000 /* unless the step says otherwise */

/* A connector that is asked, and what an answer of it would be: kept for the
 * alerts that find it gone, for which it is missing. */
struct asked {
	const char *name;
	struct {
		bool asks;
		char *enrichment, *fills;
	} of[HD_KIND_COUNT];
};

struct enrich {
	struct asked *by;
	size_t count;
	unsigned kinds; /* bits of enum hd_kind */
	int64_t within_ms;
	struct hd_expr *within; /* instead of within_ms */
};

struct raw_enrich {
	const struct hd_node *by, *of, *within, *cond;
};

#define AT(field) offsetof(struct raw_enrich, field)
static const struct hd_key enrich_keys[] = {
	{ "by", HD_TYPE_NAME, HERALD_LIST | HERALD_REQUIRED | HD_KEY_NOT_NULL,
	  NULL, NULL, AT(by), NULL },
	{ "of", HERALD_STRING, HERALD_LIST, NULL, NULL, AT(of), NULL },
	{ "within", HD_TYPE_NODE, 0, NULL, NULL, AT(within), NULL },
	{ "if", HERALD_EXPR, 0, NULL, NULL, AT(cond), NULL },
	{ 0 },
};
#undef AT

static size_t list_count(const struct hd_node *list)
{
	return hd_node_type(list) == HD_NODE_SCALAR ? 1 : hd_node_count(list);
}

static const struct hd_node *list_item(const struct hd_node *list, size_t i)
{
	return hd_node_type(list) == HD_NODE_SCALAR ? list
						    : hd_node_item(list, i);
}

static const char *fills_of(struct hd_instance *instance, uint32_t key)
{
	const struct hd_common *common = hd_instance_common(instance);

	return common->fills ? common->fills
			     : hd_module_key(hd_instance_module(instance), key)
				       ->fills;
}

static void add_by(struct enrich *e, const char *name,
		   struct hd_instance *instance)
{
	struct asked *a;

	e->by = hd_realloc_array(e->by, e->count + 1, sizeof(*e->by));
	a = &e->by[e->count++];
	memset(a, 0, sizeof(*a));
	a->name = name;
	for (int k = 0; instance && k < HD_KIND_COUNT; k++) {
		int key = hd_lookups_key(instance, (enum hd_kind)k);

		if (key < 0)
			continue;
		a->of[k].asks = true;
		a->of[k].enrichment = hd_strdup(
			hd_module_key(hd_instance_module(instance),
				      (uint32_t)key)
				->kind);
		a->of[k].fills = hd_strdup(fills_of(instance, (uint32_t)key));
	}
}

static bool is_in_by(const struct enrich *e, const char *name)
{
	for (size_t i = 0; i < e->count; i++)
		if (strcmp(e->by[i].name, name) == 0)
			return true;
	return false;
}

static void build_by(struct hd_build *b, struct enrich *e,
		     const struct hd_node *by)
{
	for (size_t i = 0; i < list_count(by); i++) {
		const struct hd_node *item = list_item(by, i);
		const char *name = hd_node_text(item, NULL);
		struct hd_instance *instance = hd_build_connector(b, item);

		if (!name || is_in_by(e, name))
			continue;
		if (instance &&
		    !hd_module_plugin(hd_instance_module(instance))->enricher) {
			hd_complain(b->complaints, hd_node_place(item),
				    "connector %s cannot be asked: its plugin "
				    "%s looks nothing up",
				    name,
				    hd_module_plugin(
					    hd_instance_module(instance))
					    ->name);
			hd_complain_remedy(b->complaints,
					   "leave it out of `by`");
		}
		add_by(e, name, instance);
	}
}

static void build_of(struct hd_build *b, struct enrich *e,
		     const struct hd_node *of)
{
	for (size_t i = 0; i < list_count(of); i++) {
		const struct hd_node *item = list_item(of, i);
		const char *word = hd_node_text(item, NULL);

		if (word && hd_kind_parse(word, &e->kinds) >= 0)
			continue;
		hd_complain(b->complaints, hd_node_place(item),
			    "'%s' is nothing that can be looked up",
			    word ? word : "?");
		hd_complain_remedy(b->complaints,
				   "ip, host, domain, url, hash, md5, sha1, "
				   "sha256, sha512, email, user or mac");
	}
}

static void build_within(struct hd_build *b, struct enrich *e,
			 const struct hd_node *within)
{
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	struct hd_value value;
	const char *text;
	size_t n;

	e->within_ms = WITHIN_MS;
	text = hd_node_text(within, &n);
	if (!within)
		return;
	if (text && hd_value_parse(HERALD_DURATION, "1ms..1h", text, n, &value,
				   why, remedy) == 0)
		e->within_ms = value.number;
	else if (text && strpbrk(text, "(?"))
		e->within = hd_build_expr(b, within, HD_EXPR_DURATION);
	else
		hd_value_check(HERALD_DURATION, "1ms..1h", within, &b->check,
			       NULL);
}

static void *build(struct hd_build *b, const struct hd_node *body)
{
	struct raw_enrich raw = { 0 };
	struct enrich *e;

	if (hd_table_check(enrich_keys, body, "enrich", &b->check, &raw) < 0)
		return NULL;
	e = hd_alloc(sizeof(*e));
	build_by(b, e, raw.by);
	if (raw.of)
		build_of(b, e, raw.of);
	else
		e->kinds = (1u << HD_KIND_COUNT) - 1;
	build_within(b, e, raw.within);
	for (size_t i = 0; i < e->count; i++)
		hd_build_add(&b->enrich, &b->enrich_count, e->by[i].name);
	return e;
}

static void free_enrich(void *data)
{
	struct enrich *e = data;

	for (size_t i = 0; i < e->count; i++)
		for (int k = 0; k < HD_KIND_COUNT; k++) {
			free(e->by[i].of[k].enrichment);
			free(e->by[i].of[k].fills);
		}
	free(e->by);
	hd_expr_free(e->within);
	free(e);
}

/* ---- running ---- */

struct round;

struct waiting {
	struct round *round;
	size_t index;	      /* in alert->asked */
	struct hd_wait *wait; /* NULL: answered */
	int64_t since_ms;
};

struct round {
	struct hd_alert *alert;
	const struct enrich *enrich;
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

static void abandon(struct hd_alert *alert)
{
	if (alert->step_state)
		free_round(alert->step_state);
}

/* Joins a waiting question when its answer comes. */
static void end_round(struct round *r);

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
	int key = hd_lookups_key(instance, kind);
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
	w->index = hd_asked_add(&alert->asked, name, kind, value,
				hd_module_key(hd_instance_module(instance),
					      (uint32_t)key)
					->kind,
				fills_of(instance, (uint32_t)key), order);
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

struct value {
	enum hd_kind kind;
	char *text;
	size_t n;
};

struct values {
	struct value *items;
	size_t count, max, skipped;
};

static void collect(void *ud, enum hd_kind kind, const char *value, size_t n,
		    json_t *observable)
{
	struct values *v = ud;

	(void)observable;
	for (size_t i = 0; i < v->count; i++)
		if (v->items[i].kind == kind && v->items[i].n == n &&
		    memcmp(v->items[i].text, value, n) == 0)
			return;
	if (v->count == v->max) {
		v->skipped++;
		return;
	}
	v->items[v->count++] = (struct value){ kind, hd_memdup0(value, n), n };
}

static bool is_new(const struct round *r, const struct value *value)
{
	for (size_t c = 0; c < r->enrich->count; c++)
		if (hd_asked_has(&r->alert->asked, r->enrich->by[c].name,
				 value->kind, value->text))
			return false;
	return true;
}

/* Kinds that one of the connectors knows something of. */
static unsigned kinds_asked(const struct round *r)
{
	unsigned kinds = 0;

	for (size_t c = 0; c < r->enrich->count; c++) {
		const struct asked *by = &r->enrich->by[c];
		struct hd_instance *instance =
			hd_engine_connector(r->alert->engine, by->name);

		for (int kind = 0; kind < HD_KIND_COUNT; kind++)
			if (by->of[kind].asks ||
			    (instance &&
			     hd_lookups_key(instance, (enum hd_kind)kind) >= 0))
				kinds |= 1u << kind;
	}
	return kinds;
}

static struct values values_of(struct round *r)
{
	struct values v = { 0 };
	size_t kept = 0;

	v.max = VALUES_MAX;
	v.items = hd_alloc_array(v.max, sizeof(*v.items));
	hd_record_observables(r->alert->record,
			      r->enrich->kinds & kinds_asked(r), collect, &v);
	if (!r->second)
		return v;
	for (size_t i = 0; i < v.count; i++) {
		if (is_new(r, &v.items[i])) {
			if (kept < SECOND_MAX) {
				v.items[kept++] = v.items[i];
				continue;
			}
			r->skipped++;
		}
		free(v.items[i].text);
	}
	v.count = kept;
	v.skipped = 0; /* counted in round one */
	return v;
}

/* A connector that the configuration had when the alert began, and that is not
 * there now: its answer is missing, not clean. */
static void miss_one(struct round *r, unsigned order, enum hd_kind kind,
		     const char *value)
{
	const struct asked *a = &r->enrich->by[order];
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
	const struct enrich *e = r->enrich;
	struct values v = values_of(r);

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
	for (size_t i = 0; i < v.count; i++)
		free(v.items[i].text);
	free(v.items);
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

static void finish(struct round *r)
{
	struct hd_alert *alert = r->alert;

	if (r->skipped != 0)
		hd_alert_note(alert, "enrich",
			      json_pack("{s:I, s:i}", "skipped",
					(json_int_t)r->skipped, "looked_up",
					VALUES_MAX));
	free_round(r);
	hd_run_continue(alert);
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

static void end_round(struct round *r)
{
	merge_round(r);
	if (!r->second && r->within_ms > 0 && has_grown(r)) {
		r->second = true;
		ask_all(r);
		if (r->open != 0)
			return;
		merge_round(r);
	}
	finish(r);
}

static void on_within(uv_timer_t *timer)
{
	struct round *r = timer->data;

	r->within_ms = 0;
	give_up(r);
	end_round(r);
}

static int64_t within_of(struct hd_alert *alert, const struct enrich *e)
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
	return WITHIN_MS;
}

static enum hd_step_result run(struct hd_alert *alert, void *data,
			       enum hd_truth holds)
{
	struct round *r = hd_alloc(sizeof(*r));

	if (holds == HD_ERROR)
		hd_alert_alarm(alert, "enrich", "its condition failed");
	r->alert = alert;
	r->enrich = data;
	r->within_ms = within_of(alert, data);
	alert->step_state = r;
	r->observables = observables_of(r);
	ask_all(r);
	if (r->open == 0) {
		merge_round(r);
		r->second = true;
		ask_all(r);
	}
	if (r->open == 0) {
		merge_round(r);
		free_round(r);
		return HD_STEP_NEXT;
	}
	r->timer = hd_alloc(sizeof(*r->timer));
	uv_timer_init(hd_engine_loop(alert->engine), r->timer);
	r->timer->data = r;
	uv_update_time(hd_engine_loop(alert->engine));
	uv_timer_start(r->timer, on_within, (uint64_t)r->within_ms, 0);
	return HD_STEP_WAIT;
}

const struct hd_step_type hd_step_enrich = {
	.name = "enrich",
	.build = build,
	.free = free_enrich,
	.run = run,
	.abandon = abandon,
};
