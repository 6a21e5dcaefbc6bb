/* program.h - a configuration, compiled
 *
 * Made of the checked tree, immutable, counted: every alert holds the program
 * it began with until it is decided.
 */
#ifndef HD_PIPELINE_PROGRAM_H
#define HD_PIPELINE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/conf/settings.h"
#include "core/expr/expr.h"
#include "core/pipeline/step.h"

struct hd_alarm_actions;
struct hd_complaints;
struct hd_conf;
struct hd_guard_rules;
struct hd_instance;
struct hd_list;

struct hd_step {
	const struct hd_step_type *type;
	void *data;
	struct hd_expr *cond; /* NULL: always */
};

struct hd_pipeline {
	const char *name;     /* borrowed from the configuration */
	const char **from;    /* connectors, NULL-ended; NULL: any */
	struct hd_expr *cond; /* NULL: always */
	enum hd_mode mode;    /* LIVE unless lowered */
	struct hd_step *steps;
	size_t count;
	bool alone; /* every step is */
	bool ended; /* by a step that holds for every alert ... */
	bool told;  /* ... and a step behind it was complained of */
};

struct hd_program {
	unsigned refs;
	struct hd_conf *conf;
	struct hd_settings *settings;
	struct hd_risk_levels levels;
	struct hd_expr_env *env;
	struct hd_list **lists;	       /* as settings->lists */
	const struct hd_list **own;    /* those of herald.own, NULL-ended */
	struct hd_guard_rules *rules;  /* the section safety */
	struct hd_pipeline *pipelines; /* `default` is the last */
	size_t count;
	struct hd_alarm_actions *alarms; /* herald's own troubles */
};

/* The checked lists and expression environment of a configuration; pipelines
 * come with hd_program_build(), once its connectors exist (their declarations
 * are needed).  Takes a reference of `conf`.  Always returns a program; what is
 * wrong is among the complaints. [loop] */
struct hd_program *hd_program_new(struct hd_conf *conf,
				  struct hd_complaints *complaints);

/* Compiles the pipelines.  `connector` gives the instance of that name in this
 * configuration, or NULL. [loop] */
typedef struct hd_instance *(*hd_connector_fn)(void *ud, const char *name);
void hd_program_build(struct hd_program *program, hd_connector_fn connector,
		      void *ud, struct hd_complaints *complaints);

struct hd_program *hd_program_ref(struct hd_program *program);
void hd_program_unref(struct hd_program *program); /* accepts NULL */

/* Is `value` one of our own names or addresses (herald.own)? [loop] */
bool hd_program_is_own(const struct hd_program *program, const char *value,
		       size_t n);

/* ---- for the build() of steps ---- */
struct hd_build {
	struct hd_program *program;
	struct hd_complaints *complaints;
	struct hd_check check;
	hd_connector_fn connector;
	void *connector_ud;
	struct hd_pipeline *pipeline;
	/* What expressions here may refer to: grows from step to step. */
	const char **enrich, **done;
	size_t enrich_count, done_count;
	/* Where the sum of the score steps so far can lie. */
	double score_low, score_high;
	bool scored;
};

/* Compiles an expression with the names known so far; warns of a condition
 * that cannot hold here. */
struct hd_expr *hd_build_expr(struct hd_build *b, const struct hd_node *node,
			      enum hd_expr_type type);
struct hd_expr_names hd_build_names(const struct hd_build *b);

/* The connector `name` as written at `node`, or NULL having complained. */
struct hd_instance *hd_build_connector(struct hd_build *b,
				       const struct hd_node *node);

/* Adds a name to a NULL-ended list. */
void hd_build_add(const char ***list, size_t *count, const char *name);

#endif
