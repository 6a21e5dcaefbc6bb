#include "core/journal/apply.h"

#include <errno.h>
#include <string.h>

#include "core/base/clock.h"

static struct hd_touched_action *find_touched(struct hd_apply *a,
					      const char *id)
{
	struct hd_touched_action *action;

	for (action = a->txn->actions; action; action = action->next) {
		if (strcmp(action->rec.row.id, id) == 0)
			return action;
	}
	return NULL;
}

static struct hd_touched_action *touch(struct hd_apply *a)
{
	struct hd_touched_action *action = hd_ops_alloc(a->txn,
							sizeof(*action));

	if (!action)
		return NULL;
	if (a->txn->last_action)
		a->txn->last_action->next = action;
	else
		a->txn->actions = action;
	a->txn->last_action = action;
	return action;
}

static enum hd_applied read_action(struct hd_apply *a, sqlite3_stmt *stmt,
				   const char *id,
				   struct hd_touched_action **out)
{
	struct hd_action_rec rec = { 0 };

	if (!hd_table_read(stmt, &hd_table_action, &rec)) {
		hd_apply_damaged(a, &hd_table_action, stmt);
		return hd_apply_refuse(a, EBADMSG, "action %s is damaged", id);
	}
	hd_ops_keep(a->txn, &hd_table_action, &rec);
	*out = touch(a);
	if (!*out || a->txn->failed)
		return hd_apply_refuse(a, ENOMEM, "no memory");
	(*out)->rec = rec;
	(*out)->was = rec.row.state;
	return HD_APPLIED;
}

static enum hd_applied get_action(struct hd_apply *a, const char *id,
				  struct hd_touched_action **out)
{
	enum hd_applied end;
	sqlite3_stmt *stmt;
	bool there;

	*out = find_touched(a, id);
	if (*out)
		return HD_APPLIED;
	stmt = hd_store_stmt(a->store, HD_STMT_ACTION_BY_ID);
	if (!stmt)
		return hd_apply_code(a->store,
				     sqlite3_extended_errcode(a->store->db),
				     &a->txn->err);
	sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC);
	end = hd_apply_step(a, stmt, &there);
	if (end != HD_APPLIED)
		return end;
	if (!there)
		return hd_apply_refuse(a, ENOENT, "no action %s", id);
	end = read_action(a, stmt, id, out);
	sqlite3_reset(stmt);
	return end;
}

/* An action's id is its idem's digest: the same again is refused. */
static enum hd_applied refuse_again(struct hd_apply *a, const struct hd_op *op,
				    const struct hd_touched_alert *alert)
{
	sqlite3_stmt *stmt;
	enum hd_applied end;
	bool there = find_touched(a, op->id) != NULL;

	if (!there && alert->was != HD_ALERT_KEEP) {
		stmt = hd_store_stmt(a->store, HD_STMT_ACTION_IS);
		if (!stmt)
			return hd_apply_code(a->store,
					     sqlite3_extended_errcode(
						     a->store->db),
					     &a->txn->err);
		sqlite3_bind_int64(stmt, 1, alert->rec.row.num);
		sqlite3_bind_text(stmt, 2, op->id, -1, SQLITE_STATIC);
		end = hd_apply_step(a, stmt, &there);
		sqlite3_reset(stmt);
		if (end != HD_APPLIED)
			return end;
	}
	if (there)
		return hd_apply_refuse(a, EEXIST, "action %s is there already",
				       op->u.action.idem);
	return HD_APPLIED;
}

enum hd_applied hd_apply_action_new(struct hd_apply *a, const struct hd_op *op)
{
	struct hd_touched_action *action;
	struct hd_touched_alert *alert;
	enum hd_applied end = hd_apply_alert(a, op->u.action.alert, &alert);

	if (end != HD_APPLIED || alert->known)
		return end;
	end = refuse_again(a, op, alert);
	if (end != HD_APPLIED)
		return end;
	action = touch(a);
	if (!action)
		return hd_apply_refuse(a, ENOMEM, "no memory");
	action->rec.row = op->u.action;
	action->rec.alert_num = alert->rec.row.num;
	action->rec.row.created_ms = hd_utc_ms();
	action->rec.row.changed_ms = action->rec.row.created_ms;
	return HD_APPLIED;
}

static void set_text(const char **to, const char *text)
{
	if (text)
		*to = text;
}

static void set_int(int64_t *to, const int64_t *value)
{
	if (value)
		*to = *value;
}

static void change_action(struct hd_action_row *row,
			  const struct hd_action_change *change)
{
	if (change->state != HD_ACTION_KEEP)
		row->state = change->state;
	set_text(&row->params, change->params);
	set_text(&row->spec, change->spec);
	set_text(&row->target, change->target);
	set_text(&row->target_uid, change->target_uid);
	set_text(&row->summary, change->summary);
	set_text(&row->memo, change->memo);
	set_text(&row->result, change->result);
	set_text(&row->ticket, change->ticket);
	set_text(&row->message, change->message);
	set_text(&row->mode, change->mode);
	set_int(&row->due_ms, change->due_ms);
	set_int(&row->tries, change->tries);
	set_int(&row->retry_until_ms, change->retry_until_ms);
	set_int(&row->deadline_ms, change->deadline_ms);
	row->changed_ms = hd_utc_ms();
}

enum hd_applied hd_apply_action_update(struct hd_apply *a,
				       const struct hd_op *op)
{
	const struct hd_action_change *change = &op->u.action_change;
	struct hd_touched_action *action;
	enum hd_applied end = get_action(a, op->id, &action);

	if (end != HD_APPLIED)
		return end;
	if (change->if_state != HD_ACTION_KEEP &&
	    change->if_state != action->rec.row.state)
		return hd_apply_refuse(
			a, ESTALE, "action %s is %s, not %s", op->id,
			hd_action_state_name(action->rec.row.state),
			hd_action_state_name(change->if_state));
	change_action(&action->rec.row, change);
	action->dirty = true;
	return HD_APPLIED;
}

static enum hd_applied end_action(struct hd_apply *a,
				  struct hd_touched_action *action)
{
	struct hd_counts *counts = &a->store->counts;

	if (action->was != HD_ACTION_KEEP && !action->dirty)
		return HD_APPLIED;
	if (action->was != HD_ACTION_KEEP)
		counts->actions[action->was]--;
	counts->actions[action->rec.row.state]++;
	return hd_apply_row(a,
			    action->was == HD_ACTION_KEEP
				    ? HD_STMT_ACTION_INSERT
				    : HD_STMT_ACTION_UPDATE,
			    &hd_table_action, &action->rec);
}

enum hd_applied hd_apply_actions_end(struct hd_apply *a)
{
	struct hd_touched_action *action;
	enum hd_applied end = HD_APPLIED;

	for (action = a->txn->actions; action && end == HD_APPLIED;
	     action = action->next)
		end = end_action(a, action);
	return end;
}
