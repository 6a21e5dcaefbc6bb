#include "cmdb_enrich/ranges.h"

#include <stdlib.h>
#include <string.h>

struct cmdb_range {
	struct cmdb_network network;
	void *asset;
};

void cmdb_ranges_fini(struct cmdb_ranges *ranges)
{
	free(ranges->list);
	*ranges = (struct cmdb_ranges){ 0 };
}

static size_t place_of(const struct cmdb_ranges *r,
		       const struct cmdb_network *n, bool *there)
{
	size_t i = 0;

	*there = false;
	while (i < r->count && r->list[i].network.bits >= n->bits) {
		if (memcmp(&r->list[i].network, n, sizeof(*n)) == 0) {
			*there = true;
			return i;
		}
		i++;
	}
	return i;
}

static bool make_room(struct cmdb_ranges *r)
{
	size_t room = r->room > 0 ? 2 * r->room : 16;
	struct cmdb_range *list;

	if (r->count < r->room)
		return true;
	list = realloc(r->list, room * sizeof(*list));
	if (!list)
		return false;
	r->list = list;
	r->room = room;
	return true;
}

enum cmdb_added cmdb_ranges_add(struct cmdb_ranges *r,
				const struct cmdb_network *n, void *asset)
{
	bool there;
	size_t i = place_of(r, n, &there);

	if (there) {
		r->list[i].asset = asset;
		return CMDB_REPLACED;
	}
	if (!make_room(r))
		return CMDB_NO_MEMORY;
	memmove(&r->list[i + 1], &r->list[i],
		(r->count - i) * sizeof(r->list[0]));
	r->list[i] = (struct cmdb_range){ *n, asset };
	r->count++;
	return CMDB_ADDED;
}

void *cmdb_ranges_find(const struct cmdb_ranges *r,
		       const struct cmdb_network *address)
{
	for (size_t i = 0; i < r->count; i++) {
		if (cmdb_network_has(&r->list[i].network, address))
			return r->list[i].asset;
	}
	return NULL;
}
