/* dict.h - text to pointer
 *
 * A hash table with open addressing and a seed of its own, so that nobody
 * outside can choose colliding keys.  Keys are copied; values are the caller's.
 */
#ifndef HD_BASE_DICT_H
#define HD_BASE_DICT_H

#include <stddef.h>
#include <stdint.h>

struct hd_dict {
	struct hd_dict_slot *slots;
	size_t cap, used, dead;
	uint64_t seed;
};

/* An empty one needs no memory. [loop] */
void hd_dict_init(struct hd_dict *dict);
void hd_dict_fini(struct hd_dict *dict); /* values are not freed */

/* NULL if there is none. */
void *hd_dict_get(const struct hd_dict *dict, const char *key);

/* Sets a value (not NULL); returns the former one, or NULL. */
void *hd_dict_put(struct hd_dict *dict, const char *key, void *value);

/* Takes it out and returns it, or NULL. */
void *hd_dict_del(struct hd_dict *dict, const char *key);

size_t hd_dict_count(const struct hd_dict *dict);

/* Walks in no order: start with *at = 0; NULL at the end.  `key` may be NULL.
 * Only the entry just given may be deleted on the way. */
void *hd_dict_next(const struct hd_dict *dict, size_t *at, const char **key);

#endif
