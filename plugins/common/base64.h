/* base64.h - RFC 4648
 *
 * Reading is strict: padding as the standard says, no blanks, no line ends, no
 * bits left over.  Two texts that read alike are then equal.
 */
#ifndef HERALD_PLUGINS_BASE64_H
#define HERALD_PLUGINS_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include <herald/plugin.h>

/* Bytes for the text of `n` bytes, with '\0'. */
#define HP_BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

/* Writes the text of `n` bytes and a '\0' to `out`, which has
 * HP_BASE64_SIZE(n); returns its length. [any] */
size_t hp_base64(char *out, const void *p, size_t n);

/* The alphabet for addresses, without padding. [any] */
size_t hp_base64_url(char *out, const void *p, size_t n);

/* Reads padded text to `out`, which has room for text.n / 4 * 3 bytes.  False
 * if it is anything else. [any] */
bool hp_base64_read(herald_str text, unsigned char *out, size_t *n);

#endif
