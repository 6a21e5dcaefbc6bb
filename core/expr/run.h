/* run.h - what functions see of an evaluation
 *
 * For the parts of core/expr only.
 */
#ifndef HD_EXPR_RUN_H
#define HD_EXPR_RUN_H

#include <stdbool.h>

#include "core/cel/cel.h"
#include "core/expr/env.h"
#include "core/expr/program.h"

/* One tree a slot at most: what depends on the score makes none. */
#define HD_RUN_OWNED HD_SLOT_COUNT

struct hd_run {
	const struct hd_expr *expr;
	const struct hd_expr_scope *scope;
	struct hd_cel_unknowns *unknowns;
	uint64_t cost; /* so far, over all scores that were tried */
	int score;     /* the end of the interval that is tried now */
	bool anything; /* what the alert says and who answered is unknown */
	uint64_t turn; /* counts evaluations: what is cached is of this one */
	uint64_t cached[HD_SLOT_COUNT]; /* the turn it is of; 0: none */
	struct hd_cel_value cache[HD_SLOT_COUNT];
	json_t *owned[HD_RUN_OWNED]; /* trees made for this evaluation */
	size_t owned_count;
};

/* Value of a variable; its unknown parts are told by run->unknowns. */
struct hd_cel_value hd_scope_resolve(void *ud, unsigned slot,
				     struct hd_cel_call *call);

/* The paths that are unknown: lookup i is unknown i, parked entry k is unknown
 * missing_count + k.  NULL if there are none.  The caller frees it. */
struct hd_cel_unknowns *hd_unknown_paths(const struct hd_expr *expr,
					 const struct hd_expr_scope *scope);

/* The unknown that may still bring `path` ("user.groups"); -1 if none may. */
long hd_unknown_covers(const struct hd_expr *expr,
		       const struct hd_expr_scope *scope, const char *path);

/* Is somebody missing who would have judged something, or what stands in a
 * view? */
bool hd_unknown_judges(const struct hd_expr_scope *scope);
bool hd_unknown_judges_view(const struct hd_expr_scope *scope,
			    const char *view);

/* Which of its paths an expression that reads `path` can meet. [any] */
uint64_t hd_unknown_met(const char *path);

#endif
