/* cache.h - answers that are still good
 *
 * Key: connector, digest of its options without secrets, type, value, context.
 * Positive and negative answers have a time to live each; missing ones are
 * never kept.  Bounded by count; the least recently used goes first.
 */
#ifndef HD_LOOKUP_CACHE_H
#define HD_LOOKUP_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "core/lookup/answer.h"

struct hd_cache;

struct hd_cache *hd_cache_new(size_t max_entries);
void hd_cache_free(struct hd_cache *cache);

/* Borrowed answer, valid until the next call; NULL if there is none that is
 * good at `now_ms` (monotonic). [loop] */
struct hd_answer *hd_cache_get(struct hd_cache *cache, const char *key,
			       int64_t now_ms);

/* Keeps `answer` (referenced) until `until_ms`; replaces. [loop] */
void hd_cache_put(struct hd_cache *cache, const char *key,
		  struct hd_answer *answer, int64_t until_ms);

size_t hd_cache_count(const struct hd_cache *cache);

#endif
