#include "core/base/dict.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/base/alloc.h"

struct hd_dict_slot {
	char *key; /* NULL: never used, or dead when value is DEAD */
	void *value;
	uint64_t hash;
};

static char dead_mark;
#define DEAD ((void *)&dead_mark)

void hd_dict_init(struct hd_dict *dict)
{
	memset(dict, 0, sizeof(*dict));
	if (getrandom(&dict->seed, sizeof(dict->seed), GRND_NONBLOCK) < 0)
		dict->seed = (uint64_t)(uintptr_t)dict;
}

void hd_dict_fini(struct hd_dict *dict)
{
	for (size_t i = 0; i < dict->cap; i++)
		free(dict->slots[i].key);
	free(dict->slots);
	hd_dict_init(dict);
}

/* FNV-1a from a random start, with a final mix. */
static uint64_t hash_of(const struct hd_dict *dict, const char *key)
{
	uint64_t h = 0xcbf29ce484222325u ^ dict->seed;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	return h ^ (h >> 32);
}

static struct hd_dict_slot *find(const struct hd_dict *dict, const char *key,
				 uint64_t hash)
{
	size_t i = hash & (dict->cap - 1);

	if (dict->cap == 0)
		return NULL;
	for (;; i = (i + 1) & (dict->cap - 1)) {
		struct hd_dict_slot *slot = &dict->slots[i];

		if (!slot->key && slot->value != DEAD)
			return NULL;
		if (slot->key && slot->hash == hash &&
		    strcmp(slot->key, key) == 0)
			return slot;
	}
}

static void place(struct hd_dict *dict, struct hd_dict_slot entry)
{
	size_t i = entry.hash & (dict->cap - 1);

	while (dict->slots[i].key)
		i = (i + 1) & (dict->cap - 1);
	if (dict->slots[i].value == DEAD)
		dict->dead--;
	dict->slots[i] = entry;
	dict->used++;
}

static void grow(struct hd_dict *dict)
{
	struct hd_dict_slot *old = dict->slots;
	size_t old_cap = dict->cap;
	size_t cap = 16;

	while (cap < dict->used * 4)
		cap *= 2;
	dict->slots = hd_alloc_array(cap, sizeof(*dict->slots));
	dict->cap = cap;
	dict->used = 0;
	dict->dead = 0;
	for (size_t i = 0; i < old_cap; i++)
		if (old[i].key)
			place(dict, old[i]);
	free(old);
}

void *hd_dict_get(const struct hd_dict *dict, const char *key)
{
	struct hd_dict_slot *slot;

	slot = find(dict, key, dict->cap != 0 ? hash_of(dict, key) : 0);
	return slot ? slot->value : NULL;
}

void *hd_dict_put(struct hd_dict *dict, const char *key, void *value)
{
	struct hd_dict_slot *slot;
	uint64_t hash = hash_of(dict, key);
	void *old;

	slot = find(dict, key, hash);
	if (slot) {
		old = slot->value;
		slot->value = value;
		return old;
	}
	if ((dict->used + dict->dead + 1) * 4 > dict->cap * 3)
		grow(dict);
	place(dict, (struct hd_dict_slot){ hd_strdup(key), value, hash });
	return NULL;
}

void *hd_dict_del(struct hd_dict *dict, const char *key)
{
	struct hd_dict_slot *slot;
	void *old;

	slot = find(dict, key, dict->cap != 0 ? hash_of(dict, key) : 0);
	if (!slot)
		return NULL;
	old = slot->value;
	free(slot->key);
	slot->key = NULL;
	slot->value = DEAD;
	dict->used--;
	dict->dead++;
	return old;
}

size_t hd_dict_count(const struct hd_dict *dict)
{
	return dict->used;
}

void *hd_dict_next(const struct hd_dict *dict, size_t *at, const char **key)
{
	for (; *at < dict->cap; (*at)++) {
		struct hd_dict_slot *slot = &dict->slots[*at];

		if (!slot->key)
			continue;
		(*at)++;
		if (key)
			*key = slot->key;
		return slot->value;
	}
	return NULL;
}
