#include "core/base/duration.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/base/err.h"

struct unit {
	const char *name;
	int64_t value;
};

/* From small to large; the first is 1. */
static const struct unit durations[] = { { "ms", 1 },
					 { "s", 1000 },
					 { "m", 60 * 1000 },
					 { "h", 60 * 60 * 1000 },
					 { "d", 24 * 60 * 60 * 1000 },
					 { NULL, 0 } };
static const struct unit sizes[] = {
	{ "B", 1 },	    { "KiB", 1 << 10 },		 { "MiB", 1 << 20 },
	{ "GiB", 1 << 30 }, { "TiB", INT64_C(1) << 40 }, { NULL, 0 }
};

/* Digits at *text, which moves behind them; false if none or too many. */
static bool take_count(const char **text, int64_t *out)
{
	const char *p = *text;
	int64_t value = 0;

	while (*p >= '0' && *p <= '9')
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *p++ - '0', &value))
			return false;
	if (p == *text)
		return false;
	*text = p;
	*out = value;
	return true;
}

static bool parse(const char *text, const struct unit *unit, int64_t *out)
{
	int64_t count;

	if (!take_count(&text, &count))
		return false;
	while (unit->name && strcmp(unit->name, text) != 0)
		unit++;
	return unit->name && !__builtin_mul_overflow(count, unit->value, out);
}

int hd_duration_parse(const char *text, int64_t *out_ms, struct hd_err *err)
{
	if (parse(text, durations, out_ms))
		return 0;
	return hd_err_set(err, EINVAL,
			  "'%.64s' is no duration (500ms, 10s, 5m, 2h, 7d)",
			  text);
}

int hd_size_parse(const char *text, int64_t *out_bytes, struct hd_err *err)
{
	if (parse(text, sizes, out_bytes))
		return 0;
	return hd_err_set(err, EINVAL,
			  "'%.64s' is no size (100B, 64KiB, 1MiB, 20GiB)",
			  text);
}

int hd_rate_parse(const char *text, struct hd_rate *out, struct hd_err *err)
{
	const char *p = text;
	struct hd_rate rate;

	if (!take_count(&p, &rate.count) || *p != '/' ||
	    !parse(p + 1, durations, &rate.window_ms) || rate.window_ms == 0)
		return hd_err_set(err, EINVAL,
				  "'%.64s' is no limit (COUNT/DURATION: 5/1h)",
				  text);
	*out = rate;
	return 0;
}

static void print(int64_t value, const struct unit *units, char *out)
{
	const struct unit *unit = units;
	const struct unit *fit = units;

	assert(value >= 0);
	for (; value != 0 && unit->name; unit++)
		if (value % unit->value == 0)
			fit = unit;
	snprintf(out, HD_DURATION_TEXT, "%lld%s",
		 (long long)(value / fit->value), fit->name);
}

void hd_duration_text(int64_t ms, char out[HD_DURATION_TEXT])
{
	print(ms, durations, out);
}

void hd_size_text(int64_t bytes, char out[HD_DURATION_TEXT])
{
	print(bytes, sizes, out);
}

void hd_rate_text(const struct hd_rate *rate, char out[HD_RATE_TEXT])
{
	char window[HD_DURATION_TEXT];

	print(rate->window_ms, durations, window);
	snprintf(out, HD_RATE_TEXT, "%lld/%s", (long long)rate->count, window);
}
