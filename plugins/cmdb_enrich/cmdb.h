/* cmdb.h - one instance, and what a source of assets is
 *
 * Which source it is, `source` says.  Each is a table of functions; its own
 * struct begins with a struct cmdb.
 */
#ifndef HERALD_CMDB_CMDB_H
#define HERALD_CMDB_CMDB_H

#include <stdbool.h>
#include <stddef.h>

#include <herald/plugin.h>

#include "cmdb_enrich/mapping.h"

#define CMDB_OWN_MAX 64

enum { CMDB_METRIC_ASSETS, CMDB_METRIC_SKIPPED };

struct cmdb {
	const herald_host *h;
	const struct cmdb_source *source;
	struct cmdb_mapping mapping;
	const char *own[CMDB_OWN_MAX + 1]; /* our domains, NULL-ended */
};

/* All [loop], as in plugin.h. */
struct cmdb_source {
	size_t size;		    /* of its struct */
	const char *needs;	    /* the option without which it is nothing */
	const char *const *ignores; /* options that mean nothing to it */
	const struct cmdb_field *fields; /* defaults, ended by a NULL name */
	/* The next four may be NULL; init() returns false after reject(). */
	bool (*init)(struct cmdb *c);
	void (*start)(struct cmdb *c);
	void (*halt)(struct cmdb *c);
	void (*fini)(struct cmdb *c);
	void (*lookup)(struct cmdb *c, const herald_lookup *asked);
	void (*probe)(struct cmdb *c, herald_id req);
};

extern const struct cmdb_source cmdb_csv, cmdb_sqlite, cmdb_servicenow,
	cmdb_netbox;

#endif
