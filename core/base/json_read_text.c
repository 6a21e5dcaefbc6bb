#include "core/base/json_reader.h"

#include <stdint.h>
#include <string.h>

#include "core/base/json_scan.h"
#include "core/base/utf8.h"

/* Four hex digits, or -1. */
static int32_t hex4(const struct hd_json_reader *r, const char *p)
{
	int32_t value = 0;
	int i;

	if (r->end - p < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		value <<= 4;
		if (p[i] >= '0' && p[i] <= '9')
			value |= p[i] - '0';
		else if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')
			value |= (p[i] | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return value;
}

/* The second half of a pair behind the first one's \uXXXX, or -1. */
static int32_t low_surrogate(const struct hd_json_reader *r, const char *p)
{
	int32_t low;

	if (r->end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	low = hex4(r, p + 2);
	return low >= 0xdc00 && low <= 0xdfff ? low : -1;
}

/* \uXXXX, one or a pair. */
static int read_unicode_escape(struct hd_json_reader *r)
{
	int32_t c = hex4(r, r->p + 2);
	int32_t low = -1;
	char out[4];

	if (c < 0)
		return hd_json_trouble(r, HD_JSON_BAD, r->p,
				       "\\u without four hex digits");
	if (c >= 0xd800 && c <= 0xdbff)
		low = low_surrogate(r, r->p + 6);
	if (low >= 0) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	} else if ((c == 0 && !r->options->own) ||
		   (c >= 0xd800 && c <= 0xdfff)) {
		if (hd_json_mend(r, r->p,
				 c == 0 ? "\\u0000" : "half a surrogate pair"))
			return -1;
		c = 0xfffd;
	}
	hd_buf_add(&r->scratch, out, hd_utf8_put(out, (uint32_t)c));
	r->p += low >= 0 ? 12 : 6;
	return 0;
}

static int read_escape(struct hd_json_reader *r)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (r->end - r->p < 2 || r->p[1] == '\0')
		return hd_json_trouble(r, HD_JSON_BAD, r->p,
				       "unfinished escape");
	if (r->p[1] == 'u')
		return read_unicode_escape(r);
	found = strchr(names, r->p[1]);
	if (!found)
		return hd_json_trouble(r, HD_JSON_BAD, r->p, "unknown escape");
	hd_buf_addc(&r->scratch, values[found - names]);
	r->p += 2;
	return 0;
}

/* One step of a string that is built in scratch. */
static int read_piece(struct hd_json_reader *r)
{
	const char *plain = hd_json_plain_end(r->p, r->end);
	size_t n = (size_t)(plain - r->p);

	if (n == 0 && (unsigned char)*r->p >= 0x80)
		n = hd_utf8_next(r->p, (size_t)(r->end - r->p), NULL);
	if (n != 0) {
		hd_buf_add(&r->scratch, r->p, n);
		r->p += n;
		return 0;
	}
	if (*r->p == '\\')
		return read_escape(r);
	if (*r->p != '\0' && (unsigned char)*r->p < 0x20)
		return hd_json_trouble(r, HD_JSON_BAD, r->p,
				       "control character 0x%02x in a string",
				       (unsigned)*r->p);
	if (hd_json_mend(r, r->p,
			 *r->p == '\0' ? "NUL in a string" : "broken UTF-8"))
		return -1;
	hd_buf_adds(&r->scratch, HD_UTF8_MENDED);
	r->p += hd_utf8_broken(r->p, (size_t)(r->end - r->p));
	return 0;
}

/* The rest of a string whose first bytes, up to `p`, stand as they are. */
static int build_text(struct hd_json_reader *r, const char *p,
		      struct hd_json_bytes *out)
{
	hd_buf_clear(&r->scratch);
	hd_buf_add(&r->scratch, r->p, (size_t)(p - r->p));
	r->p = p;
	while (r->p < r->end && *r->p != '"')
		if (read_piece(r) < 0)
			return -1;
	if (r->p == r->end)
		return hd_json_unexpected(r, "the rest of a string");
	if (hd_buf_failed(&r->scratch))
		return hd_json_no_memory(r);
	r->p++;
	out->p = hd_buf_text(&r->scratch);
	out->n = r->scratch.n;
	return 0;
}

int hd_json_read_text(struct hd_json_reader *r, struct hd_json_bytes *out)
{
	const char *p = r->p;
	size_t step;

	for (;;) {
		p = hd_json_plain_end(p, r->end);
		if (p == r->end || (unsigned char)*p < 0x80)
			break;
		step = hd_utf8_next(p, (size_t)(r->end - p), NULL);
		if (step == 0)
			break;
		p += step;
	}
	if (p == r->end || *p != '"')
		return build_text(r, p, out);
	out->p = r->p;
	out->n = (size_t)(p - r->p);
	r->p = p + 1;
	return 0;
}
