/* asset.h - what any source says of an asset, as a result
 *
 * Each source brings its facts into the one form below; what becomes of them is
 * the same for all: `device` and its risk level, `resources`, a line for
 * people.
 */
#ifndef HERALD_CMDB_ASSET_H
#define HERALD_CMDB_ASSET_H

#include <stdbool.h>

#include <herald/plugin.h>

#include "cmdb_enrich/mapping.h"
#include "common/json.h"

enum cmdb_column {
	CMDB_HOSTNAME,
	CMDB_FQDN,
	CMDB_IP,
	CMDB_MAC,
	CMDB_ID,
	CMDB_TYPE,
	CMDB_OWNER,
	CMDB_OWNER_NAME,
	CMDB_OWNER_MAIL,
	CMDB_DEPARTMENT,
	CMDB_CRITICALITY,
	CMDB_TAGS, /* separated by ; or , */
	CMDB_COLUMNS
};

struct cmdb_facts {
	herald_str of[CMDB_COLUMNS]; /* {NULL, 0}: not told; never "" */
	bool is_network; /* it holds the address that was asked about */
};

/* The column that has this name, in any case; CMDB_COLUMNS: it means nothing
 * here. [any] */
enum cmdb_column cmdb_column_of(herald_str name);
const char *cmdb_column_name(enum cmdb_column column);

/* Adds all but `data` to `out`.  Of a network only what holds for each host in
 * it completes `device`. [any] */
void cmdb_asset_put(const struct cmdb_facts *facts,
		    const struct cmdb_mapping *mapping, struct hp_json *out);

/* Adds one member of `data`; an empty value is none. [any] */
void cmdb_asset_put_data(struct hp_json *out, herald_str name,
			 herald_str value);

#endif
