#include "core/cel/zone_rule.h"

#include <string.h>

#include "core/cel/moment.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool read_number(const char **p, int32_t max, int32_t *out)
{
	if (!is_digit(**p))
		return false;
	for (*out = 0; is_digit(**p); (*p)++) {
		*out = *out * 10 + (**p - '0');
		if (*out > max)
			return false;
	}
	return true;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool read_time(const char **p, int32_t *out)
{
	bool minus = **p == '-';
	int32_t part, unit = 3600;

	if (**p == '-' || **p == '+')
		(*p)++;
	for (*out = 0;; unit /= 60) {
		if (!read_number(p, unit == 3600 ? 167 : 59, &part))
			return false;
		*out += part * unit;
		if (**p != ':' || unit == 1)
			break;
		(*p)++;
	}
	if (minus)
		*out = -*out;
	return true;
}

/* "CET" or "<+03>". */
static bool skip_name(const char **p)
{
	const char *start = *p;

	if (**p == '<') {
		*p = strchr(*p, '>');
		if (!*p)
			return false;
		(*p)++;
		return true;
	}
	while ((**p >= 'a' && **p <= 'z') || (**p >= 'A' && **p <= 'Z'))
		(*p)++;
	return *p - start >= 3;
}

static bool read_day(const char **p, struct hd_cel_change *c)
{
	if (**p == 'M') {
		(*p)++;
		c->kind = 'M';
		return read_number(p, 12, &c->month) && c->month >= 1 &&
		       *(*p)++ == '.' && read_number(p, 5, &c->week) &&
		       c->week >= 1 && *(*p)++ == '.' &&
		       read_number(p, 6, &c->day);
	}
	c->kind = **p == 'J' ? 'J' : 'D';
	if (c->kind == 'J')
		(*p)++;
	return read_number(p, 365, &c->day) && (c->kind == 'D' || c->day >= 1);
}

static bool read_change(const char **p, struct hd_cel_change *c)
{
	if (*(*p)++ != ',' || !read_day(p, c))
		return false;
	c->time = 7200;
	if (**p != '/')
		return true;
	(*p)++;
	return read_time(p, &c->time);
}

bool hd_cel_rule_parse(const char *p, struct hd_cel_rule *out)
{
	memset(out, 0, sizeof(*out));
	if (!skip_name(&p) || !read_time(&p, &out->standard))
		return false;
	/* POSIX counts west of Greenwich. */
	out->standard = -out->standard;
	if (*p == '\0')
		return true;
	if (!skip_name(&p))
		return false;
	out->summer = out->standard + 3600;
	if (*p != ',') {
		if (!read_time(&p, &out->summer))
			return false;
		out->summer = -out->summer;
	}
	out->changes = true;
	return read_change(&p, &out->begin) && read_change(&p, &out->end) &&
	       *p == '\0';
}

static bool is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Local seconds since 1970 of a change in a year. */
static int64_t change_at(const struct hd_cel_change *c, int64_t year)
{
	int64_t days, first, next;
	int64_t weekday;

	if (c->kind != 'M') {
		days = hd_cel_civil_days(year, 1, 1) + c->day;
		if (c->kind == 'J')
			days -= !(is_leap(year) && c->day >= 60);
		return days * 86400 + c->time;
	}
	first = hd_cel_civil_days(year, (unsigned)c->month, 1);
	next = c->month == 12
		       ? hd_cel_civil_days(year + 1, 1, 1)
		       : hd_cel_civil_days(year, (unsigned)c->month + 1, 1);
	weekday = ((first % 7) + 11) % 7;
	days = first + (c->day - weekday + 7) % 7 + (c->week - 1) * 7;
	while (days >= next)
		days -= 7;
	return days * 86400 + c->time;
}

int32_t hd_cel_rule_offset(const struct hd_cel_rule *rule, int64_t utc)
{
	struct hd_cel_civil civil;
	int64_t begin, end;
	bool summer;

	if (!rule->changes)
		return rule->standard;
	hd_cel_civil_of(utc + rule->standard, &civil);
	begin = change_at(&rule->begin, civil.year) - rule->standard;
	end = change_at(&rule->end, civil.year) - rule->summer;
	if (begin < end)
		summer = utc >= begin && utc < end;
	else
		summer = utc >= begin || utc < end;
	return summer ? rule->summer : rule->standard;
}
