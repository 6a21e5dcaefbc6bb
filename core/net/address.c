#include "core/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct block4 {
	uint32_t net;
	unsigned bits;
};

/* IANA's registry of special-purpose addresses. */
static const struct block4 special4[] = {
	{ 0x00000000, 8 },  /* 0.0.0.0: this network */
	{ 0x0a000000, 8 },  /* 10.0.0.0: private */
	{ 0x64400000, 10 }, /* 100.64.0.0: shared */
	{ 0x7f000000, 8 },  /* 127.0.0.0: loopback */
	{ 0xa9fe0000, 16 }, /* 169.254.0.0: link-local */
	{ 0xac100000, 12 }, /* 172.16.0.0: private */
	{ 0xc0000000, 24 }, /* 192.0.0.0: protocol assignments */
	{ 0xc0000200, 24 }, /* 192.0.2.0: documentation */
	{ 0xc0586300, 24 }, /* 192.88.99.0: 6to4 relays */
	{ 0xc0a80000, 16 }, /* 192.168.0.0: private */
	{ 0xc6120000, 15 }, /* 198.18.0.0: benchmarking */
	{ 0xc6336400, 24 }, /* 198.51.100.0: documentation */
	{ 0xcb007100, 24 }, /* 203.0.113.0: documentation */
	{ 0xe0000000, 4 },  /* 224.0.0.0: multicast */
	{ 0xf0000000, 4 },  /* 240.0.0.0: reserved, broadcast */
};

struct block6 {
	uint8_t net[4];
	unsigned bits;
};

/* Special blocks inside 2000::/3; what lies outside is not public at all. */
static const struct block6 special6[] = {
	{ { 0x20, 0x01, 0x00, 0x00 }, 23 }, /* Teredo, ORCHID, benchmarking */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
	{ { 0x20, 0x02, 0x00, 0x00 }, 16 }, /* 6to4 */
	{ { 0x3f, 0xff, 0x00, 0x00 }, 20 }, /* documentation */
};

static uint32_t top_bits(uint32_t value, unsigned bits)
{
	return value >> (32 - bits);
}

static bool is_public4(uint32_t address)
{
	size_t i;

	for (i = 0; i < sizeof(special4) / sizeof(special4[0]); i++)
		if (top_bits(address ^ special4[i].net, special4[i].bits) == 0)
			return false;
	return true;
}

static uint32_t first_word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static bool is_public6(const struct in6_addr *address)
{
	const uint8_t *p = address->s6_addr;
	size_t i;

	if (IN6_IS_ADDR_V4MAPPED(address))
		return is_public4(first_word(p + 12));
	if ((p[0] & 0xe0) != 0x20)
		return false;
	for (i = 0; i < sizeof(special6) / sizeof(special6[0]); i++)
		if (top_bits(first_word(p) ^ first_word(special6[i].net),
			     special6[i].bits) == 0)
			return false;
	return true;
}

bool hd_address_is_public(const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	switch (address->sa_family) {
	case AF_INET:
		memcpy(&v4, address, sizeof(v4));
		return is_public4(ntohl(v4.sin_addr.s_addr));
	case AF_INET6:
		memcpy(&v6, address, sizeof(v6));
		return is_public6(&v6.sin6_addr);
	default:
		return false;
	}
}
