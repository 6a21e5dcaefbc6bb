#include "cmdb_enrich/address.h"

#include <arpa/inet.h>
#include <stdint.h>

#include "common/text.h"

#define TEXT_MAX (INET6_ADDRSTRLEN + 4)
#define V4_AT 12

static bool parse_address(const char *text, struct cmdb_network *out)
{
	static const unsigned char mapped[] = { 0, 0, 0, 0, 0,	  0,
						0, 0, 0, 0, 0xff, 0xff };

	memcpy(out->base, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, out->base + V4_AT) == 1 ||
	       inet_pton(AF_INET6, text, out->base) == 1;
}

static bool parse_bits(const char *text, bool is_v4, struct cmdb_network *out)
{
	unsigned most = is_v4 ? 32 : CMDB_ADDRESS_BITS;
	char *end;
	unsigned long bits;

	if (!hp_str_is_digits(herald_cstr(text)) || strlen(text) > 3)
		return false;
	bits = strtoul(text, &end, 10);
	if (bits > most)
		return false;
	out->bits = (unsigned)bits + CMDB_ADDRESS_BITS - most;
	return true;
}

static bool is_set(const unsigned char *p, unsigned bit)
{
	return p[bit / 8] & (0x80u >> (bit % 8));
}

bool cmdb_network_parse(herald_str text, struct cmdb_network *out)
{
	char copy[TEXT_MAX];
	char *slash;

	if (text.n == 0 || text.n >= sizeof(copy))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	slash = strchr(copy, '/');
	if (slash)
		*slash = '\0';
	if (!parse_address(copy, out))
		return false;
	out->bits = CMDB_ADDRESS_BITS;
	if (slash && !parse_bits(slash + 1, !strchr(copy, ':'), out))
		return false;
	for (unsigned i = out->bits; i < CMDB_ADDRESS_BITS; i++) {
		if (is_set(out->base, i))
			return false;
	}
	return true;
}

bool cmdb_network_has(const struct cmdb_network *network,
		      const struct cmdb_network *address)
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;
	unsigned mask = 0xff00u >> rest & 0xffu;

	if (memcmp(network->base, address->base, whole) != 0)
		return false;
	return rest == 0 ||
	       ((network->base[whole] ^ address->base[whole]) & mask) == 0;
}
