/* program.h - a compiled expression */
#ifndef HD_CEL_PROGRAM_H
#define HD_CEL_PROGRAM_H

#include "core/cel/eval.h"

struct hd_cel_diag;
struct hd_cel_regex;

struct hd_cel_program {
	struct hd_cel_pool pool;
	const struct hd_cel_node *root;
	const char *type;
	unsigned locals;
	uint64_t cost;
	struct hd_cel_arena *constants; /* where folded values live */
	struct hd_cel_regex *patterns;	/* to be freed */
	struct hd_cel_ref *refs;
	size_t n_refs;
	struct hd_cel_callsite *calls;
	size_t n_calls;
};

/* Makes the checked tree ready: whole paths, prepared literals, constants
 * folded, chains fused; lists what it asks for.  `no_failing`: as in struct
 * hd_cel_options. [any] */
void hd_cel_finish(struct hd_cel_program *program, struct hd_cel_diag *diag,
		   struct hd_cel_node *root, bool no_failing);

/* Fills refs and calls of the tree, before it is folded. [any] */
void hd_cel_list_refs(struct hd_cel_program *program,
		      const struct hd_cel_diag *diag,
		      const struct hd_cel_node *root);

/* The children of a node, in the order of the source; NULL past the last.
 * [any] */
struct hd_cel_node *hd_cel_node_child(const struct hd_cel_node *node, size_t i);

#endif
