#include "core/journal/shrink.h"

#include <inttypes.h>

#include "core/base/log.h"
#include "core/journal/apply.h"
#include "core/journal/sql.h"

#define INCREMENTAL 2	 /* of PRAGMA auto_vacuum */
#define AIM_PAGES 64	 /* beyond the aim: fewer are not worth a commit */
#define SLACK_PAGES 1024 /* always left for new rows ... */
#define SLACK_SHARE 8	 /* ... and so is this part of the file */
#define ENOUGH_SHARE 32	 /* once begun, it goes on down to this one */

int hd_shrink_adopt(struct hd_store *store, bool small, struct hd_err *err)
{
	int64_t mode = hd_sql_int(store->db, "PRAGMA auto_vacuum", err);

	if (mode < 0)
		return -1;
	store->shrinks = mode == INCREMENTAL;
	if (store->shrinks)
		return 0;
	if (!small) {
		hd_notice("store %s: made by an older herald, its file will "
			  "not shrink -> with herald stopped: "
			  "sqlite3 " HD_STORE_FILE
			  " 'PRAGMA auto_vacuum=2; VACUUM'",
			  store->folder.path);
		return 0;
	}
	/* Not in WAL mode, where the mode of vacuum cannot be changed. */
	if (hd_sql_run(store->db, "PRAGMA journal_mode=DELETE", err) < 0 ||
	    hd_sql_run(store->db, "PRAGMA auto_vacuum=2", err) < 0 ||
	    hd_sql_run(store->db, "VACUUM", err) < 0)
		return -1;
	store->shrinks = true;
	return 0;
}

bool hd_shrink_is_due(const struct hd_store *store, int64_t pages,
		      int64_t unused, int64_t aim_bytes, bool shrinking)
{
	int64_t slack = pages / (shrinking ? ENOUGH_SHARE : SLACK_SHARE);

	if (!store->shrinks)
		return false;
	if (aim_bytes > 0 && pages * store->page_bytes > aim_bytes &&
	    unused > AIM_PAGES)
		return true;
	return unused > (slack > SLACK_PAGES ? slack : SLACK_PAGES);
}

int hd_shrink_step(struct hd_store *store, struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_store_stmt(store, HD_STMT_SHRINK);
	int rc = SQLITE_ROW;

	while (stmt && rc == SQLITE_ROW)
		rc = sqlite3_step(stmt);
	if (!stmt)
		rc = sqlite3_extended_errcode(store->db);
	sqlite3_reset(stmt);
	/* The map that only this needs may be damaged: rows are none the
	 * worse. */
	if ((rc & 0xff) == SQLITE_CORRUPT) {
		hd_error("store %s: its file cannot shrink any more: %s",
			 store->folder.path, sqlite3_errmsg(store->db));
		store->shrinks = false;
		return 1;
	}
	switch (hd_apply_code(store, rc, err)) {
	case HD_APPLIED:
		return 0;
	case HD_APPLY_BROKEN:
		return -1;
	default:
		return 1;
	}
}
