/* address.h - what kind of network address
 *
 * Names are resolved by whoever owns them; that a name leads to our own
 * network is only seen at the address itself.
 */
#ifndef HD_NET_ADDRESS_H
#define HD_NET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* True for a globally routed unicast address: not private, loopback,
 * link-local, multicast, shared, documentation, benchmarking or reserved, and
 * no IPv6 form that carries an IPv4 address (but the mapped one, which is
 * judged by the address in it). [any] */
bool hd_address_is_public(const struct sockaddr *address);

#endif
