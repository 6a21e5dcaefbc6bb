/* complaint.h - what is wrong with a configuration, all of it at once
 *
 * Checkers add, people read.  Each complaint has a place, a sentence and a
 * remedy, and keeps a copy of the line that it is about, so that it outlives
 * the configuration.  They come out sorted by file and line, each once, as
 * compilers write them:
 *
 *   herald.yaml:77:19: unknown key 'becuase' in pipelines.x.steps[2].score[0];
 * did you mean 'because'? becuase: the user is in the C-suite
 *               ^
 *     -> write 'because', or remove the line
 *
 * What stands behind the keys `secret`, `password`, `token` and their like is
 * not shown.  The first HD_COMPLAINTS_MAX are kept, the others counted.
 */
#ifndef HD_CONF_COMPLAINT_H
#define HD_CONF_COMPLAINT_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "core/conf/source.h"

#define HD_COMPLAINTS_MAX 500

struct hd_buf;
struct hd_complaints;

enum hd_complaint_kind { HD_COMPLAINT_ERROR, HD_COMPLAINT_WARNING };

struct hd_complaint {
	enum hd_complaint_kind kind;
	const char *file;    /* "" if it is about no file */
	unsigned line, col;  /* from 1; 0 if it is about the file as a whole */
	const char *text;    /* a sentence without file, line and full stop */
	const char *remedy;  /* NULL: none */
	const char *excerpt; /* the line, windowed when long; NULL: none */
	const char *caret;   /* as much blank as stands before the column */
};

/* The caller frees it by hd_complaints_free. [any] */
struct hd_complaints *hd_complaints_new(void);
void hd_complaints_free(struct hd_complaints *complaints);

/* Adds an error; hd_complain_warning a warning.  Equal ones (same place and
 * text) are kept once.  Always returns -1, so that a failing check can end
 * with `return hd_complain(...)`. [any] */
int hd_complain(struct hd_complaints *complaints, struct hd_place place,
		const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int hd_complain_warning(struct hd_complaints *complaints, struct hd_place place,
			const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Gives the remedy of the complaint added last: an order, or the line to
 * paste.  Always returns -1. [any] */
int hd_complain_remedy(struct hd_complaints *complaints, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Puts stars in place of what the complaint added last shows from its column
 * on: a secret. [any] */
void hd_complain_hide(struct hd_complaints *complaints);

/* [any] */
size_t hd_complaints_errors(const struct hd_complaints *complaints);
size_t hd_complaints_warnings(const struct hd_complaints *complaints);

/* Those kept, and the index-th in order of file, line and column.  Borrowed
 * from `complaints`, valid until the next addition. [any] */
size_t hd_complaints_count(const struct hd_complaints *complaints);
const struct hd_complaint *hd_complaints_get(struct hd_complaints *complaints,
					     size_t index);

/* Appends all of them as people read them: above. [any] */
void hd_complaints_print(struct hd_complaints *complaints, struct hd_buf *out);

/* [{"severity": "error"|"warning", "file", "line", "column", "text",
 * "remedy", "excerpt"}], members that are lacking left out.  A new reference.
 * [any] */
json_t *hd_complaints_json(struct hd_complaints *complaints);

#endif
