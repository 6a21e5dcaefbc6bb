/* text.h - what people read on a terminal
 *
 * Everything that came from outside is escaped: no control character reaches
 * the terminal.
 */
#ifndef HD_HERALDCTL_TEXT_H
#define HD_HERALDCTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#include "core/base/buf.h"

/* Appends text for one line; NULL adds nothing. */
void hd_text_add(struct hd_buf *out, const char *text);

/* The same for several lines: newlines stay, each line is indented. */
void hd_text_add_lines(struct hd_buf *out, const char *indent, const char *text,
		       size_t n);

/* How many columns a text takes. */
size_t hd_text_columns(const char *text);

/* Appends `text` and blanks up to `columns`. */
void hd_text_pad(struct hd_buf *out, const char *text, size_t columns);

/* A UTC time of the daemon in local time: "03:12:22" with the day before it
 * unless it is `now`'s; `zone` adds its name: "24 Nov 03:12:22 CET". */
void hd_text_time(struct hd_buf *out, const char *utc, int64_t now_ms,
		  bool zone);

/* "0.4 s", "12 s", "3 min", "5 h", "2 d". */
void hd_text_duration(struct hd_buf *out, int64_t ms);

/* "1.5 GiB". */
void hd_text_size(struct hd_buf *out, int64_t bytes);

/* A word as people say it: "in_doubt", "High" to "in doubt", "high". */
void hd_text_words(struct hd_buf *out, const char *word);

/* Members of an object, "" and 0 where they are not there. */
const char *hd_text_of(const json_t *object, const char *name);
int64_t hd_number_of(const json_t *object, const char *name);

/* ---- tables: columns as wide as they must be, under their names ---- */
#define HD_TABLE_COLUMNS 8

struct hd_table {
	size_t columns, count, cap;
	char **cells; /* row by row, ours */
};

/* The names of the columns; ends with NULL.  All "": no line of names. */
void hd_table_init(struct hd_table *table, ...) __attribute__((sentinel));
void hd_table_fini(struct hd_table *table);

/* A cell more, escaped; NULL is "". */
void hd_table_add(struct hd_table *table, const char *text);

/* Appends it; the last column is cut so that lines fit `width` (0: nothing is
 * cut). */
void hd_table_print(const struct hd_table *table, size_t width,
		    struct hd_buf *out);

#endif
