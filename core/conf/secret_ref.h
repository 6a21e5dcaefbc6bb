/* secret_ref.h - where a secret comes from
 *
 * `{credential: NAME}`, `{file: PATH}`, `{env: NAME}`, or the literal where
 * herald.inline_secrets admits it.  The secret itself is never part of a
 * complaint.
 */
#ifndef HD_CONF_SECRET_REF_H
#define HD_CONF_SECRET_REF_H

#include <stdbool.h>

#include "core/conf/value.h"

struct hd_secret;

enum hd_secret_from {
	HD_SECRET_NONE,
	HD_SECRET_CREDENTIAL,
	HD_SECRET_FILE,
	HD_SECRET_ENV,
	HD_SECRET_INLINE
};

struct hd_secret_ref {
	enum hd_secret_from from;
	const char *text; /* name, path or literal; borrowed from the node */
	const struct hd_node *node;
};

/* Reads the form only.  Returns 0 (with a warning for an admitted literal)
 * or, having complained, -1. [any] */
int hd_secret_ref_read(const struct hd_node *node, const struct hd_check *check,
		       struct hd_secret_ref *out);

/* Fetches the secret; `whole` keeps all lines (a private key).  NULL, having
 * complained, if it is missing, empty or open to others.  The caller unrefs
 * it. [any] */
struct hd_secret *hd_secret_ref_open(const struct hd_secret_ref *ref,
				     bool whole, const struct hd_check *check);

#endif
