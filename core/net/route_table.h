/* route_table.h - which request is whose
 *
 * A short list, searched whole: the longest path that fits wins.  Not locked:
 * the listener's lock is held around every call.
 */
#ifndef HD_NET_ROUTE_TABLE_H
#define HD_NET_ROUTE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/net/listener.h"

struct hd_buf;
struct hd_err;

struct hd_route {
	struct hd_route *next;
	struct hd_listener_route want; /* method and path are our own */
	uint64_t id;
	bool paused;
	bool left; /* paused for good: whoever adds the same one takes it over
		    */
};

struct hd_route_table {
	struct hd_route *first;
	uint64_t last_id;
};

void hd_route_table_fini(struct hd_route_table *table);

/* An id, or 0 and `err`.  One like it that was left is taken over. */
uint64_t hd_route_add(struct hd_route_table *table,
		      const struct hd_listener_route *want, struct hd_err *err);

/* The route with this id; NULL if it is gone. */
struct hd_route *hd_route_get(const struct hd_route_table *table, uint64_t id);
void hd_route_remove(struct hd_route_table *table, uint64_t id);

void hd_route_leave(struct hd_route_table *table, uint64_t id);
/* Removes all that were left. */
void hd_route_forget_left(struct hd_route_table *table);

/* The route for a decoded path, NULL if there is none: then `allow` holds the
 * methods that the path has, or is empty where no route has it. */
const struct hd_route *hd_route_find(const struct hd_route_table *table,
				     const char *method, const char *path,
				     struct hd_buf *allow);

#endif
