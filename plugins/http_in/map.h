/* map.h - from fields that many senders use to the finding
 *
 * Flat names as they are common, and those of the Elastic Common Schema.  The
 * operator's `map` says the rest: every sender has words of his own.
 */
#ifndef HERALD_HTTP_IN_MAP_H
#define HERALD_HTTP_IN_MAP_H

#include <herald/plugin.h>

#define HTTP_IN_MAP_ROWS 61

extern const herald_map http_in_map[HTTP_IN_MAP_ROWS];

#endif
