/* How a question travels.
 *
 *   ask -> [policy] -> [cache] -> [joined?] -> [service there, breaker, quota]
 *       -> queue of its key, until the batch is full or `linger` has passed
 *       -> lookup() -> completion: answer, or again after a pause
 *
 * A question (struct question) exists once for each key that is under way; any
 * number of waits hang on it.  It keeps going when all of them have left: what
 * comes late fills the cache.  It is freed when the plugin has said its last
 * word about it.
 */
#include "core/lookup/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/dict.h"
#include "core/base/ip.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/lookup/breaker.h"
#include "core/lookup/cache.h"
#include "core/lookup/quota.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

#define FIRST_RETRY_MS 200
#define BATCH_LIMIT 1000
#define HOLD_MAX_MS INT64_C(86400000) /* of an instance, by QUOTA */
#define PAUSE_MAX_MS INT64_C(3600000) /* of one question */

struct question {
	struct question *prev, *next; /* in the service's list */
	struct service *service;
	char *key_text; /* of the cache */
	uint32_t key;
	char *value, *context;
	size_t value_n;
	struct hd_wait *waits;
	int64_t asked_ms, deadline_ms;
	unsigned tries;
	bool answered; /* waits are gone; only a late word is expected */
	bool queued;
	uv_timer_t *pause; /* between two tries */
};

struct hd_wait {
	struct hd_wait *prev, *next;
	struct question *question;
	hd_answer_fn fn;
	void *ud;
};

/* Questions of one key that wait for a place in a batch. */
struct queue {
	struct question **items;
	size_t n, cap;
};

struct service {
	struct hd_lookups *owner;
	struct hd_instance *instance;
	struct hd_breaker breaker;
	struct hd_quota *quota;
	struct question head; /* ring of all its questions */
	struct queue *queues; /* one a key */
	uint32_t keys;
	uint32_t calls; /* questions handed to the plugin, not completed */
	uv_timer_t *linger;
	bool lingering;
	struct hd_metric *hits, *cleans, *missing, *cached, *joined;
};

struct hd_lookups {
	uv_loop_t *loop;
	struct hd_cache *cache;
	struct hd_dict services; /* by instance pointer as text */
	struct hd_dict under_way; /* key_text -> question */
};

static void flush_service(struct service *s);
static void ask_again(uv_timer_t *timer);

/* ---- services ---- */

static void free_closed(uv_handle_t *handle)
{
	free(handle);
}

static void close_timer(uv_timer_t **timer)
{
	if (!*timer)
		return;
	uv_close((uv_handle_t *)*timer, free_closed);
	*timer = NULL;
}

static uv_timer_t *new_timer(uv_loop_t *loop, void *data)
{
	uv_timer_t *timer = hd_alloc(sizeof(*timer));

	uv_timer_init(loop, timer);
	timer->data = data;
	return timer;
}

static struct hd_metric *outcome_metric(const char *connector,
					const char *outcome)
{
	struct hd_metric *m;
	struct hd_buf labels;

	hd_buf_init(&labels, 512);
	hd_metric_label(&labels, "connector", connector);
	hd_metric_label(&labels, "outcome", outcome);
	m = hd_metric_get(HD_COUNTER, "herald_lookups_total",
			  hd_buf_text(&labels), "Lookups by outcome");
	hd_buf_fini(&labels);
	return m;
}

static void service_text(const struct hd_instance *instance, char out[32])
{
	snprintf(out, 32, "%p", (const void *)instance);
}

static struct service *service_of(struct hd_lookups *l,
				  struct hd_instance *instance)
{
	const struct hd_common *common = hd_instance_common(instance);
	const char *name = hd_instance_name(instance);
	struct service *s;
	char id[32];

	service_text(instance, id);
	s = hd_dict_get(&l->services, id);
	if (s)
		return s;
	s = hd_alloc(sizeof(*s));
	s->owner = l;
	s->instance = instance;
	s->head.prev = s->head.next = &s->head;
	while (hd_module_key(hd_instance_module(instance), s->keys))
		s->keys++;
	s->queues = hd_alloc_array(s->keys, sizeof(*s->queues));
	if (common->limits.count != 0)
		s->quota = hd_quota_new(common->limits.items, common->limits.count,
					common->limit_calendar);
	s->linger = new_timer(l->loop, s);
	s->hits = outcome_metric(name, "hit");
	s->cleans = outcome_metric(name, "clean");
	s->missing = outcome_metric(name, "missing");
	s->cached = outcome_metric(name, "cached");
	s->joined = outcome_metric(name, "joined");
	hd_dict_put(&l->services, id, s);
	return s;
}

struct hd_lookups *hd_lookups_new(uv_loop_t *loop, size_t cache_entries)
{
	struct hd_lookups *l = hd_alloc(sizeof(*l));

	l->loop = loop;
	l->cache = hd_cache_new(cache_entries);
	hd_dict_init(&l->services);
	hd_dict_init(&l->under_way);
	return l;
}

/* ---- questions ---- */

static void free_question(struct question *q)
{
	close_timer(&q->pause);
	q->prev->next = q->next;
	q->next->prev = q->prev;
	free(q->key_text);
	free(q->value);
	free(q->context);
	free(q);
}

static struct question *new_question(struct service *s,
				     const struct hd_ask *ask, char *key_text)
{
	struct question *q = hd_alloc(sizeof(*q));

	q->service = s;
	q->key = ask->key;
	q->key_text = key_text;
	q->value = hd_memdup0(ask->value, ask->value_n);
	q->value_n = ask->value_n;
	q->context = hd_strdup(ask->context ? ask->context : "{}");
	q->asked_ms = hd_now_ms();
	q->deadline_ms =
		q->asked_ms + hd_instance_common(s->instance)->timeout_ms;
	q->prev = &s->head;
	q->next = s->head.next;
	q->next->prev = q;
	s->head.next = q;
	hd_dict_put(&s->owner->under_way, key_text, q);
	return q;
}

static void unlink_wait(struct hd_wait *w)
{
	if (w->prev)
		w->prev->next = w->next;
	else
		w->question->waits = w->next;
	if (w->next)
		w->next->prev = w->prev;
}

/* Hands the answer to all that wait; nobody can join any more. */
static void answer_waits(struct question *q, struct hd_answer *answer)
{
	struct hd_wait *w;

	q->answered = true;
	hd_dict_del(&q->service->owner->under_way, q->key_text);
	while ((w = q->waits)) {
		hd_answer_fn fn = w->fn;
		void *ud = w->ud;

		unlink_wait(w);
		free(w);
		fn(ud, answer);
	}
}

static void keep(struct question *q, struct hd_answer *answer, int64_t ttl_s)
{
	const struct hd_common *common;
	const herald_key *key;
	int64_t ttl_ms;

	common = hd_instance_common(q->service->instance);
	key = hd_module_key(hd_instance_module(q->service->instance), q->key);
	if (ttl_s < 0 || (key->ttl_s == 0 && ttl_s == 0))
		return;
	if (ttl_s > 0)
		ttl_ms = ttl_s * 1000;
	else if (answer->outcome == HD_HIT)
		ttl_ms = common->cache_ttl_ms >= 0 ? common->cache_ttl_ms :
						     key->ttl_s * INT64_C(1000);
	else
		ttl_ms = key->negative_ttl_s * INT64_C(1000);
	if (ttl_ms > 0)
		hd_cache_put(q->service->owner->cache, q->key_text, answer,
			     hd_now_ms() + ttl_ms);
}

static enum hd_outcome outcome_of(uint32_t status)
{
	if (HERALD_CLASS(status) == 0)
		return HD_HIT;
	if (status == HERALD_NOT_APPLICABLE)
		return HD_NOT_APPLICABLE;
	return HERALD_CLASS(status) == 1 ? HD_CLEAN : HD_MISSING;
}

static void count_outcome(struct service *s, enum hd_outcome outcome)
{
	if (outcome == HD_HIT)
		hd_metric_add(s->hits, 1);
	else if (outcome == HD_MISSING)
		hd_metric_add(s->missing, 1);
	else
		hd_metric_add(s->cleans, 1);
}

static struct hd_answer *answer_from(struct question *q,
				     const struct hd_completion *c)
{
	enum hd_outcome outcome = outcome_of(c->status);
	const char *reason = outcome == HD_MISSING ||
				     outcome == HD_NOT_APPLICABLE ?
			     c->message : NULL;

	return hd_answer_new(outcome, c->status,
			     outcome == HD_MISSING ? NULL : c->json, reason,
			     hd_utc_ms(), hd_now_ms() - q->asked_ms);
}

/* Passing trouble: is there time for another try?  Returns the pause, or -1. */
static int64_t pause_before_retry(const struct question *q,
				  const struct hd_completion *c)
{
	const struct hd_common *common;
	int64_t pause = FIRST_RETRY_MS << (q->tries < 8 ? q->tries : 8);

	common = hd_instance_common(q->service->instance);
	if (HERALD_CLASS(c->status) != 2 && HERALD_CLASS(c->status) != 6)
		return -1;
	if (q->tries > common->retries)
		return -1;
	if (c->retry_after_ms > pause)
		pause = c->retry_after_ms < PAUSE_MAX_MS ? c->retry_after_ms :
							   PAUSE_MAX_MS;
	if (hd_now_ms() + pause >= q->deadline_ms)
		return -1;
	return pause;
}

static void judge_service(struct service *s, const struct hd_completion *c)
{
	const struct hd_log_context ctx = { hd_instance_name(s->instance),
					    NULL };
	int64_t now = hd_now_ms();
	int64_t hold = c->retry_after_ms;

	if (c->status == HERALD_QUOTA && hold > 0) {
		hold = hold < HOLD_MAX_MS ? hold : HOLD_MAX_MS;
		hd_breaker_hold(&s->breaker, now + hold);
		hd_log(HD_LOG_WARNING, &ctx,
		       "quota spent: nothing is asked for %lld s",
		       (long long)(hold / 1000));
		return;
	}
	if (HERALD_CLASS(c->status) != 2 && HERALD_CLASS(c->status) != 6) {
		if (HERALD_CLASS(c->status) <= 1)
			hd_breaker_success(&s->breaker);
		else
			s->breaker.probing = false;
		return;
	}
	if (hd_breaker_failure(&s->breaker, now))
		hd_log(HD_LOG_WARNING, &ctx,
		       "circuit open for %lld s after %d failures: %s",
		       (long long)(hd_breaker_wait(&s->breaker, now) / 1000),
		       s->breaker.failures, c->message);
}

static void on_complete(void *ud, const struct hd_completion *c)
{
	struct question *q = ud;
	struct service *s = q->service;
	struct hd_answer *answer;
	int64_t pause;

	s->calls--;
	judge_service(s, c);
	pause = pause_before_retry(q, c);
	if (pause >= 0) {
		q->pause = q->pause ? q->pause : new_timer(s->owner->loop, q);
		uv_update_time(s->owner->loop);
		uv_timer_start(q->pause, ask_again, (uint64_t)pause, 0);
		flush_service(s);
		return;
	}
	answer = answer_from(q, c);
	count_outcome(s, answer->outcome);
	if (answer->outcome != HD_MISSING)
		keep(q, answer, c->ttl_s);
	answer_waits(q, answer);
	hd_answer_unref(answer);
	if (!c->late_follows) /* else on_late() or the service's end does */
		free_question(q);
	flush_service(s);
}

/* The plugin's word after its deadline: only the cache has a use for it. */
static void on_late(void *ud, const struct hd_completion *c)
{
	struct question *q = ud;
	struct hd_answer *answer = answer_from(q, c);

	if (answer->outcome == HD_HIT || answer->outcome == HD_CLEAN)
		keep(q, answer, c->ttl_s);
	hd_answer_unref(answer);
	free_question(q);
}

/* ---- batches ---- */

static void enqueue(struct question *q)
{
	struct queue *queue = &q->service->queues[q->key];

	if (queue->n == queue->cap) {
		queue->cap = queue->cap != 0 ? queue->cap * 2 : 16;
		queue->items = hd_realloc_array(queue->items, queue->cap,
						sizeof(*queue->items));
	}
	queue->items[queue->n++] = q;
	q->queued = true;
}

static uint32_t batch_max(const struct service *s, uint32_t key)
{
	const herald_key *k;

	k = hd_module_key(hd_instance_module(s->instance), key);
	if (k->batch_max <= 1)
		return 1;
	return k->batch_max < BATCH_LIMIT ? k->batch_max : BATCH_LIMIT;
}

/* Asks the first `n` of a queue in one call. */
static void send_batch(struct service *s, uint32_t key, size_t n)
{
	struct hd_question questions[BATCH_LIMIT];
	struct queue *queue = &s->queues[key];
	int64_t deadline = INT64_MAX;

	for (size_t i = 0; i < n; i++) {
		struct question *q = queue->items[i];

		q->queued = false;
		q->tries++;
		questions[i] = (struct hd_question){ .value = q->value,
						     .value_n = q->value_n,
						     .context = q->context,
						     .ud = q };
		if (q->deadline_ms < deadline)
			deadline = q->deadline_ms;
	}
	queue->n -= n;
	memmove(queue->items, queue->items + n,
		queue->n * sizeof(*queue->items));
	s->calls += (uint32_t)n;
	hd_instance_lookup(s->instance, key, questions, n, deadline,
			   on_complete, on_late);
}

static void flush_service(struct service *s)
{
	uint32_t room = hd_instance_common(s->instance)->max_in_flight;

	for (uint32_t key = 0; key < s->keys; key++) {
		uint32_t most = batch_max(s, key);

		while (s->queues[key].n != 0) {
			size_t n = s->queues[key].n;

			if (room != 0 && s->calls >= room * most)
				return;
			send_batch(s, key, n < most ? n : most);
		}
	}
}

static void on_linger(uv_timer_t *timer)
{
	struct service *s = timer->data;

	s->lingering = false;
	flush_service(s);
}

static void linger(struct service *s)
{
	int64_t ms = hd_instance_common(s->instance)->linger_ms;

	if (s->lingering)
		return;
	s->lingering = true;
	uv_timer_start(s->linger, on_linger, (uint64_t)(ms > 0 ? ms : 0), 0);
}

static void ask_again(uv_timer_t *timer)
{
	struct question *q = timer->data;

	enqueue(q);
	linger(q->service);
}

void hd_lookups_flush(struct hd_lookups *lookups)
{
	struct service *s;
	size_t at = 0;

	while ((s = hd_dict_next(&lookups->services, &at, NULL)))
		if (s->lingering && hd_instance_common(s->instance)
						    ->linger_ms <= 0) {
			uv_timer_stop(s->linger);
			on_linger(s->linger);
		}
}

/* ---- asking ---- */

static bool type_wanted(const struct hd_common *common, const char *type)
{
	if (!common->types)
		return true;
	for (size_t i = 0; common->types[i]; i++)
		if (strcmp(common->types[i], type) == 0)
			return true;
	return false;
}

int hd_lookups_key(const struct hd_instance *instance, enum hd_kind kind)
{
	const struct hd_module *module = hd_instance_module(instance);
	const char *name = hd_kind_name(kind);
	const herald_key *key;

	for (uint32_t i = 0; (key = hd_module_key(module, i)); i++)
		if (strcmp(key->type, name) == 0 &&
		    type_wanted(hd_instance_common(instance), name))
			return (int)i;
	return -1;
}

/* Why this value may not be asked at all; NULL if it may. */
static const char *forbidden(const struct hd_ask *ask)
{
	const struct hd_common *common = hd_instance_common(ask->instance);
	const herald_key *key;
	enum hd_ip_kind kind;
	struct hd_ip ip;

	key = hd_module_key(hd_instance_module(ask->instance), ask->key);
	if (ask->kind == HD_KIND_IP) {
		if (hd_ip_parse(ask->value, ask->value_n, &ip) < 0)
			return "no address";
		kind = hd_ip_kind(&ip);
		if (kind == HD_IP_LOOPBACK || kind == HD_IP_LINK_LOCAL ||
		    kind == HD_IP_MULTICAST || kind == HD_IP_UNSPECIFIED)
			return "an address that is nobody's";
		if ((key->flags & HERALD_EXTERNAL) && kind != HD_IP_PUBLIC &&
		    common->share != HD_SHARE_ALL)
			return "a private or documentation address stays here";
	}
	if (!(key->flags & HERALD_EXTERNAL))
		return NULL;
	if (common->share == HD_SHARE_NONE)
		return "the connector's share policy is none";
	if (ask->own)
		return "one of our own names or addresses stays here";
	return NULL;
}

static struct hd_answer *missing_now(struct service *s, uint32_t status,
				     const char *reason)
{
	hd_metric_add(s->missing, 1);
	return hd_answer_new(HD_MISSING, status, NULL, reason, hd_utc_ms(), 0);
}

/* Why the service cannot be asked now: an answer, or NULL. */
static struct hd_answer *unavailable(struct service *s)
{
	const char *stopped = hd_instance_stopped(s->instance);
	struct hd_answer *answer;
	int64_t now = hd_now_ms();
	char *reason;

	if (stopped)
		return missing_now(s, HERALD_AUTH, stopped);
	if (!hd_breaker_allows(&s->breaker, now))
		return missing_now(s, HERALD_BUSY,
				   s->breaker.held ? "quota spent" :
						     "circuit open");
	if (s->quota) {
		int64_t wait = hd_quota_take(s->quota, hd_utc_ms(), 1);

		if (wait != 0) {
			reason = hd_strf("quota spent for %lld s",
					 (long long)((wait + 999) / 1000));
			answer = missing_now(s, HERALD_QUOTA, reason);
			free(reason);
			s->breaker.probing = false;
			return answer;
		}
	}
	return NULL;
}

static char *cache_key(const struct hd_ask *ask)
{
	return hd_strf("%s %s %s %.*s %s", hd_instance_name(ask->instance),
		       hd_instance_digest(ask->instance),
		       hd_kind_name(ask->kind), (int)ask->value_n, ask->value,
		       ask->context ? ask->context : "{}");
}

static struct hd_wait *join(struct question *q, hd_answer_fn fn, void *ud)
{
	struct hd_wait *w = hd_alloc(sizeof(*w));

	w->question = q;
	w->fn = fn;
	w->ud = ud;
	w->next = q->waits;
	if (w->next)
		w->next->prev = w;
	q->waits = w;
	return w;
}

struct hd_answer *hd_lookups_ask(struct hd_lookups *lookups,
				 const struct hd_ask *ask, hd_answer_fn fn,
				 void *ud, struct hd_wait **wait)
{
	struct service *s = service_of(lookups, ask->instance);
	const char *why = forbidden(ask);
	struct hd_answer *answer;
	struct question *q;
	char *key_text;

	*wait = NULL;
	if (why)
		return hd_answer_new(HD_NOT_APPLICABLE, HERALD_NOT_APPLICABLE,
				     NULL, why, hd_utc_ms(), 0);
	key_text = cache_key(ask);
	answer = hd_cache_get(lookups->cache, key_text, hd_now_ms());
	if (answer) {
		hd_metric_add(s->cached, 1);
		free(key_text);
		return hd_answer_ref(answer);
	}
	q = hd_dict_get(&lookups->under_way, key_text);
	if (q) {
		hd_metric_add(s->joined, 1);
		free(key_text);
		*wait = join(q, fn, ud);
		return NULL;
	}
	answer = unavailable(s);
	if (answer) {
		free(key_text);
		return answer;
	}
	q = new_question(s, ask, key_text);
	*wait = join(q, fn, ud);
	enqueue(q);
	linger(s);
	return NULL;
}

void hd_lookups_leave(struct hd_wait *wait)
{
	unlink_wait(wait);
	free(wait);
}

/* ---- the end of a service ---- */

static void unqueue_all(struct service *s)
{
	for (uint32_t key = 0; key < s->keys; key++) {
		struct queue *queue = &s->queues[key];

		for (size_t i = 0; i < queue->n; i++)
			queue->items[i]->queued = false;
		queue->n = 0;
	}
}

void hd_lookups_forget(struct hd_lookups *lookups, struct hd_instance *instance,
		       const char *reason)
{
	struct hd_answer *answer;
	struct service *s;
	struct question *q, *next;
	char id[32];

	service_text(instance, id);
	s = hd_dict_get(&lookups->services, id);
	if (!s)
		return;
	unqueue_all(s);
	answer = hd_answer_new(HD_MISSING, HERALD_CANCELLED, NULL, reason,
			       hd_utc_ms(), 0);
	for (q = s->head.next; q != &s->head; q = next) {
		next = q->next;
		if (!q->answered)
			answer_waits(q, answer);
		free_question(q);
	}
	hd_answer_unref(answer);
	hd_dict_del(&lookups->services, id);
	for (uint32_t key = 0; key < s->keys; key++)
		free(s->queues[key].items);
	free(s->queues);
	hd_quota_free(s->quota);
	close_timer(&s->linger);
	free(s);
}

void hd_lookups_free(struct hd_lookups *lookups)
{
	size_t at = 0;

	if (!lookups)
		return;
	while (hd_dict_count(&lookups->services) != 0) {
		struct service *s = hd_dict_next(&lookups->services, &at, NULL);

		hd_lookups_forget(lookups, s->instance, "herald stops");
		at = 0;
	}
	hd_dict_fini(&lookups->services);
	hd_dict_fini(&lookups->under_way);
	hd_cache_free(lookups->cache);
	free(lookups);
}
