/* tls_options.h - the mapping `tls` of a connector
 *
 * {ca_file: PATH}, {pin: 'sha256//...'}, {server_name: NAME}, or {verify:
 * false, until: DATE}: at most 90 days ahead, and over when it is over.  Who we
 * are ourselves: {cert_file: PATH, key_file: PATH}, PEM; without key_file the
 * key stands in cert_file.
 */
#ifndef HD_PLUGIN_TLS_OPTIONS_H
#define HD_PLUGIN_TLS_OPTIONS_H

#include <stdint.h>

#include "core/conf/table.h"

struct hd_options;
struct hd_tls_policy;

#define HD_TLS_INSECURE_DAYS 90

/* What the mapping may hold. */
extern const struct hd_key hd_tls_keys[];

/* Checks verify against until.  0 or, having complained, -1. [any] */
int hd_tls_check(const struct hd_node *section, const struct hd_check *check);

/* The policy that the options say; fini it. [any] */
void hd_tls_policy_of(const struct hd_options *options,
		      struct hd_tls_policy *out);

/* When `verify: false` is over, in UTC ms; 0: it is not set. [any] */
int64_t hd_tls_insecure_until(const struct hd_options *options);

#endif
