/* exchange.h - a question to a service of the house */
#ifndef HERALD_CMDB_EXCHANGE_H
#define HERALD_CMDB_EXCHANGE_H

#include "cmdb_enrich/cmdb.h"
#include "common/text.h"

/* Appends option `url`, without a last '/'. [any] */
void cmdb_url_add(struct hp_text *out, const struct cmdb *c);

/* GET, logged in by `secret`; `url` is that of the option or begins with it.
 * `path` (may be NULL) and `query` as in herald_http; the reply goes to `fn`.
 * [loop] */
void cmdb_get(struct cmdb *c, herald_id req, const char *url,
	      const char *const *path, const char *const *query,
	      herald_http_fn fn, const void *ud);

#endif
