/* expr.h - CEL bound to the alert record
 *
 * One environment a configuration: the record's attributes from the OCSF
 * schema, the short names (user, src, device, ...), herald's own functions,
 * constants and lists.  An expression is compiled once, when the configuration
 * is read, with every complaint placed in the YAML file; evaluating it
 * allocates nothing for plain conditions.
 *
 * Five outcomes, and what each counts as in each place is the table of the
 * configuration manual, section 2: this part tells them apart, the caller
 * applies the table.
 */
#ifndef HD_EXPR_EXPR_H
#define HD_EXPR_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

struct hd_buf;
struct hd_complaints;
struct hd_list;
struct hd_node;

/* ---- the environment ---- */
struct hd_expr_env;

/* `risk_low` .. are the lower bounds of risk_level_id 1..4 (risk_levels). */
struct hd_risk_levels {
	int low, medium, high, critical;
};

struct hd_expr_env *hd_expr_env_new(const struct hd_risk_levels *levels,
				    const char *zone);
void hd_expr_env_free(struct hd_expr_env *env); /* after its expressions */

/* Makes listed("name", x) known.  `list` is borrowed and must outlive the
 * environment. [loop] */
void hd_expr_env_list(struct hd_expr_env *env, const char *name,
		      const struct hd_list *list);

/* Calls fn for every constant, in order: "SEVERITY.HIGH", 4. [any] */
void hd_expr_constants(void (*fn)(void *ud, const char *name, int64_t value),
		       void *ud);

/* The level (0..4) of a score, and its caption. [any] */
int hd_risk_level(const struct hd_risk_levels *levels, int score);
const char *hd_risk_level_name(int level_id);

/* ---- compiling ---- */
enum hd_expr_type {
	HD_EXPR_BOOL,
	HD_EXPR_INT,
	HD_EXPR_NUMBER, /* int or double */
	HD_EXPR_STRING,
	HD_EXPR_DURATION,
	HD_EXPR_ANY
};

/* Which names an expression in this place may use besides the record.  Arrays
 * end with NULL; NULL itself is an empty one. */
struct hd_expr_names {
	const char *const *enrich; /* connectors that a step before asks */
	const char *const *done;   /* entries of respond before this one */
	bool first;		   /* dedup.unless */
	bool target; /* safety.protect: then the record is not visible */
	bool row;    /* a source's map: row and the received members only */
	bool free;   /* plugin options: any name, type dyn, no record */
};

struct hd_expr;

/* Compiles the scalar `node`.  NULL after complaints.  The caller frees the
 * result with hd_expr_free(). [loop] */
struct hd_expr *hd_expr_compile(struct hd_expr_env *env,
				const struct hd_expr_names *names,
				const struct hd_node *node,
				enum hd_expr_type type,
				struct hd_complaints *complaints);

/* The same for text of ours or a plugin's (a default map row): complaints are
 * given as text in `err`. [loop] */
struct hd_err;
struct hd_expr *hd_expr_compile_text(struct hd_expr_env *env,
				     const struct hd_expr_names *names,
				     const char *text, enum hd_expr_type type,
				     struct hd_err *err);
void hd_expr_free(struct hd_expr *expr);

/* The same, with every complaint given to `fn`: what is wrong at byte `offset`
 * of the text; `remedy` may be "". [loop] */
typedef void (*hd_expr_issue_fn)(void *ud, size_t offset, const char *text,
				 const char *remedy);
struct hd_expr *hd_expr_try(struct hd_expr_env *env,
			    const struct hd_expr_names *names, const char *text,
			    enum hd_expr_type type, hd_expr_issue_fn fn,
			    void *ud);

/* The source as written.  Borrowed. [any] */
const char *hd_expr_source(const struct hd_expr *expr);

/* Calls fn for every path that the expression reads ("user.groups",
 * "enrich.vt", "done.case.state"): for warnings at load. [any] */
void hd_expr_paths(const struct hd_expr *expr,
		   void (*fn)(void *ud, const char *path), void *ud);

/* False if a condition holds for no alert at all, whatever it says: for
 * warnings at load.  `score` is where the sum of contributions can lie; NULL if
 * nothing was summed yet. [loop] */
struct hd_interval;
bool hd_expr_may_hold(const struct hd_expr *expr,
		      const struct hd_interval *score);

/* Is it nothing but one name of its own (of what was received)? */
bool hd_expr_is_name(const struct hd_expr *expr);

/* ---- evaluating ---- */

/* A lookup of this alert without an answer: what it could have filled is
 * unknown where it is absent, and so is enrich.<connector>.  One that judges
 * (kind "threat_intel", "reputation", "breach" or "dns") leaves the
 * `reputation` of what it was asked about unknown as well. */
struct hd_missing {
	const char *connector;
	const char *fills;  /* "user,device" or NULL */
	const char *reason; /* "timed out", "quota spent", "circuit open" */
	const char *kind; /* of the key: "threat_intel"; NULL: judges nothing */
	const char *types; /* what was asked: "ip,domain"; NULL: anything */
};

struct hd_interval {
	int low, high, known; /* clamped 0..100; known = sum without unknowns */
};

struct hd_expr_scope {
	json_t *record;
	json_t *enrich; /* {"misp": [{value,data,reputation,status}]} or NULL */
	const struct hd_missing *missing;
	size_t missing_count;
	const struct hd_interval *risk; /* NULL: no score yet (absent) */
	json_t *done; /* {"case": {"state","result","message"}} or NULL */
	const char *const *parked; /* entries not ended: done.X is not sure */
	json_t *first;
	json_t *row;	  /* the row; */
	json_t *received; /* its members are names of their own in a map */
	json_t *target;	  /* {"user":{..}} or {"device":{..}} */
	json_t *vars;	  /* members for names->free */
	int64_t now_ms;	  /* UTC, the same for one run of an alert */
};

enum hd_truth { HD_HOLDS, HD_NOT_MET, HD_ABSENT, HD_NOT_SURE, HD_ERROR };

/* "holds", "not met", "absent", "not sure", "error". [any] */
const char *hd_truth_name(enum hd_truth truth);

/* Why it is so: "user.groups" (absent), "vt timed out" (not sure), "division by
 * zero" (error), "" otherwise. */
struct hd_reason {
	char text[256];
};

/* Evaluates a condition.  `why` may be NULL. [loop] */
enum hd_truth hd_expr_holds(const struct hd_expr *expr,
			    const struct hd_expr_scope *scope,
			    struct hd_reason *why);

/* Evaluates to a JSON value: HD_HOLDS and a new reference in *out, else one of
 * ABSENT, NOT_SURE, ERROR and NULL.  Durations and timestamps become text.
 * [loop] */
enum hd_truth hd_expr_value(const struct hd_expr *expr,
			    const struct hd_expr_scope *scope, json_t **out,
			    struct hd_reason *why);

/* Evaluates a duration to ms. [loop] */
enum hd_truth hd_expr_duration(const struct hd_expr *expr,
			       const struct hd_expr_scope *scope, int64_t *ms,
			       struct hd_reason *why);

/* For `heraldctl eval`, one JSON object:
 * "outcome"  as hd_truth_name(), or "value" for what is no condition
 * "value"    if there is one
 * "type"     as compiled: "bool", "list(string)", "dyn"
 * "cost"     of all evaluations that it took: a score that is not sure takes
 *            several
 * "why"      as hd_reason, "" if there is nothing to say
 * "unknown"  connectors and entries that the outcome waits for
 * "parts"    what it reads and is not there, if that mattered or not:
 *            [{"path", "state": "absent" | "not known", "why"}]
 * The caller owns the reference. [loop] */
json_t *hd_expr_explain(const struct hd_expr *expr,
			const struct hd_expr_scope *scope);

#endif
