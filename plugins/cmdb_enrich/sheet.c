#include "cmdb_enrich/sheet.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmdb_enrich/csv.h"

/* How a database begins. */
#define SQLITE_HEAD "SQLite format 3"

static bool read_header(struct cmdb_table *t, struct csv *c,
			const struct cmdb_mapping *mapping, struct hp_text *why)
{
	herald_str names[CMDB_CELLS_MAX];
	size_t n;

	if (csv_next(c, names, CMDB_CELLS_MAX, &n) != CSV_ROW) {
		hp_text_add(why, HERALD_S("the first line names no columns"));
		return false;
	}
	switch (cmdb_table_set_columns(t, names, n, mapping, why)) {
	case CMDB_HEADER_GOOD:
		return true;
	case CMDB_HEADER_BAD:
		break;
	case CMDB_HEADER_NO_KEY:
		hp_text_addf(why,
			     ": the first line has %zu, the first of them "
			     "'%.*s'; is it the right delimiter?",
			     n, (int)names[0].n, names[0].p);
		break;
	}
	return false;
}

/* False if memory is lacking. */
static bool read_rows(struct cmdb_table *t, struct csv *c, size_t columns)
{
	herald_str cells[CMDB_CELLS_MAX];
	enum csv_got got;
	char why[64];
	size_t n;

	while ((got = csv_next(c, cells, CMDB_CELLS_MAX, &n)) != CSV_END) {
		if (got == CSV_BAD) {
			cmdb_table_skip(t, c->line, "its quotes are broken");
		} else if (n != columns) {
			snprintf(why, sizeof(why), "%zu cells, not %zu", n,
				 columns);
			cmdb_table_skip(t, c->line, why);
		} else if (!cmdb_table_add(t, cells, c->line)) {
			return false;
		}
	}
	return true;
}

struct cmdb_table *cmdb_sheet_read_take(char *text, size_t n, char delimiter,
					const struct cmdb_mapping *mapping,
					struct hp_text *why)
{
	bool is_database = hp_str_begins((herald_str){ text, n }, SQLITE_HEAD);
	struct cmdb_table *t = cmdb_table_new("line");
	struct csv c;

	csv_init(&c, text, n, delimiter);
	if (!t)
		free(text);
	if (!t || !cmdb_table_keep_take(t, text)) {
		hp_text_add(why, HERALD_S("out of memory"));
		goto failed;
	}
	if (is_database) {
		hp_text_add(why, HERALD_S("it is an SQLite database: say "
					  "source: sqlite"));
		goto failed;
	}
	if (!read_header(t, &c, mapping, why))
		goto failed;
	if (read_rows(t, &c, cmdb_table_columns(t)))
		return t;
	hp_text_add(why, HERALD_S("out of memory"));
failed:
	cmdb_table_free(t);
	return NULL;
}
