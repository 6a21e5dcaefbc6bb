/* encoded.h - ServiceNow's encoded queries
 *
 * A language of its own, in which '^' separates conditions and cannot be
 * escaped, and a value that begins with "javascript:" is a program.
 */
#ifndef HERALD_CMDB_ENCODED_H
#define HERALD_CMDB_ENCODED_H

#include <stdbool.h>

#include <herald/plugin.h>

#include "cmdb_enrich/cmdb.h"
#include "common/text.h"

/* A name is asked about only if it consists of letters, digits, '.', '-', '_'
 * and what is not ASCII; it means nothing in a query then. [any] */
bool cmdb_encoded_may_hold(herald_str value);

/* Appends what finds the asset (and what option `query` asks of all of them).
 * False: no field is mapped that could be asked. [any] */
bool cmdb_encoded_make(struct hp_text *out, const struct cmdb *c,
		       const herald_lookup *asked);

/* Appends what option `query` asks, nothing without. [any] */
void cmdb_encoded_filter(struct hp_text *out, const struct cmdb *c);

#endif
