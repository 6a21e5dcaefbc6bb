/* lookup.h - all between the engine and an enricher
 *
 * For each question, in this order: is it fit and may it leave, is the answer
 * cached, is the same question under way (then it is joined), is the connector
 * there, is the breaker closed, is there quota.  Then it waits at most `linger`
 * to fill a batch, and the plugin is called.  Retries and deadlines are made
 * here: a lookup's deadline is its connector's `timeout`, retries included.
 * Whoever waits may stop waiting earlier (the end of the step's `within`); the
 * answer that comes later fills the cache.
 */
#ifndef HD_LOOKUP_LOOKUP_H
#define HD_LOOKUP_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "core/lookup/answer.h"
#include "core/record/record.h"

struct hd_instance;
struct hd_lookups;
struct hd_wait; /* somebody who waits for an answer */

struct hd_lookups *hd_lookups_new(uv_loop_t *loop, size_t cache_entries);
void hd_lookups_free(struct hd_lookups *lookups); /* nobody waits any more */

/* Which key of the enricher answers for `kind`; -1 if none (or if the option
 * `types` narrows it away). [loop] */
int hd_lookups_key(const struct hd_instance *instance, enum hd_kind kind);

struct hd_ask {
	struct hd_instance *instance;
	uint32_t key;
	enum hd_kind kind;
	const char *value; /* normalized */
	size_t value_n;
	const char *context; /* JSON object text, "{}" */
	bool own; /* a name or address of our own: not for EXTERNAL keys */
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

/* The instance goes away: call it when hd_instance_stop() has drained it.  What
 * still waits (in a queue, between two tries) is answered missing with
 * `reason`; breaker and quota are forgotten. [loop] */
void hd_lookups_forget(struct hd_lookups *lookups, struct hd_instance *instance,
		       const char *reason);

/* Sends what lingers at once: before a batch of alerts is done. [loop] */
void hd_lookups_flush(struct hd_lookups *lookups);

#endif
