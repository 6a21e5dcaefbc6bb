/* map.h - the table from what a source received to the finding
 *
 * Rows are tried in order; of those with one `set` the first that applies
 * wins, but a list attribute takes all.  An absent member makes a row not
 * apply.  An operator's row drops all default rows with its `set`.  Members of
 * the row that no applied expression read go to unmapped.<source>.<name>.
 */
#ifndef HD_EXPR_MAP_H
#define HD_EXPR_MAP_H

#include <stddef.h>
#include <jansson.h>

#include "core/expr/expr.h"

struct hd_map;

/* A default row, as a plugin declares it (herald_map). */
struct hd_map_row {
	const char *set, *to, *cond; /* cond NULL: always */
};

/* `source` names the sub-object of unmapped ("splunk").  Default rows are
 * checked like any other: a fault in one is the plugin's, told by `err`. */
struct hd_map *hd_map_new(struct hd_expr_env *env, const char *source,
			  const struct hd_map_row *rows, size_t count,
			  struct hd_err *err);
void hd_map_free(struct hd_map *map);

/* Adds the operator's rows: a sequence of {set, to, if}.  -1 after complaints:
 * unknown key, unknown path (with the nearest), expression. [loop] */
int hd_map_add(struct hd_map *map, const struct hd_node *rows,
	       struct hd_complaints *complaints);

/* Calls fn for the path of every row, with repeats: for warnings at load.
 * [any] */
void hd_map_sets(const struct hd_map *map,
		 void (*fn)(void *ud, const char *set), void *ud);

/* Makes the finding: a new record, not completed yet.  `row` is a part of
 * `received` (or the same).  Errors of single rows are counted in *errors and
 * described in `why` (first one); the record is made all the same.  The caller
 * owns the reference. [loop] */
json_t *hd_map_apply(const struct hd_map *map, json_t *received, json_t *row,
		     int64_t now_ms, unsigned *errors, struct hd_reason *why);

#endif
