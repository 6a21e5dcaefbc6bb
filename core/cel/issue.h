/* issue.h - complaints about a source text, collected */
#ifndef HD_CEL_ISSUE_H
#define HD_CEL_ISSUE_H

#include "core/cel/cel.h"

struct hd_cel_diag {
	const char *source;
	size_t n;
	struct hd_cel_issues *issues;
	size_t before; /* issues that were there when this source began */
	bool failed;
};

/* Adds an issue; past 50 of one source, and a second one at the same place,
 * are left out (but `failed` is set). [any] */
void hd_cel_diag_add(struct hd_cel_diag *diag, uint32_t offset, uint32_t length,
		     const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Line and column of an offset, from 1; length in code points, at least 1.
 * [any] */
void hd_cel_diag_place(const char *source, size_t n, uint32_t offset,
		       uint32_t bytes, uint32_t *line, uint32_t *column,
		       uint32_t *length);

/* Orders what was added by offset. [any] */
void hd_cel_diag_sort(struct hd_cel_diag *diag);

/* Keeps the nearest of the names it is shown: start with all zero but
 * `wanted`.  `best` is NULL if none was near. [any] */
struct hd_cel_nearest {
	const char *wanted;
	const char *best;
	unsigned distance;
};
void hd_cel_nearest_try(struct hd_cel_nearest *nearest, const char *name);

#endif
