#include "common/watch.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define FOREVER INT64_MAX

struct hp_watch {
	pthread_t thread;
	bool has_thread; /* whoever begins and ends knows */

	pthread_mutex_t lock; /* for all that follows */
	pthread_cond_t changed;
	int fd;			 /* -1: none */
	int64_t until_ms;	 /* of the line */
	int64_t sleeps_until_ms; /* the thread */
	bool fired, stop;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Returns at the time, or earlier. */
static void sleep_until(struct hp_watch *w, int64_t ms)
{
	const struct timespec at = { .tv_sec = ms / 1000,
				     .tv_nsec = ms % 1000 * 1000000 };

	w->sleeps_until_ms = ms;
	if (ms == FOREVER)
		pthread_cond_wait(&w->changed, &w->lock);
	else
		pthread_cond_timedwait(&w->changed, &w->lock, &at);
}

static void *run(void *ud)
{
	struct hp_watch *w = ud;

	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		if (w->fd >= 0 && now_ms() >= w->until_ms) {
			shutdown(w->fd, SHUT_RDWR);
			w->fired = true;
			w->fd = -1;
		}
		sleep_until(w, w->fd >= 0 ? w->until_ms : FOREVER);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* Signals are for the host's threads. */
static bool start(struct hp_watch *w)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	w->has_thread = pthread_create(&w->thread, NULL, run, w) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return w->has_thread;
}

struct hp_watch *hp_watch_new(void)
{
	struct hp_watch *w = calloc(1, sizeof(*w));
	pthread_condattr_t attr;

	if (!w)
		return NULL;
	w->fd = -1;
	w->sleeps_until_ms = FOREVER;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &attr);
	pthread_condattr_destroy(&attr);
	return w;
}

void hp_watch_free(struct hp_watch *w)
{
	if (!w)
		return;
	if (w->has_thread) {
		pthread_mutex_lock(&w->lock);
		w->stop = true;
		pthread_cond_signal(&w->changed);
		pthread_mutex_unlock(&w->lock);
		pthread_join(w->thread, NULL);
	}
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

bool hp_watch_begin(struct hp_watch *w, int fd, int64_t left_ms)
{
	if (!w->has_thread && !start(w))
		return false;
	pthread_mutex_lock(&w->lock);
	w->fd = fd;
	w->fired = false;
	w->until_ms = now_ms() + left_ms;
	/* One that wakes up earlier looks again by itself. */
	if (w->until_ms < w->sleeps_until_ms)
		pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	return true;
}

bool hp_watch_end(struct hp_watch *w)
{
	bool fired;

	pthread_mutex_lock(&w->lock);
	w->fd = -1;
	fired = w->fired;
	pthread_mutex_unlock(&w->lock);
	return fired;
}
