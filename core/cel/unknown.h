/* unknown.h - what is not known yet
 *
 * The unknown paths form a tree; JSON containers carry the number of their
 * node (their *mark*).  A node is *open* once a path ends at it or above:
 * then everything absent below is unknown.  Numbers start at 1.
 */
#ifndef HD_CEL_UNKNOWN_H
#define HD_CEL_UNKNOWN_H

#include "core/cel/value.h"

/* The mark of a variable; 0 if nothing of it is unknown. [any] */
uint32_t hd_cel_unknown_root(const struct hd_cel_unknowns *u, unsigned slot);

/* The mark below `mark` under a key, or of an element (`name` NULL). [any] */
uint32_t hd_cel_unknown_child(const struct hd_cel_unknowns *u, uint32_t mark,
			      const char *name, size_t n);

/* The unknown that stands for whatever is missing at and below `mark`. [any] */
struct hd_cel_value hd_cel_unknown_at(const struct hd_cel_unknowns *u,
				      uint32_t mark);

/* `v` with the mark, if it is a JSON container. */
static inline struct hd_cel_value hd_cel_marked(struct hd_cel_value v,
						uint32_t mark)
{
	if (v.form == HD_CEL_FORM_JSON)
		v.n = mark;
	return v;
}

/* `v`, or an unknown if it is a container with gaps.  The evaluation may have
 * unknown paths or none. [any] */
struct hd_cel_value hd_cel_whole(struct hd_cel_call *call,
				 struct hd_cel_value v);

/* Both ids; either may be no unknown, then it is the other.  [any] */
struct hd_cel_value hd_cel_unknown_merge(struct hd_cel_call *call,
					 struct hd_cel_value a,
					 struct hd_cel_value b);

#endif
