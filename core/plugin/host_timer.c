/* The services timer(), post() and stop(). */
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/visit.h"

struct post_mail {
	struct hd_mail mail;
	herald_timer_fn fn;
	void *ud;
};

static void run_post(struct hd_instance *i, struct hd_mail *mail)
{
	const struct post_mail *m = (struct post_mail *)mail;

	if (i->life >= HD_LIFE_DESTROYED)
		return;
	hd_visit_begin(i, "post");
	m->fn(i->self, 0, m->ud);
	hd_visit_end(i);
}

static void post(const herald_host *h, herald_timer_fn fn, void *ud)
{
	struct hd_cell *cell = hd_cell_of(h);
	struct post_mail *m = hd_cell_mail(sizeof(*m), run_post);

	HD_VISIT_CHECK_ANY(cell);
	m->fn = fn;
	m->ud = ud;
	if (!hd_cell_post(cell, m))
		hd_cell_count_late(cell, "post");
}

static void on_closed(uv_handle_t *handle)
{
	struct hd_timer *t = (struct hd_timer *)handle;
	struct hd_instance *i = t->instance;

	free(t);
	hd_instance_handle_closed(i);
}

static void close_timer(struct hd_timer *t)
{
	hd_link_remove(&t->link);
	uv_close((uv_handle_t *)&t->handle, on_closed);
}

static void on_timer(uv_timer_t *handle)
{
	struct hd_timer *t = (struct hd_timer *)handle;
	struct hd_instance *i = t->instance;
	herald_timer_fn fn = t->fn;
	herald_id id = t->id;
	void *ud = t->ud;

	if (!t->repeats)
		close_timer(t);
	hd_visit_begin(i, "timer");
	fn(i->self, id, ud);
	hd_visit_end(i);
}

static herald_id timer(const herald_host *h, int64_t delay_ms,
		       int64_t period_ms, herald_timer_fn fn, void *ud)
{
	struct hd_cell *cell = hd_cell_of(h);
	struct hd_instance *i = cell->instance;
	struct hd_timer *t;

	HD_VISIT_CHECK_LOOP(cell);
	if (i->life < HD_LIFE_STARTING || i->life >= HD_LIFE_DESTROYED)
		return 0;
	t = hd_alloc(sizeof(*t));
	t->instance = i;
	t->id = hd_idmap_new_id();
	t->fn = fn;
	t->ud = ud;
	t->repeats = period_ms > 0;
	uv_timer_init(i->env->loop, &t->handle);
	i->handles++;
	hd_link_add(&i->timers, &t->link);
	/* The loop's time is that of the turn's beginning. */
	uv_update_time(i->env->loop);
	uv_timer_start(&t->handle, on_timer,
		       delay_ms > 0 ? (uint64_t)delay_ms : 0,
		       period_ms > 0 ? (uint64_t)period_ms : 0);
	return t->id;
}

static bool stop_timer(struct hd_instance *i, herald_id id)
{
	struct hd_link *at = i->timers.next;

	for (; at != &i->timers; at = at->next) {
		struct hd_timer *t = HD_LINK_OF(at, struct hd_timer, link);

		if (t->id == id) {
			close_timer(t);
			return true;
		}
	}
	return false;
}

static void stop(const herald_host *h, herald_id id)
{
	struct hd_cell *cell = hd_cell_of(h);
	struct hd_instance *i = cell->instance;

	HD_VISIT_CHECK_LOOP(cell);
	if (id == 0)
		return;
	if (!stop_timer(i, id))
		hd_host_http_stop(i, id);
	/* A job runs in any case, as the ABI says: nothing to hurry. */
}

void hd_host_timer_fini(struct hd_instance *i)
{
	while (!hd_link_is_empty(&i->timers))
		close_timer(HD_LINK_OF(i->timers.next, struct hd_timer, link));
}

void hd_host_fill_timer(herald_host *host)
{
	host->timer = timer;
	host->post = post;
	host->stop = stop;
}
