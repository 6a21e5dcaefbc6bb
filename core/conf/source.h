/* source.h - the text of one configuration file, and places in it
 *
 * Kept as it was read, so that a complaint can show the line it is about.
 * Lines and columns count from 1; a column is a character (code point), not a
 * byte, as editors count.  A file that is not UTF-8 is counted in bytes there.
 */
#ifndef HD_CONF_SOURCE_H
#define HD_CONF_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct hd_source;

/* A point in a file.  `line` 0: the file as a whole; `source` NULL: no file.
 * `source` is borrowed from the configuration, or from whoever made it. */
struct hd_place {
	const struct hd_source *source;
	unsigned line, col;
};

/* Copies `name` and `text`.  `rank` orders files among complaints: 0 is the
 * main file.  The caller frees it by hd_source_free. [any] */
struct hd_source *hd_source_new(const char *name, const char *text, size_t n,
				unsigned rank);
void hd_source_free(struct hd_source *source);

/* Borrowed from `source`, valid until it is freed. [any] */
const char *hd_source_name(const struct hd_source *source);
const char *hd_source_text(const struct hd_source *source, size_t *n);
unsigned hd_source_rank(const struct hd_source *source);

/* The lines, the last one without a line end counted. [any] */
unsigned hd_source_lines(const struct hd_source *source);

/* Line `line` without its line end, *n bytes, not ended by '\0'; NULL and 0
 * past the end.  Borrowed from `source`. [any] */
const char *hd_source_line(const struct hd_source *source, unsigned line,
			   size_t *n);

/* The place of the byte at `offset`, at the end for a larger one. [any] */
struct hd_place hd_source_place(const struct hd_source *source, size_t offset);

/* The offset of a place, cut to its line's end. [any] */
size_t hd_source_offset(const struct hd_source *source, unsigned line,
			unsigned col);

/* Characters in `n` bytes of UTF-8; a broken byte is one. [any] */
size_t hd_source_chars(const char *p, size_t n);

#endif
