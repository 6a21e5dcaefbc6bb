/* value_impl.h - the readers of single types, for value.c
 *
 * Each reads `in->text` and returns true, or false with `why`, a predicate
 * ("is no duration"), and perhaps a remedy.
 */
#ifndef HD_CONF_VALUE_IMPL_H
#define HD_CONF_VALUE_IMPL_H

#include "core/conf/value.h"

struct hd_reading {
	const char *text, *values;
	size_t n;
	struct hd_value *out;
	char *why, *remedy; /* HD_VALUE_WHY, HD_VALUE_REMEDY bytes */
};

typedef bool (*hd_reader_fn)(struct hd_reading *in);

/* Sets why and remedy ("" for none).  Always returns false. */
bool hd_reading_fail(struct hd_reading *in, const char *why,
		     const char *remedy);

/* Decimal digits at the start of text, as many as there are; false if there
 * are none or the number is beyond int64. */
bool hd_reading_digits(const char *text, size_t n, int64_t *out, size_t *used);

/* value_number.c */
bool hd_read_int(struct hd_reading *in);
bool hd_read_bool(struct hd_reading *in);
bool hd_read_duration(struct hd_reading *in);
bool hd_read_size(struct hd_reading *in);
bool hd_read_percent(struct hd_reading *in);
bool hd_read_date(struct hd_reading *in);
bool hd_read_enum(struct hd_reading *in);

/* value_text.c */
bool hd_read_string(struct hd_reading *in);
bool hd_read_url(struct hd_reading *in);
bool hd_read_path(struct hd_reading *in);
bool hd_read_hostport(struct hd_reading *in);
bool hd_read_email(struct hd_reading *in);
bool hd_read_ip(struct hd_reading *in);
bool hd_read_user(struct hd_reading *in);
bool hd_read_host(struct hd_reading *in);
bool hd_read_expr(struct hd_reading *in);
bool hd_read_name(struct hd_reading *in);
bool hd_read_zone(struct hd_reading *in);
bool hd_read_address(struct hd_reading *in);

/* rate.c */
bool hd_read_rate(struct hd_reading *in);

#endif
