/* policy.h - may this value be asked about, and may it leave?
 *
 *   nobody's (loopback, link-local,      never
 *     multicast, unspecified)
 *   to an EXTERNAL key:
 *     of an alert labelled tlp:red       never
 *     any value                          not with share: none
 *     our own (herald.own), private,     only with share: all
 *       documentation and reserved
 *       addresses, internal names
 *
 * Of a URL and of a mail address the host in it counts.
 */
#ifndef HD_LOOKUP_POLICY_H
#define HD_LOOKUP_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/plugin/common_options.h"
#include "core/record/record.h"

struct hd_policy {
	bool external; /* the key's flag */
	enum hd_share share;
	bool own; /* the value or the host in it is one of our own */
	bool red; /* of an alert that must not leave the organization */
};

/* Why `value` (normalized) is not asked about, in a few words, or NULL. [any]
 */
const char *hd_policy_forbids(const struct hd_policy *policy, enum hd_kind kind,
			      const char *value, size_t n);

/* The host name or address in a value, borrowed from it: of a URL, of a mail
 * address, or the value of a host, domain or address itself.  NULL if it holds
 * none. [any] */
const char *hd_policy_host(enum hd_kind kind, const char *value, size_t n,
			   size_t *host_n);

#endif
