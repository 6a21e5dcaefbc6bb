/* cache.h - answers that are still good, in memory
 *
 * Key: connector, digest of its options without secrets, type, value, context.
 * Bounded by count and by bytes; the least recently used goes first.  Most
 * answers are never asked for again, and a tree takes some times the room of
 * its text: so an answer waits as text, and becomes a tree when it is wanted.
 */
#ifndef HD_LOOKUP_CACHE_H
#define HD_LOOKUP_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "core/lookup/answer.h"

struct hd_cache;

/* max_bytes counts what hd_cache_put() is told, and the keys. */
struct hd_cache *hd_cache_new(size_t max_entries, size_t max_bytes);
void hd_cache_free(struct hd_cache *cache);

/* Borrowed answer, valid until the next call; NULL if there is none that is
 * good at `now_ms` (monotonic). [loop] */
struct hd_answer *hd_cache_get(struct hd_cache *cache, const char *key,
			       int64_t now_ms);

/* Keeps `answer` until `until_ms`; replaces.  `text` is its result as JSON,
 * `bytes` long, and copied; NULL if there is none.  One that is larger than all
 * that may be kept is not kept. [loop] */
void hd_cache_put(struct hd_cache *cache, const char *key,
		  struct hd_answer *answer, const char *text, size_t bytes,
		  int64_t until_ms);

size_t hd_cache_count(const struct hd_cache *cache);
size_t hd_cache_bytes(const struct hd_cache *cache);

#endif
