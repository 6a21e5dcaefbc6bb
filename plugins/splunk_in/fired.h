/* fired.h - Splunk's list of fired alerts
 *
 * Only alerts with alert.track = 1 are in it, and for 24 hours as Splunk is
 * shipped.  Read as a whole: how it is ordered is not relied upon.
 *
 * All functions are [loop].
 */
#ifndef HERALD_SPLUNK_IN_FIRED_H
#define HERALD_SPLUNK_IN_FIRED_H

#include "common/json.h"

#include "splunk_in/splunk.h"

#define FIRED_PAGE 1000
#define FIRED_MAX 100000

/* One run of a search that fired. */
struct fired {
	char *sid, *name;
	int64_t at_s;
	uint32_t alerts; /* how many it was to send */
};

struct fired_list {
	struct fired *items;
	size_t n, size;
	bool is_cut; /* there were more */
};

void fired_free(struct fired_list *list);

/* Adds the entries of a page that have an action which the option
 * `reconcile_actions` names; returns how many entries it had, of whatever
 * action. */
size_t fired_read(struct fired_list *list, struct splunk *s,
		  struct hp_json *page);

/* One item a sid: what is listed twice fired once. */
void fired_join(struct fired_list *list);

#endif
