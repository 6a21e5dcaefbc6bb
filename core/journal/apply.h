/* apply.h - one transaction's operations, done to the database */
#ifndef HD_JOURNAL_APPLY_H
#define HD_JOURNAL_APPLY_H

#include "core/journal/ops.h"
#include "core/journal/store.h"

enum hd_applied {
	HD_APPLIED,
	HD_APPLY_REFUSED, /* this transaction alone; txn->err says why */
	HD_APPLY_FULL,
	HD_APPLY_BROKEN /* the disk or the database: the end; txn->err */
};

/* All operations of `txn`, inside a transaction of SQLite.  Unless it is
 * APPLIED the caller rolls back. [writer] */
enum hd_applied hd_apply_txn(struct hd_store *store, struct hd_txn *txn);

/* What SQLite's code means for the one who got it; fills `err` unless it is
 * APPLIED. [writer] */
enum hd_applied hd_apply_code(struct hd_store *store, int rc,
			      struct hd_err *err);

/* --- shared by the parts of this: apply_*.c --- */

struct hd_apply {
	struct hd_store *store;
	struct hd_txn *txn;
};

/* Binds `rec`, runs the statement once. */
enum hd_applied hd_apply_row(struct hd_apply *a, enum hd_stmt which,
			     const struct hd_table *table, const void *rec);

/* Steps a statement that is bound. APPLIED: *row tells whether it stands on a
 * row.  The statement is reset unless it does. */
enum hd_applied hd_apply_step(struct hd_apply *a, sqlite3_stmt *stmt,
			      bool *row);

/* Runs a statement with one integer, ?1. */
enum hd_applied hd_apply_num(struct hd_apply *a, enum hd_stmt which,
			     int64_t num);

/* Refuses the transaction. */
enum hd_applied hd_apply_refuse(struct hd_apply *a, int code, const char *fmt,
				...) __attribute__((format(printf, 3, 4)));

/* Sets the row that `stmt` stands on aside. */
void hd_apply_damaged(struct hd_apply *a, const struct hd_table *table,
		      sqlite3_stmt *stmt);

/* The alert's row for this transaction, read if need be. */
enum hd_applied hd_apply_alert(struct hd_apply *a, const char *id,
			       struct hd_touched_alert **out);

enum hd_applied hd_apply_alert_new(struct hd_apply *a, const struct hd_op *op);
enum hd_applied hd_apply_alert_update(struct hd_apply *a,
				      const struct hd_op *op);
enum hd_applied hd_apply_entry(struct hd_apply *a, const struct hd_op *op);
enum hd_applied hd_apply_alerts_end(struct hd_apply *a);

enum hd_applied hd_apply_action_new(struct hd_apply *a, const struct hd_op *op);
enum hd_applied hd_apply_action_update(struct hd_apply *a,
				       const struct hd_op *op);
enum hd_applied hd_apply_actions_end(struct hd_apply *a);

enum hd_applied hd_apply_retire(struct hd_apply *a, const struct hd_op *op);

/* Removes by num the rows that `get`, bound, gives: each is read first, since
 * SQLite takes the removal of a damaged row for a damaged index. */
enum hd_applied hd_apply_delete(struct hd_apply *a, sqlite3_stmt *get,
				const struct hd_table *table, enum hd_stmt del);

#endif
