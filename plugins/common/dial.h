/* dial.h - a line to a host, by a deadline */
#ifndef HERALD_PLUGINS_DIAL_H
#define HERALD_PLUGINS_DIAL_H

#include <stdint.h>

#include "common/text.h"

/* Connects to the first address of the host that takes it.  A blocking socket,
 * which the caller closes; -1 and `why`.  The name is looked up by the system's
 * resolver, whose own patience counts for that. [worker] */
int hp_dial(const char *host, uint16_t port, int64_t left_ms,
	    struct hp_text *why);

#endif
