#include "core/plugin/idmap.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/base/alloc.h"

#define FIRST_SIZE 16 /* buckets; always a power of two */

static _Atomic uint64_t last_id;

herald_id hd_idmap_new_id(void)
{
	return atomic_fetch_add(&last_id, 1) + 1;
}

bool hd_idmap_was_given(herald_id id)
{
	return id != 0 && id <= atomic_load(&last_id);
}

/* Ids are counted up, so their low bits spread well by themselves. */
static struct hd_id_node **bucket(const struct hd_idmap *map, herald_id id)
{
	return &map->buckets[id & (map->size - 1)];
}

static void resize(struct hd_idmap *map, size_t size)
{
	struct hd_idmap to = { .size = size };

	to.buckets = hd_alloc_array(size, sizeof(*to.buckets));
	for (size_t i = 0; i < map->size; i++) {
		struct hd_id_node *node = map->buckets[i];

		while (node) {
			struct hd_id_node *next = node->next;

			hd_idmap_put(&to, node);
			node = next;
		}
	}
	free(map->buckets);
	*map = to;
}

void hd_idmap_put(struct hd_idmap *map, struct hd_id_node *node)
{
	struct hd_id_node **at;

	if (map->count == map->size)
		resize(map, map->size ? 2 * map->size : FIRST_SIZE);
	at = bucket(map, node->id);
	node->next = *at;
	*at = node;
	map->count++;
}

struct hd_id_node *hd_idmap_get(const struct hd_idmap *map, herald_id id)
{
	struct hd_id_node *node;

	if (map->size == 0)
		return NULL;
	node = *bucket(map, id);
	while (node && node->id != id)
		node = node->next;
	return node;
}

void hd_idmap_remove(struct hd_idmap *map, struct hd_id_node *node)
{
	struct hd_id_node **at = bucket(map, node->id);

	while (*at != node) {
		assert(*at);
		at = &(*at)->next;
	}
	*at = node->next;
	map->count--;
}

void hd_idmap_fini(struct hd_idmap *map)
{
	free(map->buckets);
	map->buckets = NULL;
	map->size = 0;
	map->count = 0;
}
