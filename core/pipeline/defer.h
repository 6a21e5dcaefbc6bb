/* defer.h - entries that are decided when others have ended
 *
 * The row carries condition and templates as text: {"if": EXPR, "with": {...}}.
 * When its turn comes they are compiled and evaluated over the record and
 * answers as decided, and `done` of the rows that ended.
 */
#ifndef HD_PIPELINE_DEFER_H
#define HD_PIPELINE_DEFER_H

#include <jansson.h>

struct hd_case;
struct hd_engine;
struct hd_expr;
struct hd_params;
struct hd_row;

/* What goes into spec.defer; `cond` may be NULL.  New reference. [loop] */
json_t *hd_defer_source(const struct hd_expr *cond,
			const struct hd_params *params);

/* The row's turn: sets its parameters, or makes it SKIPPED, REFUSED or FAILED
 * with a message.  One whose spec.defer is empty was decided before and keeps
 * what it has.  As hd_actions_env.resolve. [loop] */
void hd_defer_resolve(struct hd_engine *engine, struct hd_case *c,
		      struct hd_row *row);

#endif
