/* Queues, and when what is in them goes to the plugin. */
#include <stdlib.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/lookup/service.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

#define BATCH_LIMIT 256
#define SPREAD                                                        \
	8 /* deadlines of a batch lie within this part of the timeout \
	   */

static uint32_t batch_max(const struct hd_service *s, uint32_t key)
{
	const herald_key *k = hd_module_key(hd_instance_module(s->instance),
					    key);

	if (k->batch_max <= 1)
		return 1;
	return k->batch_max < BATCH_LIMIT ? k->batch_max : BATCH_LIMIT;
}

/* ---- queues ---- */

static void put(struct hd_asking *q)
{
	struct hd_queue *queue = &q->service->queues[q->key];

	q->behind = NULL;
	*queue->last = q;
	queue->last = &q->behind;
	queue->n++;
	q->service->queued++;
}

static struct hd_asking *take_first(struct hd_service *s, uint32_t key)
{
	struct hd_queue *queue = &s->queues[key];
	struct hd_asking *q = queue->first;

	queue->first = q->behind;
	if (!queue->first)
		queue->last = &queue->first;
	queue->n--;
	s->queued--;
	return q;
}

/* A question that is alone, fills a batch or comes so long after the one before
 * that no other is to be expected, has nothing to wait for. */
void hd_batch_enqueue(struct hd_asking *q)
{
	struct hd_service *s = q->service;
	struct hd_queue *queue = &s->queues[q->key];
	bool rare = q->asked_ms - queue->asked_ms > s->common->linger_ms;
	bool ready;

	put(q);
	queue->asked_ms = q->asked_ms;
	ready = queue->calls == 0 || rare || queue->n >= batch_max(s, q->key);
	if (ready || !uv_is_active((uv_handle_t *)s->linger))
		uv_timer_start(s->linger, hd_batch_on_linger,
			       ready ? 0 : (uint64_t)s->common->linger_ms, 0);
}

void hd_batch_on_linger(uv_timer_t *timer)
{
	hd_batch_flush(timer->data);
}

/* ---- pauses between two tries ---- */

static void set_again(struct hd_service *s)
{
	int64_t first = INT64_MAX, left;

	for (struct hd_asking *q = s->paused; q; q = q->behind)
		if (q->again_ms < first)
			first = q->again_ms;
	if (first == INT64_MAX)
		return;
	left = first - hd_now_ms();
	uv_update_time(s->owner->env.loop);
	uv_timer_start(s->again, hd_batch_on_again,
		       left > 0 ? (uint64_t)left : 0, 0);
}

void hd_batch_pause(struct hd_asking *q, int64_t ms)
{
	struct hd_service *s = q->service;
	bool first = !s->paused;

	q->again_ms = hd_now_ms() + ms;
	q->behind = s->paused;
	s->paused = q;
	if (first || (int64_t)uv_timer_get_due_in(s->again) > ms)
		set_again(s);
}

void hd_batch_on_again(uv_timer_t *timer)
{
	struct hd_service *s = timer->data;
	struct hd_asking *q = s->paused, *behind;
	int64_t now = hd_now_ms();

	s->paused = NULL;
	for (; q; q = behind) {
		behind = q->behind;
		if (q->again_ms <= now) {
			put(q);
			continue;
		}
		q->behind = s->paused;
		s->paused = q;
	}
	set_again(s);
	hd_batch_flush(s);
}

/* ---- sending ---- */

/* Of the first ones as many as one call takes.  It has one deadline, the
 * earliest: one who is on his last try must not hurry the others. */
static size_t next_size(const struct hd_service *s, uint32_t key)
{
	int64_t spread = s->common->timeout_ms / SPREAD;
	const struct hd_asking *q = s->queues[key].first;
	int64_t low = q->deadline_ms, high = q->deadline_ms;
	size_t n = 0, most = batch_max(s, key);

	for (; q && n < most; q = q->behind, n++) {
		low = q->deadline_ms < low ? q->deadline_ms : low;
		high = q->deadline_ms > high ? q->deadline_ms : high;
		if (high - low > spread)
			break;
	}
	return n;
}

static void send_batch(struct hd_service *s, uint32_t key, size_t n)
{
	struct hd_question questions[BATCH_LIMIT];
	struct hd_batch *batch = hd_alloc(sizeof(*batch));
	int64_t deadline = INT64_MAX;

	batch->key = key;
	batch->open = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		struct hd_asking *q = take_first(s, key);

		q->batch = batch;
		q->tries++;
		questions[i] = (struct hd_question){
			.value = q->value,
			.value_n = q->value_n,
			.context = q->context,
			.alert = q->waits ? q->waits->alert : NULL,
			.ud = q,
		};
		if (q->deadline_ms < deadline)
			deadline = q->deadline_ms;
	}
	s->calls++;
	s->queues[key].calls++;
	hd_instance_lookup(s->instance, key, questions, n, deadline,
			   hd_question_completed, hd_question_late);
}

void hd_batch_done(struct hd_asking *q)
{
	struct hd_batch *batch = q->batch;

	q->batch = NULL;
	if (--batch->open != 0)
		return;
	q->service->calls--;
	q->service->queues[batch->key].calls--;
	free(batch);
}

static void refuse_first(struct hd_service *s, uint32_t key,
			 struct hd_answer *answer_take)
{
	struct hd_asking *q = take_first(s, key);

	hd_question_answer(q, answer_take);
	hd_answer_unref(answer_take);
	hd_question_free(q);
}

/* Why the first of the queue cannot be sent any more; NULL if it can. */
static struct hd_answer *obstacle(struct hd_service *s, uint32_t key)
{
	const struct hd_asking *q = s->queues[key].first;
	int64_t now = hd_now_ms();
	const char *trouble;

	if (q->deadline_ms <= now)
		return hd_answer_new(HD_MISSING, HERALD_TIMEOUT, NULL,
				     "its turn did not come in time",
				     hd_utc_ms(), now - q->asked_ms);
	trouble = s->ration ? hd_ration_trouble(s->ration) : NULL;
	if (trouble)
		return hd_answer_new(HD_MISSING, HERALD_BUSY, NULL, trouble,
				     hd_utc_ms(), now - q->asked_ms);
	return hd_service_refuses(s, 1);
}

/* False: nothing of this key can go now. */
static bool send_next(struct hd_service *s, uint32_t key)
{
	struct hd_answer *refused = obstacle(s, key);
	size_t n;

	if (refused) {
		refuse_first(s, key, refused);
		return true;
	}
	if (s->common->max_in_flight != 0 &&
	    s->calls >= s->common->max_in_flight)
		return false;
	n = next_size(s, key);
	if (s->ration)
		n = (size_t)hd_ration_take(s->ration, (int64_t)n);
	if (n == 0) /* a block is being stored; it will wake us */
		return false;
	hd_breaker_allows(&s->breaker, hd_now_ms());
	send_batch(s, key, n);
	return true;
}

void hd_batch_flush(struct hd_service *s)
{
	if (s->flushing) /* an answer made somebody ask */
		return;
	s->flushing = true;
	for (uint32_t key = 0; key < s->keys; key++)
		while (s->queues[key].n != 0 && send_next(s, key))
			;
	s->flushing = false;
}
