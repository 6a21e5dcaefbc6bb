/* http_handle.h - the curl handle of an exchange
 *
 * A fresh one for each request, so that nothing of one (a secret above all) is
 * left for the next.  All functions are [loop].
 */
#ifndef HD_NET_HTTP_HANDLE_H
#define HD_NET_HTTP_HANDLE_H

#include <stdint.h>

struct hd_err;
struct hd_http_exchange;
struct hd_http_setting;

/* Makes `ex->easy`, which takes `timeout_ms` at most.  Returns 0 or -1. */
int hd_http_handle_arm(struct hd_http_exchange *ex,
		       const struct hd_http_setting *setting,
		       int64_t timeout_ms, struct hd_err *err);

/* Notes whether the request was sent and frees the handle, which must be out
 * of its multi handle.  Returns the HTTP code, 0 if none arrived. */
uint32_t hd_http_handle_disarm(struct hd_http_exchange *ex);

/* A reply that was compressed though nobody asked for it: inflates within the
 * bound.  Returns 0, or -1 and `err`; too long a text sets `too_big`. */
int hd_http_handle_inflate(struct hd_http_exchange *ex, struct hd_err *err);

/* The first header of this name (lower case), NULL if there is none.  Borrowed
 * from `ex`. */
const char *hd_http_handle_header(const struct hd_http_exchange *ex,
				  const char *name);

/* The reply's headers: name in lower case, value, ..., NULL.  The caller frees
 * the array; the texts are borrowed from `ex`. */
const char **hd_http_handle_headers(const struct hd_http_exchange *ex);

#endif
