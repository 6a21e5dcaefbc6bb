/* strikes.h - senders that guess
 *
 * A request with a wrong secret is a strike against the address it came from.
 * Who has too many in a minute is turned away before the secret is looked at,
 * until the minute is over.  The table is of fixed size: with more addresses
 * than rows, the one that struck longest ago is forgotten.
 *
 * All functions are [loop].
 */
#ifndef HERALD_PLUGINS_STRIKES_H
#define HERALD_PLUGINS_STRIKES_H

#include <stdbool.h>
#include <stdint.h>

#include <herald/plugin.h>

#define HP_STRIKES_ROWS 256
#define HP_STRIKES_LIMIT 20 /* a minute */

struct hp_strikes {
	struct {
		char address[64]; /* "" unused */
		int64_t since_ms; /* of the first in this minute */
		unsigned count;
	} rows[HP_STRIKES_ROWS];
};

/* How long `peer` ("192.0.2.1:4711"; the port does not count) is to be turned
 * away, 0: not at all. */
int64_t hp_strikes_wait_ms(const struct hp_strikes *strikes, herald_str peer,
			   int64_t now_ms);

/* One more.  True if it is the one that is too many. */
bool hp_strikes_add(struct hp_strikes *strikes, herald_str peer,
		    int64_t now_ms);

#endif
