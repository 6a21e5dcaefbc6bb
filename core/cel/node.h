/* node.h - the tree of an expression
 *
 * One tree serves all phases.  The parser makes it, macros already unfolded;
 * the checker resolves names and functions in place; the finishing pass folds
 * constants and fuses chains of selections; the evaluator walks it.
 */
#ifndef HD_CEL_NODE_H
#define HD_CEL_NODE_H

#include "core/cel/cel.h"

struct hd_cel_function;
struct hd_cel_overload;
struct hd_cel_type;

enum hd_cel_op {
	HD_CEL_OP_CONST,
	HD_CEL_OP_IDENT, /* before resolving */
	HD_CEL_OP_VAR,	 /* slot */
	HD_CEL_OP_LOCAL, /* slot: number of the local */
	HD_CEL_OP_ATTR,	 /* a: variable or local; steps: fused selections */
	HD_CEL_OP_SELECT,
	HD_CEL_OP_INDEX,
	HD_CEL_OP_CALL, /* a: receiver before resolving, then args[0] */
	HD_CEL_OP_LIST,
	HD_CEL_OP_MAP, /* args: key, value, key, value */
	HD_CEL_OP_AND, /* args, two or more */
	HD_CEL_OP_OR,
	HD_CEL_OP_COND, /* a ? b : c */
	HD_CEL_OP_NOT,
	HD_CEL_OP_NEG,
	HD_CEL_OP_ADD, /* a op b from here to IN */
	HD_CEL_OP_SUB,
	HD_CEL_OP_MUL,
	HD_CEL_OP_DIV,
	HD_CEL_OP_MOD,
	HD_CEL_OP_EQ,
	HD_CEL_OP_NE,
	HD_CEL_OP_LT,
	HD_CEL_OP_LE,
	HD_CEL_OP_GT,
	HD_CEL_OP_GE,
	HD_CEL_OP_IN,
	HD_CEL_OP_MACRO,    /* a: range, b: filter or NULL, c: body */
	HD_CEL_OP_BIND,	    /* a: value, c: body */
	HD_CEL_OP_OPT_MAP,  /* a: optional, c: body */
	HD_CEL_OP_OPT_FLAT, /* the same, c is an optional */
	HD_CEL_OP_OR_VALUE, /* a.orValue(b): b is asked for only if wanted */
	HD_CEL_OP_OR_ELSE,  /* a.or(b) */
	HD_CEL_OP_FAIL	    /* unchecked: an unknown name; `name` is the text */
};

enum hd_cel_macro {
	HD_CEL_MACRO_ALL,
	HD_CEL_MACRO_EXISTS,
	HD_CEL_MACRO_EXISTS_ONE,
	HD_CEL_MACRO_FILTER,
	HD_CEL_MACRO_LIST, /* map(), transformList() */
	HD_CEL_MACRO_MAP,  /* transformMap() */
	HD_CEL_MACRO_ENTRY /* transformMapEntry() */
};

enum {
	HD_CEL_NODE_OPTIONAL = 1, /* .?x, [?k] */
	HD_CEL_NODE_TEST = 2,	  /* has() */
	HD_CEL_NODE_ROOTED = 4,	  /* .x: no container, no local */
	HD_CEL_NODE_GLOBAL = 8,	  /* CALL: resolved, all arguments in args */
	HD_CEL_NODE_QUOTED = 16,  /* a name in backquotes: never a namespace */
	HD_CEL_NODE_PAREN = 32,	  /* (x): && and || do not join it */
	HD_CEL_NODE_SPREAD = 64	  /* ?x as an element, ?k as a key */
};

/* Where a value comes from, if it is an attribute. */
struct hd_cel_path {
	const char *absent; /* "absent: user.name" */
	const char *text;   /* "user.name", "evidences[*]": inside `absent` */
	uint32_t n;	    /* bytes of `text` */
	unsigned slot;
	bool tested;
};

struct hd_cel_step {
	const char *name;
	uint32_t n;
	uint32_t missing; /* bytes of the whole path up to this step */
};

struct hd_cel_node {
	uint8_t op;    /* enum hd_cel_op */
	uint8_t flags; /* HD_CEL_NODE_... */
	uint8_t macro; /* enum hd_cel_macro */
	uint8_t two;   /* MACRO: it has two variables */
	uint16_t depth;
	uint16_t slot; /* VAR, LOCAL; MACRO, BIND, OPT_: number of the first */
	uint32_t offset, length; /* bytes of the source */
	uint32_t n;		 /* args, steps */
	uint32_t name_n;
	const char *name; /* IDENT, SELECT, CALL; '\0' behind */
	struct hd_cel_node *a, *b, *c;
	struct hd_cel_node **args;
	const struct hd_cel_step *steps;
	struct hd_cel_value value;	 /* CONST */
	const char *var1, *var2;	 /* names of a macro's variables */
	const struct hd_cel_path *path;	 /* its own, if it is an attribute */
	const struct hd_cel_path *whole; /* the longest that it is part of */
	const struct hd_cel_type *type;
	const struct hd_cel_function *function; /* CALL */
	const struct hd_cel_overload *overload; /* CALL: first to try */
	const void *tool; /* CALL: a compiled pattern or a zone */
};

#endif
