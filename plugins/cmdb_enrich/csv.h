/* csv.h - lines of a CSV file (RFC 4180)
 *
 * Works inside the text that it is given: quotes are taken out in place, and
 * each cell is ended with '\0'.  A quoted cell may hold the delimiter, line
 * breaks and doubled quotes; a quote inside a bare cell is a plain character.
 * Lines end with LF or CRLF; the last one need not.  Empty lines are skipped.
 */
#ifndef HERALD_CMDB_CSV_H
#define HERALD_CMDB_CSV_H

#include <stddef.h>

#include <herald/plugin.h>

struct csv {
	char *at, *end;
	char delimiter;
	size_t line; /* of the row that was read last, from 1 */
	size_t next_line;
};

enum csv_got {
	CSV_ROW,
	CSV_BAD, /* text behind a quoted cell, no closing quote, NUL, or more
		  * than `max` cells: the line is passed over */
	CSV_END
};

/* `text` has n + 1 bytes and stays the caller's; a byte order mark is skipped.
 * [any] */
void csv_init(struct csv *c, char *text, size_t n, char delimiter);

/* The next row: *n cells, borrowed from the text. [any] */
enum csv_got csv_next(struct csv *c, herald_str *cells, size_t max, size_t *n);

#endif
