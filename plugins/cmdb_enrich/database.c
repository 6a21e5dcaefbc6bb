#include "cmdb_enrich/database.h"

#include <errno.h>
#include <stdlib.h>
#include <sqlite3.h>

#define BUSY_MS 1000
#define READ_MS 30000
#define STEPS 100000 /* of its machine between two looks at the clock */
#define CELL_MAX (1 << 20)
#define HEAD_SIZE 20 /* bytes, of which the last two say that it is WAL */

struct reading {
	const struct cmdb_database *d;
	sqlite3 *db;
	sqlite3_stmt *stmt;
	struct cmdb_table *table;
	size_t bytes; /* of text so far */
	int64_t deadline_ms;
	struct hp_text *why;
};

/* ---- what becomes of an error ---- */

/* With a locked file it is tried again soon; with one that is no database, or
 * takes too long to read, when it has changed. */
static enum cmdb_read fail(struct reading *r, int rc)
{
	if (rc == SQLITE_INTERRUPT && !atomic_load(r->d->stop)) {
		hp_text_add(r->why, HERALD_S("reading it takes more than half "
					     "a minute"));
		return CMDB_NEW;
	}
	hp_text_add(r->why, herald_cstr(r->db ? sqlite3_errmsg(r->db)
					      : sqlite3_errstr(rc)));
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
	case SQLITE_INTERRUPT:
	case SQLITE_NOMEM:
	case SQLITE_PERM:
	case SQLITE_PROTOCOL:
	case SQLITE_READONLY:
		return CMDB_UNREAD;
	default:
		return CMDB_NEW;
	}
}

static enum cmdb_read fail_with(struct reading *r, const char *why)
{
	hp_text_add(r->why, herald_cstr(why));
	return CMDB_NEW;
}

/* ---- opening ---- */

static void add_encoded(struct hp_text *out, const char *path)
{
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr("/._-", c))
			hp_text_add(out, (herald_str){ path, 1 });
		else
			hp_text_addf(out, "%%%02X", c);
	}
}

static int open_as(struct reading *r, const char *how)
{
	struct hp_text uri;
	int rc;

	sqlite3_close(r->db);
	r->db = NULL;
	hp_text_init(&uri, 16384);
	hp_text_add(&uri, HERALD_S("file:"));
	add_encoded(&uri, r->d->path);
	hp_text_addf(&uri, "?mode=ro&%s", how);
	rc = sqlite3_open_v2(hp_text_str(&uri).p, &r->db,
			     SQLITE_OPEN_READONLY | SQLITE_OPEN_URI |
				     SQLITE_OPEN_NOMUTEX,
			     NULL);
	hp_text_fini(&uri);
	return rc;
}

/* By the library's own descriptor: to close one of ours would end the locks
 * that others of this process have on the file. */
static bool is_wal(struct reading *r)
{
	unsigned char head[HEAD_SIZE];
	sqlite3_file *file = NULL;

	return sqlite3_file_control(r->db, "main", SQLITE_FCNTL_FILE_POINTER,
				    &file) == SQLITE_OK &&
	       file && file->pMethods &&
	       file->pMethods->xRead(file, head, HEAD_SIZE, 0) == SQLITE_OK &&
	       head[HEAD_SIZE - 1] == 2;
}

static int look_up(void *ud)
{
	const struct reading *r = ud;

	return atomic_load(r->d->stop) ||
	       r->d->h->now_ms(r->d->h) > r->deadline_ms;
}

/* Nothing in the file is trusted to run. */
static void tame(struct reading *r)
{
	sqlite3_busy_timeout(r->db, BUSY_MS);
	sqlite3_progress_handler(r->db, STEPS, look_up, r);
	sqlite3_limit(r->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(r->db, SQLITE_LIMIT_LENGTH, CELL_MAX);
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

/* `has_log`: there is something in its write-ahead log. */
static int open_it(struct reading *r, bool has_log, bool *is_unlocked)
{
	int rc = open_as(r, "immutable=1");

	*is_unlocked = rc == SQLITE_OK && !has_log && is_wal(r);
	if (rc == SQLITE_OK && !*is_unlocked)
		rc = open_as(r, "readonly_shm=1");
	if (rc == SQLITE_OK)
		tame(r);
	return rc;
}

/* ---- reading ---- */

static char *make_sql(const struct cmdb_database *d)
{
	return d->query ? sqlite3_mprintf("%s", d->query)
			: sqlite3_mprintf("SELECT * FROM \"%w\"", d->table);
}

static int prepare(struct reading *r, const char **rest)
{
	char *sql = make_sql(r->d);
	const char *tail = NULL;
	int rc;

	if (!sql)
		return SQLITE_NOMEM;
	rc = sqlite3_prepare_v2(r->db, sql, -1, &r->stmt, &tail);
	*rest = rc == SQLITE_OK && tail[strspn(tail, "; \t\r\n")]
			? "option query is more than one statement"
			: NULL;
	sqlite3_free(sql);
	return rc;
}

/* Copies `n` texts, each with '\0' behind it, to memory of the table's own.
 * False if memory is lacking. */
static bool keep(struct reading *r, herald_str *texts, size_t n)
{
	size_t size = 0;
	char *copy, *at;

	for (size_t i = 0; i < n; i++)
		size += texts[i].n + 1;
	copy = malloc(size);
	if (!copy || !cmdb_table_keep_take(r->table, copy))
		return false;
	at = copy;
	for (size_t i = 0; i < n; i++) {
		if (texts[i].n > 0)
			memcpy(at, texts[i].p, texts[i].n);
		at[texts[i].n] = '\0';
		texts[i].p = at;
		at += texts[i].n + 1;
	}
	r->bytes += size;
	return true;
}

static enum cmdb_read read_columns(struct reading *r)
{
	int n = sqlite3_column_count(r->stmt);
	herald_str names[CMDB_CELLS_MAX];

	if (n < 1 || n > CMDB_CELLS_MAX)
		return fail_with(r, n < 1 ? "the query selects nothing"
					  : "there are more than 64 columns");
	for (int i = 0; i < n; i++)
		names[i] = herald_cstr(sqlite3_column_name(r->stmt, i));
	if (!keep(r, names, (size_t)n))
		return fail(r, SQLITE_NOMEM);
	if (cmdb_table_set_columns(r->table, names, (size_t)n, r->d->mapping,
				   r->why) != CMDB_HEADER_GOOD)
		return CMDB_NEW;
	return CMDB_SAME;
}

static bool has_nul(const herald_str *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (cells[i].n > 0 && memchr(cells[i].p, '\0', cells[i].n))
			return true;
	}
	return false;
}

/* False if memory is lacking. */
static bool read_row(struct reading *r, size_t row)
{
	size_t n = cmdb_table_columns(r->table);
	herald_str cells[CMDB_CELLS_MAX];

	for (size_t i = 0; i < n; i++) {
		const void *text = sqlite3_column_text(r->stmt, (int)i);
		int bytes = sqlite3_column_bytes(r->stmt, (int)i);

		if (!text && sqlite3_errcode(r->db) == SQLITE_NOMEM)
			return false;
		cells[i] = (herald_str){ text, text ? (size_t)bytes : 0 };
	}
	if (has_nul(cells, n)) {
		cmdb_table_skip(r->table, row, "a cell holds a NUL");
		return true;
	}
	return keep(r, cells, n) && cmdb_table_add(r->table, cells, row);
}

static enum cmdb_read read_rows(struct reading *r)
{
	size_t row = 0;
	int rc;

	while ((rc = sqlite3_step(r->stmt)) == SQLITE_ROW) {
		if (!read_row(r, ++row))
			return fail(r, SQLITE_NOMEM);
		if (r->bytes > CMDB_FILE_MAX)
			return fail_with(r, "there is more than 64 MiB of it");
	}
	return rc == SQLITE_DONE ? CMDB_SAME : fail(r, rc);
}

/* CMDB_SAME: the table is whole. */
static enum cmdb_read read_all(struct reading *r)
{
	enum cmdb_read outcome;
	const char *rest = NULL;
	int rc = prepare(r, &rest);

	if (rc != SQLITE_OK)
		return fail(r, rc);
	if (rest)
		return fail_with(r, rest);
	if (!r->stmt)
		return fail_with(r, "option query is empty");
	if (!sqlite3_stmt_readonly(r->stmt))
		return fail_with(r, "option query would write");
	r->table = cmdb_table_new("row");
	if (!r->table)
		return fail(r, SQLITE_NOMEM);
	outcome = read_columns(r);
	return outcome == CMDB_SAME ? read_rows(r) : outcome;
}

/* ---- the whole ---- */

static bool identify(const char *path, struct cmdb_database_identity *out)
{
	struct hp_text log;

	*out = (struct cmdb_database_identity){ .log = { 0 } };
	if (!cmdb_file_identify(path, &out->file))
		return false;
	hp_text_init(&log, 16384);
	hp_text_addf(&log, "%s-wal", path);
	if (!cmdb_file_identify(hp_text_str(&log).p, &out->log))
		out->log = (struct cmdb_identity){ 0 };
	hp_text_fini(&log);
	return true;
}

static bool is_same(const struct cmdb_database_identity *a,
		    const struct cmdb_database_identity *b)
{
	return cmdb_identity_is(&a->file, &b->file) &&
	       cmdb_identity_is(&a->log, &b->log);
}

static enum cmdb_read read_it(struct reading *r,
			      const struct cmdb_database_identity *before)
{
	struct cmdb_database_identity after;
	bool is_unlocked;
	enum cmdb_read outcome;
	int rc = open_it(r, before->log.size > 0, &is_unlocked);

	outcome = rc == SQLITE_OK ? read_all(r) : fail(r, rc);
	if (is_unlocked &&
	    (!identify(r->d->path, &after) || !is_same(before, &after)))
		return CMDB_UNSTEADY;
	return outcome;
}

enum cmdb_read cmdb_database_read(const struct cmdb_database *d,
				  struct cmdb_database_identity *known,
				  struct cmdb_table **table,
				  struct hp_text *why)
{
	struct cmdb_database_identity now;
	struct reading r = { .d = d, .why = why };
	enum cmdb_read outcome;

	*table = NULL;
	if (!identify(d->path, &now)) {
		hp_text_add(why, herald_cstr(strerror(errno)));
		return CMDB_UNREAD;
	}
	if (is_same(&now, known))
		return CMDB_SAME;
	r.deadline_ms = d->h->now_ms(d->h) + READ_MS;
	outcome = read_it(&r, &now);
	sqlite3_finalize(r.stmt);
	sqlite3_close(r.db);
	if (outcome == CMDB_SAME) {
		*table = r.table;
		outcome = CMDB_NEW;
	} else {
		cmdb_table_free(r.table);
	}
	if (outcome == CMDB_NEW)
		*known = now;
	return outcome;
}
