#include "core/cel/lex.h"

#include <ctype.h>
#include <string.h>

#include "core/cel/issue.h"
#include "core/cel/pool.h"
#include "core/cel/text.h"

static bool number_value(const char *p, size_t n, uint64_t *out)
{
	size_t i;

	if (n < 2 || (p[1] != 'x' && p[1] != 'X'))
		return hd_cel_uint_parse(p, n, out);
	for (*out = 0, i = 2; i < n; i++) {
		int c = tolower((unsigned char)p[i]);

		if (*out >> 60 != 0)
			return false;
		*out = *out << 4 | (unsigned)(c > '9' ? c - 'a' + 10 : c - '0');
	}
	return true;
}

bool hd_cel_literal_number(struct hd_cel_diag *diag,
			   const struct hd_cel_token *token, bool minus,
			   struct hd_cel_value *out)
{
	const char *p = diag->source + token->offset;
	size_t n = token->length;
	uint64_t u;
	double d;

	if (token->kind == HD_CEL_TOKEN_DOUBLE) {
		if (!hd_cel_double_parse(p, n, &d))
			goto too_large;
		*out = hd_cel_double(minus ? -d : d);
		return true;
	}
	if (token->kind == HD_CEL_TOKEN_UINT) {
		if (!number_value(p, n - 1, &u))
			goto too_large;
		*out = hd_cel_uint(u);
		return true;
	}
	if (!number_value(p, n, &u) || u > (uint64_t)INT64_MAX + minus)
		goto too_large;
	*out = hd_cel_int(minus ? (int64_t)-u : (int64_t)u);
	return true;
too_large:
	hd_cel_diag_add(diag, token->offset, token->length, "",
			"a number beyond 64 bits");
	return false;
}

/* ---- texts ---- */

struct reader {
	struct hd_cel_diag *diag;
	const char *p, *end;
	bool bytes;
};

static bool complain(const struct reader *r, const char *at, const char *why)
{
	hd_cel_diag_add(r->diag, (uint32_t)(at - r->diag->source), 2, "", "%s",
			why);
	return false;
}

static int digit_of(char c, unsigned base)
{
	int value = c >= '0' && c <= '9'   ? c - '0'
		    : c >= 'a' && c <= 'f' ? c - 'a' + 10
		    : c >= 'A' && c <= 'F' ? c - 'A' + 10
					   : 99;

	return value < (int)base ? value : -1;
}

static bool read_digits(struct reader *r, unsigned base, unsigned n,
			uint32_t *out)
{
	for (*out = 0; n > 0; n--, r->p++) {
		int digit = r->p < r->end ? digit_of(*r->p, base) : -1;

		if (digit < 0)
			return false;
		*out = *out * base + (unsigned)digit;
	}
	return true;
}

/* \ud83d\ude00 is one character.  Gives the first half back if no second one
 * follows. */
static uint32_t read_second_half(struct reader *r, uint32_t first)
{
	const char *start = r->p;
	uint32_t second;

	if (r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u') {
		r->p += 2;
		if (read_digits(r, 16, 4, &second) &&
		    second >> 10 == 0xdc00 >> 10)
			return 0x10000 +
			       ((first & 0x3ff) << 10 | (second & 0x3ff));
	}
	r->p = start;
	return first;
}

/* Behind the backslash of \x, \u, \U or an octal escape. */
static bool read_code(struct reader *r, const char *at, char **out)
{
	char c = *r->p;
	bool wide = c == 'u' || c == 'U';
	uint32_t code;
	bool ok;

	if (wide && r->bytes)
		return complain(r, at, "no \\u or \\U in bytes");
	if (c >= '0' && c <= '3') {
		ok = read_digits(r, 8, 3, &code);
	} else {
		r->p++;
		ok = read_digits(r, 16, c == 'u' ? 4 : c == 'U' ? 8 : 2, &code);
	}
	if (!ok)
		return complain(r, at, "an escape without all its digits");
	if (r->bytes) {
		*(*out)++ = (char)code;
		return true;
	}
	if (c == 'u' && code >> 10 == 0xd800 >> 10)
		code = read_second_half(r, code);
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return complain(r, at, "an escape that is no character");
	*out += hd_cel_utf8_put(*out, code);
	return true;
}

static bool read_escape(struct reader *r, char **out)
{
	static const char from[] = "abfnrtv\\?\"'`";
	static const char to[] = "\a\b\f\n\r\t\v\\?\"'`";
	const char *at = r->p++, *known;

	if (r->p == r->end)
		return complain(r, at, "an escape without its character");
	known = *r->p != '\0' ? strchr(from, *r->p) : NULL;
	if (known) {
		*(*out)++ = to[known - from];
		r->p++;
		return true;
	}
	if ((*r->p >= '0' && *r->p <= '3') ||
	    (*r->p != '\0' && strchr("xXuU", *r->p)))
		return read_code(r, at, out);
	hd_cel_diag_add(r->diag, (uint32_t)(at - r->diag->source), 2,
			"double the backslash, or put r before the quote",
			"not an escape");
	return false;
}

bool hd_cel_literal_text(struct hd_cel_diag *diag, struct hd_cel_pool *pool,
			 const struct hd_cel_token *token,
			 struct hd_cel_value *out)
{
	struct reader r = { .diag = diag,
			    .p = diag->source + token->offset,
			    .bytes = token->kind == HD_CEL_TOKEN_BYTES };
	const char *last = r.p + token->length;
	bool raw = false;
	char *text, *to;
	size_t quotes;

	for (; *r.p != '"' && *r.p != '\''; r.p++)
		raw = raw || *r.p == 'r' || *r.p == 'R';
	quotes = last - r.p >= 6 && r.p[1] == r.p[0] && r.p[2] == r.p[0] ? 3
									 : 1;
	r.p += quotes;
	r.end = last - quotes;
	/* No escape is shorter than what it stands for. */
	text = to = hd_cel_pool_alloc(pool, (size_t)(r.end - r.p) + 1);
	while (r.p < r.end) {
		if (*r.p != '\\' || raw)
			*to++ = *r.p++;
		else if (!read_escape(&r, &to))
			return false;
	}
	*to = '\0';
	if (r.bytes)
		*out = hd_cel_bytes(text, (size_t)(to - text));
	else
		*out = hd_cel_stringn(text, (size_t)(to - text));
	return true;
}
