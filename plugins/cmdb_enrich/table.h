/* table.h - the assets of one file, whatever kind of file it is
 *
 * Columns have names, in any order and case.  Those of asset.h mean something;
 * the others are told as they are.  At least one of hostname, fqdn, ip, mac
 * must be there.  Keys ignore case.  Of two lines with the same key the later
 * wins, and the load says so.  An `ip` may be a network: the longest prefix
 * wins, and an address of its own before all.
 *
 * Built by the worker; constant from then on, and read by the loop while the
 * worker makes the next one.
 */
#ifndef HERALD_CMDB_TABLE_H
#define HERALD_CMDB_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <herald/plugin.h>

#include "cmdb_enrich/asset.h"
#include "cmdb_enrich/key.h"
#include "cmdb_enrich/mapping.h"
#include "common/json.h"
#include "common/text.h"

#define CMDB_CELLS_MAX 64

struct cmdb_table;
struct cmdb_asset;

/* How the load went. */
struct cmdb_load {
	const char *unit; /* what a row is called: "line" */
	size_t rows;	  /* assets */
	size_t skipped;	  /* bad ones */
	size_t replaced;  /* that took a key from an earlier one */
	size_t mended;	  /* that are not UTF-8 */
	char first[160];  /* the first bad one: where and why; "" if none */
};

/* Empty; `unit` is a literal.  NULL if memory is lacking. [any] */
struct cmdb_table *cmdb_table_new(const char *unit);
void cmdb_table_free(struct cmdb_table *table);

/* ---- building: columns first ---- */

enum cmdb_header {
	CMDB_HEADER_GOOD,
	CMDB_HEADER_BAD,   /* a name is lacking, repeated, no text */
	CMDB_HEADER_NO_KEY /* nothing to look up by */
};

/* The names (CMDB_CELLS_MAX at most) must live as long as the table; where
 * `mapping` has a word of ours for one, that is its name.  `why` unless good.
 * [any] */
enum cmdb_header cmdb_table_set_columns(struct cmdb_table *table,
					const herald_str *names, size_t n,
					const struct cmdb_mapping *mapping,
					struct hp_text *why);

/* Adds an asset with as many cells as there are columns; they must live as long
 * as the table.  One that cannot be used is counted as skipped.  False if
 * memory is lacking: the table is of no use then. [any] */
bool cmdb_table_add(struct cmdb_table *table, const herald_str *cells,
		    size_t line);

/* Counts a line that is no asset. [any] */
void cmdb_table_skip(struct cmdb_table *table, size_t line, const char *why);

/* Frees `text` with the table.  Takes ownership, also on failure: false if
 * memory is lacking. [any] */
bool cmdb_table_keep_take(struct cmdb_table *table, char *text);

/* How many. [any] */
size_t cmdb_table_columns(const struct cmdb_table *table);

/* ---- reading ---- */

/* Borrowed, valid until the table is freed. [any] */
const struct cmdb_load *cmdb_table_load(const struct cmdb_table *table);

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

/* All that it says that means something here. [any] */
void cmdb_asset_facts(const struct cmdb_table *table,
		      const struct cmdb_found *found, struct cmdb_facts *out);

/* Adds `data`: all columns by their names. [any] */
void cmdb_asset_data(const struct cmdb_table *table,
		     const struct cmdb_asset *asset, struct hp_json *out);

#endif
