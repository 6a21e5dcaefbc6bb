/* map.h - values by text
 *
 * A hash map that keeps the order of insertion; keys are copied, bytes of any
 * kind.  The hash is keyed with random bytes, so keys may come from outside;
 * how many there may be is the caller's bound.  One thread at a time.
 */
#ifndef HD_BASE_MAP_H
#define HD_BASE_MAP_H

#include <stddef.h>

struct hd_map;

/* The caller frees it with hd_map_free(). [any] */
struct hd_map *hd_map_new(void);

/* `free_value` is called for each value, unless it is NULL.  NULL is fine.
 * [any] */
void hd_map_free(struct hd_map *map, void (*free_value)(void *value));

/* NULL if there is none. [any] */
void *hd_map_get(const struct hd_map *map, const char *key);
void *hd_map_getn(const struct hd_map *map, const void *key, size_t n);

/* Sets the value, which must not be NULL.  Returns the one it replaces (which
 * keeps its place in the order) or NULL. [any] */
void *hd_map_set(struct hd_map *map, const char *key, void *value);
void *hd_map_setn(struct hd_map *map, const void *key, size_t n, void *value);

/* Returns the value that was removed, or NULL. [any] */
void *hd_map_remove(struct hd_map *map, const char *key);
void *hd_map_removen(struct hd_map *map, const void *key, size_t n);

/* [any] */
size_t hd_map_count(const struct hd_map *map);

/* The next value in the order of insertion, NULL at the end.  *place begins
 * with 0.  `key`, which may be NULL, gets the key: borrowed from `map`, valid
 * until it is removed, with '\0' behind.  Between calls values may be removed
 * and replaced, and none added. [any] */
void *hd_map_next(const struct hd_map *map, size_t *place, const char **key);

#endif
