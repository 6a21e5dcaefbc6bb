/* http_options.h - the mapping `oauth2` and the proxy of a connector
 *
 * oauth2: {url, client_id, secret, scope, audience, auth: header|body}: every
 * request of the connector carries a token that the host fetches there.
 * proxy, no_proxy, proxy_user, proxy_secret: the way out.
 */
#ifndef HD_PLUGIN_HTTP_OPTIONS_H
#define HD_PLUGIN_HTTP_OPTIONS_H

#include <stdbool.h>

#include "core/conf/table.h"

struct hd_http_token_options;
struct hd_node;
struct hd_options;

/* What `oauth2` may hold. */
extern const struct hd_key hd_oauth2_keys[];

/* Checks what belongs together: a proxy and its parts.  0 or, having
 * complained, -1. [any] */
int hd_http_options_check(const struct hd_node *section,
			  const struct hd_check *check);

/* Fills `out`, borrowed from `options`; false if there is no `oauth2`. [any] */
bool hd_oauth2_of(const struct hd_options *options,
		  struct hd_http_token_options *out);

#endif
