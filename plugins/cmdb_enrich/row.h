/* row.h - one asset in a service's answer, read by the mapping
 *
 * A service is asked for an exact name and two rows at most: one is the asset,
 * two are none.  What comes back is compared with what was asked: services pass
 * over a field that they do not know, and then answer with anything.
 */
#ifndef HERALD_CMDB_ROW_H
#define HERALD_CMDB_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include <herald/plugin.h>

#include "cmdb_enrich/asset.h"
#include "cmdb_enrich/cmdb.h"
#include "common/json.h"

/* The text at a field's path in the row at `at`, and what it does with lists
 * and objects is the service's; NULL: none.  The caller frees it. [loop] */
typedef char *(*cmdb_value_fn)(struct hp_json *body, const char *at,
			       const char *path);

struct cmdb_row {
	struct cmdb_facts facts;
	struct {
		const char *name;
		char *value;
	} told[CMDB_FIELDS_MAX];
	size_t count;
};

/* The caller ends it with cmdb_row_fini(). [loop] */
void cmdb_row_read(struct cmdb_row *row, const struct cmdb_mapping *mapping,
		   struct hp_json *body, const char *at, cmdb_value_fn value);
void cmdb_row_fini(struct cmdb_row *row);

/* Is the asset called so: by its name, by its full name, by the first part of
 * that if `name` is a short one; or, below our own domains, by the first part
 * of `name` if the asset has no full name? [any] */
bool cmdb_row_is_called(const struct cmdb_row *row, herald_str name,
			const char *const *own);

/* Ends the request: the asset is found.  `link`, for people, may be NULL.
 * [loop] */
void cmdb_row_answer(const struct cmdb_row *row, const struct cmdb *c,
		     herald_id req, const char *link);

/* Ends the request: `count` assets fit, of which `n` are known. [loop] */
void cmdb_row_refuse(const struct cmdb_row *rows, size_t n,
		     const struct cmdb *c, const herald_lookup *asked,
		     int64_t count);

#endif
