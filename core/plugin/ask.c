/* Asking a plugin: the three ways in which the core calls one. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/plugin/inflight.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/visit.h"

/* A call that has to wait until the visit under way is over. */
struct call_mail {
	struct hd_mail mail;
	size_t n;
	herald_id ids[];
};

/* Lays `s` down at *at, which moves on.  The result is ended by '\0'. */
static herald_str lay(char **at, const char *p, size_t n)
{
	herald_str s = { *at, n };

	if (n > 0)
		memcpy(*at, p, n);
	(*at)[n] = '\0';
	*at += n + 1;
	return s;
}

/* ---- calls whose requests are in the map ---- */

/* A request stays while the plugin runs: its answer is a letter. */
static struct hd_mark *mark_of(const herald_lookup *l)
{
	return HD_LINK_OF(l, const struct hd_request, lookup)->mark;
}

static void call_lookup(struct hd_instance *i, const herald_id *ids, size_t n)
{
	const herald_lookup **batch = hd_alloc_array(n, sizeof(*batch));
	uint32_t count = 0;

	for (size_t k = 0; k < n; k++) {
		struct hd_request *r = hd_request_find(i, ids[k]);

		if (r)
			batch[count++] = &r->lookup;
	}
	if (count > 0 && i->life < HD_LIFE_DESTROYED) {
		for (uint32_t k = 0; k < count; k++)
			hd_inflight_enter(mark_of(batch[k]));
		hd_visit_begin(i, "lookup");
		i->plugin->enricher->lookup(i->self, batch, count);
		hd_visit_end(i);
		for (uint32_t k = 0; k < count; k++)
			hd_inflight_leave(mark_of(batch[k]));
	}
	free(batch);
}

static const char *mode_name(uint32_t mode)
{
	return mode == HERALD_PLAN     ? "plan"
	       : mode == HERALD_VERIFY ? "verify"
				       : "run";
}

static void call_run(struct hd_instance *i, const herald_id *ids, size_t n)
{
	struct hd_request *r = hd_request_find(i, ids[0]);

	(void)n;
	if (!r || i->life >= HD_LIFE_DESTROYED)
		return;
	hd_inflight_enter(r->mark);
	hd_visit_begin(i, mode_name(r->call.mode));
	i->plugin->actions->run(i->self, &r->call);
	hd_visit_end(i);
	hd_inflight_leave(r->mark);
}

static void call_probe(struct hd_instance *i, const herald_id *ids, size_t n)
{
	(void)n;
	if (!hd_request_find(i, ids[0]) || i->life >= HD_LIFE_DESTROYED)
		return;
	hd_visit_begin(i, "probe");
	i->plugin->probe(i->self, ids[0]);
	hd_visit_end(i);
}

static void run_lookup(struct hd_instance *i, struct hd_mail *mail)
{
	const struct call_mail *m = (struct call_mail *)mail;

	call_lookup(i, m->ids, m->n);
}

static void run_run(struct hd_instance *i, struct hd_mail *mail)
{
	const struct call_mail *m = (struct call_mail *)mail;

	call_run(i, m->ids, m->n);
}

static void run_probe(struct hd_instance *i, struct hd_mail *mail)
{
	const struct call_mail *m = (struct call_mail *)mail;

	call_probe(i, m->ids, m->n);
}

/* Why nothing may be asked; the answer comes as a letter, as any other. */
static const char *closed_because(const struct hd_instance *i, bool is_probe)
{
	if (!i->self || i->life < HD_LIFE_CREATED)
		return "it could not be started";
	if (i->life >= HD_LIFE_HALTED)
		return "it is being stopped";
	return is_probe ? NULL : i->stopped;
}

/* Calls now, or after the visit under way; or answers BUSY. */
static void call(struct hd_instance *i, const herald_id *ids, size_t n,
		 void (*now)(struct hd_instance *i, const herald_id *ids,
			     size_t n),
		 void (*later)(struct hd_instance *i, struct hd_mail *mail),
		 uint32_t refused, const char *because)
{
	struct call_mail *m;

	if (because) {
		for (size_t k = 0; k < n; k++)
			herald_fail(&i->cell->host, ids[k], refused,
				    herald_cstr(because));
		return;
	}
	if (!hd_visit_is_inside(i)) {
		now(i, ids, n);
		return;
	}
	m = hd_cell_mail(sizeof(*m) + n * sizeof(m->ids[0]), later);
	m->n = n;
	memcpy(m->ids, ids, n * sizeof(m->ids[0]));
	hd_cell_post(i->cell, m);
}

/* ---- making requests ---- */

static herald_id new_lookup(struct hd_instance *i, uint32_t key,
			    const struct hd_question *q, int64_t deadline_ms,
			    hd_complete_fn fn, hd_complete_fn fn_late)
{
	const char *context = q->context ? q->context : "{}";
	size_t context_n = strlen(context);
	struct hd_request *r = hd_request_new(i, HD_LOOKUP, deadline_ms);
	herald_lookup *l = &r->lookup;
	char *at;

	r->fn = fn;
	r->late = fn_late;
	r->ud = q->ud;
	r->alert = hd_strdup(q->alert);
	r->mark = hd_inflight_note(q->alert, i->name, "lookup");
	r->texts = at = hd_alloc(q->value_n + context_n + 2);
	l->struct_size = sizeof(*l);
	l->key = key;
	l->req = r->node.id;
	l->value = lay(&at, q->value, q->value_n);
	l->context = lay(&at, context, context_n);
	l->deadline_ms = deadline_ms;
	return r->node.id;
}

void hd_instance_lookup(struct hd_instance *i, uint32_t key,
			const struct hd_question *questions, size_t n,
			int64_t deadline_ms, hd_complete_fn fn,
			hd_complete_fn fn_late)
{
	const herald_key *k = hd_module_key(i->module, key);
	herald_id *ids;

	assert(k && n > 0 && n <= (k->batch_max > 1 ? k->batch_max : 1));
	ids = hd_alloc_array(n, sizeof(*ids));
	for (size_t q = 0; q < n; q++)
		ids[q] = new_lookup(i, key, &questions[q], deadline_ms, fn,
				    fn_late);
	call(i, ids, n, call_lookup, run_lookup, HERALD_BUSY,
	     closed_because(i, false));
	free(ids);
}

void hd_instance_run(struct hd_instance *i, const struct hd_intent *intent,
		     hd_complete_fn fn, void *ud)
{
	const char *memo = intent->memo ? intent->memo : "";
	size_t params_n = strlen(intent->params);
	size_t record_n = strlen(intent->record);
	size_t idem_n = strlen(intent->idem), memo_n = strlen(memo);
	struct hd_request *r = hd_request_new(i, HD_RUN_ACTION,
					      intent->deadline_ms);
	herald_call *c = &r->call;
	herald_id id = r->node.id;
	char *at;

	assert(hd_module_action(i->module, intent->action));
	r->fn = fn;
	r->ud = ud;
	r->alert = hd_strdup(intent->alert);
	r->mark = hd_inflight_note(intent->alert, i->name,
				   mode_name(intent->mode));
	r->texts = at = hd_alloc(params_n + record_n + idem_n + memo_n + 4);
	c->struct_size = sizeof(*c);
	c->action = intent->action;
	c->req = id;
	c->params = lay(&at, intent->params, params_n);
	c->record = lay(&at, intent->record, record_n);
	c->idem = lay(&at, intent->idem, idem_n);
	c->memo = lay(&at, memo, memo_n);
	if (memo_n == 0)
		c->memo.p = NULL;
	c->deadline_ms = intent->deadline_ms;
	c->mode = intent->mode;
	c->undoing = intent->undoing;
	call(i, &id, 1, call_run, run_run, HERALD_BUSY,
	     closed_because(i, false));
}

void hd_instance_probe(struct hd_instance *i, int64_t deadline_ms,
		       hd_complete_fn fn, void *ud)
{
	struct hd_request *r = hd_request_new(i, HD_PROBE, deadline_ms);
	herald_id id = r->node.id;
	const char *because = closed_because(i, true);
	uint32_t refused = HERALD_BUSY;

	r->fn = fn;
	r->ud = ud;
	if (!because && !i->plugin->probe) {
		because = "this plugin has no test of its own";
		refused = HERALD_UNSUPPORTED;
	}
	call(i, &id, 1, call_probe, run_probe, refused, because);
}

uint32_t hd_instance_in_flight(const struct hd_instance *i)
{
	return i->in_flight;
}
