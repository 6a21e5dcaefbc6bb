/* step.h - what a step is
 *
 * Adding a step is one file (step_NAME.c with a constant `hd_step_NAME`) and
 * one row in the table of steps.c.  A step is built when the configuration is
 * read, with every complaint at its place, and run on the loop, one alert after
 * the other; one that waits says so and calls hd_run_continue() later.
 */
#ifndef HD_PIPELINE_STEP_H
#define HD_PIPELINE_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/conf/table.h"
#include "core/expr/expr.h"

struct hd_alert;
struct hd_build;
struct hd_metric;
struct hd_node;

enum hd_step_result {
	HD_STEP_NEXT, /* go on with the next one */
	HD_STEP_WAIT, /* hd_run_continue() will be called */
	HD_STEP_END   /* hd_alert_end() was called: no further step */
};

struct hd_step_type {
	const char *name;
	bool is_list;	/* the body is a list; `if` stands beside it */
	bool once;	/* in a pipeline */
	bool decides;	/* on actions */
	bool ends;	/* where it holds, no later step is run */
	bool undecided; /* has no place after a step that decides */
	bool alone;	/* never waits, and touches nothing but its alert */
	/* Makes the step's data of its body.  NULL after complaints. */
	void *(*build)(struct hd_build *build, const struct hd_node *body);
	void (*free)(void *data);
	/* `holds` is what the step's `if` came to: HOLDS (also without one),
	 * NOT_SURE or ERROR; in the other cases the step is passed over. */
	enum hd_step_result (*run)(struct hd_alert *alert, void *data,
				   enum hd_truth holds);
	/* Frees what run() left in alert->step_state when the alert goes away
	 * while it waits; may be NULL. */
	void (*abandon)(struct hd_alert *alert);
};

/* The type of that name, or NULL; the i-th one (NULL at the end). [any] */
const struct hd_step_type *hd_step_type(const char *name);
const struct hd_step_type *hd_step_type_at(size_t i);

/* How long steps of that type take, from run() to the next one. [loop] */
struct hd_metric *hd_step_seconds(const struct hd_step_type *type);

extern const struct hd_step_type hd_step_drop, hd_step_dedup, hd_step_enrich,
	hd_step_score, hd_step_respond, hd_step_stop;

#endif
