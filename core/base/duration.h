/* duration.h - durations, sizes and limits as people write them
 *
 * A number and its unit, without a blank: `500ms 10s 5m 2h 7d`, `100B 64KiB
 * 1MiB 20GiB 2TiB`.  No signs, no fractions, no number without a unit: what
 * could be meant in two ways is refused, with a text that shows the forms.
 * Limits are COUNT/DURATION: `5/1h`.
 */
#ifndef HD_BASE_DURATION_H
#define HD_BASE_DURATION_H

#include <stdint.h>

struct hd_err;

struct hd_rate {
	int64_t count;	   /* 0: never */
	int64_t window_ms; /* more than 0 */
};

/* 0, or -1 and `err`. [any] */
int hd_duration_parse(const char *text, int64_t *out_ms, struct hd_err *err);
int hd_size_parse(const char *text, int64_t *out_bytes, struct hd_err *err);
int hd_rate_parse(const char *text, struct hd_rate *out, struct hd_err *err);

/* The text that parses as the same, in the largest unit that holds it whole:
 * 60000 is "1m".  Nothing below 0. [any] */
#define HD_DURATION_TEXT 32
#define HD_RATE_TEXT 64
void hd_duration_text(int64_t ms, char out[HD_DURATION_TEXT]);
void hd_size_text(int64_t bytes, char out[HD_DURATION_TEXT]);
void hd_rate_text(const struct hd_rate *rate, char out[HD_RATE_TEXT]);

#endif
