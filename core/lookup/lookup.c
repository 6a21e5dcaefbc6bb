#include "core/lookup/lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/metric.h"
#include "core/lookup/cache.h"
#include "core/lookup/policy.h"
#include "core/lookup/service.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"
#include "core/plugin/rations.h"

#define KEY_TEXT 512 /* most cache keys fit */

struct hd_lookups *hd_lookups_new(const struct hd_lookups_env *env)
{
	struct hd_lookups *l = hd_alloc(sizeof(*l));

	l->env = *env;
	hd_dict_init(&l->under_way);
	hd_remember_open(l);
	hd_rations_listen(env->rations, hd_service_on_ration, l);
	l->env.cache_file = NULL; /* the caller's */
	return l;
}

/* ---- asking ---- */

static const char *forbidden(const struct hd_service *s,
			     const struct hd_ask *ask)
{
	const herald_key *key = hd_module_key(hd_instance_module(s->instance),
					      ask->key);
	const struct hd_policy policy = {
		.external = (key->flags & HERALD_EXTERNAL) != 0,
		.share = s->common->share,
		.own = ask->own,
		.red = ask->red,
	};

	return hd_policy_forbids(&policy, ask->kind, ask->value, ask->value_n);
}

/* "misp 0f3a... ip 9:192.0.2.1{}": no two questions make the same.  In `fixed`
 * if it fits, else the caller frees it. */
static char *cache_key(const struct hd_service *s, const struct hd_ask *ask,
		       char fixed[KEY_TEXT])
{
	const char *context = ask->context ? ask->context : "{}";
	size_t context_n = strlen(context);
	size_t size = s->prefix_n + ask->value_n + context_n + 64;
	char *text = size <= KEY_TEXT ? fixed : hd_alloc(size);
	char *at = text + s->prefix_n;

	memcpy(text, s->prefix, s->prefix_n);
	at += snprintf(at, 64, "%s %zu:", hd_kind_name(ask->kind),
		       ask->value_n);
	memcpy(at, ask->value, ask->value_n);
	memcpy(at + ask->value_n, context, context_n + 1);
	return text;
}

static struct hd_answer *known(struct hd_service *s, const char *key)
{
	struct hd_lookups *l = s->owner;
	struct hd_answer *answer = hd_cache_get(l->cache, key, hd_now_ms());

	if (answer) {
		hd_metric_add(s->cached, 1);
		return hd_answer_ref(answer);
	}
	if (hd_cache_count(l->holds) == 0)
		return NULL;
	answer = hd_cache_get(l->holds, key, hd_now_ms());
	if (!answer)
		return NULL;
	hd_metric_add(s->missing, 1);
	return hd_answer_ref(answer);
}

/* A new question, or the one under way. */
static struct hd_answer *ask_service(struct hd_service *s,
				     const struct hd_ask *ask, const char *key,
				     struct hd_asking **question)
{
	struct hd_asking *q = hd_dict_get(&s->owner->under_way, key);
	struct hd_answer *refused;

	if (q) {
		hd_metric_add(s->joined, 1);
		*question = q;
		return NULL;
	}
	refused = hd_service_refuses(s, s->queued + 1);
	if (refused)
		return refused;
	q = hd_question_new(s, ask, key);
	hd_batch_enqueue(q);
	if (s->ration)
		hd_ration_prepare(s->ration, (int64_t)s->queued);
	*question = q;
	return NULL;
}

struct hd_answer *hd_lookups_ask(struct hd_lookups *lookups,
				 const struct hd_ask *ask, hd_answer_fn fn,
				 void *ud, struct hd_wait **wait)
{
	struct hd_service *s = hd_service_of(lookups, ask->instance);
	const char *why = forbidden(s, ask);
	struct hd_asking *q = NULL;
	struct hd_answer *answer;
	char fixed[KEY_TEXT];
	char *key;

	*wait = NULL;
	if (why) {
		hd_metric_add(s->not_applicable, 1);
		return hd_answer_new(HD_NOT_APPLICABLE, HERALD_NOT_APPLICABLE,
				     NULL, why, hd_utc_ms(), 0);
	}
	key = cache_key(s, ask, fixed);
	answer = known(s, key);
	if (!answer)
		answer = ask_service(s, ask, key, &q);
	if (q)
		*wait = hd_question_join(q, ask->alert, fn, ud);
	if (key != fixed)
		free(key);
	return answer;
}

void hd_lookups_leave(struct hd_wait *wait)
{
	hd_wait_unlink(wait);
	free(wait);
}

/* ---- the end ---- */

static void end_service(struct hd_service *s, const char *reason)
{
	struct hd_answer *answer = hd_answer_new(HD_MISSING, HERALD_CANCELLED,
						 NULL, reason, hd_utc_ms(), 0);
	struct hd_asking *q;

	s->flushing = true; /* nothing goes out any more */
	while ((q = s->all.next) != &s->all) {
		if (!q->answered)
			hd_question_answer(q, answer);
		if (q->batch)
			hd_batch_done(q);
		hd_question_free(q);
	}
	hd_answer_unref(answer);
	hd_service_free(s);
}

void hd_lookups_forget(struct hd_lookups *lookups, struct hd_instance *instance,
		       const char *reason)
{
	for (size_t i = 0; i < lookups->count; i++)
		if (lookups->services[i]->instance == instance) {
			end_service(lookups->services[i], reason);
			return;
		}
}

void hd_lookups_free(struct hd_lookups *lookups)
{
	if (!lookups)
		return;
	while (lookups->count != 0)
		end_service(lookups->services[0], "herald stops");
	free(lookups->services);
	hd_dict_fini(&lookups->under_way);
	hd_remember_close(lookups);
	free(lookups);
}
