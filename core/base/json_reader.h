/* json_reader.h - what the three files of the reader share
 *
 * Private to json_read.c, json_read_text.c and json_trouble.c.
 */
#ifndef HD_BASE_JSON_READER_H
#define HD_BASE_JSON_READER_H

#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/json_text.h"

struct hd_json_bytes {
	const char *p;
	size_t n;
};

/* An array or object that is being read. */
struct hd_json_frame {
	const struct hd_json_frame *up;
	struct hd_json_bytes key; /* of the member, where p is not NULL */
	size_t index;		  /* of the item otherwise */
};

struct hd_json_reader {
	const char *start, *p, *end;
	const struct hd_json_options *options;
	struct hd_json_report *report;
	const struct hd_json_frame *top;
	int depth;
	struct hd_buf scratch;
};

/* Reports what stops the reading at `at`.  Always returns -1. [any] */
__attribute__((cold, format(printf, 4, 5))) int
hd_json_trouble(struct hd_json_reader *r, enum hd_json_status status,
		const char *at, const char *fmt, ...);

/* The same for common troubles at r->p. [any] */
int hd_json_unexpected(struct hd_json_reader *r, const char *wanted);
int hd_json_no_memory(struct hd_json_reader *r);

/* Trouble inside a string that mending cures: -1 without `mend`, else 0; the
 * first is the one told. [any] */
int hd_json_mend(struct hd_json_reader *r, const char *at, const char *what);

/* Reads a string whose opening quote has been read.  Borrowed from the document
 * or from r->scratch, valid until the next string is read. [any] */
int hd_json_read_text(struct hd_json_reader *r, struct hd_json_bytes *out);

#endif
