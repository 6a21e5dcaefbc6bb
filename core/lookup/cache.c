#include "core/lookup/cache.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/dict.h"
#include "core/base/json_text.h"

/* A tree takes some times the room of its text; and each entry some more. */
#define TREE_FACTOR 4
#define ENTRY_BYTES 256

struct entry {
	struct entry *prev, *next; /* most recently used first */
	char *key;
	struct hd_answer *answer;
	char *text; /* of its result, which is not a tree yet */
	int64_t until_ms;
	size_t text_n, bytes;
};

struct hd_cache {
	struct hd_dict by_key;
	struct entry head; /* of the ring */
	size_t max, max_bytes, bytes;
};

struct hd_cache *hd_cache_new(size_t max_entries, size_t max_bytes)
{
	struct hd_cache *cache = hd_alloc(sizeof(*cache));

	hd_dict_init(&cache->by_key);
	cache->head.prev = cache->head.next = &cache->head;
	cache->max = max_entries;
	cache->max_bytes = max_bytes;
	return cache;
}

static void unlink_entry(struct entry *e)
{
	e->prev->next = e->next;
	e->next->prev = e->prev;
}

static void link_first(struct hd_cache *cache, struct entry *e)
{
	e->prev = &cache->head;
	e->next = cache->head.next;
	e->next->prev = e;
	cache->head.next = e;
}

static void drop(struct hd_cache *cache, struct entry *e)
{
	hd_dict_del(&cache->by_key, e->key);
	unlink_entry(e);
	cache->bytes -= e->bytes;
	hd_answer_unref(e->answer);
	free(e->key);
	free(e->text);
	free(e);
}

static void charge(struct hd_cache *cache, struct entry *e, size_t bytes)
{
	cache->bytes += bytes - e->bytes;
	e->bytes = bytes;
}

static struct hd_answer *without_result(const struct hd_answer *answer)
{
	return hd_answer_new(answer->outcome, answer->status, NULL,
			     answer->reason, answer->made_ms, answer->took_ms);
}

/* Its text is ours, so it can be read. */
static void make_tree(struct hd_cache *cache, struct entry *e)
{
	const struct hd_json_options options = { 0 };

	e->answer->result = hd_json_read(e->text, e->text_n, &options, NULL);
	free(e->text);
	e->text = NULL;
	charge(cache, e, e->bytes + (TREE_FACTOR - 1) * e->text_n);
}

void hd_cache_free(struct hd_cache *cache)
{
	if (!cache)
		return;
	while (cache->head.next != &cache->head)
		drop(cache, cache->head.next);
	hd_dict_fini(&cache->by_key);
	free(cache);
}

struct hd_answer *hd_cache_get(struct hd_cache *cache, const char *key,
			       int64_t now_ms)
{
	struct entry *e = hd_dict_get(&cache->by_key, key);

	if (!e)
		return NULL;
	if (e->until_ms <= now_ms) {
		drop(cache, e);
		return NULL;
	}
	unlink_entry(e);
	link_first(cache, e);
	if (e->text)
		make_tree(cache, e);
	return e->answer;
}

void hd_cache_put(struct hd_cache *cache, const char *key,
		  struct hd_answer *answer, const char *text, size_t bytes,
		  int64_t until_ms)
{
	struct entry *e = hd_dict_get(&cache->by_key, key);

	hd_answer_ref(answer);
	if (e)
		drop(cache, e);
	e = hd_alloc(sizeof(*e));
	e->key = hd_strdup(key);
	e->answer = text ? without_result(answer) : hd_answer_ref(answer);
	e->text = text ? hd_memdup0(text, bytes) : NULL;
	e->text_n = bytes;
	e->until_ms = until_ms;
	charge(cache, e, bytes + ENTRY_BYTES + strlen(key));
	hd_answer_unref(answer);
	hd_dict_put(&cache->by_key, key, e);
	link_first(cache, e);
	while (hd_dict_count(&cache->by_key) > cache->max ||
	       cache->bytes > cache->max_bytes)
		drop(cache, cache->head.prev);
}

size_t hd_cache_count(const struct hd_cache *cache)
{
	return hd_dict_count(&cache->by_key);
}

size_t hd_cache_bytes(const struct hd_cache *cache)
{
	return cache->bytes;
}
