#include "core/journal/rows.h"

#include <string.h>

/* These words are in the store: never change one. */
static const char *const alert_names[HD_ALERT_STATES] = {
	[HD_ALERT_KEEP] = "",
	[HD_ALERT_RECEIVED] = "received",
	[HD_ALERT_WAITING] = "waiting",
	[HD_ALERT_DONE] = "done",
	[HD_ALERT_MERGED] = "merged",
	[HD_ALERT_SILENCED] = "silenced",
	[HD_ALERT_DROPPED] = "dropped",
	[HD_ALERT_DEAD] = "dead",
	[HD_ALERT_QUARANTINED] = "quarantined",
};

static const char *const action_names[HD_ACTION_STATES] = {
	[HD_ACTION_KEEP] = "",
	[HD_ACTION_DECIDED] = "decided",
	[HD_ACTION_AWAITING] = "awaiting approval",
	[HD_ACTION_STARTED] = "started",
	[HD_ACTION_PENDING] = "pending",
	[HD_ACTION_IN_DOUBT] = "in doubt",
	[HD_ACTION_DONE] = "done",
	[HD_ACTION_FAILED] = "failed",
	[HD_ACTION_REFUSED] = "refused",
	[HD_ACTION_SKIPPED] = "skipped",
	[HD_ACTION_UNDONE] = "undone",
};

const char *hd_alert_state_name(enum hd_alert_state state)
{
	return (unsigned)state < HD_ALERT_STATES ? alert_names[state] : "";
}

const char *hd_action_state_name(enum hd_action_state state)
{
	return (unsigned)state < HD_ACTION_STATES ? action_names[state] : "";
}

static int find(const char *const *names, int count, const char *name)
{
	int i;

	for (i = 1; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return 0;
}

enum hd_alert_state hd_alert_state_of(const char *name)
{
	return (enum hd_alert_state)find(alert_names, HD_ALERT_STATES, name);
}

enum hd_action_state hd_action_state_of(const char *name)
{
	return (enum hd_action_state)find(action_names, HD_ACTION_STATES, name);
}
