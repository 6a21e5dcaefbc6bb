/* map.h - from Splunk's result row to the finding
 *
 * The table that the operator's `map:` adds to.
 */
#ifndef SPLUNK_IN_MAP_H
#define SPLUNK_IN_MAP_H

#include <herald/plugin.h>

extern const herald_map splunk_map[];
extern const uint32_t splunk_map_count;

#endif
