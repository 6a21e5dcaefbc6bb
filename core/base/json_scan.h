/* json_scan.h - the inner loop of the reader and the writer of JSON
 *
 * Private to json_read.c and json_write.c.
 */
#ifndef HD_BASE_JSON_SCAN_H
#define HD_BASE_JSON_SCAN_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* The high bit of each byte that is no plain character (a control character,
 * a quote, a backslash, or part of a character outside ASCII).  Bits above the
 * lowest one that is set may be wrong: subtraction borrows upwards. */
static inline uint64_t hd_json_special_bytes(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t high = ones * 0x80;
	uint64_t quote = word ^ (ones * '"');
	uint64_t backslash = word ^ (ones * '\\');

	return ((word - ones * 0x20) | (quote - ones) | (backslash - ones) |
		word) &
	       high;
}

/* The first byte from `p` on that is no plain character, or `end`.  [any] */
static inline const char *hd_json_plain_end(const char *p, const char *end)
{
	const uint64_t filler = UINT64_C(0x6161616100000000); /* "aaaa" */
	uint64_t word;
	uint64_t special;
	uint32_t half;
	unsigned char c;

	while (end - p >= 8) {
		memcpy(&word, p, sizeof(word));
		special = hd_json_special_bytes(le64toh(word));
		if (special != 0)
			return p + (__builtin_ctzll(special) >> 3);
		p += 8;
	}
	if (end - p >= 4) {
		memcpy(&half, p, sizeof(half));
		special = hd_json_special_bytes(filler | le32toh(half));
		if (special != 0)
			return p + (__builtin_ctzll(special) >> 3);
		p += 4;
	}
	for (; p < end; p++) {
		c = (unsigned char)*p;
		if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
			break;
	}
	return p;
}

/* Copies plain characters to `to`, where HD_JSON_SPARE bytes more than the
 * text may be written; returns the first that is none, or `end`.  One pass:
 * names and values are too short for calls of memcpy(). [any] */
#define HD_JSON_SPARE 8

/* Fewer than eight bytes. */
static inline void hd_json_copy_few(char *to, const char *p, size_t n)
{
	uint32_t head, tail;
	uint16_t two;

	if (n >= 4) {
		memcpy(&head, p, sizeof(head));
		memcpy(&tail, p + n - sizeof(tail), sizeof(tail));
		memcpy(to, &head, sizeof(head));
		memcpy(to + n - sizeof(tail), &tail, sizeof(tail));
		return;
	}
	if (n >= 2) {
		memcpy(&two, p, sizeof(two));
		memcpy(to, &two, sizeof(two));
	}
	if (n & 1)
		to[n - 1] = p[n - 1];
}

static inline const char *hd_json_copy_plain(char *to, const char *p,
					     const char *end)
{
	uint64_t word, special;
	const char *plain;

	while (end - p >= 8) {
		memcpy(&word, p, sizeof(word));
		memcpy(to, &word, sizeof(word));
		special = hd_json_special_bytes(le64toh(word));
		if (special != 0)
			return p + (__builtin_ctzll(special) >> 3);
		p += 8;
		to += 8;
	}
	plain = hd_json_plain_end(p, end);
	hd_json_copy_few(to, p, (size_t)(plain - p));
	return plain;
}

#endif
