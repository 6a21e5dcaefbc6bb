/* Entries stand in an array in the order they came; a table of twice as many
 * slots, probed one after the other, tells where.  A removed entry leaves a
 * gap in the array (no key) and its slot in the table, until the next growth
 * sweeps both. */
#include "core/base/map.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/hash.h"

#define NOWHERE UINT32_MAX

struct entry {
	char *key; /* NULL: removed */
	size_t key_n;
	uint64_t hash;
	void *value;
};

struct hd_map {
	struct entry *entries;
	uint32_t *slots; /* indexes of entries, or NOWHERE; 2 * room of them */
	size_t room;	 /* a power of two */
	size_t used;	 /* entries, gaps included */
	size_t count;
};

static void make_slots(struct hd_map *map, size_t room)
{
	map->room = room;
	map->slots = hd_realloc_array(map->slots, 2 * room,
				      sizeof(*map->slots));
	memset(map->slots, 0xff, 2 * room * sizeof(*map->slots));
}

struct hd_map *hd_map_new(void)
{
	struct hd_map *map = hd_alloc(sizeof(*map));

	map->entries = hd_alloc_array(8, sizeof(*map->entries));
	make_slots(map, 8);
	return map;
}

void hd_map_free(struct hd_map *map, void (*free_value)(void *value))
{
	size_t i;

	if (!map)
		return;
	for (i = 0; i < map->used; i++) {
		if (map->entries[i].key && free_value)
			free_value(map->entries[i].value);
		free(map->entries[i].key);
	}
	free(map->entries);
	free(map->slots);
	free(map);
}

static struct entry *find(const struct hd_map *map, uint64_t hash,
			  const void *key, size_t n)
{
	size_t mask = 2 * map->room - 1;
	struct entry *entry;
	size_t i;

	for (i = hash & mask; map->slots[i] != NOWHERE; i = (i + 1) & mask) {
		entry = &map->entries[map->slots[i]];
		if (entry->key && entry->hash == hash && entry->key_n == n &&
		    memcmp(entry->key, key, n) == 0)
			return entry;
	}
	return NULL;
}

static void take_slot(struct hd_map *map, size_t index)
{
	size_t mask = 2 * map->room - 1;
	size_t i = map->entries[index].hash & mask;

	while (map->slots[i] != NOWHERE)
		i = (i + 1) & mask;
	map->slots[i] = (uint32_t)index;
}

/* Closes the gaps, and doubles the room if that was not half of it. */
static void make_room(struct hd_map *map)
{
	size_t room = map->count > map->room / 2 ? 2 * map->room : map->room;
	size_t kept = 0;
	size_t i;

	for (i = 0; i < map->used; i++)
		if (map->entries[i].key)
			map->entries[kept++] = map->entries[i];
	map->used = kept;
	assert(room < NOWHERE / 2);
	map->entries = hd_realloc_array(map->entries, room,
					sizeof(*map->entries));
	make_slots(map, room);
	for (i = 0; i < map->used; i++)
		take_slot(map, i);
}

static uint64_t hash_of(const void *key, size_t n)
{
	return hd_hash(hd_hash_own_key(), key, n);
}

void *hd_map_getn(const struct hd_map *map, const void *key, size_t n)
{
	struct entry *entry = find(map, hash_of(key, n), key, n);

	return entry ? entry->value : NULL;
}

void *hd_map_get(const struct hd_map *map, const char *key)
{
	return hd_map_getn(map, key, strlen(key));
}

void *hd_map_setn(struct hd_map *map, const void *key, size_t n, void *value)
{
	uint64_t hash = hash_of(key, n);
	struct entry *entry = find(map, hash, key, n);
	void *old;

	assert(value);
	if (entry) {
		old = entry->value;
		entry->value = value;
		return old;
	}
	if (map->used == map->room)
		make_room(map);
	entry = &map->entries[map->used];
	entry->key = hd_memdup0(key, n);
	entry->key_n = n;
	entry->hash = hash;
	entry->value = value;
	take_slot(map, map->used++);
	map->count++;
	return NULL;
}

void *hd_map_set(struct hd_map *map, const char *key, void *value)
{
	return hd_map_setn(map, key, strlen(key), value);
}

void *hd_map_removen(struct hd_map *map, const void *key, size_t n)
{
	struct entry *entry = find(map, hash_of(key, n), key, n);

	if (!entry)
		return NULL;
	free(entry->key);
	entry->key = NULL;
	map->count--;
	return entry->value;
}

void *hd_map_remove(struct hd_map *map, const char *key)
{
	return hd_map_removen(map, key, strlen(key));
}

size_t hd_map_count(const struct hd_map *map)
{
	return map->count;
}

void *hd_map_next(const struct hd_map *map, size_t *place, const char **key)
{
	const struct entry *entry;

	while (*place < map->used) {
		entry = &map->entries[(*place)++];
		if (!entry->key)
			continue;
		if (key)
			*key = entry->key;
		return entry->value;
	}
	return NULL;
}
