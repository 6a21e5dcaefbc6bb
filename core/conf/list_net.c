#include <arpa/inet.h>
#include <string.h>

#include "core/conf/list_impl.h"

#define MAPPED_BITS 96 /* ::ffff:0:0/96 holds all of IPv4 */

/* The address without its prefix; `bits` is how long a prefix may be. */
static bool parse_address(const char *text, unsigned char bytes[16],
			  unsigned *bits)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET6, text, bytes) == 1) {
		*bits = 128;
		return true;
	}
	memcpy(bytes, mapped, sizeof(mapped));
	*bits = 32;
	return inet_pton(AF_INET, text, bytes + sizeof(mapped)) == 1;
}

static bool parse_prefix(const char *text, unsigned max, unsigned *out)
{
	unsigned value = 0;
	size_t i;

	for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 3; i++)
		value = value * 10 + (unsigned)(text[i] - '0');
	*out = value;
	return i > 0 && text[i] == '\0' && value <= max;
}

bool hd_list_net_parse(const char *text, size_t n, struct hd_list_net *out)
{
	char copy[64];
	unsigned max;
	char *slash;

	if (n == 0 || n >= sizeof(copy) || memchr(text, '\0', n))
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	if (!parse_address(copy, out->bytes, &max))
		return false;
	out->bits = max;
	if (slash && !parse_prefix(slash, max, &out->bits))
		return false;
	if (max == 32)
		out->bits += MAPPED_BITS;
	return true;
}
