/* lookup.h - all between the engine and an enricher
 *
 * For each question, in this order: is it fit and may it leave (policy.h), is
 * the answer cached, is the same question under way (then it is joined), is the
 * connector there, is the breaker closed, is there quota.  Then it waits for
 * company in its batch: until the loop's next turn when its connector is idle,
 * at most `linger` when a call of that key is under way and questions come more
 * often than that.
 *
 * Retries and deadlines are made here: a lookup's deadline is its connector's
 * `timeout`, retries included.  Whoever waits may stop waiting earlier (the end
 * of the step's `within`); the question goes on, and what comes later fills the
 * cache.  `limit` counts values, each try anew.
 *
 * Passing trouble with retry_after: QUOTA holds the connector (at most 24 h),
 * other trouble that question (at most 1 h); who asks meanwhile is answered at
 * once.  Five failures in a row open the connector's breaker.
 */
#ifndef HD_LOOKUP_LOOKUP_H
#define HD_LOOKUP_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include <uv.h>

#include "core/lookup/answer.h"
#include "core/record/record.h"

struct hd_instance;
struct hd_lookups;
struct hd_rations;
struct hd_wait; /* somebody who waits for an answer */

/* Copied; what it points to must outlive the lookups. */
struct hd_lookups_env {
	uv_loop_t *loop;
	struct hd_rations *rations; /* of all connectors */
	const char *cache_file;	    /* borrowed until hd_lookups_new() returns;
				     * NULL: answers end with the process */
	size_t cache_entries;	    /* in memory; 0: 100,000 */
	size_t cache_bytes;	    /* 0: 64 MiB */
	void *ud;
	/* herald's own trouble: "quota spent", the connector, a line for
	 * people; once, and NULL when there is room again.  May be NULL. */
	void (*alarm)(void *ud, const char *kind, const char *object,
		      const char *text);
};

struct hd_lookups *hd_lookups_new(const struct hd_lookups_env *env);

/* Nobody waits any more; all instances are stopped.  Accepts NULL. [loop] */
void hd_lookups_free(struct hd_lookups *lookups);

struct hd_ask {
	struct hd_instance *instance;
	uint32_t key;
	enum hd_kind kind;
	/* Who asks, for log lines and for the case of a crash: borrowed as
	 * long as it waits.  NULL: nobody that has a name. */
	const char *alert;
	const char *value; /* normalized */
	size_t value_n;
	const char *context; /* JSON object text; NULL: {} */
	bool own; /* a name or address of our own: not for EXTERNAL keys */
	bool red; /* of an alert labelled tlp:red: never for EXTERNAL keys */
};

/* On the loop, never inside hd_lookups_ask().  `answer` is borrowed. */
typedef void (*hd_answer_fn)(void *ud, struct hd_answer *answer);

/* Asks.  Returns an answer at once (a new reference) where no waiting is
 * needed: not applicable, cached, connector stopped, breaker open, quota spent.
 * Else NULL, and *wait is set; fn will be called once unless
 * hd_lookups_leave() is called first. [loop] */
struct hd_answer *hd_lookups_ask(struct hd_lookups *lookups,
				 const struct hd_ask *ask, hd_answer_fn fn,
				 void *ud, struct hd_wait **wait);

/* Stops waiting: fn will not be called. [loop] */
void hd_lookups_leave(struct hd_wait *wait);

/* The instance is gone: call it when hd_instance_stop() has ended it.  What
 * still waits (in a queue, between two tries) is answered missing with
 * `reason`; its breaker is forgotten, what it used of its limit is not.
 * [loop] */
void hd_lookups_forget(struct hd_lookups *lookups, struct hd_instance *instance,
		       const char *reason);

/* [{"connector", "questions", "queued", "breaker": "closed" ("open", "half
 * open", "held": asked to wait), "wait_ms", "why", "quota_left"}] of those that
 * were asked since herald started.  New reference. [loop] */
json_t *hd_lookups_describe(const struct hd_lookups *lookups);

#endif
