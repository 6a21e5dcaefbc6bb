/* escape.h - what a text must look like in its place
 *
 * For the parts of core/expr only; the places are in template.h.
 */
#ifndef HD_EXPR_ESCAPE_H
#define HD_EXPR_ESCAPE_H

#include "core/expr/template.h"

struct hd_buf;

/* Appends `text`, escaped. [any] */
void hd_escape_put(struct hd_buf *out, enum hd_escape escape, const char *text,
		   size_t n);

#endif
