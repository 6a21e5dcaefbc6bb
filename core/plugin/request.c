/* Requests: what a plugin owes an answer for.
 *
 * A request lies in the cell's map until the plugin completes it, and in one
 * of three rings: `waiting`, sorted by deadline, while the asker waits (or
 * `served`, whose deadlines the listener watches); `late` once the host has
 * answered in the plugin's place.  What it points to stays
 * until the plugin completes it, as the ABI promises, however late.
 */
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/metric.h"
#include "core/net/listener.h"
#include "core/plugin/inflight.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/visit.h"

/* ---- the map and the rings ---- */

/* Most deadlines of one instance come in order, so the search is short. */
static void sort_in(struct hd_instance *i, struct hd_request *r)
{
	struct hd_link *at = &i->waiting;

	while (at->prev != &i->waiting &&
	       HD_LINK_OF(at->prev, struct hd_request, link)->deadline_ms >
		       r->deadline_ms)
		at = at->prev;
	hd_link_add(at, &r->link);
}

static void on_deadline(uv_timer_t *timer);

void hd_request_set_timer(struct hd_instance *i)
{
	const struct hd_request *first;
	int64_t left;

	if (!i->deadline)
		return;
	if (hd_link_is_empty(&i->waiting)) {
		uv_timer_stop(i->deadline);
		return;
	}
	first = HD_LINK_OF(i->waiting.next, struct hd_request, link);
	if (first->deadline_ms == INT64_MAX) {
		uv_timer_stop(i->deadline);
		return;
	}
	if (uv_is_active((uv_handle_t *)i->deadline) &&
	    i->deadline_set_ms == first->deadline_ms)
		return;
	i->deadline_set_ms = first->deadline_ms;
	left = first->deadline_ms - hd_now_ms();
	uv_update_time(i->env->loop);
	uv_timer_start(i->deadline, on_deadline, left > 0 ? (uint64_t)left : 0,
		       0);
}

struct hd_request *hd_request_new(struct hd_instance *i,
				  enum hd_request_kind kind,
				  int64_t deadline_ms)
{
	struct hd_request *r = hd_alloc(sizeof(*r));

	r->node.id = hd_idmap_new_id();
	r->kind = kind;
	r->deadline_ms = deadline_ms;
	if (kind == HD_SERVED) {
		hd_link_add(&i->served, &r->link);
	} else {
		sort_in(i, r);
		i->in_flight++;
	}
	pthread_mutex_lock(&i->cell->lock);
	hd_idmap_put(&i->cell->requests, &r->node);
	pthread_mutex_unlock(&i->cell->lock);
	if (i->waiting.next == &r->link)
		hd_request_set_timer(i);
	return r;
}

struct hd_request *hd_request_find(struct hd_instance *i, herald_id id)
{
	struct hd_id_node *node;

	pthread_mutex_lock(&i->cell->lock);
	node = hd_idmap_get(&i->cell->requests, id);
	pthread_mutex_unlock(&i->cell->lock);
	return node ? HD_LINK_OF(node, struct hd_request, node) : NULL;
}

void hd_request_free(struct hd_instance *i, struct hd_request *r)
{
	pthread_mutex_lock(&i->cell->lock);
	hd_idmap_remove(&i->cell->requests, &r->node);
	pthread_mutex_unlock(&i->cell->lock);
	if (!r->answered && r->kind != HD_SERVED)
		i->in_flight--;
	hd_link_remove(&r->link);
	hd_inflight_clear(r->mark);
	free(r->alert);
	free(r->texts);
	free(r);
	if (i->cancel_at_ms)
		hd_cell_poke(i->cell);
}

struct hd_mark *hd_request_enter(struct hd_instance *i, herald_id id)
{
	struct hd_request *r = id != 0 ? hd_request_find(i, id) : NULL;
	struct hd_mark *mark = r && r->kind != HD_SERVED ? r->mark : NULL;

	hd_inflight_enter(mark);
	return mark;
}

/* From here on what the plugin says comes late. */
static void set_answered(struct hd_instance *i, struct hd_request *r)
{
	r->answered = true;
	if (r->kind != HD_SERVED)
		i->in_flight--;
	hd_link_remove(&r->link);
	hd_link_add(&i->late, &r->link);
}

/* ---- cancelling, deadlines ---- */

struct cancel_mail {
	struct hd_mail mail;
	herald_id id;
};

static void call_cancel(struct hd_instance *i, herald_id id)
{
	struct hd_mark *mark;

	if (!i->plugin->cancel || i->life == HD_LIFE_DESTROYED)
		return;
	mark = hd_request_enter(i, id);
	hd_visit_begin(i, "cancel");
	i->plugin->cancel(i->self, id);
	hd_visit_end(i);
	hd_inflight_leave(mark);
}

static void run_cancel(struct hd_instance *i, struct hd_mail *mail)
{
	herald_id id = ((struct cancel_mail *)mail)->id;

	if (hd_request_find(i, id))
		call_cancel(i, id);
}

void hd_request_cancel(struct hd_instance *i, struct hd_request *r)
{
	bool already;

	pthread_mutex_lock(&i->cell->lock);
	already = r->cancelled;
	r->cancelled = true;
	pthread_mutex_unlock(&i->cell->lock);
	if (already)
		return;
	hd_host_http_hurry(i, r->node.id);
	if (hd_visit_is_inside(i)) {
		struct cancel_mail *mail = hd_cell_mail(sizeof(*mail),
							run_cancel);

		mail->id = r->node.id;
		hd_cell_post(i->cell, mail);
		return;
	}
	call_cancel(i, r->node.id);
}

/* Answers in the plugin's place.  A RUN that was begun may have had its
 * effect. */
static void answer_for(struct hd_instance *i, struct hd_request *r,
		       uint32_t status, const char *message)
{
	struct hd_completion c = { .status = status,
				   .message = message,
				   .late_follows = r->late != NULL };

	if (r->kind == HD_RUN_ACTION && r->call.mode == HERALD_RUN)
		c.status = HERALD_IN_DOUBT;
	set_answered(i, r);
	hd_health_seen(i, c.status, message);
	r->fn(r->ud, &c);
}

static void expire(struct hd_instance *i, herald_id id)
{
	struct hd_request *r = hd_request_find(i, id);

	if (!r || r->answered)
		return;
	hd_metric_add(i->metrics.timed_out, 1);
	answer_for(i, r, HERALD_TIMEOUT, "no answer before the deadline");
	r = hd_request_find(i, id);
	if (r)
		hd_request_cancel(i, r);
}

static void on_deadline(uv_timer_t *timer)
{
	struct hd_instance *i = timer->data;
	int64_t now = hd_now_ms();

	while (!hd_link_is_empty(&i->waiting)) {
		struct hd_request *r = HD_LINK_OF(i->waiting.next,
						  struct hd_request, link);

		if (r->deadline_ms > now)
			break;
		expire(i, r->node.id);
	}
	hd_request_set_timer(i);
}

void hd_request_cancel_all(struct hd_instance *i)
{
	while (!hd_link_is_empty(&i->waiting)) {
		struct hd_request *r = HD_LINK_OF(i->waiting.next,
						  struct hd_request, link);
		herald_id id = r->node.id;

		answer_for(i, r, HERALD_CANCELLED, "the connector was stopped");
		r = hd_request_find(i, id);
		if (r)
			hd_request_cancel(i, r);
	}
	while (!hd_link_is_empty(&i->served)) {
		struct hd_request *r = HD_LINK_OF(i->served.next,
						  struct hd_request, link);

		set_answered(i, r); /* 503, at the end */
		hd_request_cancel(i, r);
	}
	hd_request_set_timer(i);
}

void hd_request_fini(struct hd_instance *i)
{
	static const struct hd_completion gone = {
		.status = HERALD_CANCELLED,
		.message = "the connector was stopped",
	};

	while (!hd_link_is_empty(&i->late)) {
		struct hd_request *r = HD_LINK_OF(i->late.next,
						  struct hd_request, link);

		if (r->late)
			r->late(r->ud, &gone);
		if (r->kind == HD_SERVED)
			hd_http_respond(r->served.http, 503, NULL, NULL, 0);
		hd_request_free(i, r);
	}
}

uint32_t hd_request_cancelled(const herald_host *h, herald_id req)
{
	struct hd_cell *cell = hd_cell_of(h);
	struct hd_id_node *node;
	uint32_t yes = 1;

	HD_VISIT_CHECK_ANY(cell);
	pthread_mutex_lock(&cell->lock);
	node = cell->closed ? NULL : hd_idmap_get(&cell->requests, req);
	if (node)
		yes = HD_LINK_OF(node, struct hd_request, node)->cancelled;
	pthread_mutex_unlock(&cell->lock);
	return yes;
}
