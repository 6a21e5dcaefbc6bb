/* service.h - one connector as lookups see it
 *
 * For the files of this folder only.
 *
 *   ask -> [policy] -> [cache] -> [joined?] -> [there? breaker? quota?]
 * lookup.c
 *       -> queue of its key, until a batch may go batch.c
 *       -> lookup() -> completion: answer, or again after a pause question.c
 *
 * A question exists once for each cache key that is under way; any number of
 * waits hang on it.  It goes on when all of them have left.  It is freed when
 * the plugin has said its last word about it.
 */
#ifndef HD_LOOKUP_SERVICE_H
#define HD_LOOKUP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "core/base/dict.h"
#include "core/lookup/breaker.h"
#include "core/lookup/lookup.h"
#include "core/plugin/common_options.h"
#include "core/plugin/ration.h"

struct hd_cache;
struct hd_cache_file;
struct hd_completion;
struct hd_metric;

/* One call of lookup() that is under way. */
struct hd_batch {
	uint32_t key;
	uint32_t open; /* questions without an answer */
};

struct hd_asking {
	struct hd_asking *prev, *next; /* all of its service */
	struct hd_asking *behind;      /* in a queue, or among the paused */
	struct hd_service *service;
	struct hd_batch *batch; /* NULL: not with the plugin */
	struct hd_wait *waits;
	uint32_t key;
	unsigned tries;
	bool answered; /* waits are gone; only a late word is expected */
	int64_t asked_ms, deadline_ms;
	int64_t again_ms;      /* of one that pauses */
	const char *cache_key; /* these texts lie behind */
	const char *value, *context;
	size_t value_n;
};

struct hd_wait {
	struct hd_wait *prev, *next;
	struct hd_asking *question;
	const char *alert;
	hd_answer_fn fn;
	void *ud;
};

struct hd_queue {
	struct hd_asking *first, **last;
	size_t n;
	uint32_t calls;	  /* of this key, under way */
	int64_t asked_ms; /* when the last question came */
};

struct hd_service {
	struct hd_lookups *owner;
	struct hd_instance *instance;
	const struct hd_common *common;
	char *name, *prefix; /* prefix of its cache keys */
	size_t prefix_n;
	struct hd_breaker breaker;
	char *trouble;		  /* the last one, for people */
	struct hd_ration *ration; /* NULL: unlimited; borrowed */
	bool told;		  /* that its quota is spent */
	struct hd_asking all;	  /* ring */
	size_t count, queued;	  /* questions in all, in queues */
	struct hd_queue *queues;  /* one a key */
	struct hd_asking *paused;
	uint32_t keys, calls;
	uv_timer_t *linger, *again;
	bool flushing;
	struct hd_metric *hits, *cleans, *not_applicable, *missing, *cached,
		*joined, *seconds;
};

struct hd_lookups {
	struct hd_lookups_env env;
	struct hd_cache *cache, *holds; /* holds: missing, for a while */
	struct hd_cache_file *file;
	struct hd_service **services;
	size_t count;
	struct hd_dict under_way; /* cache key -> question */
};

/* ---- service.c ---- */
struct hd_service *hd_service_of(struct hd_lookups *lookups,
				 struct hd_instance *instance);
/* A block was stored, or could not be: `ud` are the lookups. */
void hd_service_on_ration(void *ud, struct hd_ration *ration);
/* Takes it out of its owner and frees it; its questions are gone. */
void hd_service_free(struct hd_service *s);
uv_timer_t *hd_service_timer(uv_loop_t *loop, void *data);
void hd_service_close_timer(uv_timer_t **timer);

/* Why nothing may be asked now: a missing answer that tells it, or NULL.
 * `more` is how many are to be asked. */
struct hd_answer *hd_service_refuses(struct hd_service *s, size_t more);
/* What an outcome says of the service. */
void hd_service_judge(struct hd_service *s, const struct hd_completion *c);

/* ---- question.c ---- */
struct hd_asking *hd_question_new(struct hd_service *s,
				  const struct hd_ask *ask,
				  const char *cache_key);
void hd_question_free(struct hd_asking *q);
struct hd_wait *hd_question_join(struct hd_asking *q, const char *alert,
				 hd_answer_fn fn, void *ud);
void hd_wait_unlink(struct hd_wait *w);
/* Hands the answer to all that wait; nobody can join any more. */
void hd_question_answer(struct hd_asking *q, struct hd_answer *answer);
void hd_question_completed(void *ud, const struct hd_completion *c);
void hd_question_late(void *ud, const struct hd_completion *c);

/* ---- batch.c ---- */
void hd_batch_enqueue(struct hd_asking *q);
void hd_batch_done(struct hd_asking *q); /* the plugin has answered it */
void hd_batch_pause(struct hd_asking *q, int64_t ms);
void hd_batch_flush(struct hd_service *s);
void hd_batch_on_linger(uv_timer_t *timer);
void hd_batch_on_again(uv_timer_t *timer);

/* ---- remember.c ---- */
void hd_remember_open(struct hd_lookups *lookups);
void hd_remember_close(struct hd_lookups *lookups);
void hd_remember(struct hd_asking *q, struct hd_answer *answer, int64_t ttl_s);
/* Who asks the same within `ms` gets this answer. */
void hd_remember_hold(struct hd_asking *q, struct hd_answer *answer,
		      int64_t ms);

#endif
