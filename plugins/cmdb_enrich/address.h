/* address.h - addresses and networks as numbers
 *
 * IPv4 is held as ::ffff:a.b.c.d, so that there is one kind.
 */
#ifndef HERALD_CMDB_ADDRESS_H
#define HERALD_CMDB_ADDRESS_H

#include <stdbool.h>

#include <herald/plugin.h>

#define CMDB_ADDRESS_BITS 128

struct cmdb_network {
	unsigned char base[CMDB_ADDRESS_BITS / 8];
	unsigned bits; /* 128: a single address */
};

/* "192.0.2.1", "2001:db8::/32".  False for anything else, and for a network
 * with bits set behind its prefix. [any] */
bool cmdb_network_parse(herald_str text, struct cmdb_network *out);

/* [any] */
bool cmdb_network_has(const struct cmdb_network *network,
		      const struct cmdb_network *address);

#endif
