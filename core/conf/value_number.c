#include "core/conf/value_impl.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/conf/guess.h"

#define SECOND INT64_C(1000)
#define DAY (24 * 3600 * SECOND)
#define DURATION_MAX (36500 * DAY)
#define WORDS_MAX 64

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit durations[] = {
	{ "ms", 1 },	      { "s", SECOND },
	{ "m", 60 * SECOND }, { "h", 3600 * SECOND },
	{ "d", DAY },
};

static const struct unit sizes[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "KiB", INT64_C(1) << 10 },
	{ "MiB", INT64_C(1) << 20 },
	{ "GiB", INT64_C(1) << 30 },
	{ "TiB", INT64_C(1) << 40 },
};

bool hd_reading_digits(const char *text, size_t n, int64_t *out, size_t *used)
{
	int64_t value = 0;
	size_t i;

	for (i = 0; i < n && text[i] >= '0' && text[i] <= '9'; i++) {
		if (value > (INT64_MAX - (text[i] - '0')) / 10)
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*out = value;
	*used = i;
	return i > 0;
}

/* The bounds of "min..max"; either may be lacking. */
static bool is_outside(struct hd_reading *in, hd_reader_fn read)
{
	const char *dots = in->values ? strstr(in->values, "..") : NULL;
	int64_t value = in->out->number;
	struct hd_value bound = { 0 };
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	struct hd_reading end = { .out = &bound, .why = why, .remedy = remedy };

	if (!dots)
		return false;
	end.text = in->values;
	end.n = (size_t)(dots - in->values);
	if (end.n > 0 && read(&end) && value < bound.number)
		return true;
	end.text = dots + 2;
	end.n = strlen(dots + 2);
	return end.n > 0 && read(&end) && value > bound.number;
}

static bool check_range(struct hd_reading *in, hd_reader_fn read)
{
	const char *dots;

	if (!is_outside(in, read))
		return true;
	dots = strstr(in->values, "..");
	if (dots == in->values)
		snprintf(in->why, HD_VALUE_WHY, "is above %s", dots + 2);
	else if (dots[2] == '\0')
		snprintf(in->why, HD_VALUE_WHY, "is below %.*s",
			 (int)(dots - in->values), in->values);
	else
		snprintf(in->why, HD_VALUE_WHY, "is not from %.*s to %s",
			 (int)(dots - in->values), in->values, dots + 2);
	snprintf(in->remedy, HD_VALUE_REMEDY, "write a value in %s",
		 in->values);
	return false;
}

static bool number(struct hd_reading *in)
{
	bool minus = in->n > 0 && in->text[0] == '-';
	size_t used = 0;
	int64_t value;

	if (!hd_reading_digits(in->text + minus, in->n - minus, &value,
			       &used) ||
	    used != in->n - minus)
		return hd_reading_fail(in, "is no whole number",
				       "write digits only");
	in->out->number = minus ? -value : value;
	return true;
}

bool hd_read_int(struct hd_reading *in)
{
	return number(in) && check_range(in, number);
}

bool hd_read_bool(struct hd_reading *in)
{
	static const char *const words[] = { "false", "no", "true", "yes" };
	size_t i;

	for (i = 0; i < 4; i++) {
		if (strlen(words[i]) == in->n &&
		    strncasecmp(words[i], in->text, in->n) == 0) {
			in->out->number = i >= 2;
			return true;
		}
	}
	return hd_reading_fail(in, "is neither true nor false",
			       "write true or false");
}

/* Digits and one of the units; no more than `max` of the smallest. */
static bool with_unit(struct hd_reading *in, const struct unit *units,
		      size_t count, int64_t max)
{
	size_t used, i;
	int64_t value;

	if (!hd_reading_digits(in->text, in->n, &value, &used))
		return false;
	for (i = 0; i < count; i++) {
		if (strlen(units[i].name) != in->n - used ||
		    memcmp(units[i].name, in->text + used, in->n - used) != 0)
			continue;
		if (value > max / units[i].factor)
			return false;
		in->out->number = value * units[i].factor;
		return true;
	}
	return false;
}

static bool duration(struct hd_reading *in)
{
	if (with_unit(in, durations, sizeof(durations) / sizeof(durations[0]),
		      DURATION_MAX))
		return true;
	return hd_reading_fail(in, "is no duration",
			       "write a number and ms, s, m, h or d: 500ms, "
			       "10s, 5m, 2h, 7d");
}

bool hd_read_duration(struct hd_reading *in)
{
	return duration(in) && check_range(in, duration);
}

static bool size(struct hd_reading *in)
{
	if (with_unit(in, sizes, sizeof(sizes) / sizeof(sizes[0]), INT64_MAX))
		return true;
	return hd_reading_fail(
		in, "is no size",
		"write a number and KiB, MiB, GiB or TiB: 64KiB");
}

bool hd_read_size(struct hd_reading *in)
{
	return size(in) && check_range(in, size);
}

static bool percent(struct hd_reading *in)
{
	size_t used;

	if (hd_reading_digits(in->text, in->n, &in->out->number, &used) &&
	    used + 1 == in->n && in->text[used] == '%' &&
	    in->out->number <= 100)
		return true;
	return hd_reading_fail(in, "is no percentage",
			       "write a number from 0% to 100%");
}

bool hd_read_percent(struct hd_reading *in)
{
	return percent(in) && check_range(in, percent);
}

/* Days since 1970 of a date of the Gregorian calendar: years are counted from
 * March, so that the odd day comes last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day -
	       1 - 719468;
}

static int64_t month_days(int64_t year, int64_t month)
{
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (month == 2)
		return leap ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static bool all_digits(const char *text, size_t n, int64_t *out)
{
	size_t used;

	return hd_reading_digits(text, n, out, &used) && used == n;
}

bool hd_read_date(struct hd_reading *in)
{
	int64_t year, month, day;

	if (in->n == 10 && in->text[4] == '-' && in->text[7] == '-' &&
	    all_digits(in->text, 4, &year) &&
	    all_digits(in->text + 5, 2, &month) &&
	    all_digits(in->text + 8, 2, &day) && year >= 1970 && month >= 1 &&
	    month <= 12 && day >= 1 && day <= month_days(year, month)) {
		in->out->number = days_of(year, month, day) * DAY;
		return true;
	}
	return hd_reading_fail(in, "is no date",
			       "write year-month-day: 2026-12-31");
}

/* Copies the words of "a|b|c" into `words`, which must hold them. */
static size_t split_words(char *list, const char *words[WORDS_MAX])
{
	size_t count = 0;
	char *word = list, *bar;

	while (word && count < WORDS_MAX) {
		bar = strchr(word, '|');
		if (bar)
			*bar++ = '\0';
		words[count++] = word;
		word = bar;
	}
	return count;
}

static void explain_words(struct hd_reading *in, const char *const *words,
			  size_t count, const char *like)
{
	size_t i, n;

	if (like)
		snprintf(in->why, HD_VALUE_WHY,
			 "is not permitted; did you mean '%s'?", like);
	else
		snprintf(in->why, HD_VALUE_WHY, "is not permitted");
	n = (size_t)snprintf(in->remedy, HD_VALUE_REMEDY, "write ");
	for (i = 0; i < count && n < HD_VALUE_REMEDY; i++)
		n += (size_t)snprintf(in->remedy + n, HD_VALUE_REMEDY - n,
				      "%s%s",
				      i == 0	       ? ""
				      : i == count - 1 ? " or "
						       : ", ",
				      words[i]);
}

bool hd_read_enum(struct hd_reading *in)
{
	char list[HD_VALUE_REMEDY], word[64];
	const char *words[WORDS_MAX];
	struct hd_guess guess;
	size_t count, i;

	snprintf(list, sizeof(list), "%s", in->values ? in->values : "");
	snprintf(word, sizeof(word), "%.*s", (int)(in->n < 63 ? in->n : 63),
		 in->text);
	count = split_words(list, words);
	hd_guess_init(&guess, word);
	for (i = 0; i < count; i++) {
		if (strlen(words[i]) == in->n &&
		    memcmp(words[i], in->text, in->n) == 0) {
			in->out->number = (int64_t)i;
			return true;
		}
		hd_guess_offer(&guess, words[i]);
	}
	explain_words(in, words, count, guess.best);
	return false;
}
