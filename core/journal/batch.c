/* Many transactions, one commit.
 *
 * The batch is applied in one go, without savepoints (each would copy the
 * pages that it touches).  If one transaction cannot be applied, all is rolled
 * back and done again with a savepoint around each, so that only those fail
 * that must. */
#include "core/journal/inside.h"

#include <errno.h>

#include "core/base/clock.h"
#include "core/base/crash.h"

/* Runs a statement that only begins, ends or marks. */
static enum hd_applied run_plain(struct hd_store *store, enum hd_stmt which,
				 struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_store_stmt(store, which);
	int rc;

	if (!stmt)
		return hd_apply_code(store, sqlite3_extended_errcode(store->db),
				     err);
	rc = sqlite3_step(stmt);
	sqlite3_reset(stmt);
	return hd_apply_code(store, rc, err);
}

/* SQLite may have rolled back by itself. */
static void roll_back(struct hd_store *store)
{
	if (!sqlite3_get_autocommit(store->db))
		run_plain(store, HD_STMT_ROLLBACK, NULL);
	store->counts = store->stored;
}

static void give_status(struct hd_txn *first, enum hd_txn_status status,
			const struct hd_err *err)
{
	struct hd_txn *txn;

	for (txn = first; txn; txn = txn->next) {
		txn->status = status;
		txn->err = *err;
	}
}

static enum hd_applied apply_all(struct hd_store *store, struct hd_txn *first,
				 struct hd_err *err)
{
	enum hd_applied end = HD_APPLIED;
	struct hd_txn *txn;

	for (txn = first; txn && end == HD_APPLIED; txn = txn->next) {
		end = hd_apply_txn(store, txn);
		if (end != HD_APPLIED)
			*err = txn->err;
	}
	return end;
}

static enum hd_applied apply_apart(struct hd_store *store, struct hd_txn *txn)
{
	struct hd_counts before = store->counts;
	enum hd_applied end = run_plain(store, HD_STMT_SAVE, &txn->err);

	if (end != HD_APPLIED)
		return end;
	end = hd_apply_txn(store, txn);
	if (end == HD_APPLIED)
		return run_plain(store, HD_STMT_SAVE_OK, &txn->err);
	if (end != HD_APPLY_REFUSED)
		return end;
	txn->status = HD_TXN_FAILED;
	store->counts = before;
	end = run_plain(store, HD_STMT_SAVE_BACK, NULL);
	if (end == HD_APPLIED)
		end = run_plain(store, HD_STMT_SAVE_OK, NULL);
	return end;
}

static enum hd_applied apply_each(struct hd_store *store, struct hd_txn *first,
				  struct hd_err *err)
{
	enum hd_applied end = HD_APPLIED;
	struct hd_txn *txn;

	for (txn = first; txn && end == HD_APPLIED; txn = txn->next) {
		end = apply_apart(store, txn);
		if (end != HD_APPLIED)
			*err = txn->err;
	}
	return end;
}

/* Counts, then the one sync. */
static enum hd_applied commit(struct hd_store *store, int64_t *commit_us,
			      struct hd_err *err)
{
	int64_t start = hd_now_us();
	enum hd_applied end = hd_apply_code(store, hd_store_put_counts(store),
					    err);

	hd_crash_point("journal-commit");
	if (end == HD_APPLIED)
		end = run_plain(store, HD_STMT_COMMIT, err);
	hd_crash_point("journal-committed");
	*commit_us = hd_now_us() - start;
	if (end == HD_APPLIED) {
		store->stored = store->counts;
		store->counts_differ = false;
	}
	return end;
}

static enum hd_applied try_batch(struct hd_store *store, struct hd_txn *first,
				 bool apart, int64_t *commit_us,
				 struct hd_err *err)
{
	enum hd_applied end = run_plain(store, HD_STMT_BEGIN, err);

	if (end == HD_APPLIED)
		end = apart ? apply_each(store, first, err)
			    : apply_all(store, first, err);
	if (end == HD_APPLIED)
		end = commit(store, commit_us, err);
	if (end != HD_APPLIED)
		roll_back(store);
	return end;
}

int hd_batch_commit(struct hd_store *store, struct hd_txn *first,
		    int64_t *commit_us, struct hd_err *err)
{
	enum hd_applied end;

	*commit_us = 0;
	end = try_batch(store, first, false, commit_us, err);
	if (end == HD_APPLY_REFUSED)
		end = try_batch(store, first, true, commit_us, err);
	switch (end) {
	case HD_APPLIED:
		return 0;
	case HD_APPLY_FULL:
		give_status(first, HD_TXN_FULL, err);
		return 0;
	case HD_APPLY_REFUSED: /* somebody else holds the database */
		give_status(first, HD_TXN_FAILED, err);
		return 0;
	case HD_APPLY_BROKEN:
		break;
	}
	give_status(first, HD_TXN_FAILED, err);
	return -1;
}
