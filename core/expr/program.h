/* program.h - the insides of a compiled expression
 *
 * For the parts of core/expr only.
 */
#ifndef HD_EXPR_PROGRAM_H
#define HD_EXPR_PROGRAM_H

#include "core/cel/cel.h"
#include "core/expr/env.h"
#include "core/expr/expr.h"

struct hd_expr {
	struct hd_expr_env *env;
	struct hd_cel_env *own; /* names of its own, or NULL */
	struct hd_cel_program *program;
	char *source;
	char **names; /* what HD_SLOT_NAME and the following stand for */
	size_t name_count;
	bool reads_risk; /* risk_score or what follows from it */
	bool reads_done;
	bool in_record;	      /* the record is there, not a row or a target */
	unsigned reputations; /* bit i: hd_views[i].reputation is asked for */
	uint64_t fillable;    /* paths of unknown.c that it can meet */
	/* The variables in which it reads an ordered enum, so that 99 in them
	 * must be made 0. */
	bool ordered[HD_SLOT_COUNT];
};

/* Compiles `n` bytes.  NULL after at least one call of `fn`. [loop] */
struct hd_expr *hd_expr_compile_part(struct hd_expr_env *env,
				     const struct hd_expr_names *names,
				     const char *source, size_t n,
				     enum hd_expr_type type,
				     hd_expr_issue_fn fn, void *ud);

/* One evaluation.  The value lives until hd_run_end(). */
struct hd_run;
struct hd_run *hd_run_begin(const struct hd_expr *expr,
			    const struct hd_expr_scope *scope);
void hd_run_end(struct hd_run *run);

/* Evaluates; over an interval of the score at its ends and the levels between:
 * HD_HOLDS and the value (for a bool also HD_NOT_MET), or HD_NOT_SURE where
 * they disagree. */
enum hd_truth hd_run_eval(struct hd_run *run, struct hd_cel_value *value,
			  struct hd_reason *why);

/* True if it depends on a score of which only the interval is known. */
bool hd_run_is_spread(const struct hd_run *run);

/* Appends ", vt timed out" for an unknown, once for each lookup, also where
 * several values of it are missing. */
void hd_run_put_missing(const struct hd_expr_scope *scope, size_t id, char *out,
			size_t size);

/* Why the score is not sure: "vt timed out"; "" if nothing is missing. */
void hd_run_missing(const struct hd_expr_scope *scope, char *out, size_t size);

#endif
