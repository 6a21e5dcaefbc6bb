/* mapping.h - what our words are called in the source, and what its words mean
 *
 * `fields` names, for each of our words, where the source has it: the column of
 * a file, the field of a table, the path in a document.  `levels` says which of
 * the source's words is which risk level.
 *
 * Constant once made.
 */
#ifndef HERALD_CMDB_MAPPING_H
#define HERALD_CMDB_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

#include <herald/plugin.h>

#define CMDB_FIELDS_MAX 64
#define CMDB_LEVELS_MAX 64

struct cmdb_field {
	const char *name; /* ours */
	const char *path; /* the source's */
};

struct cmdb_mapping {
	struct cmdb_field fields[CMDB_FIELDS_MAX];
	size_t field_count;
	struct {
		const char *word;
		int id;
	} levels[CMDB_LEVELS_MAX];
	size_t level_count;
};

/* The operator's options over `defaults` (ended by a NULL name); a field that
 * the operator gives an empty place is none.  False after reject(). [loop, in
 * create()] */
bool cmdb_mapping_init(struct cmdb_mapping *m, const herald_host *h,
		       const struct cmdb_field *defaults);

/* Where the source has it; NULL: nowhere. [any] */
const char *cmdb_mapping_path(const struct cmdb_mapping *m, const char *name);

/* Our word for a place of the source, in any case; NULL: none. [any] */
const char *cmdb_mapping_name(const struct cmdb_mapping *m, herald_str path);

/* OCSF risk_level_id of the source's word; 0: it is none. [any] */
int cmdb_mapping_level(const struct cmdb_mapping *m, herald_str word);

#endif
