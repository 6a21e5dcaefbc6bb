/* index.h - from a key to an asset
 *
 * Keys are short byte strings; the first byte says of what kind.  The index
 * holds copies of them, and of the assets nothing but their addresses.
 */
#ifndef HERALD_CMDB_INDEX_H
#define HERALD_CMDB_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include <herald/plugin.h>

struct cmdb_entry {
	char *key;
	size_t n;
	void *asset;
	void *rival; /* another asset that has as much right to the key */
};

struct cmdb_index {
	struct cmdb_entry *entries;
	size_t size, count; /* size: a power of two, or 0 */
};

/* Empty: all zero. */
void cmdb_index_fini(struct cmdb_index *index);

/* The entry of `key`, made if it is new (asset NULL); NULL if memory is
 * lacking.  Borrowed, valid until the next call. [any] */
struct cmdb_entry *cmdb_index_add(struct cmdb_index *index, herald_str key);

/* NULL if there is none. [any] */
const struct cmdb_entry *cmdb_index_get(const struct cmdb_index *index,
					herald_str key);

#endif
