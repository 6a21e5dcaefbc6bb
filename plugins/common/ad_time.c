#include "common/ad_time.h"

#include <stddef.h>

#define TICKS_PER_MS 10000
#define EPOCH_MS INT64_C(11644473600000) /* from 1601 to 1970 */

bool hp_number64(herald_str text, int64_t *out)
{
	bool negative = text.n > 0 && text.p[0] == '-';
	uint64_t most = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	uint64_t value = 0;

	if (text.n == (size_t)negative)
		return false;
	for (size_t i = negative; i < text.n; i++) {
		unsigned digit = (unsigned)text.p[i] - '0';

		if (digit > 9 || value > (most - digit) / 10)
			return false;
		value = 10 * value + digit;
	}
	*out = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

bool hp_filetime_ms(herald_str text, int64_t *ms)
{
	int64_t ticks;

	if (!hp_number64(text, &ticks) || ticks <= 0 ||
	    ticks == HP_FILETIME_NEVER)
		return false;
	*ms = ticks / TICKS_PER_MS - EPOCH_MS;
	return true;
}

/* `count` digits at `at`; -1 if one of them is none. */
static int digits(herald_str text, size_t at, size_t count)
{
	int value = 0;

	for (size_t i = at; i < at + count; i++) {
		if (i >= text.n || text.p[i] < '0' || text.p[i] > '9')
			return -1;
		value = 10 * value + (text.p[i] - '0');
	}
	return value;
}

static bool ends_well(herald_str text)
{
	size_t i = 14;

	if (i < text.n && text.p[i] == '.')
		for (i++; i < text.n && text.p[i] >= '0' && text.p[i] <= '9';
		     i++)
			;
	return i + 1 == text.n && text.p[i] == 'Z';
}

bool hp_generalized_ms(herald_str text, int64_t *ms)
{
	struct tm tm = {
		.tm_year = digits(text, 0, 4) - 1900,
		.tm_mon = digits(text, 4, 2) - 1,
		.tm_mday = digits(text, 6, 2),
		.tm_hour = digits(text, 8, 2),
		.tm_min = digits(text, 10, 2),
		.tm_sec = digits(text, 12, 2),
	};

	if (tm.tm_year < -299 || tm.tm_mon < 0 || tm.tm_mon > 11 ||
	    tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour < 0 ||
	    tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 ||
	    tm.tm_sec < 0 || tm.tm_sec > 60 || !ends_well(text))
		return false;
	*ms = (int64_t)timegm(&tm) * 1000;
	return true;
}
