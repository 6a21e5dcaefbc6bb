/* srv.h - servers by DNS: SRV records
 *
 * Blocks for as long as it is told; belongs in the pool.
 */
#ifndef HERALD_PLUGINS_SRV_H
#define HERALD_PLUGINS_SRV_H

#include <stddef.h>
#include <stdint.h>

#include <herald/plugin.h>

#include "common/text.h"

#define HP_SRV_MAX 32
#define HP_SRV_HOST 256

struct hp_srv {
	char host[HP_SRV_HOST]; /* without the last dot */
	uint16_t port, priority, weight;
};

struct hp_srv_list {
	struct hp_srv items[HP_SRV_MAX];
	size_t count;
	uint32_t ttl_s; /* the least of all */
};

struct hp_srv_query {
	const char *name;
	/* "192.0.2.53" or "192.0.2.53:5353", each asked in turn; none: those of
	 * /etc/resolv.conf */
	const char *const *resolvers;
	size_t resolver_count;
	int64_t timeout_ms; /* of the whole */
};

/* OK with at least one server, in the order of RFC 2782: by priority, among
 * equals by chance in proportion to their weight.  NOT_FOUND: there is no such
 * name or no such record, as the message says.  TIMEOUT, RETRY (SERVFAIL and
 * the like): ask again later. [worker] */
uint32_t hp_srv_find(const struct hp_srv_query *query, struct hp_srv_list *out,
		     struct hp_text *why);

/* The order, with a source of chance: a number from 0 to `most`. [any] */
typedef uint32_t (*hp_chance_fn)(void *ud, uint32_t most);
void hp_srv_order(struct hp_srv *items, size_t count, hp_chance_fn chance,
		  void *ud);

#endif
