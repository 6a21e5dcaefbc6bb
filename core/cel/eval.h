/* eval.h - an evaluation under way
 *
 * Errors and unknowns are values.  When a limit is passed the evaluation is
 * *stopped*: its cost is then 0, so that no further node is entered, and its
 * result is the limit's error whatever the nodes on the way made of it.
 */
#ifndef HD_CEL_EVAL_H
#define HD_CEL_EVAL_H

#include "core/cel/node.h"
#include "core/cel/pool.h"
#include "core/cel/value.h"

struct hd_cel_zones;

struct hd_cel_arena {
	struct hd_cel_pool pool;
	struct hd_cel_taken *taken; /* JSON to be released */
	void *match_data;	    /* of PCRE2, made when wanted */
	uint32_t *scratch;	    /* of the pattern matcher */
	size_t scratch_n;
	struct hd_cel_zones *zones;
	uint64_t cost; /* of the last evaluation */
};

struct hd_cel_call {
	const struct hd_cel_activation *activation;
	const struct hd_cel_unknowns *unknowns; /* NULL: none */
	struct hd_cel_arena *arena;
	const struct hd_cel_node *node; /* what is evaluated: for errors */
	const struct hd_cel_overload *overload;
	struct hd_cel_value *locals;
	uint64_t cost;	     /* left */
	const char *stopped; /* why, or NULL */
};

struct hd_cel_value hd_cel_eval_node(struct hd_cel_call *call,
				     const struct hd_cel_node *node);

/* Ends the evaluation for good. */
struct hd_cel_value hd_cel_stop(struct hd_cel_call *call, const char *why);

/* What to return once it is stopped (after an allocation failed). */
struct hd_cel_value hd_cel_stopped(struct hd_cel_call *call);

/* An error; `text` outlives the evaluation. */
struct hd_cel_value hd_cel_fail(struct hd_cel_call *call,
				enum hd_cel_error_code code, const char *text);
struct hd_cel_value hd_cel_failf(struct hd_cel_call *call,
				 enum hd_cel_error_code code, const char *fmt,
				 ...) __attribute__((format(printf, 3, 4)));

/* What `path` names is not there, from byte `missing` of it on. */
struct hd_cel_value hd_cel_absent_at(struct hd_cel_call *call,
				     const struct hd_cel_path *path,
				     uint32_t missing);

/* "no such overload: fn(int, string)" for these arguments. */
struct hd_cel_value hd_cel_no_overload(struct hd_cel_call *call,
				       const char *name,
				       const struct hd_cel_value *args,
				       size_t n);

/* ---- parts of the evaluator ---- */

struct hd_cel_value hd_cel_eval_attr(struct hd_cel_call *call,
				     const struct hd_cel_node *node);
struct hd_cel_value hd_cel_eval_select(struct hd_cel_call *call,
				       const struct hd_cel_node *node);
/* a.?b without making an optional of it: the value, or NONE. */
struct hd_cel_value hd_cel_eval_chosen(struct hd_cel_call *call,
				       const struct hd_cel_node *node);
struct hd_cel_value hd_cel_eval_index(struct hd_cel_call *call,
				      const struct hd_cel_node *node);
struct hd_cel_value hd_cel_eval_var(struct hd_cel_call *call,
				    const struct hd_cel_node *node);
struct hd_cel_value hd_cel_eval_macro(struct hd_cel_call *call,
				      const struct hd_cel_node *node);
struct hd_cel_value hd_cel_eval_list(struct hd_cel_call *call,
				     const struct hd_cel_node *node);
struct hd_cel_value hd_cel_eval_map(struct hd_cel_call *call,
				    const struct hd_cel_node *node);

/* a op b of two good values; op from ADD to IN. */
struct hd_cel_value hd_cel_binary(struct hd_cel_call *call, enum hd_cel_op op,
				  const struct hd_cel_value *a,
				  const struct hd_cel_value *b);
struct hd_cel_value hd_cel_negate(struct hd_cel_call *call,
				  const struct hd_cel_value *v);

#endif
