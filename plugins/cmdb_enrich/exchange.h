/* exchange.h - a question to a service of the house */
#ifndef HERALD_CMDB_EXCHANGE_H
#define HERALD_CMDB_EXCHANGE_H

#include "cmdb_enrich/cmdb.h"

/* GET below `url`, logged in by `secret`.  `path` and `query` as in
 * herald_http; the reply goes to `fn`. [loop] */
void cmdb_get(struct cmdb *c, herald_id req, const char *const *path,
	      const char *const *query, herald_http_fn fn, const void *ud);

#endif
