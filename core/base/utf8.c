#include "core/base/utf8.h"

#include "core/base/buf.h"

/* Table 3-7 of the Unicode standard: the second byte's range depends on the
 * first; all later ones are 80 to BF. */
static size_t length_told_by(unsigned char first, unsigned char *low,
			     unsigned char *high)
{
	*low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	*high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* How many bytes of the `length` that the first one told are as they should
 * be; at least 1. */
static size_t bytes_in_order(const unsigned char *p, size_t n, size_t length,
			     unsigned char low, unsigned char high)
{
	size_t i;

	if (length < 2 || n < 2 || p[1] < low || p[1] > high)
		return 1;
	for (i = 2; i < length && i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			break;
	return i;
}

size_t hd_utf8_next(const char *p, size_t n, uint32_t *out)
{
	static const unsigned char bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	const unsigned char *u = (const unsigned char *)p;
	unsigned char low;
	unsigned char high;
	size_t length;
	size_t i;

	if (n == 0)
		return 0;
	length = length_told_by(u[0], &low, &high);
	if (length == 0 || bytes_in_order(u, n, length, low, high) != length)
		return 0;
	if (out) {
		*out = u[0] & bits[length];
		for (i = 1; i < length; i++)
			*out = *out << 6 | (u[i] & 0x3f);
	}
	return length;
}

size_t hd_utf8_broken(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	unsigned char low;
	unsigned char high;
	size_t length = length_told_by(u[0], &low, &high);

	return bytes_in_order(u, n, length, low, high);
}

size_t hd_utf8_put(char out[4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

bool hd_utf8_valid(const char *text, size_t n)
{
	size_t i = 0;
	size_t step;

	while (i < n) {
		step = hd_utf8_next(text + i, n - i, NULL);
		if (step == 0)
			return false;
		i += step;
	}
	return true;
}

size_t hd_utf8_cut(const char *text, size_t n, size_t max)
{
	size_t at = max;

	if (n <= max)
		return n;
	while (at > 0 && max - at < 4 &&
	       ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	return max - at < 4 ? at : max;
}

bool hd_utf8_mend(struct hd_buf *out, const char *text, size_t n)
{
	bool mended = false;
	size_t from = 0;
	size_t i = 0;
	size_t step;

	while (i < n) {
		step = hd_utf8_next(text + i, n - i, NULL);
		if (step != 0) {
			i += step;
			continue;
		}
		hd_buf_add(out, text + from, i - from);
		hd_buf_adds(out, HD_UTF8_MENDED);
		i += hd_utf8_broken(text + i, n - i);
		from = i;
		mended = true;
	}
	hd_buf_add(out, text + from, n - from);
	return mended;
}

/* What would end the line, move the cursor or reorder what stands around it. */
static bool is_unruly(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c ||
	       (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

void hd_utf8_escape(struct hd_buf *out, const char *text, size_t n)
{
	size_t from = 0;
	size_t i = 0;
	uint32_t c;
	size_t step;

	while (i < n) {
		step = hd_utf8_next(text + i, n - i, &c);
		if (step != 0 && !is_unruly(c)) {
			i += step;
			continue;
		}
		hd_buf_add(out, text + from, i - from);
		if (step != 0)
			hd_buf_addf(out, "\\u{%x}", (unsigned)c);
		else
			hd_buf_addf(out, "\\x{%02x}", (unsigned char)text[i]);
		i += step != 0 ? step : 1;
		from = i;
	}
	hd_buf_add(out, text + from, n - from);
}
