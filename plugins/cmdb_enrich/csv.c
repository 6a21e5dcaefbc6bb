#include "cmdb_enrich/csv.h"

#include <stdbool.h>

void csv_init(struct csv *c, char *text, size_t n, char delimiter)
{
	*c = (struct csv){ .at = text,
			   .end = text + n,
			   .delimiter = delimiter,
			   .next_line = 1 };
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		c->at += 3;
}

/* One cell on its way. */
struct cell {
	char *begin, *to; /* `to`: one past what is kept of it */
	bool bad;
};

static void read_quoted(struct csv *c, struct cell *cell)
{
	c->at++;
	cell->begin = cell->to = c->at;
	for (; c->at < c->end; c->at++) {
		if (*c->at == '\n')
			c->next_line++;
		if (*c->at == '"') {
			c->at++;
			if (c->at == c->end || *c->at != '"')
				return;
		}
		*cell->to++ = *c->at;
	}
	cell->bad = true; /* no closing quote */
}

static bool ends_cell(const struct csv *c, const char *p)
{
	return p == c->end || *p == c->delimiter || *p == '\n' ||
	       (*p == '\r' && (p + 1 == c->end || p[1] == '\n'));
}

static void read_cell(struct csv *c, struct cell *cell)
{
	*cell = (struct cell){ .begin = c->at, .to = c->at };
	if (c->at < c->end && *c->at == '"')
		read_quoted(c, cell);
	while (!ends_cell(c, c->at)) {
		cell->bad = cell->bad || cell->to != c->at;
		cell->to = ++c->at;
	}
	if (memchr(cell->begin, '\0', (size_t)(cell->to - cell->begin)))
		cell->bad = true;
}

/* Steps over what ended a cell; true if the line goes on. */
static bool step(struct csv *c)
{
	if (c->at == c->end)
		return false;
	if (*c->at == c->delimiter) {
		c->at++;
		return true;
	}
	if (*c->at == '\r')
		c->at++;
	if (c->at < c->end && *c->at == '\n') {
		c->at++;
		c->next_line++;
	}
	return false;
}

static enum csv_got read_row(struct csv *c, herald_str *cells, size_t max,
			     size_t *n)
{
	struct cell cell;
	bool bad = false, more;

	*n = 0;
	c->line = c->next_line;
	do {
		read_cell(c, &cell);
		bad = bad || cell.bad || *n == max;
		if (*n < max)
			cells[(*n)++] = (herald_str){
				cell.begin, (size_t)(cell.to - cell.begin)
			};
		more = step(c);
		*cell.to = '\0';
	} while (more);
	return bad ? CSV_BAD : CSV_ROW;
}

enum csv_got csv_next(struct csv *c, herald_str *cells, size_t max, size_t *n)
{
	enum csv_got got;

	while (c->at < c->end) {
		got = read_row(c, cells, max, n);
		if (got == CSV_BAD || *n > 1 || cells[0].n > 0)
			return got;
	}
	return CSV_END;
}
