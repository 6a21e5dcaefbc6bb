/* number.h - doubles as text, whatever the locale
 *
 * printf and strtod take the decimal point of the locale, and a library may
 * set one.  Here it is always ".".
 */
#ifndef HD_BASE_NUMBER_H
#define HD_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#define HD_NUMBER_TEXT 32

/* Writes the shortest text that reads back as exactly `value`, which must be
 * finite, with ".0" where it would look like an integer.  Returns its length.
 * [any] */
size_t hd_number_put_real(double value, char out[HD_NUMBER_TEXT]);

/* Returns the length. [any] */
size_t hd_number_put_int(int64_t value, char out[HD_NUMBER_TEXT]);

/* The double nearest to `text`, which has the form of a JSON number (the
 * caller has seen to that).  Too large: an infinity; too small: 0.  Returns 0,
 * or -1 when memory is lacking. [any] */
int hd_number_get_real(const char *text, size_t n, double *out);

#endif
