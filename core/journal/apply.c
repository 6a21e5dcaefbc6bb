#include "core/journal/apply.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define DELETE_MAX 10000 /* rows removed by one operation */

/* --- what SQLite's codes mean --- */

/* A disk that is full may show as an I/O error; but once a sync has failed
 * nothing is sure any more. */
static bool is_full(sqlite3 *db, int rc)
{
	int e = sqlite3_system_errno(db);

	if ((rc & 0xff) == SQLITE_FULL)
		return true;
	return (rc & 0xff) == SQLITE_IOERR && (e == ENOSPC || e == EDQUOT) &&
	       rc != SQLITE_IOERR_FSYNC && rc != SQLITE_IOERR_DIR_FSYNC;
}

enum hd_applied hd_apply_code(struct hd_store *store, int rc,
			      struct hd_err *err)
{
	int code = rc & 0xff;

	if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
		return HD_APPLIED;
	hd_err_set(err, EIO, "store %s: %s (%d)", store->folder.path,
		   sqlite3_errmsg(store->db), rc);
	if (is_full(store->db, rc)) {
		if (err)
			err->code = ENOSPC;
		return HD_APPLY_FULL;
	}
	switch (code) {
	case SQLITE_CONSTRAINT:
		if (err)
			err->code = EEXIST;
		return HD_APPLY_REFUSED;
	case SQLITE_BUSY: /* somebody else's lock: an operator's sqlite3 */
	case SQLITE_LOCKED:
		if (err)
			err->code = EBUSY;
		return HD_APPLY_REFUSED;
	case SQLITE_TOOBIG:
	case SQLITE_NOMEM:
		if (err)
			err->code = code == SQLITE_NOMEM ? ENOMEM : EFBIG;
		return HD_APPLY_REFUSED;
	default:
		return HD_APPLY_BROKEN;
	}
}

enum hd_applied hd_apply_refuse(struct hd_apply *a, int code, const char *fmt,
				...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	hd_err_set(&a->txn->err, code, "journal: %s", text);
	return HD_APPLY_REFUSED;
}

/* --- statements --- */

enum hd_applied hd_apply_step(struct hd_apply *a, sqlite3_stmt *stmt, bool *row)
{
	int rc = sqlite3_step(stmt);

	*row = rc == SQLITE_ROW;
	if (!*row)
		sqlite3_reset(stmt);
	return hd_apply_code(a->store, rc, &a->txn->err);
}

static sqlite3_stmt *prepared(struct hd_apply *a, enum hd_stmt which,
			      enum hd_applied *end)
{
	sqlite3_stmt *stmt = hd_store_stmt(a->store, which);

	*end = HD_APPLIED;
	if (!stmt)
		*end = hd_apply_code(a->store,
				     sqlite3_extended_errcode(a->store->db),
				     &a->txn->err);
	return stmt;
}

enum hd_applied hd_apply_row(struct hd_apply *a, enum hd_stmt which,
			     const struct hd_table *table, const void *rec)
{
	enum hd_applied end;
	sqlite3_stmt *stmt = prepared(a, which, &end);
	bool row;
	int rc;

	if (!stmt)
		return end;
	rc = hd_table_bind(stmt, table, rec);
	if (rc != SQLITE_OK)
		return hd_apply_code(a->store, rc, &a->txn->err);
	return hd_apply_step(a, stmt, &row);
}

enum hd_applied hd_apply_num(struct hd_apply *a, enum hd_stmt which,
			     int64_t num)
{
	enum hd_applied end;
	sqlite3_stmt *stmt = prepared(a, which, &end);
	bool row;

	if (!stmt)
		return end;
	sqlite3_bind_int64(stmt, 1, num);
	return hd_apply_step(a, stmt, &row);
}

void hd_apply_damaged(struct hd_apply *a, const struct hd_table *table,
		      sqlite3_stmt *stmt)
{
	if (a->store->on_damaged)
		a->store->on_damaged(a->store->ud, table->name,
				     sqlite3_column_int64(stmt, 0), stmt);
}

/* Room for a row of any table whose rows are removed by num. */
union small_rec {
	struct hd_window_rec window;
	struct hd_budget_rec budget;
	struct hd_state_rec state;
	struct hd_silence_rec silence;
	struct hd_text_rec text;
	struct hd_uid_rec uid;
};

/* The nums of the sound rows that `get` gives, in the transaction's memory. */
static enum hd_applied collect(struct hd_apply *a, sqlite3_stmt *get,
			       const struct hd_table *table, int64_t **out,
			       size_t *count)
{
	union small_rec rec;
	enum hd_applied end;
	bool row;

	*count = 0;
	*out = hd_ops_alloc(a->txn, 16 * sizeof(**out));
	while ((end = hd_apply_step(a, get, &row)) == HD_APPLIED && row) {
		if (!hd_table_read(get, table, &rec)) {
			hd_apply_damaged(a, table, get);
			continue;
		}
		if (*count >= 16 && (*count & (*count - 1)) == 0 && *out) {
			int64_t *more = hd_ops_alloc(
				a->txn, 2 * *count * sizeof(**out));

			if (more)
				memcpy(more, *out, *count * sizeof(**out));
			*out = more;
		}
		if (!*out)
			break;
		(*out)[(*count)++] = sqlite3_column_int64(get, 0);
		if (*count == DELETE_MAX)
			break;
	}
	sqlite3_reset(get);
	if (!*out)
		return hd_apply_refuse(a, ENOMEM, "no memory");
	return end;
}

enum hd_applied hd_apply_delete(struct hd_apply *a, sqlite3_stmt *get,
				const struct hd_table *table, enum hd_stmt del)
{
	int64_t *nums;
	size_t count, i;
	enum hd_applied end = collect(a, get, table, &nums, &count);

	for (i = 0; i < count && end == HD_APPLIED; i++)
		end = hd_apply_num(a, del, nums[i]);
	return end;
}

/* --- operations on small tables --- */

static void bind_text(sqlite3_stmt *stmt, int index, const char *text)
{
	sqlite3_bind_text(stmt, index, text, -1, SQLITE_STATIC);
}

static enum hd_applied delete_by_text(struct hd_apply *a, enum hd_stmt get,
				      const struct hd_table *table,
				      enum hd_stmt del, const char *first,
				      const char *second)
{
	enum hd_applied end;
	sqlite3_stmt *stmt = prepared(a, get, &end);

	if (!stmt)
		return end;
	bind_text(stmt, 1, first);
	if (second)
		bind_text(stmt, 2, second);
	return hd_apply_delete(a, stmt, table, del);
}

static enum hd_applied delete_by_time(struct hd_apply *a, enum hd_stmt get,
				      const struct hd_table *table,
				      enum hd_stmt del, int64_t time_ms)
{
	enum hd_applied end;
	sqlite3_stmt *stmt = prepared(a, get, &end);

	if (!stmt)
		return end;
	sqlite3_bind_int64(stmt, 1, time_ms);
	return hd_apply_delete(a, stmt, table, del);
}

static enum hd_applied budget_add(struct hd_apply *a, const struct hd_op *op)
{
	enum hd_applied end = HD_APPLIED;
	sqlite3_stmt *stmt;

	if (op->time_ms != 0) {
		stmt = prepared(a, HD_STMT_BUDGET_OLD, &end);
		if (!stmt)
			return end;
		bind_text(stmt, 1, op->u.budget.row.scope);
		sqlite3_bind_int64(stmt, 2, op->time_ms);
		end = hd_apply_delete(a, stmt, &hd_table_budget,
				      HD_STMT_BUDGET_DELETE);
	}
	if (end != HD_APPLIED)
		return end;
	return hd_apply_row(a, HD_STMT_BUDGET_INSERT, &hd_table_budget,
			    &op->u.budget);
}

static enum hd_applied uid_forget(struct hd_apply *a, const struct hd_op *op)
{
	a->store->uid_from_ms = op->time_ms;
	return delete_by_time(a, HD_STMT_UID_OLD, &hd_table_uid,
			      HD_STMT_UID_DELETE, op->time_ms);
}

static enum hd_applied apply_op(struct hd_apply *a, const struct hd_op *op)
{
	switch (op->kind) {
	case HD_OP_ALERT_NEW:
		return hd_apply_alert_new(a, op);
	case HD_OP_ALERT_UPDATE:
		return hd_apply_alert_update(a, op);
	case HD_OP_ENTRY:
		return hd_apply_entry(a, op);
	case HD_OP_ACTION_NEW:
		return hd_apply_action_new(a, op);
	case HD_OP_ACTION_UPDATE:
		return hd_apply_action_update(a, op);
	case HD_OP_WINDOW_PUT:
		return hd_apply_row(a, HD_STMT_WINDOW_UPSERT, &hd_table_window,
				    &op->u.window);
	case HD_OP_WINDOW_DEL:
		return delete_by_text(a, HD_STMT_WINDOW_GET, &hd_table_window,
				      HD_STMT_WINDOW_DELETE,
				      op->u.window.row.pipeline,
				      op->u.window.row.key);
	case HD_OP_WINDOW_PRUNE:
		return delete_by_time(a, HD_STMT_WINDOW_ENDED, &hd_table_window,
				      HD_STMT_WINDOW_DELETE, op->time_ms);
	case HD_OP_BUDGET_ADD:
		return budget_add(a, op);
	case HD_OP_QUOTA_PUT:
		return hd_apply_row(a, HD_STMT_QUOTA_UPSERT, &hd_table_quota,
				    &op->u.quota);
	case HD_OP_STATE_PUT:
		return hd_apply_row(a, HD_STMT_STATE_UPSERT, &hd_table_state,
				    &op->u.state);
	case HD_OP_STATE_DEL:
		return delete_by_text(a, HD_STMT_STATE_GET, &hd_table_state,
				      HD_STMT_STATE_DELETE,
				      op->u.state.row.connector,
				      op->u.state.row.key);
	case HD_OP_SILENCE_PUT:
		return hd_apply_row(a, HD_STMT_SILENCE_UPSERT,
				    &hd_table_silence, &op->u.silence);
	case HD_OP_SILENCE_DEL:
		return delete_by_text(a, HD_STMT_SILENCE_GET, &hd_table_silence,
				      HD_STMT_SILENCE_DELETE,
				      op->u.silence.row.id, NULL);
	case HD_OP_CONFIG_PUT:
		return hd_apply_row(a, HD_STMT_CONFIG_UPSERT, &hd_table_config,
				    &op->u.text);
	case HD_OP_META_PUT:
		return hd_apply_row(a, HD_STMT_META_UPSERT, &hd_table_meta,
				    &op->u.text);
	case HD_OP_META_DEL:
		return delete_by_text(a, HD_STMT_META_GET, &hd_table_meta,
				      HD_STMT_META_DELETE, op->u.text.name,
				      NULL);
	case HD_OP_UID_FORGET:
		return uid_forget(a, op);
	case HD_OP_RETIRE:
		return hd_apply_retire(a, op);
	case HD_OP_ASIDE:
		return hd_apply_row(a, HD_STMT_ASIDE_UPSERT, &hd_table_aside,
				    &op->u.aside);
	case HD_OP_KINDS:
		break;
	}
	return hd_apply_refuse(a, EINVAL, "no operation %d", (int)op->kind);
}

enum hd_applied hd_apply_txn(struct hd_store *store, struct hd_txn *txn)
{
	struct hd_apply a = { .store = store, .txn = txn };
	enum hd_applied end = HD_APPLIED;
	const struct hd_op *op;

	hd_ops_reset(txn);
	if (txn->failed)
		return HD_APPLY_REFUSED;
	for (op = txn->first; op && end == HD_APPLIED; op = op->next)
		end = apply_op(&a, op);
	if (end == HD_APPLIED)
		end = hd_apply_alerts_end(&a);
	if (end == HD_APPLIED)
		end = hd_apply_actions_end(&a);
	return end;
}
