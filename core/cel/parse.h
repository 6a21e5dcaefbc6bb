/* parse.h - source text to tree
 *
 * Recursive descent with binding powers.  Stops at the first error of
 * grammar: what follows one cannot be trusted.
 */
#ifndef HD_CEL_PARSE_H
#define HD_CEL_PARSE_H

#include "core/cel/lex.h"
#include "core/cel/node.h"

struct hd_cel_diag;
struct hd_cel_pool;

struct hd_cel_parser {
	struct hd_cel_pool *pool;
	struct hd_cel_diag *diag;
	struct hd_cel_lexer lexer;
	struct hd_cel_token token;
	unsigned depth, max_depth;
};

/* NULL when `diag` has failed.  The tree lives in `pool`. [any] */
struct hd_cel_node *hd_cel_parse(struct hd_cel_pool *pool,
				 struct hd_cel_diag *diag, unsigned max_depth);

/* ---- between parse.c and macro.c ---- */

/* A node over up to three children; NULL if a child that must be there is
 * missing or the tree becomes too deep.  `need` counts those. */
struct hd_cel_node *hd_cel_parse_node(struct hd_cel_parser *ps,
				      enum hd_cel_op op,
				      const struct hd_cel_token *at);
struct hd_cel_node *hd_cel_parse_deepen(struct hd_cel_parser *ps,
					struct hd_cel_node *node,
					const struct hd_cel_node *child);

/* What a call stands for: `call` itself, or the node of a macro; NULL after a
 * complaint. */
struct hd_cel_node *hd_cel_macro_unfold(struct hd_cel_parser *ps,
					struct hd_cel_node *call);

/* The names of the macros, for "did you mean"; NULL past the last. */
const char *hd_cel_macro_name(size_t i);

#endif
