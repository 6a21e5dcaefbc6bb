/* idmap.h - things by their herald_id
 *
 * Ids are counted up for the whole process and never used again, so an id that
 * comes late or was made up finds nothing.  The node lies in the thing.
 */
#ifndef HD_PLUGIN_IDMAP_H
#define HD_PLUGIN_IDMAP_H

#include <stdbool.h>
#include <stddef.h>

#include <herald/plugin.h>

struct hd_id_node {
	herald_id id;
	struct hd_id_node *next;
};

struct hd_idmap { /* zeroed: empty */
	struct hd_id_node **buckets;
	size_t size, count;
};

/* A new id, never 0. [any] */
herald_id hd_idmap_new_id(void);

/* True if `id` was given out at some time. [any] */
bool hd_idmap_was_given(herald_id id);

/* `node->id` is set. [any, one thread at a time; so are the others] */
void hd_idmap_put(struct hd_idmap *map, struct hd_id_node *node);

/* NULL if there is none. */
struct hd_id_node *hd_idmap_get(const struct hd_idmap *map, herald_id id);

/* `node` is in the map. */
void hd_idmap_remove(struct hd_idmap *map, struct hd_id_node *node);

/* Frees the table, not what is in it. */
void hd_idmap_fini(struct hd_idmap *map);

#endif
