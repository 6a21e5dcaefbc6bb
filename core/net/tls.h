/* tls.h - whom we believe, for connections that herald makes
 *
 * The safe way is the short one: nothing set means verified against the
 * system's authorities, TLS 1.2 or later.  A private authority is named by
 * `ca_file`; a single machine may be recognised by its key alone (`pin`, as an
 * ssh host key), which then stands in for chain, name and dates; with both
 * `ca_file` and `pin` both must hold.  A name that differs from the address's
 * is given by `server_name`, not by switching off.
 */
#ifndef HD_NET_TLS_H
#define HD_NET_TLS_H

#include <stdbool.h>
#include <curl/curl.h>

struct hd_buf;
struct hd_err;

struct hd_tls_policy {
	bool insecure;	     /* verify: false.  The caller has checked that its
			      * `until` is not over, and is loud about it */
	const char *ca_file; /* PEM; NULL: the system's */
	const char *pin;     /* "sha256//BASE64", several by ';'; NULL: none */
	const char
		*server_name;  /* expected in the certificate; NULL: the host */
	const char *cert_file; /* PEM, ours, for mutual TLS; NULL: none */
	const char *key_file;  /* PEM; NULL: in cert_file */
};

/* A copy of all texts; `from` may be NULL (the default policy). [any] */
void hd_tls_policy_copy(struct hd_tls_policy *to,
			const struct hd_tls_policy *from);
void hd_tls_policy_fini(struct hd_tls_policy *policy);

/* Checks at load what would fail at the first connection: files readable, not
 * empty and PEM, key fits certificate, form of the pin, no contradiction.
 * Returns 0 or -1. [any] */
int hd_tls_policy_check(const struct hd_tls_policy *policy, struct hd_err *err);

/* Sets everything about TLS on a curl handle but `server_name`, which is a
 * matter of the address asked for.  Returns CURLE_OK or the first option's
 * error. [any] */
CURLcode hd_tls_apply(CURL *easy, const struct hd_tls_policy *policy);

/* True if `code` says that the other side could not prove who it is. [any] */
bool hd_tls_is_distrust(CURLcode code);

/* Appends what helps: "-> heraldctl trust NAME, or set tls.ca_file or
 * tls.pin".  `name` is the connector; nothing is appended for other codes.
 * [any] */
void hd_tls_remedy(struct hd_buf *out, CURLcode code, const char *name);

#endif
