/* lane.h - rows that wait for their connector to have room
 *
 * One lane a connector's name, first come first served.  A row's attempt begins
 * when it has a place, so that its deadline is not spent in a queue.
 */
#ifndef HD_ACTION_LANE_H
#define HD_ACTION_LANE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/dict.h"

struct hd_row;

struct hd_lane {
	struct hd_row *first, *last;
	uint32_t running;
	size_t waiting;
	int64_t turn_ms; /* when the last that waits for its connector's
			  * limit is due (hd_utc_steady_ms()) */
};

/* The lane of a connector, made when new. [loop] */
struct hd_lane *hd_lane_of(struct hd_dict *lanes, const char *connector);
void hd_lanes_fini(struct hd_dict *lanes);

void hd_lane_push(struct hd_lane *lane, struct hd_row *row);
struct hd_row *hd_lane_pop(struct hd_lane *lane); /* NULL: empty */

#endif
