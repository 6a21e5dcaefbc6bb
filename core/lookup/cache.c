#include "core/lookup/cache.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/dict.h"

/* A tree takes some times the room of its text; and each entry some more. */
#define TREE_FACTOR 4
#define ENTRY_BYTES 256

struct entry {
	struct entry *prev, *next; /* most recently used first */
	char *key;
	struct hd_answer *answer;
	int64_t until_ms;
	size_t bytes;
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
	free(e);
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
	return e->answer;
}

void hd_cache_put(struct hd_cache *cache, const char *key,
		  struct hd_answer *answer, size_t bytes, int64_t until_ms)
{
	struct entry *e = hd_dict_get(&cache->by_key, key);

	hd_answer_ref(answer);
	if (e)
		drop(cache, e);
	e = hd_alloc(sizeof(*e));
	e->key = hd_strdup(key);
	e->answer = answer;
	e->until_ms = until_ms;
	e->bytes = TREE_FACTOR * bytes + ENTRY_BYTES + strlen(key);
	cache->bytes += e->bytes;
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
