#include "core/base/ip.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

/* inet_pton takes neither leading zeros nor fewer than four numbers. */
static int parse_as_written(const char *text, size_t n, struct hd_ip *out)
{
	char copy[HD_IP_TEXT];

	if (n == 0 || n >= sizeof(copy) || memchr(text, '\0', n))
		return -1;
	memcpy(copy, text, n);
	copy[n] = '\0';
	memset(out, 0, sizeof(*out));
	out->size = memchr(text, ':', n) ? 16 : 4;
	return inet_pton(out->size == 16 ? AF_INET6 : AF_INET, copy,
			 out->bytes) == 1
		       ? 0
		       : -1;
}

static bool is_mapped(const struct hd_ip *ip)
{
	return ip->size == 16 &&
	       memcmp(ip->bytes, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

static void unmap(struct hd_ip *ip)
{
	memmove(ip->bytes, ip->bytes + 12, 4);
	memset(ip->bytes + 4, 0, 12);
	ip->size = 4;
}

int hd_ip_parse(const char *text, size_t n, struct hd_ip *out)
{
	if (parse_as_written(text, n, out) < 0)
		return -1;
	if (is_mapped(out))
		unmap(out);
	return 0;
}

void hd_ip_text(const struct hd_ip *ip, char out[HD_IP_TEXT])
{
	const char *text = inet_ntop(ip->size == 16 ? AF_INET6 : AF_INET,
				     ip->bytes, out, HD_IP_TEXT);

	assert(text); /* it fails for lack of room only */
}

bool hd_ip_equal(const struct hd_ip *a, const struct hd_ip *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* One to three digits without a leading zero, at most `max`. */
static int parse_bits(const char *text, size_t n, int max)
{
	int bits = 0;
	size_t i;

	if (n == 0 || n > 3 || (n > 1 && text[0] == '0'))
		return -1;
	for (i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		bits = bits * 10 + (text[i] - '0');
	}
	return bits <= max ? bits : -1;
}

static bool has_bits_behind(const struct hd_cidr *cidr)
{
	size_t i;

	for (i = cidr->bits; i < (size_t)cidr->base.size * 8; i++)
		if (cidr->base.bytes[i / 8] & (0x80 >> (i % 8)))
			return true;
	return false;
}

int hd_cidr_parse(const char *text, size_t n, struct hd_cidr *out)
{
	const char *slash = memchr(text, '/', n);
	size_t ip_n = slash ? (size_t)(slash - text) : n;
	int bits;

	if (parse_as_written(text, ip_n, &out->base) < 0)
		return -1;
	bits = out->base.size * 8;
	if (slash)
		bits = parse_bits(slash + 1, n - ip_n - 1, bits);
	if (bits < 0)
		return -1;
	if (is_mapped(&out->base) && bits >= 96) {
		unmap(&out->base);
		bits -= 96;
	}
	out->bits = (uint8_t)bits;
	return has_bits_behind(out) ? -1 : 0;
}

bool hd_cidr_has(const struct hd_cidr *cidr, const struct hd_ip *ip)
{
	size_t whole = cidr->bits / 8;
	int rest = cidr->bits % 8;

	if (cidr->base.size != ip->size ||
	    memcmp(cidr->base.bytes, ip->bytes, whole) != 0)
		return false;
	return rest == 0 ||
	       (cidr->base.bytes[whole] ^ ip->bytes[whole]) >> (8 - rest) == 0;
}

/* What IANA keeps for special purposes; the first row that fits decides. */
static const struct {
	struct hd_cidr cidr;
	enum hd_ip_kind kind;
} kinds[] = {
	{ { { { 0 }, 4 }, 32 }, HD_IP_UNSPECIFIED },
	{ { { { 0 }, 4 }, 8 }, HD_IP_RESERVED },
	{ { { { 10 }, 4 }, 8 }, HD_IP_PRIVATE },
	{ { { { 100, 64 }, 4 }, 10 }, HD_IP_PRIVATE },
	{ { { { 127 }, 4 }, 8 }, HD_IP_LOOPBACK },
	{ { { { 169, 254 }, 4 }, 16 }, HD_IP_LINK_LOCAL },
	{ { { { 172, 16 }, 4 }, 12 }, HD_IP_PRIVATE },
	{ { { { 192, 0, 0 }, 4 }, 24 }, HD_IP_RESERVED },
	{ { { { 192, 0, 2 }, 4 }, 24 }, HD_IP_DOCUMENTATION },
	{ { { { 192, 168 }, 4 }, 16 }, HD_IP_PRIVATE },
	{ { { { 198, 18 }, 4 }, 15 }, HD_IP_RESERVED },
	{ { { { 198, 51, 100 }, 4 }, 24 }, HD_IP_DOCUMENTATION },
	{ { { { 203, 0, 113 }, 4 }, 24 }, HD_IP_DOCUMENTATION },
	{ { { { 224 }, 4 }, 4 }, HD_IP_MULTICAST },
	{ { { { 240 }, 4 }, 4 }, HD_IP_RESERVED },
	{ { { { 0 }, 16 }, 128 }, HD_IP_UNSPECIFIED },
	{ { { { [15] = 1 }, 16 }, 128 }, HD_IP_LOOPBACK },
	{ { { { 0, 0x64, 0xff, 0x9b }, 16 }, 96 }, HD_IP_RESERVED },
	{ { { { 0, 0x64, 0xff, 0x9b, 0, 1 }, 16 }, 48 }, HD_IP_RESERVED },
	{ { { { 1, 0 }, 16 }, 64 }, HD_IP_RESERVED },
	{ { { { 0x20, 1, 0x0d, 0xb8 }, 16 }, 32 }, HD_IP_DOCUMENTATION },
	{ { { { 0x3f, 0xff }, 16 }, 20 }, HD_IP_DOCUMENTATION },
	{ { { { 0xfc }, 16 }, 7 }, HD_IP_PRIVATE },
	{ { { { 0xfe, 0x80 }, 16 }, 10 }, HD_IP_LINK_LOCAL },
	{ { { { 0xff }, 16 }, 8 }, HD_IP_MULTICAST },
};

enum hd_ip_kind hd_ip_kind(const struct hd_ip *ip)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (hd_cidr_has(&kinds[i].cidr, ip))
			return kinds[i].kind;
	return HD_IP_PUBLIC;
}

const char *hd_ip_kind_word(enum hd_ip_kind kind)
{
	static const char *const words[] = {
		[HD_IP_PUBLIC] = "public",
		[HD_IP_UNSPECIFIED] = "unspecified",
		[HD_IP_LOOPBACK] = "loopback",
		[HD_IP_LINK_LOCAL] = "link-local",
		[HD_IP_MULTICAST] = "multicast",
		[HD_IP_PRIVATE] = "private",
		[HD_IP_DOCUMENTATION] = "documentation",
		[HD_IP_RESERVED] = "reserved",
	};

	return words[kind];
}
