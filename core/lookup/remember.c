/* What is kept of answers: in memory, and in the cache's file. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json_text.h"
#include "core/lookup/cache.h"
#include "core/lookup/cache_file.h"
#include "core/lookup/service.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

#define ENTRIES 100000
#define BYTES (16u << 20) /* in memory; the file holds more */
#define HOLDS 10000
#define TEXT_MAX (1u << 20)

/* A wall clock that went back makes nothing live longer. */
static void on_row(void *ud, const struct hd_cache_row *row)
{
	struct hd_lookups *l = ud;
	int64_t left = row->until_ms - hd_utc_ms();
	int64_t whole = row->until_ms - row->made_ms;
	struct hd_answer *answer;
	json_t *result = NULL;

	if (row->outcome < HD_HIT || row->outcome > HD_NOT_APPLICABLE)
		return;
	if (row->result) {
		const struct hd_json_options options = { 0 };

		result = hd_json_read(row->result, row->result_n, &options,
				      NULL);
		if (!json_is_object(result)) {
			json_decref(result);
			return;
		}
	}
	answer = hd_answer_new((enum hd_outcome)row->outcome, row->status,
			       result, row->reason, row->made_ms, 0);
	json_decref(result);
	hd_cache_put(l->cache, row->key, answer, row->result, row->result_n,
		     hd_now_ms() + (left < whole ? left : whole));
	hd_answer_unref(answer);
}

void hd_remember_open(struct hd_lookups *l)
{
	size_t entries = l->env.cache_entries ? l->env.cache_entries : ENTRIES;
	size_t bytes = l->env.cache_bytes ? l->env.cache_bytes : BYTES;

	l->cache = hd_cache_new(entries, bytes);
	l->holds = hd_cache_new(HOLDS, BYTES);
	if (l->env.cache_file)
		l->file = hd_cache_file_open(l->env.cache_file,
					     (int64_t)entries, hd_utc_ms(),
					     on_row, l);
}

void hd_remember_close(struct hd_lookups *l)
{
	hd_cache_file_close(l->file);
	hd_cache_free(l->cache);
	hd_cache_free(l->holds);
}

/* How long an answer is good; 0: not at all.  The plugin's word about this one
 * answer goes before its declaration; the operator's cache_ttl stands in for
 * what is declared of hits, and nothing lives longer. */
static int64_t ttl_of(const struct hd_asking *q, enum hd_outcome outcome,
		      int64_t ttl_s)
{
	const struct hd_service *s = q->service;
	const herald_key *key = hd_module_key(hd_instance_module(s->instance),
					      q->key);
	int64_t declared = outcome == HD_HIT ? key->ttl_s : key->negative_ttl_s;
	int64_t most = s->common->cache_ttl_ms;
	int64_t ms = declared * 1000;

	if (ttl_s < 0 || declared == 0)
		return 0;
	if (ttl_s > 0)
		ms = ttl_s < INT64_MAX / 1000 ? ttl_s * 1000 : INT64_MAX / 2;
	else if (outcome == HD_HIT && most >= 0)
		ms = most;
	return most >= 0 && ms > most ? most : ms;
}

void hd_remember(struct hd_asking *q, struct hd_answer *answer, int64_t ttl_s)
{
	int64_t ttl = ttl_of(q, answer->outcome, ttl_s);
	struct hd_lookups *l = q->service->owner;
	struct hd_cache_row row = {
		.key = q->cache_key,
		.outcome = answer->outcome,
		.status = answer->status,
		.reason = answer->reason,
		.made_ms = answer->made_ms,
		.until_ms = answer->made_ms + ttl,
	};
	struct hd_buf text;

	if (ttl <= 0)
		return;
	hd_buf_init(&text, TEXT_MAX);
	if (answer->result)
		hd_json_write(&text, answer->result, 0);
	if (!hd_buf_failed(&text)) {
		row.result = answer->result ? hd_buf_text(&text) : NULL;
		row.result_n = text.n;
		hd_cache_put(l->cache, q->cache_key, answer, row.result, text.n,
			     hd_now_ms() + ttl);
		if (l->file)
			hd_cache_file_put(l->file, &row);
	}
	hd_buf_fini(&text);
}

void hd_remember_hold(struct hd_asking *q, struct hd_answer *answer, int64_t ms)
{
	hd_cache_put(q->service->owner->holds, q->cache_key, answer, NULL, 0,
		     hd_now_ms() + ms);
}
