#include "core/cel/moment.h"

#include <stdio.h>

#include "core/cel/eval.h"

#define SECOND INT64_C(1000000000)
#define FIRST INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define LAST INT64_C(253402300799)  /* 9999-12-31T23:59:59Z */

bool hd_cel_moment_ok(int64_t seconds)
{
	return seconds >= FIRST && seconds <= LAST;
}

static struct hd_cel_value out_of_range(struct hd_cel_call *call,
					const char *what)
{
	return hd_cel_failf(call, HD_CEL_E_VALUE, "%s out of range", what);
}

struct hd_cel_value hd_cel_duration_sum(struct hd_cel_call *call, int64_t a,
					int64_t b, int sign)
{
	int64_t r;
	bool bad = sign > 0 ? __builtin_add_overflow(a, b, &r)
			    : __builtin_sub_overflow(a, b, &r);

	return bad ? out_of_range(call, "duration") : hd_cel_duration_ns(r);
}

struct hd_cel_value hd_cel_moment_add(struct hd_cel_call *call,
				      const struct hd_cel_value *at, int64_t ns,
				      int sign)
{
	int64_t seconds = ns / SECOND * sign, rest = ns % SECOND * sign;

	seconds += at->u.integer;
	rest += at->n;
	if (rest < 0) {
		rest += SECOND;
		seconds--;
	} else if (rest >= SECOND) {
		rest -= SECOND;
		seconds++;
	}
	if (!hd_cel_moment_ok(seconds))
		return out_of_range(call, "timestamp");
	return hd_cel_timestamp(seconds, (uint32_t)rest);
}

struct hd_cel_value hd_cel_moment_between(struct hd_cel_call *call,
					  const struct hd_cel_value *a,
					  const struct hd_cel_value *b)
{
	int64_t r, rest = (int64_t)a->n - (int64_t)b->n;

	if (__builtin_mul_overflow(a->u.integer - b->u.integer, SECOND, &r) ||
	    __builtin_add_overflow(r, rest, &r))
		return out_of_range(call, "duration");
	return hd_cel_duration_ns(r);
}

/* ---- the calendar: eras of 400 years from March on ---- */

int64_t hd_cel_civil_days(int64_t year, unsigned month, unsigned day)
{
	int64_t era;
	unsigned y, d;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	y = (unsigned)(year - era * 400);
	d = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	return era * 146097 + y * 365 + y / 4 - y / 100 + d - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

void hd_cel_civil_of(int64_t seconds, struct hd_cel_civil *out)
{
	int64_t days = floor_div(seconds, 86400);
	unsigned rest = (unsigned)(seconds - days * 86400);
	int64_t z = days + 719468, era = floor_div(z, 146097);
	unsigned d = (unsigned)(z - era * 146097);
	unsigned y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	unsigned yearday = d - (365 * y + y / 4 - y / 100);
	unsigned m = (5 * yearday + 2) / 153;

	out->day = yearday - (153 * m + 2) / 5 + 1;
	out->month = m < 10 ? m + 3 : m - 9;
	out->year = (int64_t)y + era * 400 + (out->month <= 2);
	out->weekday = (unsigned)(((days % 7) + 11) % 7);
	out->yearday = (unsigned)(days - hd_cel_civil_days(out->year, 1, 1));
	out->hour = rest / 3600;
	out->minute = rest / 60 % 60;
	out->second = rest % 60;
}

/* ---- texts ---- */

/* `n` digits at `*p`; false if they are not there. */
static bool digits(const char **p, const char *end, unsigned n, unsigned *out)
{
	for (*out = 0; n > 0; n--, (*p)++) {
		if (*p == end || **p < '0' || **p > '9')
			return false;
		*out = *out * 10 + (unsigned)(**p - '0');
	}
	return true;
}

static bool one_of(const char **p, const char *end, const char *set)
{
	if (*p == end || **p == '\0' || !strchr(set, **p))
		return false;
	(*p)++;
	return true;
}

static bool fraction(const char **p, const char *end, uint32_t *ns)
{
	uint32_t unit = 100000000;
	const char *start = *p;

	for (*ns = 0; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		*ns += (uint32_t)(**p - '0') * unit;
		unit /= 10;
	}
	return *p > start && *p - start <= 9;
}

static bool read_zone(const char **p, const char *end, int64_t *offset)
{
	unsigned hour, minute;
	bool minus;

	*offset = 0;
	if (one_of(p, end, "Zz"))
		return true;
	minus = *p < end && **p == '-';
	if (!one_of(p, end, "+-") || !digits(p, end, 2, &hour) ||
	    !one_of(p, end, ":") || !digits(p, end, 2, &minute) || hour > 23 ||
	    minute > 59)
		return false;
	*offset = (int64_t)hour * 3600 + minute * 60;
	if (minus)
		*offset = -*offset;
	return true;
}

static unsigned month_days(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30,
					      31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

bool hd_cel_moment_parse(const char *p, size_t n, struct hd_cel_value *out)
{
	unsigned year, month, day, hour, minute, second;
	const char *end = p + n;
	uint32_t ns = 0;
	int64_t offset, seconds;

	if (!digits(&p, end, 4, &year) || !one_of(&p, end, "-") ||
	    !digits(&p, end, 2, &month) || !one_of(&p, end, "-") ||
	    !digits(&p, end, 2, &day) || !one_of(&p, end, "Tt") ||
	    !digits(&p, end, 2, &hour) || !one_of(&p, end, ":") ||
	    !digits(&p, end, 2, &minute) || !one_of(&p, end, ":") ||
	    !digits(&p, end, 2, &second))
		return false;
	if (one_of(&p, end, ".") && !fraction(&p, end, &ns))
		return false;
	if (!read_zone(&p, end, &offset) || p != end)
		return false;
	if (month < 1 || month > 12 || day < 1 ||
	    day > month_days(year, month) || hour > 23 || minute > 59 ||
	    second > 59)
		return false;
	seconds = hd_cel_civil_days(year, month, day) * 86400 +
		  (int64_t)hour * 3600 + minute * 60 + second - offset;
	*out = hd_cel_timestamp(seconds, ns);
	return hd_cel_moment_ok(seconds);
}

static const struct {
	const char *name;
	int64_t ns;
} units[] = {
	{ "ns", 1 },	       { "us", 1000 },	       { "\xc2\xb5s", 1000 },
	{ "\xce\xbcs", 1000 }, { "ms", 1000000 },      { "s", SECOND },
	{ "m", 60 * SECOND },  { "h", 3600 * SECOND },
};

static int64_t read_unit(const char **p, const char *end)
{
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t n = strlen(units[i].name);

		if ((size_t)(end - *p) >= n &&
		    memcmp(*p, units[i].name, n) == 0) {
			*p += n;
			return units[i].ns;
		}
	}
	return 0;
}

/* One "1.5h"; adds its nanoseconds to `*sum`, negative so that the least
 * duration can be written. */
static bool read_part(const char **p, const char *end, int64_t *sum)
{
	int64_t whole = 0, part = 0, scale = 1, unit;
	const char *start = *p;
	bool any;

	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++)
		if (__builtin_mul_overflow(whole, INT64_C(10), &whole) ||
		    __builtin_sub_overflow(whole, (int64_t)(**p - '0'), &whole))
			return false;
	any = *p > start;
	if (*p < end && **p == '.') {
		for ((*p)++; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
			any = true;
			if (scale >= INT64_C(1000000000000000))
				continue;
			part = part * 10 - (**p - '0');
			scale *= 10;
		}
	}
	unit = read_unit(p, end);
	if (!any || unit == 0 || __builtin_mul_overflow(whole, unit, &whole) ||
	    __builtin_add_overflow(*sum, whole, sum))
		return false;
	part = (int64_t)((__int128)part * unit / scale);
	return !__builtin_add_overflow(*sum, part, sum);
}

bool hd_cel_duration_parse(const char *p, size_t n, int64_t *out)
{
	const char *end = p + n;
	bool minus = n > 0 && *p == '-';
	int64_t sum = 0;

	if (n > 0 && (*p == '-' || *p == '+'))
		p++;
	if (p == end)
		return false;
	if (end - p == 1 && *p == '0') {
		*out = 0;
		return true;
	}
	while (p < end)
		if (!read_part(&p, end, &sum))
			return false;
	if (!minus && sum == INT64_MIN)
		return false;
	*out = minus ? sum : -sum;
	return true;
}

/* ".5", nothing if it is 0. */
static size_t fraction_text(uint32_t ns, char *out)
{
	int n;

	if (ns == 0) {
		out[0] = '\0';
		return 0;
	}
	n = snprintf(out, 12, ".%09u", ns);
	while (out[n - 1] == '0')
		n--;
	out[n] = '\0';
	return (size_t)n;
}

size_t hd_cel_moment_text(const struct hd_cel_value *at, char *out)
{
	struct hd_cel_civil c;
	char part[16];

	hd_cel_civil_of(at->u.integer, &c);
	fraction_text(at->n, part);
	return (size_t)snprintf(out, HD_CEL_MOMENT_TEXT,
				"%04d-%02u-%02uT%02u:%02u:%02u%sZ", (int)c.year,
				c.month, c.day, c.hour, c.minute, c.second,
				part);
}

size_t hd_cel_duration_text(int64_t ns, char *out)
{
	uint64_t u = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	char part[16];

	fraction_text((uint32_t)(u % SECOND), part);
	return (size_t)snprintf(out, HD_CEL_MOMENT_TEXT, "%s%llu%ss",
				ns < 0 ? "-" : "",
				(unsigned long long)(u / SECOND), part);
}
