#include "core/base/number.h"

#include <assert.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double powers[] = { 1e0,  1e1,  1e2,  1e3,	 1e4,  1e5,  1e6,  1e7,
				 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
				 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

static locale_t plain_locale;

static void make_plain_locale(void)
{
	plain_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	assert(plain_locale); /* "C" is built in */
}

static locale_t get_plain_locale(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_plain_locale);
	return plain_locale;
}

static size_t put_digits(uint64_t value, char *out)
{
	char digits[20];
	size_t n = 0;
	size_t i;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	for (i = 0; i < n; i++)
		out[i] = digits[n - 1 - i];
	return n;
}

size_t hd_number_put_int(int64_t value, char out[HD_NUMBER_TEXT])
{
	size_t n = 0;

	if (value < 0)
		out[n++] = '-';
	n += put_digits(value < 0 ? 0 - (uint64_t)value : (uint64_t)value,
			out + n);
	out[n] = '\0';
	return n;
}

/* Numbers of few decimals, which are nearly all there are: if the integer
 * `scaled` divided by a power of ten gives the value again, those digits are
 * its text, since both are exact and a division rounds as reading does.  Below
 * 2^50 the product is too near to the right integer to be rounded wrongly. */
static size_t put_short_real(double value, char *out)
{
	double size = fabs(value);
	double scaled;
	uint64_t whole;
	uint64_t unit;
	size_t n = 0;
	int places;

	for (places = 1; places <= 6; places++) {
		scaled = nearbyint(size * powers[places]);
		if (scaled >= 0x1p50)
			return 0;
		if (scaled / powers[places] == size)
			break;
	}
	if (places > 6)
		return 0;
	if (signbit(value))
		out[n++] = '-';
	unit = (uint64_t)powers[places];
	whole = (uint64_t)scaled / unit;
	n += put_digits(whole, out + n);
	/* A 1 before the decimals keeps their zeros; the point replaces it. */
	put_digits((uint64_t)scaled - whole * unit + unit, out + n);
	out[n] = '.';
	n += (size_t)places + 1;
	out[n] = '\0';
	return n;
}

static size_t put_long_real(double value, char out[HD_NUMBER_TEXT])
{
	locale_t before = uselocale(get_plain_locale());
	/* What 15 digits can tell, %g tells in as few as it needs; but below
	 * DBL_MIN a double holds less than 15. */
	int digits = fabs(value) < DBL_MIN ? 1 : 15;
	int n = 0;

	for (; digits <= 17; digits++) {
		n = snprintf(out, HD_NUMBER_TEXT, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			break;
	}
	uselocale(before);
	if (!strpbrk(out, ".e"))
		n += snprintf(out + n, HD_NUMBER_TEXT - (size_t)n, ".0");
	return (size_t)n;
}

size_t hd_number_put_real(double value, char out[HD_NUMBER_TEXT])
{
	size_t n;

	assert(isfinite(value));
	n = FLT_EVAL_METHOD == 0 ? put_short_real(value, out) : 0;
	return n != 0 ? n : put_long_real(value, out);
}

/* Up to 15 digits and a small power of ten: one multiplication or division of
 * two exact doubles is the nearest double (Clinger). */
static bool get_short_real(const char *text, size_t n, double *out)
{
	uint64_t digits = 0;
	int places = 0;
	bool negative = text[0] == '-';
	bool point = false;
	size_t i;

	if (FLT_EVAL_METHOD != 0 || n > 17)
		return false;
	for (i = negative ? 1 : 0; i < n; i++) {
		if (text[i] == '.') {
			point = true;
			continue;
		}
		if (text[i] < '0' || text[i] > '9')
			return false;
		digits = digits * 10 + (uint64_t)(text[i] - '0');
		places += point;
	}
	if (digits >= (UINT64_C(1) << 53))
		return false;
	*out = (double)digits / powers[places];
	if (negative)
		*out = -*out;
	return true;
}

int hd_number_get_real(const char *text, size_t n, double *out)
{
	char small[64];
	char *copy = small;

	if (get_short_real(text, n, out))
		return 0;
	if (n >= sizeof(small)) {
		copy = malloc(n + 1);
		if (!copy)
			return -1;
	}
	memcpy(copy, text, n);
	copy[n] = '\0';
	*out = strtod_l(copy, NULL, get_plain_locale());
	if (copy != small)
		free(copy);
	return 0;
}
