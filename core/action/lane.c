#include "core/action/lane.h"

#include <stdlib.h>

#include "core/action/row.h"
#include "core/base/alloc.h"

struct hd_lane *hd_lane_of(struct hd_dict *lanes, const char *connector)
{
	struct hd_lane *lane = hd_dict_get(lanes, connector);

	if (!lane) {
		lane = hd_alloc(sizeof(*lane));
		hd_dict_put(lanes, connector, lane);
	}
	return lane;
}

void hd_lanes_fini(struct hd_dict *lanes)
{
	struct hd_lane *lane;
	size_t at = 0;

	while ((lane = hd_dict_next(lanes, &at, NULL)))
		free(lane);
	hd_dict_fini(lanes);
}

void hd_lane_push(struct hd_lane *lane, struct hd_row *row)
{
	row->queued = true;
	row->next_queued = NULL;
	if (lane->last)
		lane->last->next_queued = row;
	else
		lane->first = row;
	lane->last = row;
	lane->waiting++;
}

struct hd_row *hd_lane_pop(struct hd_lane *lane)
{
	struct hd_row *row = lane->first;

	if (!row)
		return NULL;
	lane->first = row->next_queued;
	if (!lane->first)
		lane->last = NULL;
	row->queued = false;
	lane->waiting--;
	return row;
}
