/* The time of a turn without what it slept: libuv counts that. */
#include "core/heraldd/watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/heraldd/notify.h"
#include "core/plugin/cell.h"
#include "core/plugin/visit.h"

#define LOOK_MS 500  /* between two looks of the thread */
#define HELD_MS 1000 /* it says so from here on */
#define SECOND_MS 1000

struct hd_watch {
	uv_loop_t *loop;
	uv_prepare_t turn;
	uv_timer_t alive, second;
	int open; /* handles */
	struct hd_metric *lag;
	/* of the turn that is under way, ns */
	_Atomic uint64_t began, idle;

	bool has_thread;
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wake;
	bool stop;
};

/* ---- on the loop ---- */

static void on_turn(uv_prepare_t *turn)
{
	struct hd_watch *w = turn->data;
	uint64_t now = uv_hrtime(), idle = uv_metrics_idle_time(w->loop);
	uint64_t took = now - w->began, slept = idle - w->idle;

	hd_metric_observe(w->lag,
			  took > slept ? (double)(took - slept) / 1e9 : 0);
	w->idle = idle;
	w->began = now;
}

static void on_alive(uv_timer_t *timer)
{
	(void)timer;
	hd_notify("WATCHDOG=1");
}

/* What the log held back is told also when nothing else is. */
static void on_second(uv_timer_t *timer)
{
	(void)timer;
	hd_log_flush();
}

/* ---- beside it ---- */

/* How long the turn has been busy, in ms; 0 while that cannot be told. */
static int64_t busy_ms(struct hd_watch *w)
{
	uint64_t began = w->began, idle = w->idle;
	uint64_t slept = uv_metrics_idle_time(w->loop) - idle;
	uint64_t took = uv_hrtime() - began;

	if (w->began != began || took < slept)
		return 0;
	return (int64_t)((took - slept) / 1000000);
}

static void tell_held(int64_t ms)
{
	char name[HD_CELL_NAME];
	const char *what;
	int64_t for_ms;

	if (hd_visit_current(name, &what, &for_ms))
		hd_error("the loop has been held for %lld ms by connector %s, "
			 "in %s()",
			 (long long)for_ms, name, what);
	else
		hd_error("the loop has been held for %lld ms by herald itself",
			 (long long)ms);
}

/* False at the end. */
static bool wait_a_while(struct hd_watch *w)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&w->lock);
	while (!w->stop &&
	       pthread_cond_timedwait(&w->wake, &w->lock, &until) != ETIMEDOUT)
		;
	stop = w->stop;
	pthread_mutex_unlock(&w->lock);
	return !stop;
}

/* Each hold is told once. */
static void *look(void *arg)
{
	struct hd_watch *w = arg;
	uint64_t told = 0;

	while (wait_a_while(w)) {
		uint64_t began = w->began;
		int64_t ms = busy_ms(w);

		if (ms < HELD_MS || began == told)
			continue;
		told = began;
		tell_held(ms);
	}
	return NULL;
}

/* ---- life ---- */

static void start_thread(struct hd_watch *w)
{
	pthread_condattr_t attr;
	int rc;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
	rc = pthread_create(&w->thread, NULL, look, w);
	w->has_thread = rc == 0;
	if (rc != 0)
		hd_warning("no thread to watch the loop: %s", strerror(rc));
}

/* Half of what the service manager waits. */
static void start_alive(struct hd_watch *w)
{
	uint64_t ms = hd_notify_watchdog_us() / 2000;

	if (ms != 0)
		uv_timer_start(&w->alive, on_alive, 0, ms);
}

static void init_timer(struct hd_watch *w, uv_timer_t *timer)
{
	uv_timer_init(w->loop, timer);
	timer->data = w;
	uv_unref((uv_handle_t *)timer);
}

struct hd_watch *hd_watch_start(uv_loop_t *loop)
{
	struct hd_watch *w = hd_alloc(sizeof(*w));

	w->loop = loop;
	w->lag = hd_metric_get(HD_HISTOGRAM, "herald_loop_lag_seconds", "",
			       "How long the loop was busy in a turn: what "
			       "came meanwhile waited.");
	w->open = 3;
	w->began = uv_hrtime();
	w->idle = uv_metrics_idle_time(loop);
	uv_prepare_init(loop, &w->turn);
	w->turn.data = w;
	uv_prepare_start(&w->turn, on_turn);
	uv_unref((uv_handle_t *)&w->turn);
	init_timer(w, &w->alive);
	init_timer(w, &w->second);
	start_alive(w);
	uv_timer_start(&w->second, on_second, SECOND_MS, SECOND_MS);
	start_thread(w);
	return w;
}

static void on_closed(uv_handle_t *handle)
{
	struct hd_watch *w = handle->data;

	if (--w->open != 0)
		return;
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void hd_watch_stop(struct hd_watch *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	if (w->has_thread)
		pthread_join(w->thread, NULL);
	uv_close((uv_handle_t *)&w->turn, on_closed);
	uv_close((uv_handle_t *)&w->alive, on_closed);
	uv_close((uv_handle_t *)&w->second, on_closed);
}
