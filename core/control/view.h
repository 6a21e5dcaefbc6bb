/* view.h - an alert as a person's expression sees it
 *
 * As it was decided, with what every enricher answered: their names may all be
 * used, as if each had been asked before.
 */
#ifndef HD_CONTROL_VIEW_H
#define HD_CONTROL_VIEW_H

#include "core/expr/expr.h"
#include "core/pipeline/asked.h"

struct hd_control;
struct hd_err;
struct hd_program;
struct hd_reader;

struct hd_view {
	struct hd_expr_scope scope;
	struct hd_asked asked;
	struct hd_interval risk;
	json_t *record;
	const char **enrich; /* ends with NULL */
};

/* Of an alert that holds nothing.  Valid until the loop's next turn. [loop] */
void hd_view_init(struct hd_view *view, const struct hd_control *control);
void hd_view_fini(struct hd_view *view);

/* Of a finding. Takes the reference. [loop] */
void hd_view_take(struct hd_view *view, json_t *record_take);

/* Of the alert with that id.  -1 and `err`: what it holds cannot be read.
 * [loop] */
int hd_view_load(struct hd_view *view, struct hd_reader *reader, const char *id,
		 struct hd_err *err);

/* An expression over it, and over others of the same connectors.  NULL and
 * `err`; the caller frees it by hd_expr_free(), while `program` lives. [loop]
 */
struct hd_expr *hd_view_compile(const struct hd_view *view,
				const struct hd_program *program,
				const char *text, enum hd_expr_type type,
				struct hd_err *err);

#endif
