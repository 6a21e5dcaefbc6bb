/* The end of an instance.
 *
 * halt(), then what is under way is drained; after the grace it is cancelled
 * and answered for; after a last while it is given up.  Code of the plugin that
 * still runs in a worker cannot be given up: destroy() would take away what it
 * works on, so the instance is then left as it is until the worker returns.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/expr/map.h"
#include "core/net/http_client.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/options.h"
#include "core/plugin/visit.h"

/* The last of it, once no handle is open. */
static unsigned abandoned; /* whose worker has not come back [loop] */

unsigned hd_instances_abandoned(void)
{
	return abandoned;
}

static void free_instance(struct hd_instance *i)
{
	void (*fn)(void *ud) = i->stop_fn;
	void *ud = i->stop_ud;

	hd_options_free(i->options);
	hd_map_free(i->map);
	hd_health_fini(i);
	free(i->metrics.own);
	free(i->last_error);
	free(i->route_ids);
	free(i->name);
	free(i);
	if (fn)
		fn(ud);
}

static void call_destroy(struct hd_instance *i)
{
	if (i->self) {
		hd_visit_begin(i, "destroy");
		i->plugin->destroy(i->self);
		hd_visit_end(i);
	}
	i->self = NULL;
	i->life = HD_LIFE_DESTROYED;
}

void hd_instance_discard(struct hd_instance *i)
{
	if (!i)
		return;
	assert(i->handles == 0);
	call_destroy(i);
	hd_host_state_fini(i);
	hd_cell_close(i->cell);
	free_instance(i);
}

void hd_instance_handle_closed(struct hd_instance *i)
{
	if (--i->handles == 0 && i->life == HD_LIFE_DESTROYED)
		free_instance(i);
}

static void on_closed(uv_handle_t *handle)
{
	struct hd_instance *i = handle->data;

	free(handle);
	hd_instance_handle_closed(i);
}

uv_timer_t *hd_instance_new_timer(struct hd_instance *i)
{
	uv_timer_t *timer = hd_alloc(sizeof(*timer));

	uv_timer_init(i->env->loop, timer);
	timer->data = i;
	i->handles++;
	return timer;
}

static void close_timer(uv_timer_t **timer)
{
	if (*timer)
		uv_close((uv_handle_t *)*timer, on_closed);
	*timer = NULL;
}

/* Nothing is under way any more, or it was given up. */
static void finish(struct hd_instance *i)
{
	abandoned -= i->abandoned;
	i->handles++; /* held until all closes are asked for */
	hd_host_timer_fini(i);
	call_destroy(i);
	/* What it completed in destroy() is late, but not lost. */
	hd_cell_run(i->cell);
	hd_host_source_stop(i);
	hd_request_fini(i);
	hd_http_peer_free(i->peer);
	i->peer = NULL;
	hd_host_state_fini(i);
	close_timer(&i->deadline);
	close_timer(&i->stop_timer);
	close_timer(&i->until_timer);
	hd_cell_close(i->cell);
	hd_instance_handle_closed(i);
}

static bool is_idle(struct hd_instance *i)
{
	return hd_link_is_empty(&i->waiting) && hd_link_is_empty(&i->served) &&
	       hd_link_is_empty(&i->late) && hd_link_is_empty(&i->fetches) &&
	       hd_link_is_empty(&i->jobs) && hd_link_is_empty(&i->puts) &&
	       i->unsettled == 0 && hd_cell_is_empty(i->cell);
}

/* Requests and emits can be given up; code of the plugin that is still to run
 * cannot, since destroy() would take away what it works on. */
static bool may_be_given_up(const struct hd_instance *i)
{
	return hd_link_is_empty(&i->fetches) && hd_link_is_empty(&i->jobs);
}

static void abandon(struct hd_instance *i)
{
	void (*fn)(void *ud) = i->stop_fn;
	void *ud = i->stop_ud;

	i->abandoned = true;
	abandoned++;
	i->stop_fn = NULL;
	hd_instance_log(i, HD_LOG_ERROR,
			"does not give back its threads: it is left as it is "
			"until herald ends");
	if (fn)
		fn(ud);
}

void hd_instance_drained(struct hd_instance *i)
{
	int64_t now;

	if (i->life != HD_LIFE_HALTED)
		return;
	if (is_idle(i)) {
		finish(i);
		return;
	}
	now = hd_now_ms();
	if (!i->cancelled_all && now >= i->cancel_at_ms) {
		i->cancelled_all = true;
		hd_request_cancel_all(i);
		hd_host_http_hurry(i, 0);
	}
	if (now < i->abandon_at_ms)
		return;
	if (may_be_given_up(i)) {
		hd_instance_log(i, HD_LOG_ERROR,
				"is destroyed with requests that it never "
				"completed");
		finish(i);
	} else if (!i->abandoned) {
		abandon(i);
	}
}

static void on_stop_timer(uv_timer_t *timer)
{
	hd_cell_poke(((struct hd_instance *)timer->data)->cell);
}

static void run_stop(struct hd_instance *i, struct hd_mail *mail)
{
	int64_t step;

	(void)mail;
	hd_host_source_pause(i);
	if (i->self && i->life >= HD_LIFE_STARTING && i->plugin->halt) {
		hd_visit_begin(i, "halt");
		i->plugin->halt(i->self);
		hd_visit_end(i);
	}
	i->life = HD_LIFE_HALTED;
	/* Every event of ours looks again; this one is for the bounds. */
	step = i->cancel_at_ms - hd_now_ms();
	uv_update_time(i->env->loop);
	uv_timer_start(i->stop_timer, on_stop_timer,
		       step > 0 ? (uint64_t)step : 0, 100);
	hd_cell_poke(i->cell);
}

void hd_instance_leave_routes(struct hd_instance *i)
{
	i->leaves_routes = true;
}

void hd_instance_stop(struct hd_instance *i, int64_t grace_ms,
		      void (*fn)(void *ud), void *ud)
{
	i->stop_fn = fn;
	i->stop_ud = ud;
	if (i->handles == 0) {
		hd_instance_discard(i);
		return;
	}
	i->cancel_at_ms = hd_now_ms() + grace_ms;
	i->abandon_at_ms = i->cancel_at_ms +
			   (i->env->linger_ms ? i->env->linger_ms : 5000);
	/* A letter, so that calls which wait for their turn come first. */
	hd_cell_post(i->cell, hd_cell_mail(sizeof(struct hd_mail), run_stop));
}
