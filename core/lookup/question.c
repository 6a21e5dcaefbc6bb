#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/metric.h"
#include "core/lookup/service.h"
#include "core/plugin/instance.h"

#define FIRST_RETRY_MS 200
#define HOLD_MAX_MS INT64_C(3600000) /* of one question */

/* ---- life ---- */

static const char *lay(char **at, const char *p, size_t n)
{
	char *text = *at;

	memcpy(text, p, n);
	text[n] = '\0';
	*at += n + 1;
	return text;
}

struct hd_asking *hd_question_new(struct hd_service *s,
				  const struct hd_ask *ask,
				  const char *cache_key)
{
	const char *context = ask->context ? ask->context : "{}";
	size_t context_n = strlen(context), key_n = strlen(cache_key);
	struct hd_asking *q = hd_alloc(sizeof(*q) + key_n + ask->value_n +
				       context_n + 3);
	char *at = (char *)(q + 1);

	q->service = s;
	q->key = ask->key;
	q->cache_key = lay(&at, cache_key, key_n);
	q->value = lay(&at, ask->value, ask->value_n);
	q->value_n = ask->value_n;
	q->context = lay(&at, context, context_n);
	q->asked_ms = hd_now_ms();
	q->deadline_ms = q->asked_ms + s->common->timeout_ms;
	q->prev = &s->all;
	q->next = s->all.next;
	q->next->prev = q;
	s->all.next = q;
	s->count++;
	hd_dict_put(&s->owner->under_way, q->cache_key, q);
	return q;
}

void hd_question_free(struct hd_asking *q)
{
	q->prev->next = q->next;
	q->next->prev = q->prev;
	q->service->count--;
	free(q);
}

struct hd_wait *hd_question_join(struct hd_asking *q, const char *alert,
				 hd_answer_fn fn, void *ud)
{
	struct hd_wait *w = hd_alloc(sizeof(*w));

	w->question = q;
	w->alert = alert;
	w->fn = fn;
	w->ud = ud;
	w->next = q->waits;
	if (w->next)
		w->next->prev = w;
	q->waits = w;
	return w;
}

void hd_wait_unlink(struct hd_wait *w)
{
	if (w->prev)
		w->prev->next = w->next;
	else
		w->question->waits = w->next;
	if (w->next)
		w->next->prev = w->prev;
}

/* ---- answers ---- */

void hd_question_answer(struct hd_asking *q, struct hd_answer *answer)
{
	struct hd_wait *w;

	q->answered = true;
	hd_dict_del(&q->service->owner->under_way, q->cache_key);
	while ((w = q->waits)) {
		hd_answer_fn fn = w->fn;
		void *ud = w->ud;

		hd_wait_unlink(w);
		free(w);
		fn(ud, answer);
	}
}

static enum hd_outcome outcome_of(uint32_t status)
{
	if (HERALD_CLASS(status) == 0)
		return HD_HIT;
	if (status == HERALD_NOT_APPLICABLE)
		return HD_NOT_APPLICABLE;
	return HERALD_CLASS(status) == 1 ? HD_CLEAN : HD_MISSING;
}

static struct hd_answer *answer_from(const struct hd_asking *q,
				     const struct hd_completion *c)
{
	enum hd_outcome outcome = outcome_of(c->status);
	bool told = outcome == HD_MISSING || outcome == HD_NOT_APPLICABLE;

	return hd_answer_new(outcome, c->status,
			     outcome == HD_MISSING ? NULL : c->json,
			     told ? c->message : NULL, hd_utc_ms(),
			     hd_now_ms() - q->asked_ms);
}

static void count_outcome(struct hd_service *s, const struct hd_answer *a)
{
	if (a->outcome == HD_HIT)
		hd_metric_add(s->hits, 1);
	else if (a->outcome == HD_MISSING)
		hd_metric_add(s->missing, 1);
	else if (a->outcome == HD_NOT_APPLICABLE)
		hd_metric_add(s->not_applicable, 1);
	else
		hd_metric_add(s->cleans, 1);
	hd_metric_observe(s->seconds, (double)a->took_ms / 1000);
}

static bool is_passing(const struct hd_completion *c)
{
	return HERALD_CLASS(c->status) == 2 || HERALD_CLASS(c->status) == 6;
}

/* The pause before another try, or -1 if there is no time for it, or no use. */
static int64_t pause_before_retry(const struct hd_asking *q,
				  const struct hd_completion *c)
{
	unsigned doubled = q->tries < 8 ? q->tries - 1 : 7;
	int64_t pause = (int64_t)FIRST_RETRY_MS << doubled;

	if (!is_passing(c) || q->tries > q->service->common->retries ||
	    c->late_follows || hd_instance_stopped(q->service->instance))
		return -1;
	if (c->retry_after_ms > pause)
		pause = c->retry_after_ms;
	return hd_now_ms() + pause < q->deadline_ms ? pause : -1;
}

/* Trouble of this question alone that asks for time. */
static void hold_question(struct hd_asking *q, struct hd_answer *answer,
			  const struct hd_completion *c)
{
	int64_t ms = c->retry_after_ms;

	if (!is_passing(c) || c->status == HERALD_QUOTA || ms <= 0)
		return;
	hd_remember_hold(q, answer, ms < HOLD_MAX_MS ? ms : HOLD_MAX_MS);
}

static void end(struct hd_asking *q, const struct hd_completion *c)
{
	struct hd_answer *answer = answer_from(q, c);

	count_outcome(q->service, answer);
	if (answer->outcome == HD_MISSING)
		hold_question(q, answer, c);
	else
		hd_remember(q, answer, c->ttl_s);
	hd_question_answer(q, answer);
	hd_answer_unref(answer);
	if (!c->late_follows)
		hd_question_free(q);
}

void hd_question_completed(void *ud, const struct hd_completion *c)
{
	struct hd_asking *q = ud;
	struct hd_service *s = q->service;
	int64_t pause;

	hd_batch_done(q);
	hd_service_judge(s, c);
	pause = pause_before_retry(q, c);
	if (pause >= 0)
		hd_batch_pause(q, pause);
	else
		end(q, c);
	hd_batch_flush(s);
}

/* The plugin's word after its deadline: only the cache has a use for it. */
void hd_question_late(void *ud, const struct hd_completion *c)
{
	struct hd_asking *q = ud;
	struct hd_answer *answer = answer_from(q, c);

	if (answer->outcome != HD_MISSING)
		hd_remember(q, answer, c->ttl_s);
	hd_answer_unref(answer);
	hd_question_free(q);
}
