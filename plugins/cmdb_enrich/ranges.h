/* ranges.h - from an address to the smallest network that holds it
 *
 * Holds of the assets nothing but their addresses.
 */
#ifndef HERALD_CMDB_RANGES_H
#define HERALD_CMDB_RANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "cmdb_enrich/address.h"

struct cmdb_ranges {
	struct cmdb_range *list; /* longest prefix first */
	size_t count, room;
};

enum cmdb_added { CMDB_ADDED, CMDB_REPLACED, CMDB_NO_MEMORY };

/* Empty: all zero. */
void cmdb_ranges_fini(struct cmdb_ranges *ranges);

/* One that is there already gets the new asset. [any] */
enum cmdb_added cmdb_ranges_add(struct cmdb_ranges *ranges,
				const struct cmdb_network *network,
				void *asset);

/* NULL if no network holds the address. [any] */
void *cmdb_ranges_find(const struct cmdb_ranges *ranges,
		       const struct cmdb_network *address);

#endif
