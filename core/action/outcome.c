#include "core/action/outcome.h"

#include <herald/plugin.h>

#include "core/action/row.h"
#include "core/base/digest.h"
#include "core/plugin/instance.h"

#define FIRST_PAUSE_MS INT64_C(1000)
#define LAST_PAUSE_MS INT64_C(300000)
#define QUOTA_PAUSE_MAX_MS INT64_C(86400000)
#define OTHER_PAUSE_MAX_MS INT64_C(3600000)
#define PENDING_PAUSE_MS INT64_C(5000)

enum hd_action_state hd_outcome_of_plan(uint32_t status)
{
	switch (HERALD_CLASS(status)) {
	case 2:
	case 3:
	case 6: /* it only read: ask again */
		return HD_ACTION_DECIDED;
	case 4:
		return status == HERALD_REFUSED ? HD_ACTION_REFUSED
						: HD_ACTION_FAILED;
	default: /* no plan, no action */
		return HD_ACTION_FAILED;
	}
}

enum hd_action_state hd_outcome_of_run(uint32_t status)
{
	return status == HERALD_REFUSED ? HD_ACTION_REFUSED : HD_ACTION_FAILED;
}

int64_t hd_retry_pause(const struct hd_row *row, const struct hd_completion *c)
{
	int64_t most = c->status == HERALD_QUOTA ? QUOTA_PAUSE_MAX_MS
						 : OTHER_PAUSE_MAX_MS;
	int64_t pause = FIRST_PAUSE_MS;
	uint8_t chance;

	if (c->retry_after_ms > 0)
		return c->retry_after_ms < most ? c->retry_after_ms : most;
	for (int64_t i = 1; i < row->tries && pause < LAST_PAUSE_MS; i++)
		pause *= 2;
	if (pause > LAST_PAUSE_MS)
		pause = LAST_PAUSE_MS;
	hd_random(&chance, sizeof(chance));
	return pause + pause * chance / (5 * 256);
}

int64_t hd_pending_pause(const struct hd_completion *c)
{
	if (c->retry_after_ms <= 0)
		return PENDING_PAUSE_MS;
	return c->retry_after_ms < OTHER_PAUSE_MAX_MS ? c->retry_after_ms
						      : OTHER_PAUSE_MAX_MS;
}
