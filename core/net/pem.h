/* pem.h - certificates and keys as text
 *
 * Looks at them when the configuration is read, so that a missing file or a
 * key of another certificate is a complaint with a name and not a connection
 * that fails at night.
 */
#ifndef HD_NET_PEM_H
#define HD_NET_PEM_H

#include <stddef.h>

struct hd_err;

#define HD_PEM_MAX (1024 * 1024)

/* The text itself if `from` begins with "-----BEGIN", else what is in the file
 * of that name.  NULL and `err` if it cannot be read, is empty or over
 * HD_PEM_MAX.  The caller frees it by hd_pem_free(). [any] */
char *hd_pem_load(const char *from, struct hd_err *err);

/* Wipes and frees; NULL is fine. [any] */
void hd_pem_free(char *pem);

/* Checks that `pem` holds at least one sound certificate and no broken one.
 * `name` is for the error text.  Returns 0 or -1. [any] */
int hd_pem_check_certificates(const char *pem, const char *name,
			      struct hd_err *err);

/* Checks that `key` holds an unencrypted private key and that it belongs to
 * the first certificate of `cert`.  Returns 0 or -1. [any] */
int hd_pem_check_pair(const char *cert, const char *key, const char *name,
		      struct hd_err *err);

#endif
