/* check.h - names resolved, types deduced
 *
 * Works on the parser's tree in place: identifiers become variables, locals
 * or constants, calls get their function and overload, and every node that
 * stands for an attribute gets its path.  Collects all complaints; a part
 * that is wrong has the type dyn, so that it is complained about once.
 *
 * Unchecked, every type is dyn and what cannot be resolved becomes a node
 * that fails when it is evaluated.
 */
#ifndef HD_CEL_CHECK_H
#define HD_CEL_CHECK_H

#include "core/cel/env.h"
#include "core/cel/node.h"

struct hd_cel_diag;

struct hd_cel_scope {
	const struct hd_cel_scope *outer;
	const char *name;
	const struct hd_cel_type *type;
	const struct hd_cel_path *path;
	unsigned slot;
};

struct hd_cel_checker {
	const struct hd_cel_env *env;
	struct hd_cel_pool *pool;
	struct hd_cel_diag *diag;
	struct hd_cel_bindings bindings;
	const char *container;
	bool unchecked;
	const struct hd_cel_scope *scope;
	unsigned locals, max_locals; /* in use here; most at any place */
	unsigned macros, max_macros; /* inside each other */
};

/* The type of the whole, resolved. [any] */
const struct hd_cel_type *hd_cel_check(struct hd_cel_checker *ck,
				       struct hd_cel_node *root);

/* The remedy for what should be a bool. */
#define HD_CEL_COMPARE "a condition compares, as in x > 0 or x == \"a\""

/* ---- between the files of the checker ---- */

const struct hd_cel_type *hd_cel_check_node(struct hd_cel_checker *ck,
					    struct hd_cel_node *node);
const struct hd_cel_type *hd_cel_check_call(struct hd_cel_checker *ck,
					    struct hd_cel_node *node);
const struct hd_cel_type *hd_cel_check_operator(struct hd_cel_checker *ck,
						struct hd_cel_node *node);
const struct hd_cel_type *hd_cel_check_macro(struct hd_cel_checker *ck,
					     struct hd_cel_node *node);
const struct hd_cel_type *hd_cel_check_select(struct hd_cel_checker *ck,
					      struct hd_cel_node *node);
const struct hd_cel_type *hd_cel_check_index(struct hd_cel_checker *ck,
					     struct hd_cel_node *node);
const struct hd_cel_type *hd_cel_check_ident(struct hd_cel_checker *ck,
					     struct hd_cel_node *node);

/* "a.b.c" of a chain of plain selections whose root may be a namespace; NULL
 * if it is none.  In the pool. */
const char *hd_cel_check_chain(struct hd_cel_checker *ck,
			       const struct hd_cel_node *node);

/* The i-th name that `name` may mean in the container, most qualified first;
 * NULL past the last.  `rooted`: only itself. */
const char *hd_cel_check_candidate(struct hd_cel_checker *ck, const char *name,
				   bool rooted, size_t i);

/* Says what is wrong at `node` and gives dyn. */
const struct hd_cel_type *
hd_cel_check_complain(struct hd_cel_checker *ck, const struct hd_cel_node *node,
		      const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Unchecked: `node` fails when it is evaluated. */
const struct hd_cel_type *hd_cel_check_fail(struct hd_cel_checker *ck,
					    struct hd_cel_node *node,
					    const char *text);

/* A path that goes on from `of` (NULL: begins) with `dot` and `name`. */
struct hd_cel_path *hd_cel_check_path(struct hd_cel_checker *ck,
				      const struct hd_cel_path *of,
				      const char *dot, const char *name);

const struct hd_cel_type *hd_cel_check_now(struct hd_cel_checker *ck,
					   const struct hd_cel_type *type);
const char *hd_cel_check_text(struct hd_cel_checker *ck,
			      const struct hd_cel_type *type);
bool hd_cel_check_fits(struct hd_cel_checker *ck,
		       const struct hd_cel_type *from,
		       enum hd_cel_type_kind to);
const char *hd_cel_check_did_you_mean(struct hd_cel_checker *ck,
				      const char *best);

static inline const struct hd_cel_type *hd_cel_dyn(void)
{
	return hd_cel_type_simple(HD_CEL_TYPE_DYN);
}

#endif
