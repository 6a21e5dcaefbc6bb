/* type.h - static types and how they agree
 *
 * Types are immutable and live in the pool they were made in.  A *parameter*
 * is the T of a declaration; before use it is replaced by a fresh *variable*,
 * which the checker binds.  A type that grows beyond a bound becomes dyn, so
 * that no walk over types can be made long.
 */
#ifndef HD_CEL_TYPE_H
#define HD_CEL_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hd_cel_pool;

enum hd_cel_type_kind {
	HD_CEL_TYPE_DYN,
	HD_CEL_TYPE_NULL,
	HD_CEL_TYPE_BOOL,
	HD_CEL_TYPE_INT,
	HD_CEL_TYPE_UINT,
	HD_CEL_TYPE_DOUBLE,
	HD_CEL_TYPE_STRING,
	HD_CEL_TYPE_BYTES,
	HD_CEL_TYPE_TIMESTAMP,
	HD_CEL_TYPE_DURATION,
	HD_CEL_TYPE_IP,
	HD_CEL_TYPE_CIDR,
	HD_CEL_TYPE_LIST,
	HD_CEL_TYPE_MAP,
	HD_CEL_TYPE_OPTIONAL,
	HD_CEL_TYPE_WRAPPER,
	HD_CEL_TYPE_TYPE,
	HD_CEL_TYPE_OBJECT,
	HD_CEL_TYPE_PARAM,
	HD_CEL_TYPE_VAR
};

struct hd_cel_type {
	uint8_t kind; /* enum hd_cel_type_kind */
	uint8_t n;    /* parameters */
	uint16_t weight;
	uint32_t var;	  /* VAR: its number */
	const char *name; /* OBJECT, PARAM */
	const struct hd_cel_type *p[3];
};

/* The types without parameters, from DYN to CIDR. [any] */
const struct hd_cel_type *hd_cel_type_simple(enum hd_cel_type_kind kind);

const struct hd_cel_type *hd_cel_type_list(struct hd_cel_pool *pool,
					   const struct hd_cel_type *of);
const struct hd_cel_type *hd_cel_type_map(struct hd_cel_pool *pool,
					  const struct hd_cel_type *key,
					  const struct hd_cel_type *value);
/* OPTIONAL, WRAPPER, TYPE. */
const struct hd_cel_type *hd_cel_type_of(struct hd_cel_pool *pool,
					 enum hd_cel_type_kind kind,
					 const struct hd_cel_type *of);

/* Reads a type from `*text`, which moves behind it; NULL if there is none or
 * it has more than three parameters. */
const struct hd_cel_type *hd_cel_type_read(struct hd_cel_pool *pool,
					   const char **text);

/* As hd_cel_type_read, for all of `text`. */
const struct hd_cel_type *hd_cel_type_parse(struct hd_cel_pool *pool,
					    const char *text);

/* "map(string, dyn)".  In the pool. */
const char *hd_cel_type_text(struct hd_cel_pool *pool,
			     const struct hd_cel_type *type);

bool hd_cel_type_same(const struct hd_cel_type *a, const struct hd_cel_type *b);

/* The kinds of values (bits of enum hd_cel_kind) that may be of this type. */
uint32_t hd_cel_type_kinds(const struct hd_cel_type *type);

/* ---- binding variables ---- */

struct hd_cel_bindings {
	struct hd_cel_pool *pool;
	const struct hd_cel_type **bound; /* by number of the variable */
	uint32_t n, cap;
	struct hd_cel_undo *undo; /* what was bound before, for going back */
	uint32_t undo_n, undo_cap;
};

void hd_cel_bindings_init(struct hd_cel_bindings *b, struct hd_cel_pool *pool);

const struct hd_cel_type *hd_cel_bindings_fresh(struct hd_cel_bindings *b);

/* `type` with parameters replaced by fresh variables; the same name the same
 * variable for all calls with the same `map` (start with zeroes). */
struct hd_cel_instance {
	const char *name[8];
	const struct hd_cel_type *type[8];
	uint32_t n;
};
const struct hd_cel_type *hd_cel_type_instance(struct hd_cel_bindings *b,
					       struct hd_cel_instance *map,
					       const struct hd_cel_type *type);

/* True if a value of type `from` may stand where `to` is wanted; may bind. */
bool hd_cel_type_fits(struct hd_cel_bindings *b, const struct hd_cel_type *from,
		      const struct hd_cel_type *to);

/* The same for `n` pairs; binds nothing unless all fit. */
bool hd_cel_type_fit_all(struct hd_cel_bindings *b,
			 const struct hd_cel_type *const *from,
			 const struct hd_cel_type *const *to, size_t n);

/* The type of an aggregate that holds both; `a` may be NULL. */
const struct hd_cel_type *hd_cel_type_join(struct hd_cel_bindings *b,
					   const struct hd_cel_type *a,
					   const struct hd_cel_type *with);

/* With bound variables replaced; free ones become dyn if `final`. */
const struct hd_cel_type *hd_cel_type_resolve(struct hd_cel_bindings *b,
					      const struct hd_cel_type *type,
					      bool final);

#endif
