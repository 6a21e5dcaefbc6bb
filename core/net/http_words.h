/* http_words.h - a failed HTTP request in words
 *
 * What, where and why, for the person who reads it at night: method and
 * address without the query, the code, the beginning of what a service says in
 * JSON or plain text, and the command that helps.
 */
#ifndef HD_NET_HTTP_WORDS_H
#define HD_NET_HTTP_WORDS_H

#include <stdint.h>

struct hd_buf;
struct hd_http_exchange;
struct hd_http_outcome;
struct hd_http_setting;

/* Appends them.  What the service wrote may hold our secrets: mask it. [loop]
 */
void hd_http_words(struct hd_buf *out, const struct hd_http_exchange *ex,
		   const struct hd_http_setting *setting,
		   const struct hd_http_outcome *o, uint32_t status);

#endif
