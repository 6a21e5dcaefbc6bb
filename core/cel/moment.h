/* moment.h - timestamps and durations
 *
 * A timestamp is seconds since 1970 and nanoseconds, from year 1 to 9999; a
 * duration is nanoseconds in 64 bits, so about 292 years.
 */
#ifndef HD_CEL_MOMENT_H
#define HD_CEL_MOMENT_H

#include "core/cel/cel.h"

#define HD_CEL_MOMENT_TEXT 48

/* a + sign * b; an error when that is out of range. */
struct hd_cel_value hd_cel_duration_sum(struct hd_cel_call *call, int64_t a,
					int64_t b, int sign);
struct hd_cel_value hd_cel_moment_add(struct hd_cel_call *call,
				      const struct hd_cel_value *at, int64_t ns,
				      int sign);
struct hd_cel_value hd_cel_moment_between(struct hd_cel_call *call,
					  const struct hd_cel_value *a,
					  const struct hd_cel_value *b);

/* From year 1 to 9999. [any] */
bool hd_cel_moment_ok(int64_t seconds);

/* RFC 3339: "2009-02-13T23:31:30.5+01:00"; false if it is none. [any] */
bool hd_cel_moment_parse(const char *p, size_t n, struct hd_cel_value *out);

/* "1h30m", "-1.5s", "100ms"; false if it is none or out of range. [any] */
bool hd_cel_duration_parse(const char *p, size_t n, int64_t *out);

/* RFC 3339 in UTC; "1.5s".  Returns the length; `out` holds
 * HD_CEL_MOMENT_TEXT bytes. [any] */
size_t hd_cel_moment_text(const struct hd_cel_value *at, char *out);
size_t hd_cel_duration_text(int64_t ns, char *out);

/* The parts of a day and time. */
struct hd_cel_civil {
	int64_t year;
	unsigned month, day; /* from 1 */
	unsigned weekday;    /* Sunday is 0 */
	unsigned yearday;    /* from 0 */
	unsigned hour, minute, second;
};
void hd_cel_civil_of(int64_t seconds, struct hd_cel_civil *out);

/* Days since 1970-01-01. [any] */
int64_t hd_cel_civil_days(int64_t year, unsigned month, unsigned day);

#endif
