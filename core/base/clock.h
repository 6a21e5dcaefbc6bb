/* clock.h - the two clocks
 *
 * Inside, time is milliseconds of the monotonic clock; the wall clock is for
 * what people read, for OCSF times and for what must outlive a restart.
 * Tests set the wall clock by hd_clock_set_offset(), never by sleeping.
 */
#ifndef HD_BASE_CLOCK_H
#define HD_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* CLOCK_MONOTONIC in ms. [any] */
int64_t hd_now_ms(void);

/* CLOCK_MONOTONIC in us, for measuring. [any] */
int64_t hd_now_us(void);

/* CLOCK_REALTIME in ms since 1970; may jump. [any] */
int64_t hd_utc_ms(void);

/* The wall clock as it was when this was first asked, moved on by the monotonic
 * one: UTC for deadlines that are stored, which no jump brings nearer. [any] */
int64_t hd_utc_steady_ms(void);

/* Moves the wall clock that hd_utc_ms() tells; 0 sets it right. [any] */
void hd_clock_set_offset(int64_t ms);

/* "2026-11-25T00:05:42.000Z"; times outside the years 0 to 9999
 * become the first or last of these. [any] */
#define HD_UTC_TEXT 32
void hd_utc_text(int64_t utc_ms, char out[HD_UTC_TEXT]);

/* OCSF time (ms since 1970) of text: epoch seconds with or without fraction
 * ("1795564742.5"), epoch milliseconds (13 digits or more), ISO 8601 with
 * "T" or blank, optional fraction, and zone "Z", "+02:00", "+0200" (a blank
 * may stand before it) or none (UTC).  What is finer than 1 ms is cut off.
 * Returns 0, or -1 when it is none of these. [any] */
int hd_time_parse(const char *text, size_t n, int64_t *out_ms);

#endif
