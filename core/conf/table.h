/* table.h - a section is a table of keys
 *
 * One row a key.  The check refuses unknown keys (with "did you mean"),
 * missing required ones, later ones, and wrong values, all at once, and puts
 * what it read at the row's offset of a struct of the caller's:
 *
 *   type                          member
 *   STRING, URL, PATH, NAME, ...  const char *   (borrowed from the tree)
 *   INT, DURATION (ms), SIZE,
 *   PERCENT, DATE                 int64_t
 *   BOOL                          bool
 *   ENUM                          int            (index in `values`)
 *   RATE                          struct hd_rates
 *   SUB                           the struct of the table `sub`, embedded
 *   EXPR, TEMPLATE, JSON, NODE    const struct hd_node *
 *   any with HERALD_SECRET        struct hd_secret_ref
 *   any with HERALD_LIST or _MAP  const struct hd_node *  (each item checked)
 *
 * A list admits a single value in place of a list of one.  A lacking key gets
 * `def` (in config syntax) or is left as it is: zero the struct first.
 */
#ifndef HD_CONF_TABLE_H
#define HD_CONF_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/conf/value.h"

/* Beyond the flags of plugin.h. */
enum {
	HD_KEY_LATER = 1u << 16,   /* comes in a later release: refused */
	HD_KEY_NOT_NULL = 1u << 17 /* a list or map that may not be empty */
};

#define HD_KEY_NOWHERE ((size_t)-1)

struct hd_key {
	const char *name; /* NULL ends the table */
	uint32_t type, flags;
	const char *def, *values;
	size_t offset; /* in the caller's struct; HD_KEY_NOWHERE: check only */
	const struct hd_key *sub;
};

/* Checks the mapping `map` (NULL: as if empty) and fills `out` (NULL: check
 * only).  `where` names the section when the mapping itself is missing or no
 * mapping ("connectors.misp").  Returns 0, or -1 having complained. [any] */
int hd_table_check(const struct hd_key *keys, const struct hd_node *map,
		   const char *where, const struct hd_check *check, void *out);

/* The same for one value: list, map, secret and sub-table as `key` says.  For
 * layers that find their keys elsewhere (a plugin's options). [any] */
int hd_table_value(const struct hd_key *key, const struct hd_node *node,
		   const struct hd_check *check, void *out);

/* Complains of an unknown key: `node` is the member's value. [any] */
int hd_table_unknown(const struct hd_node *node, const char *like,
		     const struct hd_check *check);

#endif
