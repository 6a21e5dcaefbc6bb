/* database.h - an SQLite file as a table of assets
 *
 * Opened for reading alone, and so that no trace of us stays beside it: a
 * -wal or -shm file of herald's user would lock its writer out.  A database in
 * WAL mode that nobody has open is read without locks, and read again if it
 * changed meanwhile; one that is open is read as it was at one moment.
 */
#ifndef HERALD_CMDB_DATABASE_H
#define HERALD_CMDB_DATABASE_H

#include <stdatomic.h>

#include <herald/plugin.h>

#include "cmdb_enrich/file.h"
#include "cmdb_enrich/mapping.h"
#include "cmdb_enrich/table.h"
#include "common/text.h"

struct cmdb_database {
	const herald_host *h;
	const char *path;
	const char *table; /* what is read ... */
	const char *query; /* ... unless this, a SELECT, is not NULL */
	const struct cmdb_mapping *mapping;
	const atomic_bool *stop; /* hurry */
};

/* Of the file and its log. */
struct cmdb_database_identity {
	struct cmdb_identity file, log;
};

/* As cmdb_file_read(); after CMDB_NEW *table is the table, which the caller
 * frees, or NULL and `why`.  Blocks, for half a minute at most. [worker] */
enum cmdb_read cmdb_database_read(const struct cmdb_database *database,
				  struct cmdb_database_identity *known,
				  struct cmdb_table **table,
				  struct hp_text *why);

#endif
