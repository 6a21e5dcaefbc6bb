/* http_verdict.h - what an HTTP outcome means
 *
 * The one place where codes of HTTP and of libcurl become status classes.  The
 * question behind all of it: may the effect have taken place?
 */
#ifndef HD_NET_HTTP_VERDICT_H
#define HD_NET_HTTP_VERDICT_H

#include <stdbool.h>
#include <stdint.h>
#include <curl/curl.h>

#include <herald/plugin.h>

#define HD_RETRY_AFTER_MAX_MS (24 * 3600 * 1000LL)

struct hd_http_outcome {
	CURLcode result;
	uint32_t code;	 /* HTTP code, 0: none arrived */
	bool sent;	 /* a byte of the request left */
	bool repeatable; /* GET or HEAD */
	bool too_big;	 /* the body was cut off at its bound */
	bool cancelled;
};

/* A HERALD_ status, see herald_reply.status.  Where the service gave a verdict
 * (4xx, 5xx) it holds also if its body was broken or too long. [any] */
uint32_t hd_http_verdict(const struct hd_http_outcome *o);

/* True for a method that may be sent twice without harm. [any] */
bool hd_http_is_repeatable(const char *method);

/* Milliseconds of a Retry-After value: seconds or an HTTP date; 0 for what is
 * neither, negative or past; at most HD_RETRY_AFTER_MAX_MS.  Fractions and
 * exponents are understood though RFC 9110 has none. [any] */
int64_t hd_http_retry_after(const char *value, int64_t utc_ms);

#endif
