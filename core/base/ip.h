/* ip.h - addresses of IPv4 and IPv6, and what kind they are
 *
 * Strict: four decimal numbers without leading zeros, or what RFC 4291 allows,
 * without zone and port.  An IPv4 address inside IPv6 (::ffff:a.b.c.d) is the
 * IPv4 address.
 */
#ifndef HD_BASE_IP_H
#define HD_BASE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HD_IP_TEXT 46

struct hd_ip {
	uint8_t bytes[16];
	uint8_t size; /* 4 or 16 */
};

/* All addresses that begin with the first `bits` bits of `base`. */
struct hd_cidr {
	struct hd_ip base;
	uint8_t bits;
};

/* Why an address is none of the public internet; the order is no rank. */
enum hd_ip_kind {
	HD_IP_PUBLIC,
	HD_IP_UNSPECIFIED,   /* 0.0.0.0, :: */
	HD_IP_LOOPBACK,	     /* 127/8, ::1 */
	HD_IP_LINK_LOCAL,    /* 169.254/16, fe80::/10 */
	HD_IP_MULTICAST,     /* 224/4, ff00::/8 */
	HD_IP_PRIVATE,	     /* 10/8, 100.64/10, 172.16/12, 192.168/16,
			      * fc00::/7 */
	HD_IP_DOCUMENTATION, /* 192.0.2/24, 198.51.100/24, 203.0.113/24,
			      * 2001:db8::/32, 3fff::/20 */
	HD_IP_RESERVED	     /* 0/8, 192.0.0/24, 198.18/15, 240/4, 64:ff9b::/96,
			      * 64:ff9b:1::/48, 100::/64 */
};

/* 0, or -1 if the `n` bytes are no address. [any] */
int hd_ip_parse(const char *text, size_t n, struct hd_ip *out);

/* The canonical text (RFC 5952). [any] */
void hd_ip_text(const struct hd_ip *ip, char out[HD_IP_TEXT]);

/* [any] */
bool hd_ip_equal(const struct hd_ip *a, const struct hd_ip *b);

/* "10.0.0.0/8", or an address for itself alone.  -1 if it is neither, or has
 * bits set behind the prefix ("10.1.2.3/8": which of the two was meant?).
 * [any] */
int hd_cidr_parse(const char *text, size_t n, struct hd_cidr *out);

/* [any] */
bool hd_cidr_has(const struct hd_cidr *cidr, const struct hd_ip *ip);

/* [any] */
enum hd_ip_kind hd_ip_kind(const struct hd_ip *ip);

/* "public", "loopback", ... [any] */
const char *hd_ip_kind_word(enum hd_ip_kind kind);

#endif
