#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/lookup/service.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"
#include "core/plugin/rations.h"

#define HOLD_MAX_MS INT64_C(86400000)
#define QUESTIONS_MAX 20000 /* of one connector, at once */
#define DIGEST_TEXT 32	    /* hex digits of it in a cache key */
#define TIME_TEXT 24

/* ---- timers ---- */

static void free_closed(uv_handle_t *handle)
{
	free(handle);
}

uv_timer_t *hd_service_timer(uv_loop_t *loop, void *data)
{
	uv_timer_t *timer = hd_alloc(sizeof(*timer));

	uv_timer_init(loop, timer);
	timer->data = data;
	return timer;
}

void hd_service_close_timer(uv_timer_t **timer)
{
	if (*timer)
		uv_close((uv_handle_t *)*timer, free_closed);
	*timer = NULL;
}

/* ---- metrics ---- */

static struct hd_metric *metric(enum hd_metric_type type, const char *name,
				const char *connector, const char *outcome,
				const char *help)
{
	struct hd_metric *m;
	struct hd_buf labels;

	hd_buf_init(&labels, 4096);
	hd_metric_label(&labels, "connector", connector);
	if (outcome)
		hd_metric_label(&labels, "outcome", outcome);
	m = hd_metric_get(type, name, hd_buf_text(&labels), help);
	hd_buf_fini(&labels);
	return m;
}

static struct hd_metric *outcomes(const char *connector, const char *outcome)
{
	return metric(
		HD_COUNTER, "herald_lookups_total", connector, outcome,
		"Questions to a connector, by what they came to; cached and "
		"joined ones were not asked again.");
}

static void make_metrics(struct hd_service *s)
{
	s->hits = outcomes(s->name, "hit");
	s->cleans = outcomes(s->name, "clean");
	s->not_applicable = outcomes(s->name, "not_applicable");
	s->missing = outcomes(s->name, "missing");
	s->cached = outcomes(s->name, "cached");
	s->joined = outcomes(s->name, "joined");
	s->seconds = metric(HD_HISTOGRAM, "herald_lookup_seconds", s->name,
			    NULL,
			    "From a question to its answer, tries included.");
}

/* ---- life ---- */

void hd_service_on_ration(void *ud, struct hd_ration *ration)
{
	struct hd_lookups *l = ud;

	for (size_t i = 0; i < l->count; i++)
		if (l->services[i]->ration == ration)
			hd_batch_flush(l->services[i]);
}

static struct hd_service *new_service(struct hd_lookups *l,
				      struct hd_instance *instance)
{
	struct hd_service *s = hd_alloc(sizeof(*s));

	s->owner = l;
	s->instance = instance;
	s->common = hd_instance_common(instance);
	s->name = hd_strdup(hd_instance_name(instance));
	s->prefix = hd_strf("%s %.*s ", s->name, DIGEST_TEXT,
			    hd_instance_digest(instance));
	s->prefix_n = strlen(s->prefix);
	s->all.prev = s->all.next = &s->all;
	while (hd_module_key(hd_instance_module(instance), s->keys))
		s->keys++;
	s->queues = hd_alloc_array(s->keys, sizeof(*s->queues));
	for (uint32_t i = 0; i < s->keys; i++)
		s->queues[i].last = &s->queues[i].first;
	s->ration = hd_rations_of(l->env.rations, instance);
	s->linger = hd_service_timer(l->env.loop, s);
	s->again = hd_service_timer(l->env.loop, s);
	make_metrics(s);
	return s;
}

struct hd_service *hd_service_of(struct hd_lookups *l,
				 struct hd_instance *instance)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->services[i]->instance == instance)
			return l->services[i];
	l->services = hd_realloc_array(l->services, l->count + 1,
				       sizeof(struct hd_service *));
	return l->services[l->count++] = new_service(l, instance);
}

void hd_service_free(struct hd_service *s)
{
	struct hd_lookups *l = s->owner;

	for (size_t i = 0; i < l->count; i++)
		if (l->services[i] == s)
			l->services[i] = l->services[--l->count];
	hd_service_close_timer(&s->linger);
	hd_service_close_timer(&s->again);
	free(s->queues);
	free(s->trouble);
	free(s->prefix);
	free(s->name);
	free(s);
}

/* ---- may it be asked? ---- */

static struct hd_answer *refusal(struct hd_service *s, uint32_t status,
				 const char *reason)
{
	hd_metric_add(s->missing, 1);
	return hd_answer_new(HD_MISSING, status, NULL, reason, hd_utc_ms(), 0);
}

/* "2026-11-25T00:05:42Z" */
/* Never a second too early: what is said must hold. */
static void time_after(int64_t ms, char out[TIME_TEXT])
{
	char text[HD_UTC_TEXT];
	int64_t at = hd_utc_ms() + ms;

	hd_utc_text((at + 999) / 1000 * 1000, text);
	snprintf(out, TIME_TEXT, "%.*sZ", (int)strcspn(text, "."), text);
}

static void duration_text(int64_t ms, char *out, size_t size)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = { { 86400000, "d" },
		      { 3600000, "h" },
		      { 60000, "m" },
		      { 1000, "s" },
		      { 1, "ms" } };
	size_t i = 0;

	while (ms % units[i].ms != 0)
		i++;
	snprintf(out, size, "%lld%s", (long long)(ms / units[i].ms),
		 units[i].unit);
}

/* Once, until there is room again. */
static void tell_spent(struct hd_service *s, const char *reason)
{
	const struct hd_lookups_env *env = &s->owner->env;
	char *text;

	if (s->told || !env->alarm)
		return;
	s->told = true;
	text = hd_strf("connector %s: %s; its lookups are missing meanwhile "
		       "-> heraldctl status",
		       s->name, reason);
	env->alarm(env->ud, "quota spent", s->name, text);
	free(text);
}

static struct hd_answer *refuse_spent(struct hd_service *s, int64_t wait_ms,
				      const struct hd_rate *rate)
{
	char when[TIME_TEXT], window[32];
	struct hd_answer *answer;
	char *reason;

	time_after(wait_ms, when);
	duration_text(rate->window_ms, window, sizeof(window));
	reason = hd_strf("quota of %lld/%s spent, free again at %s",
			 (long long)rate->count, window, when);
	answer = refusal(s, HERALD_QUOTA, reason);
	tell_spent(s, reason);
	free(reason);
	return answer;
}

static struct hd_answer *refuse_open(struct hd_service *s, int64_t now)
{
	struct hd_answer *answer;
	char when[TIME_TEXT];
	char *reason;

	time_after(hd_breaker_wait(&s->breaker, now), when);
	if (s->breaker.held)
		reason = hd_strf("the service's quota is spent, asked again "
				 "at %s",
				 when);
	else
		reason = hd_strf("not asked after %d failures in a row: %s",
				 s->breaker.failures,
				 s->trouble ? s->trouble : "?");
	answer = refusal(s, s->breaker.held ? HERALD_QUOTA : HERALD_BUSY,
			 reason);
	free(reason);
	return answer;
}

struct hd_answer *hd_service_refuses(struct hd_service *s, size_t more)
{
	const char *stopped = hd_instance_stopped(s->instance);
	int64_t now = hd_now_ms(), wait;
	struct hd_rate rate;

	if (stopped)
		return refusal(s, HERALD_AUTH, stopped);
	if (hd_breaker_blocks(&s->breaker, now))
		return refuse_open(s, now);
	if (s->count - s->queued + more > QUESTIONS_MAX)
		return refusal(s, HERALD_BUSY,
			       "too many questions are under way");
	if (!s->ration)
		return NULL;
	wait = hd_ration_wait(s->ration, (int64_t)more, &rate);
	if (wait != 0)
		return refuse_spent(s, wait, &rate);
	/* Those that were let in before it was spent say nothing of room. */
	if (more <= s->queued)
		return NULL;
	if (s->told)
		s->owner->env.alarm(s->owner->env.ud, "quota spent", s->name,
				    NULL);
	s->told = false;
	return NULL;
}

/* ---- what outcomes say of it ---- */

static void hold(struct hd_service *s, int64_t ms)
{
	char *reason;

	ms = ms < HOLD_MAX_MS ? ms : HOLD_MAX_MS;
	hd_breaker_hold(&s->breaker, hd_now_ms() + ms);
	reason = hd_strf("quota spent: nothing is asked for %lld s",
			 (long long)(ms / 1000));
	hd_log(HD_LOG_WARNING, &(struct hd_log_context){ s->name, NULL }, "%s",
	       reason);
	tell_spent(s, reason);
	free(reason);
}

static void fail(struct hd_service *s, const struct hd_completion *c)
{
	int64_t now = hd_now_ms();

	free(s->trouble);
	s->trouble = hd_strdup(c->message);
	if (!hd_breaker_failure(&s->breaker, now))
		return;
	hd_log(HD_LOG_WARNING, &(struct hd_log_context){ s->name, NULL },
	       "circuit open for %lld s after %d failures: %s",
	       (long long)(hd_breaker_wait(&s->breaker, now) / 1000),
	       s->breaker.failures, c->message);
}

void hd_service_judge(struct hd_service *s, const struct hd_completion *c)
{
	bool was_open = s->breaker.failures >= HD_BREAKER_FAILURES;

	if (hd_instance_stopped(s->instance)) {
		s->breaker.probing = false; /* it is not the service's fault */
	} else if (c->status == HERALD_QUOTA && c->retry_after_ms > 0) {
		hold(s, c->retry_after_ms);
	} else if (HERALD_CLASS(c->status) == 2 ||
		   HERALD_CLASS(c->status) == 6) {
		fail(s, c);
	} else if (HERALD_CLASS(c->status) <= 1) {
		hd_breaker_success(&s->breaker);
		if (was_open)
			hd_log(HD_LOG_NOTICE,
			       &(struct hd_log_context){ s->name, NULL },
			       "circuit closed: it answers again");
	} else {
		s->breaker.probing = false;
	}
}
