/* url.h - addresses: taken apart, put together, compared
 *
 * Strict on purpose.  What is built here has every byte encoded that RFC 3986
 * does not call unreserved, so a value from an alert can change neither the
 * path nor the query that it stands in.  What is read from a peer is refused
 * where two readers could differ: broken escapes, NUL, control bytes, dot
 * segments (plain or encoded), encoded slashes.
 */
#ifndef HD_NET_URL_H
#define HD_NET_URL_H

#include <stdbool.h>
#include <stddef.h>

struct hd_buf;
struct hd_err;

/* An address taken apart; texts are the caller's to free by hd_url_fini(). */
struct hd_url {
	char *scheme; /* "http" or "https" */
	char *host;   /* lower case; IPv6 without brackets */
	int port;     /* the scheme's own if none was given */
	char *path;   /* as written, "" or "/..." */
	char *query;  /* as written, without '?'; NULL if there is none */
};

/* Reads an absolute http or https address.  Refused: other schemes, user
 * names and passwords, fragments, control bytes, blanks, an empty host, a port
 * outside 1..65535.  Returns 0 or -1. [any] */
int hd_url_parse(struct hd_url *url, const char *text, struct hd_err *err);
void hd_url_fini(struct hd_url *url);

/* True if scheme, host and port are equal. [any] */
bool hd_url_same_origin(const struct hd_url *a, const struct hd_url *b);

/* Appends "https://host:port" (the port only where it is not the scheme's
 * own): for people, and as an origin. [any] */
void hd_url_origin(const struct hd_url *url, struct hd_buf *out);

/* Appends `n` bytes, all but unreserved ones as %XX. [any] */
void hd_url_encode(struct hd_buf *out, const char *p, size_t n);

/* Appends "a=b&c=d" from `pairs` (name, value, ..., NULL). With `form` a blank
 * is '+'. [any] */
void hd_url_query(struct hd_buf *out, const char *const *pairs, bool form);

/* Appends the address: base, its path without a last '/', "/" and each segment
 * encoded, the base's query and the pairs.  `segments` and `pairs` end with
 * NULL and may be NULL.  A segment that is empty, "." or ".." is refused: no
 * encoding saves it from being normalised away.  Returns 0 or -1. [any] */
int hd_url_build(const struct hd_url *base, const char *const *segments,
		 const char *const *pairs, struct hd_buf *out,
		 struct hd_err *err);

/* Decodes the path of a request target (no '?' in it).  Refused: broken
 * escapes, control bytes and NUL in either form, an encoded '/', dot segments,
 * broken UTF-8, what does not begin with '/'.  Returns the text, which the
 * caller frees, or NULL. [any] */
char *hd_url_decode_path(const char *p, size_t n, struct hd_err *err);

/* Decodes "a=b&c" to {"a","b","c","",NULL}; '+' is a blank.  Refused: broken
 * escapes, control bytes but tab, CR and LF, broken UTF-8, more than `max`
 * pairs.  Returns one block that the caller frees, or NULL. [any] */
char **hd_url_decode_query(const char *p, size_t n, size_t max,
			   struct hd_err *err);

#endif
