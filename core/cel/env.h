/* env.h - what names mean: variables, constants, functions, attributes */
#ifndef HD_CEL_ENV_H
#define HD_CEL_ENV_H

#include "core/cel/cel.h"
#include "core/cel/pool.h"
#include "core/cel/type.h"

#define HD_CEL_MAX_PARAMS 32

struct hd_cel_program;

/* Makes a literal ready once (a pattern, a zone): what node->tool will be.
 * NULL with `why` filled if the literal is no good. */
typedef const void *(*hd_cel_prepare_fn)(struct hd_cel_program *program,
					 struct hd_cel_value literal, char *why,
					 size_t size);

struct hd_cel_overload {
	const struct hd_cel_overload *next;
	const char *text; /* the signature as declared */
	const struct hd_cel_type **params;
	const struct hd_cel_type *result;
	uint32_t *kinds; /* of each, bits of enum hd_cel_kind */
	uint32_t n;
	bool receiver; /* called as x.f(): params[0] is x's */
	bool generic;  /* a parameter holds a type parameter */
	bool own;      /* the caller's */
	bool whole;    /* arguments with unknown gaps make it unknown */
	hd_cel_fn fn;
	void *ud;
	hd_cel_prepare_fn prepare; /* for a last argument that is a literal */
};

struct hd_cel_function {
	struct hd_cel_function *next;
	const char *name;
	const struct hd_cel_overload *overloads;
	const struct hd_cel_overload *inherited; /* the parent's, at the end */
	struct hd_cel_overload *last;		 /* its own last one */
};

struct hd_cel_decl {
	struct hd_cel_decl *next;
	const char *name;
	const struct hd_cel_type *type;
	bool constant;
	unsigned slot;
	struct hd_cel_value value;
};

struct hd_cel_env {
	const struct hd_cel_env *parent;
	struct hd_cel_pool pool;
	struct hd_cel_decl *decls;
	struct hd_cel_function *functions;
	const struct hd_cel_provider *provider;
	const char *trouble;
};

/* A table of standard functions, ended by a NULL signature. */
struct hd_cel_builtin {
	const char *signature;
	hd_cel_fn fn;
	bool part; /* fine with arguments that have unknown gaps */
	hd_cel_prepare_fn prepare;
};

extern const struct hd_cel_builtin hd_cel_std_operators[];
extern const struct hd_cel_builtin hd_cel_std_core[];
extern const struct hd_cel_builtin hd_cel_std_convert[];
extern const struct hd_cel_builtin hd_cel_std_text[];
extern const struct hd_cel_builtin hd_cel_std_time[];
extern const struct hd_cel_builtin hd_cel_std_math[];
extern const struct hd_cel_builtin hd_cel_std_net[];
extern const struct hd_cel_builtin hd_cel_std_optional[];

/* NULL if there is none. [any] */
const struct hd_cel_decl *hd_cel_env_find(const struct hd_cel_env *env,
					  const char *name, size_t n);
const struct hd_cel_function *
hd_cel_env_find_function(const struct hd_cel_env *env, const char *name);

/* The nearest provider, NULL if there is none. [any] */
const struct hd_cel_provider *
hd_cel_env_find_provider(const struct hd_cel_env *env);

/* The first trouble of the environment or its parents. [any] */
const char *hd_cel_env_first_trouble(const struct hd_cel_env *env);

#endif
