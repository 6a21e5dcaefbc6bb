/* ops.h - the inside of a transaction
 *
 * Operations are a list in the transaction's own memory, which only grows and
 * is freed as a whole.  What the writer finds out while applying them (rows it
 * touched, redeliveries) lives there too; hd_ops_reset() forgets it, so that a
 * transaction can be applied again.
 */
#ifndef HD_JOURNAL_OPS_H
#define HD_JOURNAL_OPS_H

#include "core/base/err.h"
#include "core/journal/arena.h"
#include "core/journal/journal.h"
#include "core/journal/table.h"
#include "core/journal/txn.h"

/* Digits that an action's id has from its alert's. */
#define HD_ID_SHARED 16

enum hd_op_kind {
	HD_OP_ALERT_NEW,
	HD_OP_ALERT_UPDATE,
	HD_OP_ENTRY,
	HD_OP_ACTION_NEW,
	HD_OP_ACTION_UPDATE,
	HD_OP_WINDOW_PUT,
	HD_OP_WINDOW_DEL,
	HD_OP_WINDOW_PRUNE,
	HD_OP_BUDGET_ADD,
	HD_OP_QUOTA_PUT,
	HD_OP_STATE_PUT,
	HD_OP_STATE_DEL,
	HD_OP_SILENCE_PUT,
	HD_OP_SILENCE_DEL,
	HD_OP_CONFIG_PUT,
	HD_OP_META_PUT,
	HD_OP_META_DEL,
	HD_OP_UID_FORGET,
	HD_OP_RETIRE,
	HD_OP_ASIDE, /* the journal's own */
	HD_OP_KINDS
};

struct hd_op {
	struct hd_op *next;
	enum hd_op_kind kind;
	char id[HD_ID_TEXT]; /* of the alert or action it is about */
	int64_t time_ms, n;
	union {
		struct hd_alert_row alert;
		struct hd_alert_change alert_change;
		struct hd_entry_row entry;
		struct hd_action_row action;
		struct hd_action_change action_change;
		struct hd_window_rec window;
		struct hd_budget_rec budget;
		struct hd_quota_rec quota;
		struct hd_state_rec state;
		struct hd_silence_rec silence;
		struct hd_text_rec text;
		struct hd_aside_rec aside;
	} u;
};

/* An alert's row while a transaction is applied. */
struct hd_touched_alert {
	struct hd_touched_alert *next;
	struct hd_alert_rec rec;
	struct hd_bytes raw, record;	 /* of a new one */
	struct hd_decision_rec decision; /* p NULL: keep */
	enum hd_alert_state was;	 /* KEEP: new */
	bool dirty, decided;
	bool indexed; /* a column with an index was changed */
	bool known;   /* a redelivery: leave it out */
	char known_id[HD_ID_TEXT];
};

struct hd_touched_action {
	struct hd_touched_action *next;
	struct hd_action_rec rec;
	enum hd_action_state was; /* KEEP: new */
	bool dirty;
};

struct hd_txn {
	struct hd_txn *next; /* in a queue */
	hd_txn_fn fn;
	void *ud;
	enum hd_txn_status status;
	struct hd_err err;
	bool failed; /* while it was built */

	struct hd_op *first, *last;
	struct hd_arena arena;

	struct hd_touched_alert *alerts, *last_alert;
	struct hd_touched_action *actions, *last_action;
	int64_t retired;
};

/* Memory that lives as long as the transaction, zeroed; NULL when there is
 * none. [any] */
void *hd_ops_alloc(struct hd_txn *txn, size_t n);

/* A copy in the transaction's memory; NULL when there is none. [any] */
const char *hd_ops_text(struct hd_txn *txn, const char *text);

/* Moves a row's texts and bytes into the transaction's memory, which is failed
 * when there is none. [any] */
void hd_ops_keep(struct hd_txn *txn, const struct hd_table *table, void *rec);

/* Appends an operation; NULL when the transaction is failed. [any] */
struct hd_op *hd_ops_add(struct hd_txn *txn, enum hd_op_kind kind);

/* A row to be set aside. `bytes` is copied. [any] */
void hd_ops_aside(struct hd_txn *txn, const char *table, int64_t row,
		  const struct hd_bytes *bytes);

/* Forgets what applying found out. [writer] */
void hd_ops_reset(struct hd_txn *txn);

/* 32 lower-case hex digits? [any] */
bool hd_ops_is_id(const char *text);

#endif
