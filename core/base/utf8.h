/* utf8.h - text as people and terminals must get it
 *
 * Well-formed is what Unicode calls so: no overlong forms, no surrogates,
 * nothing above U+10FFFF.  Noncharacters and U+0000 are characters here.
 */
#ifndef HD_BASE_UTF8_H
#define HD_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hd_buf;

#define HD_UTF8_MENDED "\xef\xbf\xbd" /* U+FFFD, the replacement character */

/* Bytes (1 to 4) of the character at `p`, or 0 if what stands there is broken,
 * cut off by `n`, or n is 0.  `out` may be NULL. [any] */
size_t hd_utf8_next(const char *p, size_t n, uint32_t *out);

/* Where hd_utf8_next() said 0 and n is not 0: how many bytes (1 to 3) one
 * U+FFFD stands for, which is the longest start of a character. [any] */
size_t hd_utf8_broken(const char *p, size_t n);

/* Writes `c`, a character and no surrogate; returns its bytes. [any] */
size_t hd_utf8_put(char out[4], uint32_t c);

/* [any] */
bool hd_utf8_valid(const char *text, size_t n);

/* The length of the longest start of `text` of at most `max` bytes that splits
 * no character. [any] */
size_t hd_utf8_cut(const char *text, size_t n, size_t max);

/* Appends `text` with U+FFFD for all that is broken; true if anything was.
 * [any] */
bool hd_utf8_mend(struct hd_buf *out, const char *text, size_t n);

/* Appends `text` for one line of a log or terminal: C0, DEL, C1, the line
 * separators and the characters that turn the direction of writing as
 * "\u{202e}", a byte that is no UTF-8 as "\x{ff}". [any] */
void hd_utf8_escape(struct hd_buf *out, const char *text, size_t n);

#endif
