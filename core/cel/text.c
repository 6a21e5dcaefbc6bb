#include "core/cel/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <locale.h>

size_t hd_cel_utf8_get(const char *p, size_t n, uint32_t *code)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t need, i;
	uint32_t c;

	if (n == 0)
		return 0;
	if (s[0] < 0x80) {
		*code = s[0];
		return 1;
	}
	need = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || need > n)
		return 0;
	c = s[0] & (0x7fu >> need);
	for (i = 1; i < need; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fu);
	}
	if ((need == 3 && c < 0x800) || (need == 4 && c < 0x10000) ||
	    (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	*code = c;
	return need;
}

size_t hd_cel_utf8_put(char *out, uint32_t c)
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

bool hd_cel_utf8_ok(const char *p, size_t n)
{
	uint32_t code;
	size_t i = 0, len;

	while (i < n) {
		if ((unsigned char)p[i] < 0x80) {
			i++;
			continue;
		}
		len = hd_cel_utf8_get(p + i, n - i, &code);
		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

size_t hd_cel_utf8_count(const char *p, size_t n)
{
	size_t i, count = 0;

	for (i = 0; i < n; i++)
		count += ((unsigned char)p[i] & 0xc0) != 0x80;
	return count;
}

size_t hd_cel_utf8_offset(const char *p, size_t n, size_t i)
{
	size_t at = 0;

	while (at < n && i > 0) {
		at++;
		while (at < n && ((unsigned char)p[at] & 0xc0) == 0x80)
			at++;
		i--;
	}
	return at;
}

static size_t not_finite(double d, char *out)
{
	const char *text = isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity";
	size_t n = strlen(text);

	memcpy(out, text, n + 1);
	return n;
}

/* printf writes the locale's decimal point. */
static void mend_point(char *text, size_t *n)
{
	const char *point = localeconv()->decimal_point;
	size_t len = strlen(point);
	char *at;

	if (strcmp(point, ".") == 0 || len == 0)
		return;
	at = strstr(text, point);
	if (!at)
		return;
	*at = '.';
	memmove(at + 1, at + len, *n - (size_t)(at - text) - len + 1);
	*n -= len - 1;
}

static double read_back(const char *text)
{
	return strtod(text, NULL);
}

/* The digits of the shortest form, as d.ddde[+-]xx in the locale's style. */
static int shortest(double d, char *out, size_t size)
{
	int precision;

	for (precision = 0; precision < 17; precision++) {
		snprintf(out, size, "%.*e", precision, d);
		if (read_back(out) == d)
			break;
	}
	return precision;
}

/* Lays `n` digits out around the point, which stands behind digit `point`
 * (may be negative or beyond the last). */
static size_t lay_out(const char *digits, size_t n, int point, char *out)
{
	size_t len = 0;
	int i;

	if (point <= 0) {
		out[len++] = '0';
		out[len++] = '.';
		for (i = point; i < 0; i++)
			out[len++] = '0';
		memcpy(out + len, digits, n);
		return len + n;
	}
	for (i = 0; i < point; i++)
		out[len++] = (size_t)i < n ? digits[i] : '0';
	if ((size_t)point >= n)
		return len;
	out[len++] = '.';
	memcpy(out + len, digits + point, n - (size_t)point);
	return len + n - (size_t)point;
}

size_t hd_cel_double_text(double d, char *out)
{
	char text[HD_CEL_DOUBLE_TEXT + 8], digits[20];
	size_t n = 0, len = 0;
	const char *p = text;
	int exponent;

	if (!isfinite(d))
		return not_finite(d, out);
	if (d == 0) {
		len = signbit(d) ? 2 : 1;
		memcpy(out, signbit(d) ? "-0" : "0", len + 1);
		return len;
	}
	shortest(d, text, sizeof(text));
	if (*p == '-') {
		out[len++] = '-';
		p++;
	}
	for (; *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	exponent = (int)strtol(p + 1, NULL, 10);
	while (n > 1 && digits[n - 1] == '0')
		n--;
	if (exponent >= -7 && exponent < 21) {
		len += lay_out(digits, n, exponent + 1, out + len);
		out[len] = '\0';
		return len;
	}
	len += lay_out(digits, n, 1, out + len);
	return len + (size_t)snprintf(out + len, 8, "e%+03d", exponent);
}

size_t hd_cel_fixed_text(double d, char style, unsigned precision, char *out)
{
	size_t n;

	if (!isfinite(d))
		return not_finite(d, out);
	if (style == 'e')
		n = (size_t)snprintf(out, HD_CEL_FIXED_TEXT, "%.*e",
				     (int)precision, d);
	else
		n = (size_t)snprintf(out, HD_CEL_FIXED_TEXT, "%.*f",
				     (int)precision, d);
	mend_point(out, &n);
	return n;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t count_digits(const char *p, size_t n, size_t i)
{
	size_t start = i;

	while (i < n && is_digit(p[i]))
		i++;
	return i - start;
}

/* [+-] digits [. digits] [e [+-] digits], a digit in front or behind. */
static bool is_decimal(const char *p, size_t n)
{
	size_t i = 0, whole, part = 0, len;

	if (i < n && (p[i] == '-' || p[i] == '+'))
		i++;
	whole = count_digits(p, n, i);
	i += whole;
	if (i < n && p[i] == '.') {
		part = count_digits(p, n, ++i);
		i += part;
	}
	if (whole + part == 0)
		return false;
	if (i < n && (p[i] == 'e' || p[i] == 'E')) {
		i++;
		if (i < n && (p[i] == '-' || p[i] == '+'))
			i++;
		len = count_digits(p, n, i);
		if (len == 0)
			return false;
		i += len;
	}
	return i == n;
}

static bool named_double(const char *p, size_t n, double *out)
{
	static const struct {
		const char *name;
		double value;
	} names[] = {
		{ "NaN", (double)NAN },	    { "nan", (double)NAN },
		{ "Infinity", HUGE_VAL },   { "+Infinity", HUGE_VAL },
		{ "-Infinity", -HUGE_VAL }, { "Inf", HUGE_VAL },
		{ "+Inf", HUGE_VAL },	    { "-Inf", -HUGE_VAL },
		{ "inf", HUGE_VAL },	    { "-inf", -HUGE_VAL },
		{ "infinity", HUGE_VAL },   { "-infinity", -HUGE_VAL },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i].name) == n &&
		    memcmp(names[i].name, p, n) == 0) {
			*out = names[i].value;
			return true;
		}
	}
	return false;
}

bool hd_cel_double_parse(const char *p, size_t n, double *out)
{
	const char *point = localeconv()->decimal_point;
	const char *dot = memchr(p, '.', n);
	size_t before = dot ? (size_t)(dot - p) : n, len = strlen(point);
	char small[64], *text = small;

	if (!is_decimal(p, n))
		return named_double(p, n, out);
	if (n + len >= sizeof(small))
		text = malloc(n + len + 1);
	if (!text)
		return false;
	/* strtod reads the locale's decimal point. */
	memcpy(text, p, before);
	if (dot) {
		memcpy(text + before, point, len);
		memcpy(text + before + len, dot + 1, n - before - 1);
		n += len - 1;
	}
	text[n] = '\0';
	*out = strtod(text, NULL);
	if (text != small)
		free(text);
	return isfinite(*out);
}

bool hd_cel_uint_parse(const char *p, size_t n, uint64_t *out)
{
	uint64_t value = 0;
	size_t i;

	if (n == 0)
		return false;
	for (i = 0; i < n; i++) {
		unsigned digit = (unsigned)(p[i] - '0');

		if (!is_digit(p[i]) ||
		    __builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return false;
	}
	*out = value;
	return true;
}

bool hd_cel_int_parse(const char *p, size_t n, int64_t *out)
{
	bool minus = n > 0 && p[0] == '-';
	bool sign = n > 0 && (minus || p[0] == '+');
	uint64_t u;

	if (!hd_cel_uint_parse(p + sign, n - sign, &u))
		return false;
	if (u > (uint64_t)INT64_MAX + minus)
		return false;
	*out = minus ? (int64_t)-u : (int64_t)u;
	return true;
}
