/* http_text.h - the bytes that HTTP headers are made of
 */
#ifndef HD_NET_HTTP_TEXT_H
#define HD_NET_HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* True for a token of RFC 9110: what names of headers are. [any] */
bool hd_http_is_token(const char *p, size_t n);

/* True if a byte below 0x20 other than tab, or 0x7f, is in it. [any] */
bool hd_http_has_control(const char *p, size_t n);

/* True if `p` is `name` in any case. [any] */
bool hd_http_is_name(const char *p, size_t n, const char *name);

/* True if `line` is "Name: value" without a control byte; *name_n is then the
 * name's length. [any] */
bool hd_http_is_header(const char *line, size_t *name_n);

#endif
