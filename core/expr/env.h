/* env.h - the insides of an environment
 *
 * For the parts of core/expr only.  One table of CEL names for each place in
 * which an expression can stand, and a number (slot) for each variable, by
 * which scope.c finds its value.
 */
#ifndef HD_EXPR_ENV_H
#define HD_EXPR_ENV_H

#include "core/base/dict.h"
#include "core/cel/cel.h"
#include "core/expr/expr.h"

#define HD_VIEWS 10
#define HD_EXPR_NAMES_MAX 64 /* names of its own in one expression */

enum hd_slot {
	HD_SLOT_NOW,
	HD_SLOT_RECORD,
	HD_SLOT_FIRST,
	HD_SLOT_ENRICH,
	HD_SLOT_RISK,
	HD_SLOT_DONE,
	HD_SLOT_ROW,
	HD_SLOT_TARGET,
	HD_SLOT_VIEW,		/* and the following: hd_views[] */
	HD_SLOT_ATTRIBUTE = 32, /* and the following: attributes of the class */
	HD_SLOT_NAME = 160,	/* and the following: names of an expression */
	HD_SLOT_COUNT = HD_SLOT_NAME + HD_EXPR_NAMES_MAX
};

/* What follows from the score. */
enum hd_risk_slot {
	HD_RISK_SCORE,
	HD_RISK_LEVEL_ID,
	HD_RISK_LEVEL,
	HD_RISK_SLOTS
};

struct hd_view {
	const char *name;   /* "src" */
	const char *type;   /* of CEL: "view.src" */
	const char *object; /* of OCSF: "network_endpoint" */
};
extern const struct hd_view hd_views[HD_VIEWS];

/* Enums whose order counts: 99, "other", reads 0 in them. */
#define HD_ORDERED 6
extern const char *const hd_ordered[HD_ORDERED];

struct hd_expr_env {
	struct hd_cel_env *base;   /* functions, constants, now */
	struct hd_cel_env *record; /* and the record */
	struct hd_cel_env *first;  /* and `first` */
	struct hd_cel_env *target; /* base and `target` */
	struct hd_cel_env *row;	   /* base and `row` */
	struct hd_cel_arena *arena;
	struct hd_run *run; /* one evaluation at a time */
	struct hd_risk_levels levels;
	int views[HD_VIEWS]; /* hd_record_view_find() of hd_views[] */
	unsigned risk_slots[HD_RISK_SLOTS]; /* as in enum hd_risk_slot */
	struct hd_dict lists;		    /* const struct hd_list * */
	struct hd_dict types;		    /* of attributes: the text, ours */
	char *timezone;
};

/* What OCSF's attributes are in CEL.  [loop] */
const char *hd_types_of(struct hd_expr_env *env, const char *object,
			const char *field);
void hd_types_provide(struct hd_expr_env *env, struct hd_cel_env *cel);

/* The slot of severity_id, risk_score, ... -1 if the class has no such
 * attribute. [any] */
int hd_slot_of_attribute(const char *name);

/* True for what follows from the score. [any] */
bool hd_slot_is_of_risk(const struct hd_expr_env *env, unsigned slot);

/* Herald's own functions. [loop] */
void hd_functions_add(struct hd_expr_env *env);

#endif
