/* net.h - addresses and networks */
#ifndef HD_CEL_NET_H
#define HD_CEL_NET_H

#include "core/cel/cel.h"

#define HD_CEL_NET_TEXT 64

struct hd_cel_address;

/* Strict: no zones, no IPv4 in IPv6, no leading zeroes.  False with `*why`
 * set if it is none. [any] */
bool hd_cel_net_parse_ip(const char *p, size_t n, struct hd_cel_address *out,
			 const char **why);
bool hd_cel_net_parse_cidr(const char *p, size_t n, struct hd_cel_address *out,
			   const char **why);

/* The canonical form of an address or network; returns its length.  `out`
 * holds HD_CEL_NET_TEXT bytes. [any] */
size_t hd_cel_net_text(const struct hd_cel_value *v, char *out);

/* Base64 with padding; `out` holds (n + 2) / 3 * 4 bytes. [any] */
size_t hd_cel_base64(const void *from, size_t n, char *out);

#endif
