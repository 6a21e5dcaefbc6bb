/* secret.h - what proves who we are
 *
 * A secret lives in locked memory that core files leave out, is wiped when the
 * last reference goes, and is known to the log, which masks it.  It is read
 * from a file or a credential of the service manager; literals are a matter of
 * the configuration.
 */
#ifndef HD_BASE_SECRET_H
#define HD_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define HD_SECRET_MAX 16384

struct hd_err;
struct hd_secret;

/* The first line of `path`.  NULL and `err` if it cannot be read, is no regular
 * file, is open to others (any bit of o=rwx, or group-writable), is empty, too
 * long, or holds a NUL.  `whole` keeps all lines (a private key).  The caller
 * unrefs the result.  [any] */
struct hd_secret *hd_secret_read(const char *path, bool whole,
				 struct hd_err *err);

/* $CREDENTIALS_DIRECTORY/NAME, else $CREDENTIALS_DIRECTORY/secrets_NAME.
 * [any] */
struct hd_secret *hd_secret_credential(const char *name, bool whole,
				       struct hd_err *err);

/* From text in memory (an environment variable, a literal) without NUL.
 * [any] */
struct hd_secret *hd_secret_text_new(const char *text, size_t n);

/* Counted, and never changed; unref wipes and frees at the last.  NULL is fine.
 * [any] */
struct hd_secret *hd_secret_ref(struct hd_secret *secret);
void hd_secret_unref(struct hd_secret *secret);

/* Borrowed from `secret`; ends with '\0' behind *n bytes. [any] */
const char *hd_secret_get(const struct hd_secret *secret, size_t *n);

/* True if equal, in constant time. [any] */
bool hd_secret_is(const struct hd_secret *secret, const char *text, size_t n);

/* Replaces every known secret of 6 bytes or more in `text`, and every line of
 * one that has several, by "***" in place; returns the new length. [any] */
size_t hd_secret_mask(char *text, size_t n);

#endif
