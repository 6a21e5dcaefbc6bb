#include "core/journal/txn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/journal/ops.h"

#define VALUE_MAX ((size_t)64 << 20)

struct hd_txn *hd_txn_new(void)
{
	return hd_alloc(sizeof(struct hd_txn));
}

void hd_txn_free(struct hd_txn *txn)
{
	if (!txn)
		return;
	hd_arena_clear(&txn->arena);
	free(txn);
}

/* --- memory --- */

static void fail(struct hd_txn *txn, int code, const char *what)
{
	if (txn->failed)
		return;
	txn->failed = true;
	hd_err_sys(&txn->err, code, "journal: %s", what);
}

void *hd_ops_alloc(struct hd_txn *txn, size_t n)
{
	void *p = hd_arena_alloc(&txn->arena, n);

	if (!p)
		fail(txn, ENOMEM, "transaction");
	return p;
}

static const char *copy(struct hd_txn *txn, const void *p, size_t n)
{
	const char *to;

	if (n > VALUE_MAX) {
		fail(txn, EFBIG, "transaction: value over 64 MiB");
		return NULL;
	}
	to = hd_arena_copy(&txn->arena, p, n);
	if (!to)
		fail(txn, ENOMEM, "transaction");
	return to;
}

const char *hd_ops_text(struct hd_txn *txn, const char *text)
{
	if (!text || !text[0])
		return "";
	return copy(txn, text, strlen(text));
}

/* For changes, where NULL keeps what is there. */
static void copy_change(struct hd_txn *txn, const char **text)
{
	if (*text)
		*text = hd_ops_text(txn, *text);
}

static void copy_bytes(struct hd_txn *txn, struct hd_bytes *bytes)
{
	if (bytes->p)
		bytes->p = copy(txn, bytes->p, bytes->n);
	else
		bytes->n = 0;
}

static void copy_int(struct hd_txn *txn, const int64_t **value)
{
	if (*value)
		*value = (const void *)copy(txn, *value, sizeof(**value));
}

void hd_ops_keep(struct hd_txn *txn, const struct hd_table *table, void *rec)
{
	if (hd_table_size(table, rec) > VALUE_MAX)
		fail(txn, EFBIG, "transaction: row over 64 MiB");
	else if (!hd_table_keep(table, rec, &txn->arena))
		fail(txn, ENOMEM, "transaction");
}

struct hd_op *hd_ops_add(struct hd_txn *txn, enum hd_op_kind kind)
{
	struct hd_op *op = txn->failed ? NULL : hd_ops_alloc(txn, sizeof(*op));

	if (!op)
		return NULL;
	op->kind = kind;
	if (txn->last)
		txn->last->next = op;
	else
		txn->first = op;
	txn->last = op;
	return op;
}

void hd_ops_reset(struct hd_txn *txn)
{
	txn->alerts = NULL;
	txn->last_alert = NULL;
	txn->actions = NULL;
	txn->last_action = NULL;
	txn->retired = 0;
	txn->status = HD_TXN_OK;
}

bool hd_ops_is_id(const char *text)
{
	return text && strlen(text) == HD_ID_TEXT - 1 &&
	       strspn(text, "0123456789abcdef") == HD_ID_TEXT - 1;
}

/* An operation on one alert or action. */
static struct hd_op *add_for(struct hd_txn *txn, enum hd_op_kind kind,
			     const char *id)
{
	struct hd_op *op;

	if (!hd_ops_is_id(id)) {
		fail(txn, EINVAL, "transaction: no id");
		return NULL;
	}
	op = hd_ops_add(txn, kind);
	if (op)
		memcpy(op->id, id, HD_ID_TEXT);
	return op;
}

/* --- builders --- */

void hd_txn_alert_new(struct hd_txn *txn, const struct hd_alert_row *row)
{
	struct hd_op *op;
	struct hd_alert_rec rec = { .row = *row };

	if (row->state != HD_ALERT_RECEIVED &&
	    row->state != HD_ALERT_QUARANTINED) {
		fail(txn, EINVAL, "transaction: state of a new alert");
		return;
	}
	op = add_for(txn, HD_OP_ALERT_NEW, row->id);
	if (!op)
		return;
	hd_ops_keep(txn, &hd_table_alert, &rec);
	copy_bytes(txn, &rec.row.raw);
	copy_bytes(txn, &rec.row.record);
	rec.row.id = op->id;
	op->u.alert = rec.row;
}

void hd_txn_alert_update(struct hd_txn *txn, const char *id,
			 const struct hd_alert_change *change)
{
	struct hd_op *op = add_for(txn, HD_OP_ALERT_UPDATE, id);
	struct hd_alert_change *to;

	if (!op)
		return;
	to = &op->u.alert_change;
	*to = *change;
	copy_change(txn, &to->pipeline);
	copy_change(txn, &to->config);
	copy_change(txn, &to->title);
	copy_change(txn, &to->level);
	copy_change(txn, &to->leader);
	copy_change(txn, &to->reason);
	copy_int(txn, &to->due_ms);
	if (to->score)
		to->score = (const void *)copy(txn, to->score,
					       sizeof(*to->score));
	if (to->severity)
		to->severity = (const void *)copy(txn, to->severity,
						  sizeof(*to->severity));
	copy_bytes(txn, &to->record);
	copy_bytes(txn, &to->answers);
	copy_bytes(txn, &to->ledger);
}

void hd_txn_entry(struct hd_txn *txn, const char *id, const char *kind,
		  const char *json)
{
	struct hd_op *op = add_for(txn, HD_OP_ENTRY, id);

	if (!op)
		return;
	op->u.entry.utc_ms = hd_utc_ms();
	op->u.entry.kind = hd_ops_text(txn, kind);
	op->u.entry.json = hd_ops_text(txn, json);
}

void hd_txn_action_new(struct hd_txn *txn, const struct hd_action_row *row)
{
	struct hd_action_rec rec = { .row = *row };
	char id[HD_ID_TEXT];
	struct hd_op *op;

	if (!row->idem || !row->idem[0] || !hd_ops_is_id(row->alert) ||
	    row->state == HD_ACTION_KEEP) {
		fail(txn, EINVAL,
		     "transaction: action without idem, alert or "
		     "state");
		return;
	}
	hd_journal_action_id(row->idem, id);
	op = add_for(txn, HD_OP_ACTION_NEW, id);
	if (!op)
		return;
	hd_ops_keep(txn, &hd_table_action, &rec);
	rec.row.id = op->id;
	op->u.action = rec.row;
}

void hd_txn_action_update(struct hd_txn *txn, const char *id,
			  const struct hd_action_change *change)
{
	struct hd_op *op = add_for(txn, HD_OP_ACTION_UPDATE, id);
	struct hd_action_change *to;

	if (!op)
		return;
	to = &op->u.action_change;
	*to = *change;
	copy_change(txn, &to->params);
	copy_change(txn, &to->spec);
	copy_change(txn, &to->target);
	copy_change(txn, &to->target_uid);
	copy_change(txn, &to->summary);
	copy_change(txn, &to->memo);
	copy_change(txn, &to->result);
	copy_change(txn, &to->ticket);
	copy_change(txn, &to->message);
	copy_change(txn, &to->mode);
	copy_int(txn, &to->due_ms);
	copy_int(txn, &to->tries);
	copy_int(txn, &to->retry_until_ms);
	copy_int(txn, &to->deadline_ms);
}

void hd_txn_window_put(struct hd_txn *txn, const struct hd_window_row *row)
{
	struct hd_op *op = hd_ops_add(txn, HD_OP_WINDOW_PUT);

	if (!op)
		return;
	op->u.window.row = *row;
	hd_ops_keep(txn, &hd_table_window, &op->u.window);
}

void hd_txn_window_del(struct hd_txn *txn, const char *pipeline,
		       const char *key)
{
	struct hd_op *op = hd_ops_add(txn, HD_OP_WINDOW_DEL);

	if (!op)
		return;
	op->u.window.row.pipeline = hd_ops_text(txn, pipeline);
	op->u.window.row.key = hd_ops_text(txn, key);
}

void hd_txn_window_prune(struct hd_txn *txn, int64_t utc_ms)
{
	struct hd_op *op = hd_ops_add(txn, HD_OP_WINDOW_PRUNE);

	if (op)
		op->time_ms = utc_ms;
}

void hd_txn_budget_add(struct hd_txn *txn, const struct hd_budget_row *row,
		       int64_t keep_from_ms)
{
	struct hd_op *op = hd_ops_add(txn, HD_OP_BUDGET_ADD);

	if (!op)
		return;
	op->time_ms = keep_from_ms;
	op->u.budget.row = *row;
	hd_ops_keep(txn, &hd_table_budget, &op->u.budget);
}

void hd_txn_quota_put(struct hd_txn *txn, const struct hd_quota_row *row)
{
	struct hd_op *op = hd_ops_add(txn, HD_OP_QUOTA_PUT);

	if (!op)
		return;
	op->u.quota.row = *row;
	hd_ops_keep(txn, &hd_table_quota, &op->u.quota);
}

void hd_txn_state_put(struct hd_txn *txn, const struct hd_state_row *row)
{
	struct hd_op *op = hd_ops_add(txn, row->value.p ? HD_OP_STATE_PUT
							: HD_OP_STATE_DEL);

	if (!op)
		return;
	op->u.state.row = *row;
	hd_ops_keep(txn, &hd_table_state, &op->u.state);
}

void hd_txn_silence_put(struct hd_txn *txn, const struct hd_silence_row *row)
{
	struct hd_op *op = hd_ops_add(txn, HD_OP_SILENCE_PUT);

	if (!op)
		return;
	op->u.silence.row = *row;
	hd_ops_keep(txn, &hd_table_silence, &op->u.silence);
}

void hd_txn_silence_del(struct hd_txn *txn, const char *id)
{
	struct hd_op *op = hd_ops_add(txn, HD_OP_SILENCE_DEL);

	if (op)
		op->u.silence.row.id = hd_ops_text(txn, id);
}

static void add_text(struct hd_txn *txn, enum hd_op_kind kind, const char *name,
		     const char *text)
{
	struct hd_op *op = hd_ops_add(txn, kind);

	if (!op)
		return;
	op->u.text.name = hd_ops_text(txn, name);
	op->u.text.text.p = hd_ops_text(txn, text);
	op->u.text.text.n = text ? strlen(text) : 0;
}

void hd_txn_config_put(struct hd_txn *txn, const char *digest, const char *text)
{
	add_text(txn, HD_OP_CONFIG_PUT, digest, text);
}

void hd_txn_meta_put(struct hd_txn *txn, const char *name, const char *value)
{
	if (strncmp(name, "store", 5) == 0)
		fail(txn, EINVAL, "transaction: name of the store's own");
	else
		add_text(txn, value ? HD_OP_META_PUT : HD_OP_META_DEL, name,
			 value);
}

void hd_txn_uid_forget(struct hd_txn *txn, int64_t before_ms)
{
	struct hd_op *op = hd_ops_add(txn, HD_OP_UID_FORGET);

	if (op)
		op->time_ms = before_ms;
}

void hd_txn_retire(struct hd_txn *txn, int64_t before_ms, int64_t max)
{
	struct hd_op *op = hd_ops_add(txn, HD_OP_RETIRE);

	if (!op)
		return;
	op->time_ms = before_ms;
	op->n = max;
}

void hd_ops_aside(struct hd_txn *txn, const char *table, int64_t row,
		  const struct hd_bytes *bytes)
{
	struct hd_op *op = hd_ops_add(txn, HD_OP_ASIDE);

	if (!op)
		return;
	op->u.aside.table = hd_ops_text(txn, table);
	op->u.aside.row = row;
	op->u.aside.found_ms = hd_utc_ms();
	op->u.aside.bytes = *bytes;
	copy_bytes(txn, &op->u.aside.bytes);
}

bool hd_txn_is_empty(const struct hd_txn *txn)
{
	return !txn->first && !txn->failed;
}

/* --- results --- */

bool hd_txn_is_known(const struct hd_txn *txn, const char *id,
		     char known_id[HD_ID_TEXT])
{
	const struct hd_touched_alert *alert;

	for (alert = txn->alerts; alert; alert = alert->next) {
		if (!alert->known || strcmp(alert->rec.row.id, id) != 0)
			continue;
		if (known_id)
			memcpy(known_id, alert->known_id, HD_ID_TEXT);
		return true;
	}
	return false;
}

int64_t hd_txn_retired(const struct hd_txn *txn)
{
	return txn->retired;
}

const struct hd_err *hd_txn_error(const struct hd_txn *txn)
{
	return &txn->err;
}
