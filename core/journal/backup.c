#include "core/journal/journal.h"

#include <errno.h>
#include <string.h>

#include "core/base/err.h"
#include "core/journal/check.h"
#include "core/journal/inside.h"
#include "core/journal/sql.h"

#define PART_NAME HD_STORE_FILE ".part"

static int copy_to(sqlite3 *db, const char *path, struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_sql_prepare(db, "VACUUM INTO ?1", err);
	int rc;

	if (!stmt)
		return -1;
	sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
	rc = sqlite3_step(stmt);
	if (rc != SQLITE_DONE)
		hd_sql_error(db, err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

static int look_at_copy(const char *path, struct hd_err *err)
{
	struct hd_journal_report report;

	if (hd_check_file(path, &report, err) < 0)
		return -1;
	if (report.first[0])
		return hd_err_set(err, EBADMSG, "the copy is not whole: %s",
				  report.first);
	return 0;
}

static int back_up(const struct hd_journal *journal, const struct hd_folder *to,
		   struct hd_err *err)
{
	char from[HD_FOLDER_FILE], part[HD_FOLDER_FILE];
	sqlite3 *db;
	int rc = -1;

	if (hd_folder_size(to, HD_STORE_FILE) >= 0)
		return hd_err_set(err, EEXIST,
				  "there is a " HD_STORE_FILE " already");
	hd_folder_remove(to, PART_NAME);
	if (hd_folder_make(to, PART_NAME, err) < 0)
		return -1;
	hd_folder_file(&journal->store.folder, HD_STORE_FILE, from);
	hd_folder_file(to, PART_NAME, part);
	db = hd_sql_open(from, SQLITE_OPEN_READONLY, err);
	if (db && copy_to(db, part, err) == 0 && look_at_copy(part, err) == 0)
		rc = hd_folder_move(to, PART_NAME, HD_STORE_FILE, err);
	sqlite3_close(db);
	if (rc < 0)
		hd_folder_remove(to, PART_NAME);
	return rc;
}

int hd_journal_backup(const struct hd_journal *journal, const char *dir,
		      struct hd_err *err)
{
	struct hd_folder to;
	int rc;

	if (hd_folder_open(&to, dir, err) < 0)
		return hd_err_wrap(err, "backup");
	rc = back_up(journal, &to, err);
	if (rc < 0)
		hd_err_wrap(err, "backup to %s", dir);
	hd_folder_close(&to);
	return rc;
}
