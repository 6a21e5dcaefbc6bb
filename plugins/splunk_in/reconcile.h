/* reconcile.h - does all that fired in Splunk arrive?
 *
 * Splunk's actions try once and forget.  Splunk's list of fired alerts does
 *not: it is compared with the account of what arrived, and what is missing is
 * fetched by the sid of its search, as long as Splunk keeps the results.
 *
 * An alert is looked for once, `reconcile_after` after it fired by Splunk's own
 * clock, and counted then:
 *
 *	fired = received + missing        missing = fetched + lost + outstanding
 *
 * `late` counts those that came by themselves after they were found missing;
 * they make no second alert.  What fired before the first round of all is not
 * looked for.
 *
 * All functions are [loop].
 */
#ifndef HERALD_SPLUNK_IN_RECONCILE_H
#define HERALD_SPLUNK_IN_RECONCILE_H

#include "splunk_in/splunk.h"

/* Nothing where it is not configured; false: no memory. */
bool reconcile_create(struct splunk *s);
void reconcile_start(struct splunk *s);

/* Stores what is known. */
void reconcile_halt(struct splunk *s);

/* Accepts that there is none. */
void reconcile_free(struct splunk *s);

/* These arrived and are stored. */
void reconcile_arrived(struct splunk *s, const struct splunk_arrival *arrivals,
		       uint32_t n);

#endif
