/* Actions, and what a person decides about them. */
#include "core/control/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/action/action.h"
#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/control/control_impl.h"
#include "core/control/person.h"
#include "core/control/rows_json.h"
#include "core/journal/journal.h"
#include "core/pipeline/engine.h"

#define LIST_MAX 1000

/* ---- lists ---- */

struct listing {
	json_t *items;
	size_t limit;
	bool more;
};

static bool add_action(void *ud, const struct hd_action_row *row)
{
	struct listing *l = ud;

	if (json_array_size(l->items) == l->limit) {
		l->more = true;
		return false;
	}
	json_array_append_new(l->items, hd_action_row_json(row, false));
	return true;
}

/* "in_doubt" to the state; KEEP if there is none. */
static enum hd_action_state state_of(const char *word)
{
	char name[HD_STATE_WORD];

	for (int s = HD_ACTION_DECIDED; s < HD_ACTION_STATES; s++) {
		const char *have = hd_action_state_name(
			(enum hd_action_state)s);

		if (strcmp(word, have) == 0 ||
		    strcmp(word, hd_state_word(have, name)) == 0)
			return (enum hd_action_state)s;
	}
	return HD_ACTION_KEEP;
}

static int read_list(struct hd_call *call, struct listing *l, const char *state,
		     struct hd_err *err)
{
	struct hd_reader *reader = call->control->env.reader;

	if (!state)
		return hd_reader_actions_last(reader, (int)l->limit + 1,
					      add_action, l, err);
	if (strcmp(state, "open") == 0)
		return hd_reader_actions_open(reader, add_action, l, err);
	return hd_reader_actions_in(reader, state_of(state), add_action, l,
				    err);
}

void hd_api_actions(struct hd_call *call)
{
	const char *state = hd_call_text(call, "state");
	struct listing l = { NULL, 100, false };
	int64_t limit = 100;
	struct hd_err err;

	if (hd_call_number(call, "limit", 1, LIST_MAX, &limit) < 0)
		return;
	if (state && strcmp(state, "open") != 0 &&
	    state_of(state) == HD_ACTION_KEEP) {
		hd_call_refuse(call, 400, NULL,
			       "no state of actions is called '%.40s': open, "
			       "decided, awaiting_approval, started, pending, "
			       "in_doubt, done, failed, refused, skipped, "
			       "undone",
			       state);
		return;
	}
	l.items = json_array();
	l.limit = (size_t)limit;
	if (read_list(call, &l, state, &err) < 0) {
		json_decref(l.items);
		hd_call_fail(call, &err);
		return;
	}
	hd_call_answer(call, json_pack("{s:o, s:b}", "actions", l.items, "more",
				       l.more));
}

/* ---- a person's word ---- */

/* The caller frees it. Takes the reference. */
static char *entry_text(const struct hd_call *call, json_t *what_take)
{
	return hd_person_entry(call->by, hd_call_text(call, "because"),
			       what_take);
}

static char *message_text(const struct hd_call *call, const char *what)
{
	return hd_person_message(call->by, hd_call_text(call, "because"), what);
}

static void on_amended(void *ud, const struct hd_err *err)
{
	struct hd_call *call = ud;

	if (err)
		hd_call_fail(call, err);
	else
		hd_call_answer(call, json_pack("{s:b, s:s}", "ok", true,
					       "alert", call->ud));
}

static void amend(struct hd_call *call, struct hd_amend *a)
{
	struct hd_engine *engine = call->control->env.engine;
	struct hd_err err;
	int done;

	call->ud = hd_strdup(a->alert);
	a->fn = on_amended;
	a->ud = call;
	done = a->row ? hd_actions_amend(hd_engine_actions(engine), a, &err)
		      : hd_engine_retry(engine, a, &err);
	if (done == 0) {
		hd_notice("alert %.8s: %s", a->alert, a->message);
		return;
	}
	hd_call_refuse(call, err.code == ESHUTDOWN ? 503 : 409,
		       "heraldctl actions", "%s", err.text);
}

static void settle(struct hd_call *call, const struct hd_action_row *row,
		   bool done)
{
	const char *as = done ? "done" : "not-done";
	char *alert = hd_strdup(row->alert), *id = hd_strdup(row->id);
	char *message = message_text(call, done ? "settled as done"
						: "settled as not done");
	char *json = entry_text(call, json_pack("{s:s, s:s}", "name", row->name,
						"as", as));
	struct hd_amend a = {
		.alert = alert,
		.row = id,
		.state = done ? HD_ACTION_DONE : HD_ACTION_DECIDED,
		.message = message,
		.kind = "settled",
		.json = json,
	};

	amend(call, &a);
	free(alert);
	free(id);
	free(message);
	free(json);
}

void hd_api_settle(struct hd_call *call)
{
	const char *as = hd_call_text(call, "as");
	struct hd_action_row row;
	char word[HD_STATE_WORD];

	if (!as || (strcmp(as, "done") != 0 && strcmp(as, "not-done") != 0)) {
		hd_call_refuse(call, 400, "heraldctl settle ID done|not-done",
			       "say whether it took place: done or not-done");
		return;
	}
	if (hd_call_action(call, &row) < 0)
		return;
	if (row.state != HD_ACTION_IN_DOUBT) {
		hd_call_refuse(call, 409, "heraldctl actions --in-doubt",
			       "action %.8s (%s) is %s: only what is in doubt "
			       "can be settled",
			       row.id, row.name,
			       hd_state_word(hd_action_state_name(row.state),
					     word));
		return;
	}
	settle(call, &row, strcmp(as, "done") == 0);
}

/* The row of the call's alert; -1: the call has ended. */
static int read_row(struct hd_call *call, struct hd_alert_row *row)
{
	char id[HD_ID_TEXT];
	struct hd_err err = { 0 };

	if (hd_call_alert(call, id) < 0)
		return -1;
	switch (hd_reader_alert(call->control->env.reader, id, row, &err)) {
	case HD_FOUND:
		return 0;
	case HD_READ_FAILED:
		hd_call_fail(call, &err);
		return -1;
	default:
		hd_call_refuse(call, 409, "heraldctl status",
			       "alert %.8s: its row is damaged and was set "
			       "aside",
			       id);
		return -1;
	}
}

void hd_api_retry(struct hd_call *call)
{
	struct hd_alert_row row;
	struct hd_amend a = { 0 };
	char id[HD_ID_TEXT], *message, *json;

	if (read_row(call, &row) < 0)
		return;
	if (row.state != HD_ALERT_DEAD) {
		hd_call_refuse(
			call, 409, "heraldctl list --state dead",
			"alert %.8s is %s: retry runs the failed actions "
			"of a dead one",
			row.id, hd_alert_state_name(row.state));
		return;
	}
	snprintf(id, sizeof(id), "%s", row.id);
	message = message_text(call, "run again");
	json = entry_text(call, json_object());
	a.alert = id;
	a.state = HD_ACTION_DECIDED;
	a.message = message;
	a.kind = "retried";
	a.json = json;
	amend(call, &a);
	free(message);
	free(json);
}

/* ---- dropping ---- */

static void on_dropped(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	struct hd_call *call = ud;

	if (status == HD_TXN_OK)
		hd_call_answer(call, json_pack("{s:b, s:s}", "ok", true,
					       "alert", call->ud));
	else if (status == HD_TXN_FULL)
		hd_call_refuse(call, 503, "heraldctl status",
			       "the journal has no room");
	else
		hd_call_fail(call, hd_txn_error(txn));
}

/* One that was kept for people need not be kept any longer. */
void hd_api_drop(struct hd_call *call)
{
	struct hd_alert_change change = { 0 };
	struct hd_alert_row row;
	struct hd_txn *txn;
	char *reason, *json;

	if (read_row(call, &row) < 0)
		return;
	if (row.state != HD_ALERT_DEAD && row.state != HD_ALERT_QUARANTINED) {
		hd_call_refuse(call, 409,
			       "heraldctl list --state dead,quarantined",
			       "alert %.8s is %s: drop is for dead and "
			       "quarantined ones",
			       row.id, hd_alert_state_name(row.state));
		return;
	}
	reason = message_text(call, "dropped");
	json = entry_text(call, json_pack("{s:s}", "was",
					  hd_alert_state_name(row.state)));
	call->ud = hd_strdup(row.id);
	change.if_state = row.state;
	change.state = HD_ALERT_DROPPED;
	change.reason = reason;
	txn = hd_txn_new();
	hd_txn_alert_update(txn, row.id, &change);
	hd_txn_entry(txn, row.id, "dropped", json);
	hd_notice("alert %.8s: %s", row.id, reason);
	free(reason);
	free(json);
	hd_journal_commit(call->control->env.journal, txn, on_dropped, call);
}
