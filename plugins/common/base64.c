#include "common/base64.h"

#include <stdint.h>

static const char plain[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_url[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t encode(char *out, const char *alphabet, bool padded,
		     const unsigned char *p, size_t n)
{
	size_t o = 0;

	for (size_t i = 0; i < n; i += 3) {
		size_t have = n - i < 3 ? n - i : 3;
		uint32_t bits = (uint32_t)p[i] << 16;

		if (have > 1)
			bits |= (uint32_t)p[i + 1] << 8;
		if (have > 2)
			bits |= p[i + 2];
		for (size_t k = 0; k < 4; k++) {
			if (k <= have)
				out[o++] = alphabet[bits >> (18 - 6 * k) & 63];
			else if (padded)
				out[o++] = '=';
		}
	}
	out[o] = '\0';
	return o;
}

size_t hp_base64(char *out, const void *p, size_t n)
{
	return encode(out, plain, true, p, n);
}

size_t hp_base64_url(char *out, const void *p, size_t n)
{
	return encode(out, for_url, false, p, n);
}

/* 0..63, or -1. */
static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

static size_t padding_of(herald_str text)
{
	if (text.p[text.n - 1] != '=')
		return 0;
	return text.p[text.n - 2] == '=' ? 2 : 1;
}

bool hp_base64_read(herald_str text, unsigned char *out, size_t *n)
{
	size_t letters, o = 0;
	uint32_t bits = 0;

	*n = 0;
	if (text.n == 0)
		return true;
	if (text.n % 4 != 0)
		return false;
	letters = text.n - padding_of(text);
	for (size_t i = 0; i < letters; i++) {
		int value = value_of(text.p[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		/* Each letter but the first of four completes a byte. */
		if (i % 4 != 0)
			out[o++] = (unsigned char)(bits >> (6 - i % 4 * 2));
	}
	/* Bits of the last letter that belong to no byte must be zero. */
	if (letters % 4 == 2 && bits & 15)
		return false;
	if (letters % 4 == 3 && bits & 3)
		return false;
	*n = o;
	return true;
}
