#include "common/sid.h"

#include <inttypes.h>

#include "common/text.h"

#define PARTS_MAX 15
#define HEAD_SIZE 8 /* revision, count, authority */
#define DOMAIN_HEAD "S-1-5-21-"

static uint32_t little_endian(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

bool hp_sid_text(herald_str bytes, char out[HP_SID_TEXT])
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	uint64_t authority = 0;
	size_t o;

	out[0] = '\0';
	if (bytes.n < HEAD_SIZE || p[0] != 1 || p[1] > PARTS_MAX ||
	    bytes.n != HEAD_SIZE + 4u * p[1])
		return false;
	for (int i = 2; i < HEAD_SIZE; i++)
		authority = authority << 8 | p[i];
	o = (size_t)snprintf(out, HP_SID_TEXT, "S-1-%" PRIu64, authority);
	for (unsigned i = 0; i < p[1]; i++)
		o += (size_t)snprintf(out + o, HP_SID_TEXT - o, "-%" PRIu32,
				      little_endian(p + HEAD_SIZE + 4 * i));
	return true;
}

/* One number behind a '-'; what is left, or an empty string without p. */
static herald_str skip_part(herald_str rest, uint64_t max)
{
	uint64_t value = 0;
	size_t i = 1;

	if (rest.n < 2 || rest.p[0] != '-')
		return (herald_str){ NULL, 0 };
	for (; i < rest.n && rest.p[i] != '-'; i++) {
		if (rest.p[i] < '0' || rest.p[i] > '9')
			return (herald_str){ NULL, 0 };
		value = 10 * value + (uint64_t)(rest.p[i] - '0');
		if (value > max)
			return (herald_str){ NULL, 0 };
	}
	if (i == 1)
		return (herald_str){ NULL, 0 };
	return (herald_str){ rest.p + i, rest.n - i };
}

bool hp_sid_is_text(herald_str text)
{
	herald_str rest;
	unsigned parts = 0;

	if (!hp_str_begins(text, "S-1-"))
		return false;
	rest = skip_part((herald_str){ text.p + 3, text.n - 3 },
			 (UINT64_C(1) << 48) - 1);
	while (rest.p && rest.n > 0 && parts++ < PARTS_MAX)
		rest = skip_part(rest, UINT32_MAX);
	return rest.p && rest.n == 0 && parts > 0;
}

uint32_t hp_sid_rid(const char *sid)
{
	herald_str text = herald_cstr(sid);

	if (!hp_str_begins(text, DOMAIN_HEAD) || !hp_sid_is_text(text))
		return 0;
	return (uint32_t)strtoul(strrchr(sid, '-') + 1, NULL, 10);
}

bool hp_sid_is(const char *sid, herald_str want)
{
	if (hp_str_is_digits(want) && want.n <= 10)
		return hp_sid_rid(sid) != 0 &&
		       hp_sid_rid(sid) == strtoull(want.p, NULL, 10);
	return hp_str_same(herald_cstr(sid), want);
}

/* The first three fields are little-endian, the others as they are written. */
bool hp_guid_text(herald_str bytes, char out[HP_GUID_TEXT])
{
	static const unsigned char order[16] = { 3, 2, 1,  0,  5,  4,  7,  6,
						 8, 9, 10, 11, 12, 13, 14, 15 };
	static const char digits[] = "0123456789abcdef";
	size_t o = 0;

	out[0] = '\0';
	if (bytes.n != 16)
		return false;
	for (size_t i = 0; i < 16; i++) {
		unsigned char byte = (unsigned char)bytes.p[order[i]];

		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[o++] = '-';
		out[o++] = digits[byte >> 4];
		out[o++] = digits[byte & 15];
	}
	out[o] = '\0';
	return true;
}

bool hp_guid_is_text(herald_str text)
{
	if (text.n != HP_GUID_TEXT - 1)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
		char c = text.p[i];

		if (is_dash ? c != '-'
			    : !(c >= '0' && c <= '9') &&
				      !(c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}
