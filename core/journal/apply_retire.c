/* Retention: old alerts go with all that belongs to them.
 *
 * Alerts are looked at from the oldest, from where the last one ended, so that
 * those that are kept (dead, quarantined, waiting) are not read again each
 * time.  An alert of which any row is damaged stays: it is evidence, and SQLite
 * would take its removal for a damaged index. */
#include "core/journal/apply.h"

#include <errno.h>
#include <string.h>

#include "core/journal/chain.h"

#define LOOK_MAX 20000 /* alerts looked at by one operation */

struct old {
	struct old *next;
	int64_t num;
	enum hd_alert_state state;
	struct hd_uid_rec uid;
};

static bool may_go(const struct hd_alert_row *row, int64_t before_ms)
{
	switch (row->state) {
	case HD_ALERT_DONE:
	case HD_ALERT_MERGED:
	case HD_ALERT_SILENCED:
	case HD_ALERT_DROPPED:
		return row->received_ms < before_ms;
	default:
		return false;
	}
}

static bool chain_is_whole(struct hd_apply *a, const struct hd_alert_rec *rec)
{
	sqlite3_stmt *stmt = hd_store_stmt(a->store, HD_STMT_ENTRY_OF);
	uint8_t head[HD_CHAIN_SIZE];
	struct hd_entry_row row;
	bool whole = stmt != NULL;
	int64_t seq = 0;

	if (!whole)
		return false;
	sqlite3_bind_int64(stmt, 1, rec->row.num);
	hd_chain_begin(rec->row.id, head);
	while (whole && sqlite3_step(stmt) == SQLITE_ROW)
		whole = hd_chain_read(stmt, head, ++seq, &row);
	sqlite3_reset(stmt);
	return whole && seq == rec->row.entries &&
	       memcmp(head, rec->head, HD_CHAIN_SIZE) == 0;
}

static bool is_final(enum hd_action_state state)
{
	return state >= HD_ACTION_DONE;
}

static bool actions_may_go(struct hd_apply *a, int64_t num)
{
	sqlite3_stmt *stmt = hd_store_stmt(a->store, HD_STMT_ACTION_OF);
	struct hd_action_rec rec;
	bool may = stmt != NULL;

	if (!may)
		return false;
	sqlite3_bind_int64(stmt, 1, num);
	while (may && sqlite3_step(stmt) == SQLITE_ROW) {
		may = hd_table_read(stmt, &hd_table_action, &rec);
		if (!may)
			hd_apply_damaged(a, &hd_table_action, stmt);
		else
			may = is_final(rec.row.state);
	}
	sqlite3_reset(stmt);
	return may;
}

static struct old *note_old(struct hd_apply *a, const struct hd_alert_row *row)
{
	struct old *old = hd_ops_alloc(a->txn, sizeof(*old));

	if (!old)
		return NULL;
	old->num = row->num;
	old->state = row->state;
	old->uid.scope = hd_ops_text(a->txn, row->scope);
	old->uid.uid = hd_ops_text(a->txn, row->uid);
	old->uid.received_ms = row->received_ms;
	return old->uid.scope && old->uid.uid ? old : NULL;
}

/* Adds the alert to the list if it may go. */
static enum hd_applied look_at(struct hd_apply *a, const struct hd_op *op,
			       const struct hd_alert_rec *rec, struct old **out,
			       int64_t *found)
{
	struct old *old;

	if (!may_go(&rec->row, op->time_ms) || !chain_is_whole(a, rec) ||
	    !actions_may_go(a, rec->row.num))
		return HD_APPLIED;
	old = note_old(a, &rec->row);
	if (!old)
		return hd_apply_refuse(a, ENOMEM, "no memory");
	old->next = *out;
	*out = old;
	(*found)++;
	return HD_APPLIED;
}

/* Those to go, as a list.  Stops at the first that is too young, since they
 * stand in the order of their receipt; the next look begins anew then. */
static enum hd_applied look(struct hd_apply *a, const struct hd_op *op,
			    sqlite3_stmt *stmt, struct old **out)
{
	struct hd_alert_rec rec = { 0 };
	enum hd_applied end = HD_APPLIED;
	int64_t found = 0, looked = 0;
	bool there = false, young = false;

	while (end == HD_APPLIED && found < op->n && !young) {
		end = hd_apply_step(a, stmt, &there);
		if (end != HD_APPLIED || !there)
			break;
		looked++;
		if (!hd_table_read(stmt, &hd_table_alert, &rec)) {
			hd_apply_damaged(a, &hd_table_alert, stmt);
			continue;
		}
		young = rec.row.received_ms >= op->time_ms;
		end = look_at(a, op, &rec, out, &found);
	}
	a->store->retire_from = young || (!there && looked < LOOK_MAX)
					? 0
					: rec.row.num;
	return end;
}

static enum hd_applied uncount_actions(struct hd_apply *a, int64_t num)
{
	sqlite3_stmt *stmt = hd_store_stmt(a->store, HD_STMT_ACTION_OF);
	struct hd_action_rec rec;
	enum hd_applied end;
	bool there;

	sqlite3_bind_int64(stmt, 1, num);
	while ((end = hd_apply_step(a, stmt, &there)) == HD_APPLIED && there) {
		if (hd_table_read(stmt, &hd_table_action, &rec))
			a->store->counts.actions[rec.row.state]--;
	}
	return end;
}

static enum hd_applied remove_alert(struct hd_apply *a, const struct old *old)
{
	static const enum hd_stmt deletes[] = {
		HD_STMT_ENTRY_DELETE,	 HD_STMT_ACTION_DELETE,
		HD_STMT_DECISION_DELETE, HD_STMT_BODY_DELETE,
		HD_STMT_ALERT_DELETE,
	};
	enum hd_applied end = uncount_actions(a, old->num);
	size_t i;

	for (i = 0; i < sizeof(deletes) / sizeof(deletes[0]); i++) {
		if (end == HD_APPLIED)
			end = hd_apply_num(a, deletes[i], old->num);
	}
	if (end == HD_APPLIED && old->uid.uid[0] &&
	    old->uid.received_ms >= a->store->uid_from_ms)
		end = hd_apply_row(a, HD_STMT_UID_UPSERT, &hd_table_uid,
				   &old->uid);
	a->store->has_uids = true;
	a->store->counts.alerts[old->state]--;
	a->txn->retired++;
	return end;
}

enum hd_applied hd_apply_retire(struct hd_apply *a, const struct hd_op *op)
{
	sqlite3_stmt *stmt = hd_store_stmt(a->store, HD_STMT_ALERT_OLDEST);
	struct old *old = NULL;
	enum hd_applied end;

	if (!stmt)
		return hd_apply_code(a->store,
				     sqlite3_extended_errcode(a->store->db),
				     &a->txn->err);
	sqlite3_bind_int64(stmt, 1, a->store->retire_from);
	sqlite3_bind_int64(stmt, 2, LOOK_MAX);
	end = look(a, op, stmt, &old);
	sqlite3_reset(stmt);
	for (; old && end == HD_APPLIED; old = old->next)
		end = remove_alert(a, old);
	return end;
}
