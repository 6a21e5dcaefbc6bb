#include "cmdb_enrich/index.h"

#include <stdint.h>
#include <stdlib.h>

#include "common/text.h"

#define FIRST_SIZE 64

void cmdb_index_fini(struct cmdb_index *index)
{
	for (size_t i = 0; i < index->size; i++)
		free(index->entries[i].key);
	free(index->entries);
	*index = (struct cmdb_index){ 0 };
}

/* FNV-1a.  The keys are the operator's own. */
static size_t hash(herald_str key)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < key.n; i++)
		h = (h ^ (unsigned char)key.p[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 32);
}

/* The entry with this key, or the free one where it belongs. */
static struct cmdb_entry *find(struct cmdb_entry *entries, size_t size,
			       herald_str key)
{
	size_t i = hash(key) & (size - 1);

	while (entries[i].key && (entries[i].n != key.n ||
				  memcmp(entries[i].key, key.p, key.n) != 0))
		i = (i + 1) & (size - 1);
	return &entries[i];
}

static bool grow(struct cmdb_index *index)
{
	size_t size = index->size > 0 ? 2 * index->size : FIRST_SIZE;
	struct cmdb_entry *entries = calloc(size, sizeof(*entries));

	if (!entries)
		return false;
	for (size_t i = 0; i < index->size; i++) {
		const struct cmdb_entry *e = &index->entries[i];

		if (e->key)
			*find(entries, size, (herald_str){ e->key, e->n }) = *e;
	}
	free(index->entries);
	index->entries = entries;
	index->size = size;
	return true;
}

struct cmdb_entry *cmdb_index_add(struct cmdb_index *index, herald_str key)
{
	struct cmdb_entry *e;

	if (2 * (index->count + 1) > index->size && !grow(index))
		return NULL;
	e = find(index->entries, index->size, key);
	if (e->key)
		return e;
	e->key = hp_str_dup(key);
	if (!e->key)
		return NULL;
	e->n = key.n;
	index->count++;
	return e;
}

const struct cmdb_entry *cmdb_index_get(const struct cmdb_index *index,
					herald_str key)
{
	const struct cmdb_entry *e;

	if (index->size == 0)
		return NULL;
	e = find(index->entries, index->size, key);
	return e->key ? e : NULL;
}
