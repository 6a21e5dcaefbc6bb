#include "core/base/clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define DAY_S 86400
#define YEAR_0_MS INT64_C(-62167219200000)    /* its first */
#define YEAR_9999_MS INT64_C(253402300799999) /* its last */

static _Atomic int64_t utc_offset_ms;

static int64_t read_clock_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts); /* cannot fail for the clocks we name */
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t hd_now_ms(void)
{
	return read_clock_us(CLOCK_MONOTONIC) / 1000;
}

int64_t hd_now_us(void)
{
	return read_clock_us(CLOCK_MONOTONIC);
}

int64_t hd_utc_ms(void)
{
	return read_clock_us(CLOCK_REALTIME) / 1000 +
	       atomic_load_explicit(&utc_offset_ms, memory_order_relaxed);
}

int64_t hd_utc_steady_ms(void)
{
	static _Atomic int64_t base_ms; /* 0: not asked yet */
	int64_t now = hd_now_ms();
	int64_t base = atomic_load(&base_ms), none = 0;

	if (base == 0) {
		base = hd_utc_ms() - now;
		if (!atomic_compare_exchange_strong(&base_ms, &none, base))
			base = none; /* another thread was first */
	}
	return base + now;
}

void hd_clock_set_offset(int64_t ms)
{
	atomic_store_explicit(&utc_offset_ms, ms, memory_order_relaxed);
}

static char *put_number(char *p, int value, int digits, char behind)
{
	int i;

	for (i = digits - 1; i >= 0; i--) {
		p[i] = (char)('0' + value % 10);
		value /= 10;
	}
	p[digits] = behind;
	return p + digits + 1;
}

void hd_utc_text(int64_t utc_ms, char out[HD_UTC_TEXT])
{
	struct tm tm;
	time_t s;
	int ms;

	if (utc_ms < YEAR_0_MS)
		utc_ms = YEAR_0_MS;
	if (utc_ms > YEAR_9999_MS)
		utc_ms = YEAR_9999_MS;
	ms = (int)(utc_ms % 1000);
	ms = ms < 0 ? ms + 1000 : ms;
	s = (time_t)((utc_ms - ms) / 1000);
	gmtime_r(&s, &tm);
	out = put_number(out, tm.tm_year + 1900, 4, '-');
	out = put_number(out, tm.tm_mon + 1, 2, '-');
	out = put_number(out, tm.tm_mday, 2, 'T');
	out = put_number(out, tm.tm_hour, 2, ':');
	out = put_number(out, tm.tm_min, 2, ':');
	out = put_number(out, tm.tm_sec, 2, '.');
	out = put_number(out, ms, 3, 'Z');
	*out = '\0';
}

/* What is left of a text that is being read. */
struct rest {
	const char *p, *end;
};

/* Exactly `count` digits. */
static bool take_digits(struct rest *rest, int count, int *out)
{
	int value = 0;

	for (; count > 0; count--) {
		if (rest->p == rest->end || *rest->p < '0' || *rest->p > '9')
			return false;
		value = value * 10 + (*rest->p++ - '0');
	}
	*out = value;
	return true;
}

static bool take(struct rest *rest, const char *any_of)
{
	if (rest->p == rest->end || *rest->p == '\0' ||
	    !strchr(any_of, *rest->p))
		return false;
	rest->p++;
	return true;
}

/* Digits behind a point or comma; what is finer than 1 ms is cut off. */
static bool take_fraction(struct rest *rest, int *out_ms)
{
	int unit = 100;
	int digit;
	bool any = false;

	*out_ms = 0;
	while (take_digits(rest, 1, &digit)) {
		*out_ms += digit * unit;
		unit /= 10;
		any = true;
	}
	return any;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to the date; -1 day counts for years before. */
static int64_t days_of(int year, int month, int day)
{
	static const int before[] = { 0,   31,	59,  90,  120, 151,
				      181, 212, 243, 273, 304, 334 };
	int64_t past = year - 1; /* whole years since 0001-01-01 */
	int64_t days = past * 365 + past / 4 - past / 100 + past / 400;

	days += before[month - 1] + (month > 2 && is_leap(year)) + day - 1;
	return days - 719162; /* 0001-01-01 to 1970-01-01 */
}

static bool take_date(struct rest *rest, int64_t *out_days)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30,
				       31, 31, 30, 31, 30, 31 };
	int year;
	int month;
	int day;

	if (!take_digits(rest, 4, &year) || !take(rest, "-") ||
	    !take_digits(rest, 2, &month) || !take(rest, "-") ||
	    !take_digits(rest, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 ||
	    day > lengths[month - 1] + (month == 2 && is_leap(year)))
		return false;
	*out_days = days_of(year, month, day);
	return true;
}

/* A leap second counts as the first second of the next minute. */
static bool take_time_of_day(struct rest *rest, int64_t *out_ms)
{
	int hour;
	int minute;
	int second;
	int ms = 0;

	if (!take_digits(rest, 2, &hour) || !take(rest, ":") ||
	    !take_digits(rest, 2, &minute) || !take(rest, ":") ||
	    !take_digits(rest, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	if (take(rest, ".,") && !take_fraction(rest, &ms))
		return false;
	*out_ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + ms;
	return true;
}

/* "Z", "+02:00", "+0200", one blank before it or none, or nothing at all. */
static bool take_zone(struct rest *rest, int64_t *out_ms)
{
	bool west;
	int hour;
	int minute;

	*out_ms = 0;
	if (rest->p == rest->end)
		return true;
	take(rest, " ");
	if (take(rest, "Zz"))
		return true;
	west = rest->p < rest->end && *rest->p == '-';
	if (!take(rest, "+-") || !take_digits(rest, 2, &hour))
		return false;
	take(rest, ":");
	if (!take_digits(rest, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*out_ms = (hour * 60 + minute) * INT64_C(60000);
	if (west)
		*out_ms = -*out_ms;
	return true;
}

static int parse_iso(const char *text, size_t n, int64_t *out_ms)
{
	struct rest rest = { text, text + n };
	int64_t days;
	int64_t of_day;
	int64_t zone;

	if (!take_date(&rest, &days) || !take(&rest, "Tt ") ||
	    !take_time_of_day(&rest, &of_day) || !take_zone(&rest, &zone) ||
	    rest.p != rest.end)
		return -1;
	*out_ms = days * DAY_S * 1000 + of_day - zone;
	return 0;
}

/* Up to 12 digits are seconds, more are milliseconds. */
static int parse_epoch(const char *text, size_t n, int64_t *out_ms)
{
	struct rest rest = { text, text + n };
	int64_t value = 0;
	int digit;
	int ms = 0;
	size_t digits;

	while (take_digits(&rest, 1, &digit))
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return -1;
	digits = (size_t)(rest.p - text);
	if (digits == 0 || (take(&rest, ".") && !take_fraction(&rest, &ms)) ||
	    rest.p != rest.end)
		return -1;
	*out_ms = digits >= 13 ? value : value * 1000 + ms;
	return 0;
}

int hd_time_parse(const char *text, size_t n, int64_t *out_ms)
{
	if (n > 4 && text[4] == '-')
		return parse_iso(text, n, out_ms);
	return parse_epoch(text, n, out_ms);
}
