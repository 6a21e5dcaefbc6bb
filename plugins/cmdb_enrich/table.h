/* table.h - the assets of one file
 *
 * The first line names the columns, in any order and case.  Those that mean
 * something here are listed below; the others are told as they are.  At least
 * one of hostname, fqdn, ip, mac must be there.  Keys ignore case.  Of two
 * lines with the same key the later wins, and the load says so.  An `ip` may be
 * a network: the longest prefix wins, and an address of its own before all.
 *
 * Constant once made: read by the loop while the worker makes the next one.
 */
#ifndef HERALD_CMDB_TABLE_H
#define HERALD_CMDB_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <herald/plugin.h>

#include "common/text.h"

enum cmdb_column {
	CMDB_HOSTNAME,
	CMDB_FQDN,
	CMDB_IP,
	CMDB_MAC,
	CMDB_ID,
	CMDB_TYPE,
	CMDB_OWNER,
	CMDB_OWNER_MAIL,
	CMDB_DEPARTMENT,
	CMDB_CRITICALITY,
	CMDB_TAGS,
	CMDB_COLUMNS
};

struct cmdb_table;
struct cmdb_asset;

/* How the load went. */
struct cmdb_load {
	size_t rows;	 /* assets */
	size_t skipped;	 /* bad lines */
	size_t replaced; /* lines that took a key from an earlier one */
	size_t mended;	 /* lines that are not UTF-8 */
	char first[160]; /* the first bad line: where and why; "" if none */
};

/* Takes ownership of `text` (n + 1 bytes), also on failure.  NULL and `why` if
 * the first line is no header or memory is lacking. [any] */
struct cmdb_table *cmdb_table_new_take(char *text, size_t n, char delimiter,
				       struct hp_text *why);
void cmdb_table_free(struct cmdb_table *table);

/* Borrowed, valid until the table is freed. [any] */
const struct cmdb_load *cmdb_table_load(const struct cmdb_table *table);

enum cmdb_kind { CMDB_BY_HOST, CMDB_BY_IP, CMDB_BY_MAC };

/* What was found, borrowed from the table. */
struct cmdb_found {
	const struct cmdb_asset *asset; /* NULL: nothing */
	const struct cmdb_asset *rival; /* not NULL: it may be this one too */
	bool is_network; /* the asset is a network that holds the address */
};

/* `own` (NULL-ended, may be NULL): domains whose names may stand in the file by
 * their first part alone. [any] */
struct cmdb_found cmdb_table_find(const struct cmdb_table *table,
				  enum cmdb_kind kind, herald_str value,
				  const char *const *own);

/* A cell, trimmed; {NULL, 0} if there is no such column or it is empty. [any]
 */
herald_str cmdb_asset_cell(const struct cmdb_table *table,
			   const struct cmdb_asset *asset,
			   enum cmdb_column column);

/* The i-th column of the file: its name, and the asset's cell.  False past the
 * last. [any] */
bool cmdb_asset_column(const struct cmdb_table *table,
		       const struct cmdb_asset *asset, size_t i,
		       herald_str *name, herald_str *cell);

#endif
