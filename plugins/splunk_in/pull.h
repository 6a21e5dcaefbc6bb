/* pull.h - searches that are run again and again
 *
 * Each search has a cursor: up to which index time its rows are here.  A run
 * asks for what was indexed since, less the overlap (events become visible a
 * little late, and clocks differ); what comes twice is known by its
 * finding_info.uid.  The cursor moves once all rows of a run are on disk, and
 * only to a time that Splunk itself named: the highest _indextime of a row, or
 * Splunk's clock less the overlap where no row was newer.  A row from the
 * future never takes it beyond that clock.
 *
 * Searches run one after another: a connector costs Splunk one search slot.
 *
 * All functions are [loop].
 */
#ifndef HERALD_SPLUNK_IN_PULL_H
#define HERALD_SPLUNK_IN_PULL_H

#include "splunk_in/splunk.h"

/* Nothing where no search is configured; false: no memory. */
bool pull_create(struct splunk *s);
void pull_start(struct splunk *s);

/* Accepts that there is none. */
void pull_free(struct splunk *s);

#endif
