/* json_line.h - small objects straight into text
 *
 * Each alert writes some lines of a few members, such as {"name":"a","try":1}.
 * To build a tree of them first costs five times as much.
 *
 *	hd_json_line_begin(&text);
 *	hd_json_line_text(&text, "name", row->name);
 *	hd_json_line_end(&text);
 */
#ifndef HD_BASE_JSON_LINE_H
#define HD_BASE_JSON_LINE_H

#include <stdint.h>

struct hd_buf;

/* Opens an object. [any] */
void hd_json_line_begin(struct hd_buf *out);

/* A member.  `name` is a plain word of ours; `text` is escaped, and mended
 * where it is not UTF-8. [any] */
void hd_json_line_text(struct hd_buf *out, const char *name, const char *text);
void hd_json_line_int(struct hd_buf *out, const char *name, int64_t value);

/* A member that is an object: its own members follow, then an end. [any] */
void hd_json_line_open(struct hd_buf *out, const char *name);

/* Closes the object that was opened last. [any] */
void hd_json_line_end(struct hd_buf *out);

#endif
