/* signature.h - signed requests: GitHub's way and Standard Webhooks
 *
 * What is signed is the body as it was received: the same JSON in other bytes
 * is another message.  Everything is read strictly; what two readers could read
 * differently is no signature.
 */
#ifndef HERALD_HTTP_IN_SIGNATURE_H
#define HERALD_HTTP_IN_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

#include <herald/plugin.h>

#define HTTP_IN_TOLERANCE_S 300 /* between the sender's clock and ours */

/* X-Hub-Signature-256: "sha256=" and 64 hex digits. [any] */
bool http_in_github_is_sound(herald_str key, const char *header,
			     herald_str body);

/* webhook-id, -timestamp, -signature.  Of several signatures, separated by
 * single blanks, one of version v1 must hold.  [any] */
bool http_in_standard_is_sound(herald_str key, const char *const *headers,
			       herald_str body);

/* webhook-timestamp is a plain number of seconds, at most the tolerance away
 * from `utc_s`. [any] */
bool http_in_standard_is_timely(const char *const *headers, int64_t utc_s);

#endif
