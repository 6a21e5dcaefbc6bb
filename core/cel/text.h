/* text.h - UTF-8 and numbers as text, whatever the locale */
#ifndef HD_CEL_TEXT_H
#define HD_CEL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at `p` and its code point; 0 if it is no UTF-8
 * (surrogates and long forms are none). [any] */
size_t hd_cel_utf8_get(const char *p, size_t n, uint32_t *code);

/* Writes at most 4 bytes, returns how many. [any] */
size_t hd_cel_utf8_put(char *out, uint32_t code);

bool hd_cel_utf8_ok(const char *p, size_t n);

/* Characters in valid UTF-8. [any] */
size_t hd_cel_utf8_count(const char *p, size_t n);

/* Bytes in front of character `i`; `n` if there are fewer. [any] */
size_t hd_cel_utf8_offset(const char *p, size_t n, size_t i);

/* The shortest text that reads back exactly, "NaN", "Infinity"; returns its
 * length.  `out` holds HD_CEL_DOUBLE_TEXT bytes. [any] */
#define HD_CEL_DOUBLE_TEXT 40
size_t hd_cel_double_text(double d, char *out);

/* Fixed or scientific ('f', 'e') with `precision` digits (at most 60) behind
 * the point; `out` holds HD_CEL_FIXED_TEXT bytes. [any] */
#define HD_CEL_FIXED_TEXT 400
size_t hd_cel_fixed_text(double d, char style, unsigned precision, char *out);

/* Reads all of a number in decimal notation, "NaN" or "Infinity" (with sign,
 * "Inf" too).  False if it is none or too large. [any] */
bool hd_cel_double_parse(const char *p, size_t n, double *out);

/* Decimal digits with a sign if `sign`.  False if it is none or too large.
 * [any] */
bool hd_cel_int_parse(const char *p, size_t n, int64_t *out);
bool hd_cel_uint_parse(const char *p, size_t n, uint64_t *out);

#endif
