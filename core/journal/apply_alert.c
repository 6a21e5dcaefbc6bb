#include "core/journal/apply.h"

#include <errno.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/journal/chain.h"

static struct hd_touched_alert *find_touched(struct hd_apply *a, const char *id)
{
	struct hd_touched_alert *alert = a->txn->last_alert;

	if (alert && strcmp(alert->rec.row.id, id) == 0)
		return alert;
	for (alert = a->txn->alerts; alert; alert = alert->next) {
		if (strcmp(alert->rec.row.id, id) == 0)
			return alert;
	}
	return NULL;
}

static struct hd_touched_alert *touch(struct hd_apply *a)
{
	struct hd_touched_alert *alert = hd_ops_alloc(a->txn, sizeof(*alert));

	if (!alert)
		return NULL;
	if (a->txn->last_alert)
		a->txn->last_alert->next = alert;
	else
		a->txn->alerts = alert;
	a->txn->last_alert = alert;
	return alert;
}

static enum hd_applied read_alert(struct hd_apply *a, sqlite3_stmt *stmt,
				  const char *id, struct hd_touched_alert **out)
{
	struct hd_alert_rec rec = { 0 };

	if (!hd_table_read(stmt, &hd_table_alert, &rec)) {
		hd_apply_damaged(a, &hd_table_alert, stmt);
		return hd_apply_refuse(a, EBADMSG, "alert %s is damaged", id);
	}
	hd_ops_keep(a->txn, &hd_table_alert, &rec);
	*out = touch(a);
	if (!*out || a->txn->failed)
		return hd_apply_refuse(a, ENOMEM, "no memory");
	(*out)->rec = rec;
	(*out)->was = rec.row.state;
	return HD_APPLIED;
}

enum hd_applied hd_apply_alert(struct hd_apply *a, const char *id,
			       struct hd_touched_alert **out)
{
	enum hd_applied end;
	sqlite3_stmt *stmt;
	bool row;

	*out = find_touched(a, id);
	if (*out)
		return HD_APPLIED;
	stmt = hd_store_stmt(a->store, HD_STMT_ALERT_BY_ID);
	if (!stmt)
		return hd_apply_code(a->store,
				     sqlite3_extended_errcode(a->store->db),
				     &a->txn->err);
	sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC);
	end = hd_apply_step(a, stmt, &row);
	if (end != HD_APPLIED)
		return end;
	if (!row)
		return hd_apply_refuse(a, ENOENT, "no alert %s", id);
	end = read_alert(a, stmt, id, out);
	sqlite3_reset(stmt);
	return end;
}

/* --- redelivery --- */

static bool known_in_txn(struct hd_apply *a, const struct hd_alert_row *row,
			 char id[HD_ID_TEXT])
{
	const struct hd_touched_alert *alert;

	for (alert = a->txn->alerts; alert; alert = alert->next) {
		if (alert->was != HD_ALERT_KEEP || alert->known ||
		    strcmp(alert->rec.row.uid, row->uid) != 0 ||
		    strcmp(alert->rec.row.scope, row->scope) != 0)
			continue;
		memcpy(id, alert->rec.row.id, HD_ID_TEXT);
		return true;
	}
	return false;
}

/* In table alert (`which` ALERT_BY_UID) or uid (UID_GET).  A damaged row
 * remembers nothing: its alert is not to be had any more, so the same one
 * again is welcome. */
static enum hd_applied known_in_table(struct hd_apply *a, enum hd_stmt which,
				      const struct hd_alert_row *row,
				      bool *known, char id[HD_ID_TEXT])
{
	const bool alerts = which == HD_STMT_ALERT_BY_UID;
	const struct hd_table *table = alerts ? &hd_table_alert : &hd_table_uid;
	sqlite3_stmt *stmt = hd_store_stmt(a->store, which);
	struct hd_alert_rec alert = { 0 };
	struct hd_uid_rec uid = { 0 };
	enum hd_applied end;
	bool there;

	if (!stmt)
		return hd_apply_code(a->store,
				     sqlite3_extended_errcode(a->store->db),
				     &a->txn->err);
	sqlite3_bind_text(stmt, 1, row->uid, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, row->scope, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, a->store->uid_from_ms);
	while ((end = hd_apply_step(a, stmt, &there)) == HD_APPLIED && there) {
		if (!hd_table_read(stmt, table,
				   alerts ? (void *)&alert : (void *)&uid)) {
			hd_apply_damaged(a, table, stmt);
			continue;
		}
		*known = true;
		if (alerts && hd_ops_is_id(alert.row.id))
			memcpy(id, alert.row.id, HD_ID_TEXT);
		break;
	}
	sqlite3_reset(stmt);
	return end;
}

static enum hd_applied find_known(struct hd_apply *a,
				  const struct hd_alert_row *row, bool *known,
				  char id[HD_ID_TEXT])
{
	enum hd_applied end;

	*known = false;
	id[0] = '\0';
	if (!row->uid[0])
		return HD_APPLIED;
	*known = known_in_txn(a, row, id);
	if (*known)
		return HD_APPLIED;
	end = known_in_table(a, HD_STMT_ALERT_BY_UID, row, known, id);
	if (end != HD_APPLIED || *known || !a->store->has_uids)
		return end;
	return known_in_table(a, HD_STMT_UID_GET, row, known, id);
}

enum hd_applied hd_apply_alert_new(struct hd_apply *a, const struct hd_op *op)
{
	const struct hd_alert_row *row = &op->u.alert;
	struct hd_touched_alert *alert;
	char known_id[HD_ID_TEXT];
	enum hd_applied end;
	bool known;

	if (find_touched(a, op->id))
		return hd_apply_refuse(a, EEXIST, "alert %s twice", op->id);
	end = find_known(a, row, &known, known_id);
	if (end != HD_APPLIED)
		return end;
	alert = touch(a);
	if (!alert)
		return hd_apply_refuse(a, ENOMEM, "no memory");
	alert->rec.row = *row;
	alert->known = known;
	memcpy(alert->known_id, known_id, HD_ID_TEXT);
	alert->raw = row->raw;
	alert->record = row->record;
	alert->rec.row.entries = 0;
	alert->rec.row.changed_ms = hd_utc_ms();
	if (!known)
		alert->rec.row.num = a->store->next_num++;
	hd_chain_begin(op->id, alert->rec.head);
	return HD_APPLIED;
}

/* --- changes --- */

static void set_text(const char **to, const char *text)
{
	if (text)
		*to = text;
}

static void set_bytes(struct hd_touched_alert *alert, struct hd_bytes *to,
		      const struct hd_bytes *from)
{
	if (!from->p)
		return;
	*to = *from;
	alert->decided = true;
}

static void change_alert(struct hd_touched_alert *alert,
			 const struct hd_alert_change *change)
{
	struct hd_alert_row *row = &alert->rec.row;

	if (change->state != HD_ALERT_KEEP) {
		alert->indexed |= change->state != row->state;
		row->state = change->state;
	}
	set_text(&row->pipeline, change->pipeline);
	set_text(&row->config, change->config);
	set_text(&row->title, change->title);
	set_text(&row->level, change->level);
	set_text(&row->leader, change->leader);
	set_text(&row->reason, change->reason);
	if (change->score) {
		row->score_low = change->score->low;
		row->score_high = change->score->high;
	}
	if (change->due_ms) {
		alert->indexed |= *change->due_ms != row->due_ms;
		row->due_ms = *change->due_ms;
	}
	if (change->severity) {
		alert->indexed |= *change->severity != row->severity;
		row->severity = *change->severity;
	}
	set_bytes(alert, &alert->decision.record, &change->record);
	set_bytes(alert, &alert->decision.answers, &change->answers);
	set_bytes(alert, &alert->decision.ledger, &change->ledger);
	row->changed_ms = hd_utc_ms();
	alert->dirty = true;
}

enum hd_applied hd_apply_alert_update(struct hd_apply *a,
				      const struct hd_op *op)
{
	const struct hd_alert_change *change = &op->u.alert_change;
	struct hd_touched_alert *alert;
	enum hd_applied end = hd_apply_alert(a, op->id, &alert);

	if (end != HD_APPLIED || alert->known)
		return end;
	if (change->if_state != HD_ALERT_KEEP &&
	    change->if_state != alert->rec.row.state)
		return hd_apply_refuse(
			a, ESTALE, "alert %s is %s, not %s", op->id,
			hd_alert_state_name(alert->rec.row.state),
			hd_alert_state_name(change->if_state));
	change_alert(alert, change);
	return HD_APPLIED;
}

enum hd_applied hd_apply_entry(struct hd_apply *a, const struct hd_op *op)
{
	struct hd_touched_alert *alert;
	struct hd_entry_row row = op->u.entry;
	enum hd_applied end = hd_apply_alert(a, op->id, &alert);
	sqlite3_stmt *stmt;
	bool there;

	if (end != HD_APPLIED || alert->known)
		return end;
	row.seq = ++alert->rec.row.entries;
	hd_chain_add(alert->rec.head, &row);
	alert->dirty = true;
	stmt = hd_store_stmt(a->store, HD_STMT_ENTRY_INSERT);
	if (!stmt)
		return hd_apply_code(a->store,
				     sqlite3_extended_errcode(a->store->db),
				     &a->txn->err);
	sqlite3_bind_int64(stmt, 1, alert->rec.row.num);
	sqlite3_bind_int64(stmt, 2, row.seq);
	sqlite3_bind_int64(stmt, 3, row.utc_ms);
	sqlite3_bind_text(stmt, 4, row.kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 5, row.json, -1, SQLITE_STATIC);
	sqlite3_bind_blob(stmt, 6, alert->rec.head, HD_CHAIN_SIZE,
			  SQLITE_STATIC);
	return hd_apply_step(a, stmt, &there);
}

/* --- the end: each touched row is written once --- */

static enum hd_applied insert_alert(struct hd_apply *a,
				    struct hd_touched_alert *alert)
{
	struct hd_body_rec body = { .num = alert->rec.row.num,
				    .raw = alert->raw,
				    .record = alert->record };
	enum hd_applied end = hd_apply_row(a, HD_STMT_ALERT_INSERT,
					   &hd_table_alert, &alert->rec);

	if (end != HD_APPLIED)
		return end;
	a->store->counts.alerts[alert->rec.row.state]++;
	return hd_apply_row(a, HD_STMT_BODY_INSERT, &hd_table_body, &body);
}

static enum hd_applied update_alert(struct hd_apply *a,
				    struct hd_touched_alert *alert)
{
	a->store->counts.alerts[alert->was]--;
	a->store->counts.alerts[alert->rec.row.state]++;
	return hd_apply_row(a,
			    alert->indexed ? HD_STMT_ALERT_UPDATE
					   : HD_STMT_ALERT_UPDATE_NARROW,
			    &hd_table_alert, &alert->rec);
}

static void keep_bytes(struct hd_bytes *to, const struct hd_bytes *old)
{
	if (!to->p)
		*to = *old;
}

/* A later stretch of steps may decide more; what it says nothing of stays. */
static enum hd_applied put_decision(struct hd_apply *a,
				    struct hd_touched_alert *alert)
{
	struct hd_decision_rec *to = &alert->decision;
	struct hd_decision_rec old = { 0 };
	sqlite3_stmt *get = hd_store_stmt(a->store, HD_STMT_DECISION_GET);
	enum hd_applied end;
	bool there;

	if (!get)
		return hd_apply_code(a->store,
				     sqlite3_extended_errcode(a->store->db),
				     &a->txn->err);
	to->num = alert->rec.row.num;
	sqlite3_bind_int64(get, 1, to->num);
	end = hd_apply_step(a, get, &there);
	if (end != HD_APPLIED)
		return end;
	if (there && !hd_table_read(get, &hd_table_decision, &old)) {
		hd_apply_damaged(a, &hd_table_decision, get);
		memset(&old, 0, sizeof(old));
	}
	keep_bytes(&to->record, &old.record);
	keep_bytes(&to->answers, &old.answers);
	keep_bytes(&to->ledger, &old.ledger);
	end = hd_apply_row(a, HD_STMT_DECISION_UPSERT, &hd_table_decision, to);
	sqlite3_reset(get);
	return end;
}

static enum hd_applied end_alert(struct hd_apply *a,
				 struct hd_touched_alert *alert)
{
	enum hd_applied end = HD_APPLIED;

	if (alert->known)
		return HD_APPLIED;
	if (alert->was == HD_ALERT_KEEP)
		end = insert_alert(a, alert);
	else if (alert->dirty)
		end = update_alert(a, alert);
	if (end == HD_APPLIED && alert->decided)
		end = put_decision(a, alert);
	return end;
}

enum hd_applied hd_apply_alerts_end(struct hd_apply *a)
{
	struct hd_touched_alert *alert;
	enum hd_applied end = HD_APPLIED;

	for (alert = a->txn->alerts; alert && end == HD_APPLIED;
	     alert = alert->next)
		end = end_alert(a, alert);
	return end;
}
