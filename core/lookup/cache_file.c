#include "core/lookup/cache_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "core/base/alloc.h"
#include "core/base/digest.h"
#include "core/base/log.h"
#include "core/base/metric.h"

#define FORMAT 1
#define WAITING_MAX 4096	 /* rows in the queue */
#define WAITING_BYTES (8u << 20) /* and bytes */
#define TEXT_MAX (256u << 10)	 /* of one result */
#define COMPANY_NS UINT64_C(200000000)
#define TIDY_ROWS 2000 /* written between two looks for old rows */

struct row {
	struct row *next;
	struct hd_cache_row row; /* its texts lie behind */
	size_t bytes;
};

struct hd_cache_file {
	sqlite3 *db; /* the thread's, once it runs */
	sqlite3_stmt *insert;
	char *path;
	int64_t max_rows;
	uint64_t untidy; /* rows written since the last tidying */
	bool failed;
	uv_thread_t thread;
	struct hd_metric *dropped;

	uv_mutex_t lock; /* guards what stands below */
	uv_cond_t more;
	struct row *first, **last;
	size_t waiting, bytes;
	bool ends;
};

/* ---- the file ---- */

static const char schema[] =
	"PRAGMA locking_mode=EXCLUSIVE;"
	"PRAGMA journal_mode=WAL;"
	"PRAGMA synchronous=OFF;"
	"PRAGMA max_page_count=65536;"
	"CREATE TABLE IF NOT EXISTS answer(num INTEGER PRIMARY KEY,"
	"key TEXT NOT NULL UNIQUE,outcome INTEGER NOT NULL,"
	"status INTEGER NOT NULL,result TEXT,reason TEXT,"
	"made_ms INTEGER NOT NULL,until_ms INTEGER NOT NULL,"
	"digest BLOB NOT NULL);";

static bool run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static int user_version(sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	int version = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL) ==
		    SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		version = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return version;
}

static void delete_files(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char *name = hd_strf("%s%s", path, ends[i]);

		unlink(name);
		free(name);
	}
}

/* SQLite would make the file as the umask says. */
static bool make_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* A new file has version 0 and no table. */
static sqlite3 *open_db(const char *path)
{
	char version[64];
	sqlite3 *db = NULL;
	int was;

	if (!make_private(path) ||
	    sqlite3_open_v2(path, &db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
				    SQLITE_OPEN_NOFOLLOW,
			    NULL) != SQLITE_OK)
		goto bad;
	was = user_version(db);
	snprintf(version, sizeof(version), "PRAGMA user_version=%d", FORMAT);
	if ((was == 0 || was == FORMAT) && run(db, schema) &&
	    (was == FORMAT || run(db, version)))
		return db;
bad:
	sqlite3_close(db);
	return NULL;
}

/* ---- rows ---- */

static size_t text_size(const char *text)
{
	return text ? strlen(text) : 0;
}

static void digest_row(const struct hd_cache_row *r,
		       uint8_t out[HD_SHA256_SIZE])
{
	const int64_t numbers[] = { r->outcome,	       r->status,
				    r->made_ms,	       r->until_ms,
				    r->result != NULL, r->reason != NULL };
	const struct hd_piece pieces[] = {
		{ r->key, strlen(r->key) },
		{ r->result ? r->result : "", r->result_n },
		{ r->reason ? r->reason : "", text_size(r->reason) },
		{ numbers, sizeof(numbers) },
	};

	hd_sha256_pieces(pieces, sizeof(pieces) / sizeof(pieces[0]), out);
}

/* False if the row is not what was written. */
static bool read_row(sqlite3_stmt *stmt, struct hd_cache_row *r)
{
	uint8_t digest[HD_SHA256_SIZE];

	r->key = (const char *)sqlite3_column_text(stmt, 0);
	r->outcome = sqlite3_column_int(stmt, 1);
	r->status = (uint32_t)sqlite3_column_int64(stmt, 2);
	r->result = (const char *)sqlite3_column_text(stmt, 3);
	r->result_n = (size_t)sqlite3_column_bytes(stmt, 3);
	r->reason = (const char *)sqlite3_column_text(stmt, 4);
	r->made_ms = sqlite3_column_int64(stmt, 5);
	r->until_ms = sqlite3_column_int64(stmt, 6);
	if (!r->key || sqlite3_column_bytes(stmt, 7) != HD_SHA256_SIZE)
		return false;
	digest_row(r, digest);
	return memcmp(digest, sqlite3_column_blob(stmt, 7), sizeof(digest)) ==
	       0;
}

/* False if the file is damaged. */
static bool load(sqlite3 *db, int64_t max_rows, int64_t utc_ms,
		 void (*fn)(void *ud, const struct hd_cache_row *row), void *ud)
{
	static const char sql[] =
		"SELECT key,outcome,status,result,reason,made_ms,until_ms,"
		"digest FROM (SELECT * FROM answer WHERE until_ms>?1 "
		"ORDER BY num DESC LIMIT ?2) ORDER BY num";
	struct hd_cache_row row;
	sqlite3_stmt *stmt;
	int result;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return false;
	sqlite3_bind_int64(stmt, 1, utc_ms);
	sqlite3_bind_int64(stmt, 2, max_rows);
	while ((result = sqlite3_step(stmt)) == SQLITE_ROW)
		if (read_row(stmt, &row))
			fn(ud, &row);
	sqlite3_finalize(stmt);
	return result == SQLITE_DONE;
}

/* ---- the thread ---- */

static int insert(struct hd_cache_file *f, const struct hd_cache_row *r)
{
	sqlite3_stmt *s = f->insert;
	uint8_t digest[HD_SHA256_SIZE];
	int result;

	digest_row(r, digest);
	sqlite3_bind_text(s, 1, r->key, -1, SQLITE_STATIC);
	sqlite3_bind_int(s, 2, r->outcome);
	sqlite3_bind_int64(s, 3, r->status);
	sqlite3_bind_text(s, 4, r->result, (int)r->result_n, SQLITE_STATIC);
	sqlite3_bind_text(s, 5, r->reason, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 6, r->made_ms);
	sqlite3_bind_int64(s, 7, r->until_ms);
	sqlite3_bind_blob(s, 8, digest, sizeof(digest), SQLITE_STATIC);
	result = sqlite3_step(s);
	sqlite3_reset(s);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Of the oldest rows all beyond `keep`. */
static void delete_oldest(struct hd_cache_file *f, int64_t keep)
{
	char sql[128];

	snprintf(sql, sizeof(sql),
		 "DELETE FROM answer WHERE num<="
		 "(SELECT max(num) FROM answer)-%lld",
		 (long long)keep);
	run(f->db, sql);
}

static void free_rows(struct row *first)
{
	while (first) {
		struct row *next = first->next;

		free(first);
		first = next;
	}
}

static void give_up(struct hd_cache_file *f)
{
	hd_warning("answer cache %s: %s: it is not written any more and will "
		   "be made anew at the next start",
		   f->path, sqlite3_errmsg(f->db));
	run(f->db, "ROLLBACK");
	delete_files(f->path); /* what is open stays until it is closed */
	f->failed = true;
}

/* A batch that does not fit into the file costs the older half of it. */
static void write_batch(struct hd_cache_file *f, const struct row *first)
{
	int result = SQLITE_OK;

	if (f->failed)
		return;
	run(f->db, "BEGIN");
	for (const struct row *r = first; r && result == SQLITE_OK;
	     r = r->next) {
		result = insert(f, &r->row);
		f->untidy++;
	}
	if (result == SQLITE_OK && run(f->db, "COMMIT")) {
		if (f->untidy < TIDY_ROWS)
			return;
		f->untidy = 0;
		delete_oldest(f, f->max_rows);
		return;
	}
	if (sqlite3_errcode(f->db) != SQLITE_FULL) {
		give_up(f);
		return;
	}
	run(f->db, "ROLLBACK");
	f->max_rows = f->max_rows / 2;
	delete_oldest(f, f->max_rows);
}

/* Waits for rows, and then a little for their company. */
static struct row *take_rows(struct hd_cache_file *f, bool *ends)
{
	struct row *first;

	uv_mutex_lock(&f->lock);
	while (!f->first && !f->ends)
		uv_cond_wait(&f->more, &f->lock);
	if (!f->ends && f->waiting < WAITING_MAX / 4)
		uv_cond_timedwait(&f->more, &f->lock, COMPANY_NS);
	first = f->first;
	f->first = NULL;
	f->last = &f->first;
	f->waiting = f->bytes = 0;
	*ends = f->ends;
	uv_mutex_unlock(&f->lock);
	return first;
}

static void work(void *arg)
{
	struct hd_cache_file *f = arg;
	struct row *first;
	bool ends = false;

	while (!ends) {
		first = take_rows(f, &ends);
		if (first)
			write_batch(f, first);
		free_rows(first);
	}
}

/* ---- the loop's side ---- */

static struct hd_cache_file *start(sqlite3 *db, const char *path,
				   int64_t max_rows)
{
	static const char sql[] =
		"INSERT OR REPLACE INTO answer(key,outcome,status,result,"
		"reason,made_ms,until_ms,digest) VALUES(?,?,?,?,?,?,?,?)";
	struct hd_cache_file *f = hd_alloc(sizeof(*f));

	f->db = db;
	f->path = hd_strdup(path);
	f->max_rows = max_rows;
	f->untidy = TIDY_ROWS;
	f->last = &f->first;
	f->dropped = hd_metric_get(HD_COUNTER, "herald_cache_dropped_total", "",
				   "Answers left out of the cache's file");
	uv_mutex_init(&f->lock);
	uv_cond_init(&f->more);
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT,
			       &f->insert, NULL) == SQLITE_OK &&
	    uv_thread_create(&f->thread, work, f) == 0)
		return f;
	sqlite3_finalize(f->insert);
	uv_cond_destroy(&f->more);
	uv_mutex_destroy(&f->lock);
	free(f->path);
	free(f);
	return NULL;
}

struct hd_cache_file *
hd_cache_file_open(const char *path, int64_t max_rows, int64_t utc_ms,
		   void (*fn)(void *ud, const struct hd_cache_row *row),
		   void *ud)
{
	struct hd_cache_file *file = NULL;
	sqlite3 *db = open_db(path);

	if (!db || !load(db, max_rows, utc_ms, fn, ud)) {
		hd_notice("answer cache %s: damaged or of another version: "
			  "deleted, answers are asked for anew",
			  path);
		sqlite3_close(db);
		delete_files(path);
		db = open_db(path);
	}
	if (db)
		file = start(db, path, max_rows);
	if (file)
		return file;
	hd_warning("answer cache %s: cannot be used (%s): answers are kept in "
		   "memory alone",
		   path, db ? sqlite3_errmsg(db) : strerror(errno));
	sqlite3_close(db);
	return NULL;
}

static char *lay(char **at, const char *p, size_t n)
{
	char *text = *at;

	memcpy(text, p, n);
	text[n] = '\0';
	*at += n + 1;
	return text;
}

static struct row *copy_row(const struct hd_cache_row *row)
{
	size_t key_n = strlen(row->key), reason_n = text_size(row->reason);
	size_t bytes = sizeof(struct row) + key_n + reason_n + row->result_n +
		       3;
	struct row *r = hd_alloc(bytes);
	char *at = (char *)(r + 1);

	r->row = *row;
	r->bytes = bytes;
	r->row.key = lay(&at, row->key, key_n);
	if (row->result)
		r->row.result = lay(&at, row->result, row->result_n);
	if (row->reason)
		r->row.reason = lay(&at, row->reason, reason_n);
	return r;
}

void hd_cache_file_put(struct hd_cache_file *file,
		       const struct hd_cache_row *row)
{
	struct row *r = NULL;

	if (row->result_n <= TEXT_MAX)
		r = copy_row(row);
	uv_mutex_lock(&file->lock);
	if (r && file->waiting < WAITING_MAX &&
	    file->bytes + r->bytes <= WAITING_BYTES) {
		*file->last = r;
		file->last = &r->next;
		file->bytes += r->bytes;
		if (file->waiting++ == 0)
			uv_cond_signal(&file->more);
		r = NULL;
		row = NULL;
	}
	uv_mutex_unlock(&file->lock);
	if (row)
		hd_metric_add(file->dropped, 1);
	free(r);
}

void hd_cache_file_close(struct hd_cache_file *file)
{
	if (!file)
		return;
	uv_mutex_lock(&file->lock);
	file->ends = true;
	uv_cond_signal(&file->more);
	uv_mutex_unlock(&file->lock);
	uv_thread_join(&file->thread);
	sqlite3_finalize(file->insert);
	sqlite3_close(file->db);
	uv_cond_destroy(&file->more);
	uv_mutex_destroy(&file->lock);
	free(file->path);
	free(file);
}
