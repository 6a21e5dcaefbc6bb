/* view.h - an alert as it was decided, for expressions that come later
 *
 * Read back from the journal: record, answers (the missing ones too), score,
 * and what its actions came to.  An entry that is decided after others uses it,
 * and so does whoever tries an expression.
 */
#ifndef HD_PIPELINE_VIEW_H
#define HD_PIPELINE_VIEW_H

#include <stddef.h>
#include <jansson.h>

#include "core/expr/expr.h"
#include "core/pipeline/asked.h"

struct hd_case;
struct hd_err;
struct hd_reader;

/* `scope` and `names` are what hd_expr_... want; the rest is theirs. */
struct hd_view_of {
	struct hd_expr_scope scope;
	struct hd_expr_names names;
	struct hd_asked asked;
	struct hd_interval risk;
	json_t *record, *done;
	const char **enrich, **entries, **parked;
	size_t enrich_count, entry_count, parked_count;
	struct hd_missing *missing; /* with those not asked, or NULL */
	struct hd_case *own;	    /* where none was given */
	char *words;		    /* of hd_view_entries(), cut */
};

/* An alert of the journal; `c` has its actions, NULL: they are read as well.
 * -1 and `err` if it cannot be read; hd_view_close() in any case. [loop] */
int hd_view_open(struct hd_view_of *v, struct hd_reader *reader,
		 const char *alert, const struct hd_case *c,
		 struct hd_err *err);

/* A record that is in no journal, with no answers and no score.  Takes a
 * reference of its own. [loop] */
void hd_view_record(struct hd_view_of *v, json_t *record);

void hd_view_close(struct hd_view_of *v);

/* Entries that may be named though nothing is known of them: words of `list`,
 * as in hd_row.after; called once at most. [loop] */
void hd_view_entries(struct hd_view_of *v, const char *list);

/* Expressions that were checked before name connectors of which there is no
 * answer: they were asked about nothing.  Finds `enrich.NAME` in the text.
 * [loop] */
void hd_view_asked_nothing(struct hd_view_of *v, const char *text);

/* A connector may be named though it was not asked: what it would have said is
 * not known, because of `reason`.  `connector` is borrowed. [loop] */
void hd_view_not_asked(struct hd_view_of *v, const char *connector,
		       const char *reason);

#endif
