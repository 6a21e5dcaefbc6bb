#include "core/journal/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/journal/check.h"
#include "core/journal/schema.h"
#include "core/journal/shrink.h"
#include "core/journal/sql.h"
#include "core/journal/walfile.h"

#define WAL_NAME HD_STORE_FILE "-wal"
#define NEW_NAME HD_STORE_FILE ".new" /* a store that is being made */
#define CHECK_BYTES ((int64_t)64 << 20)
#define SQL_MAX 256

/* --- making a store --- */

/* Everything in one file in place, WAL last, so that a crash leaves nothing
 * but a file under its working name. */
static int fill_new(const char *path, struct hd_err *err)
{
	sqlite3 *db = hd_sql_open(path, SQLITE_OPEN_READWRITE, err);
	char sql[SQL_MAX];
	int rc = -1;

	if (!db)
		return -1;
	snprintf(sql, sizeof(sql),
		 "PRAGMA page_size=%d;PRAGMA auto_vacuum=2;"
		 "PRAGMA application_id=%d;",
		 HD_SCHEMA_PAGE, HD_SCHEMA_APPLICATION);
	if (hd_sql_run(db, sql, err) == 0 && hd_schema_create(db, err) == 0 &&
	    hd_sql_run(db, "PRAGMA journal_mode=WAL", err) == 0)
		rc = 0;
	sqlite3_close(db);
	return rc;
}

static void remove_new(const struct hd_folder *folder)
{
	hd_folder_remove(folder, NEW_NAME);
	hd_folder_remove(folder, NEW_NAME "-wal");
	hd_folder_remove(folder, NEW_NAME "-shm");
	hd_folder_remove(folder, NEW_NAME "-journal");
}

static int make_store(const struct hd_folder *folder, struct hd_err *err)
{
	char path[HD_FOLDER_FILE];

	remove_new(folder);
	hd_folder_file(folder, NEW_NAME, path);
	if (hd_folder_make(folder, NEW_NAME, err) < 0)
		return -1;
	if (fill_new(path, err) < 0) {
		hd_err_wrap(err, "store %s: making it", folder->path);
		remove_new(folder);
		return -1;
	}
	if (hd_folder_move(folder, NEW_NAME, HD_STORE_FILE, err) < 0)
		return -1;
	remove_new(folder);
	return 0;
}

/* --- opening --- */

/* Copies what is there under a name that tells why, before it is changed. */
static int keep_copy(const struct hd_folder *folder, const char *suffix,
		     struct hd_err *err)
{
	char name[128];

	snprintf(name, sizeof(name), HD_STORE_FILE ".%s", suffix);
	if (hd_folder_copy(folder, HD_STORE_FILE, name, err) < 0)
		return -1;
	if (hd_folder_size(folder, WAL_NAME) <= 0)
		return 0;
	snprintf(name, sizeof(name), HD_STORE_FILE ".%s-wal", suffix);
	return hd_folder_copy(folder, WAL_NAME, name, err);
}

/* The WAL may end torn, after a power cut: then it is kept beside. */
static int look_at_wal(struct hd_store *store, struct hd_err *err)
{
	char path[HD_FOLDER_FILE], name[128];
	struct hd_walfile wal;

	if (hd_folder_size(&store->folder, WAL_NAME) <= 0)
		return 0;
	hd_folder_file(&store->folder, WAL_NAME, path);
	if (hd_walfile_scan(path, &wal, err) < 0)
		return hd_err_wrap(err, "store");
	store->torn_frames = wal.torn;
	if (!wal.unsound)
		return 0;
	snprintf(name, sizeof(name), WAL_NAME ".torn-%" PRId64, hd_utc_ms());
	hd_warning("store %s: %" PRId64 " torn frames at the end of the log, "
		   "kept as %s",
		   store->folder.path, wal.torn, name);
	return hd_folder_copy(&store->folder, WAL_NAME, name, err);
}

static int look_at_files(struct hd_store *store, struct hd_err *err)
{
	const struct hd_folder *folder = &store->folder;
	int64_t size = hd_folder_size(folder, HD_STORE_FILE);

	if (size > 0)
		return look_at_wal(store, err);
	if (size == 0)
		return hd_err_set(err, EBADMSG,
				  "store %s: " HD_STORE_FILE " is empty",
				  folder->path);
	if (hd_folder_size(folder, WAL_NAME) >= 0)
		return hd_err_set(err, ENOENT,
				  "store %s: " HD_STORE_FILE
				  " is missing beside its " WAL_NAME
				  ": bring it back, or move both away",
				  folder->path);
	return make_store(folder, err);
}

static int look_at_version(struct hd_store *store, struct hd_err *err)
{
	int version = hd_schema_version(store->db, err);
	char suffix[32];

	if (version < 0)
		return -1;
	if (version > HD_SCHEMA_VERSION)
		return hd_err_set(err, ENOTSUP,
				  "made by a newer herald (version %d, this "
				  "one knows %d)",
				  version, HD_SCHEMA_VERSION);
	if (version < 1)
		return hd_err_set(err, EBADMSG, "version %d is none", version);
	if (version == HD_SCHEMA_VERSION)
		return 0;
	snprintf(suffix, sizeof(suffix), "v%d-%" PRId64, version, hd_utc_ms());
	if (keep_copy(&store->folder, suffix, err) < 0)
		return -1;
	hd_notice(
		"store %s: version %d, made %d; the old file is " HD_STORE_FILE
		".%s",
		store->folder.path, version, HD_SCHEMA_VERSION, suffix);
	return hd_schema_migrate(store->db, version, err);
}

/* An index can be made anew from its table. */
static int rebuild_indexes(struct hd_store *store, struct hd_err *err)
{
	char suffix[48];

	snprintf(suffix, sizeof(suffix), "damaged-%" PRId64, hd_utc_ms());
	if (keep_copy(&store->folder, suffix, err) < 0)
		return -1;
	hd_warning("store %s: an index does not fit its table and is made "
		   "anew; the file as found is " HD_STORE_FILE ".%s",
		   store->folder.path, suffix);
	return hd_sql_run(store->db, "REINDEX", err);
}

static int look_at_content(struct hd_store *store, struct hd_err *err)
{
	struct hd_journal_report report;
	bool indexes;

	if (hd_check_structure(store->db, &indexes, err) < 0)
		return -1;
	if (indexes && rebuild_indexes(store, err) < 0)
		return -1;
	if (hd_check_rows(store->db, &report, &store->counts, store->on_damaged,
			  store->ud, err) < 0)
		return -1;
	if (report.broken > 0 || report.missing > 0)
		hd_error("store %s: %" PRId64 " alerts with a broken chain, "
			 "%" PRId64 " rows missing; first: %s",
			 store->folder.path, report.broken, report.missing,
			 report.first);
	return 0;
}

static int take_numbers(struct hd_store *store, bool checked,
			struct hd_err *err)
{
	int64_t last = hd_sql_int(store->db,
				  "SELECT max(n)FROM("
				  "SELECT max(num)n FROM alert UNION ALL "
				  "SELECT max(num)FROM body UNION ALL "
				  "SELECT max(num)FROM decision)",
				  err);

	if (last < 0)
		return -1;
	store->next_num = last + 1;
	store->has_uids = hd_sql_int(store->db,
				     "SELECT EXISTS(SELECT 1 FROM uid)",
				     err) != 0;
	if (hd_store_get_counts(store->db, &store->stored) < 0)
		store->counts_differ = true;
	else if (!checked)
		store->counts = store->stored;
	else
		store->counts_differ = memcmp(&store->counts, &store->stored,
					      sizeof(store->counts)) != 0;
	if (store->counts_differ && !checked &&
	    hd_store_count(store->db, &store->counts, err) < 0)
		return -1;
	store->stored = store->counts;
	return 0;
}

static int on_wal(void *ud, sqlite3 *db, const char *name, int frames)
{
	struct hd_store *store = ud;

	(void)db;
	(void)name;
	store->wal_frames = frames;
	return SQLITE_OK;
}

static int set_bounds(struct hd_store *store, int64_t max_bytes,
		      struct hd_err *err)
{
	char sql[SQL_MAX];

	snprintf(sql, sizeof(sql),
		 "PRAGMA cache_size=-8192;PRAGMA journal_size_limit=67108864;"
		 "PRAGMA max_page_count=%" PRId64,
		 max_bytes > 0 ? max_bytes / store->page_bytes + 1
			       : INT64_C(1073741823));
	sqlite3_wal_hook(store->db, on_wal, store);
	/* A restored backup is not in this mode. */
	if (hd_sql_run(store->db, "PRAGMA journal_mode=WAL", err) < 0)
		return -1;
	return hd_sql_run(store->db, sql, err);
}

static int open_database(struct hd_store *store, int64_t check_bytes,
			 int64_t max_bytes, struct hd_err *err)
{
	char path[HD_FOLDER_FILE];
	bool small = hd_folder_size(&store->folder, HD_STORE_FILE) <=
		     (check_bytes > 0 ? check_bytes : CHECK_BYTES);

	hd_folder_file(&store->folder, HD_STORE_FILE, path);
	store->db = hd_sql_open(path, SQLITE_OPEN_READWRITE, err);
	if (!store->db)
		return -1;
	store->page_bytes = hd_sql_int(store->db, "PRAGMA page_size", err);
	if (store->page_bytes < 0 || look_at_version(store, err) < 0 ||
	    hd_schema_check(store->db, err) < 0 ||
	    (small && look_at_content(store, err) < 0) ||
	    take_numbers(store, small, err) < 0 ||
	    hd_shrink_adopt(store, small, err) < 0)
		return -1;
	return set_bounds(store, max_bytes, err);
}

int hd_store_open(struct hd_store *store, const char *dir, int64_t check_bytes,
		  int64_t max_bytes, struct hd_err *err)
{
	hd_damaged_fn fn = store->on_damaged;
	void *ud = store->ud;

	memset(store, 0, sizeof(*store));
	store->on_damaged = fn;
	store->ud = ud;
	if (hd_folder_open(&store->folder, dir, err) < 0)
		return -1;
	if (look_at_files(store, err) < 0)
		goto fail;
	if (open_database(store, check_bytes, max_bytes, err) < 0) {
		hd_err_wrap(err, "store %s/" HD_STORE_FILE, dir);
		goto fail;
	}
	return 0;
fail:
	hd_store_close(store, true);
	return -1;
}

/* If it cannot be done now, the next start finds all of it in the log. */
static void fold_wal(struct hd_store *store)
{
	if (sqlite3_wal_checkpoint_v2(store->db, NULL,
				      SQLITE_CHECKPOINT_TRUNCATE, NULL,
				      NULL) == SQLITE_OK)
		sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
				  0, NULL);
	else
		hd_warning("store %s: the log was left for the next start: %s",
			   store->folder.path, sqlite3_errmsg(store->db));
}

void hd_store_close(struct hd_store *store, bool failed)
{
	int i;

	for (i = 0; i < HD_STMT_COUNT; i++) {
		sqlite3_finalize(store->stmts[i]);
		store->stmts[i] = NULL;
	}
	if (store->db && !failed)
		fold_wal(store);
	sqlite3_close(store->db);
	store->db = NULL;
	hd_folder_close(&store->folder);
}
