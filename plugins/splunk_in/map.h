/* map.h - from Splunk's fields to the finding
 *
 * The names are those of Splunk's Common Information Model.  Constant data: the
 * host compiles and applies it, and the operator's `map` adds to it.
 */
#ifndef HERALD_SPLUNK_IN_MAP_H
#define HERALD_SPLUNK_IN_MAP_H

#include <herald/plugin.h>

#define SPLUNK_MAP_ROWS 107

extern const herald_map splunk_map[SPLUNK_MAP_ROWS];

#endif
