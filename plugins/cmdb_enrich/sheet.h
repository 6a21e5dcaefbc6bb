/* sheet.h - a CSV file as a table of assets: its first line names the columns
 */
#ifndef HERALD_CMDB_SHEET_H
#define HERALD_CMDB_SHEET_H

#include <stddef.h>

#include "cmdb_enrich/mapping.h"
#include "cmdb_enrich/table.h"
#include "common/text.h"

/* Takes ownership of `text` (n + 1 bytes), also on failure.  NULL and `why` if
 * the first line is no header or memory is lacking. [any] */
struct cmdb_table *cmdb_sheet_read_take(char *text, size_t n, char delimiter,
					const struct cmdb_mapping *mapping,
					struct hp_text *why);

#endif
