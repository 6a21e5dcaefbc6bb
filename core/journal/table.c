#include "core/journal/table.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define AT(type, member) offsetof(struct type, member)

static const struct hd_field alert_fields[] = {
	{ "id", HD_FIELD_TEXT, AT(hd_alert_rec, row.id) },
	{ "uid", HD_FIELD_TEXT, AT(hd_alert_rec, row.uid) },
	{ "scope", HD_FIELD_TEXT, AT(hd_alert_rec, row.scope) },
	{ "connector", HD_FIELD_TEXT, AT(hd_alert_rec, row.connector) },
	{ "severity", HD_FIELD_SMALL, AT(hd_alert_rec, row.severity) },
	{ "received_ms", HD_FIELD_INT, AT(hd_alert_rec, row.received_ms) },
	{ "state", HD_FIELD_ALERT, AT(hd_alert_rec, row.state) },
	{ "title", HD_FIELD_TEXT, AT(hd_alert_rec, row.title) },
	{ "reason", HD_FIELD_TEXT, AT(hd_alert_rec, row.reason) },
	{ "pipeline", HD_FIELD_TEXT, AT(hd_alert_rec, row.pipeline) },
	{ "config", HD_FIELD_TEXT, AT(hd_alert_rec, row.config) },
	{ "level", HD_FIELD_TEXT, AT(hd_alert_rec, row.level) },
	{ "score_low", HD_FIELD_INT, AT(hd_alert_rec, row.score_low) },
	{ "score_high", HD_FIELD_INT, AT(hd_alert_rec, row.score_high) },
	{ "leader", HD_FIELD_TEXT, AT(hd_alert_rec, row.leader) },
	{ "due_ms", HD_FIELD_INT, AT(hd_alert_rec, row.due_ms) },
	{ "changed_ms", HD_FIELD_INT, AT(hd_alert_rec, row.changed_ms) },
	{ "entries", HD_FIELD_INT, AT(hd_alert_rec, row.entries) },
	{ "head", HD_FIELD_CHAIN, AT(hd_alert_rec, head) },
};

static const struct hd_field body_fields[] = {
	{ "raw", HD_FIELD_BLOB, AT(hd_body_rec, raw) },
	{ "record", HD_FIELD_JSON, AT(hd_body_rec, record) },
};

static const struct hd_field decision_fields[] = {
	{ "record", HD_FIELD_JSON, AT(hd_decision_rec, record) },
	{ "answers", HD_FIELD_JSON, AT(hd_decision_rec, answers) },
	{ "ledger", HD_FIELD_JSON, AT(hd_decision_rec, ledger) },
};

static const struct hd_field action_fields[] = {
	{ "id", HD_FIELD_TEXT, AT(hd_action_rec, row.id) },
	{ "idem", HD_FIELD_TEXT, AT(hd_action_rec, row.idem) },
	{ "alert_num", HD_FIELD_INT, AT(hd_action_rec, alert_num) },
	{ "alert", HD_FIELD_TEXT, AT(hd_action_rec, row.alert) },
	{ "pipeline", HD_FIELD_TEXT, AT(hd_action_rec, row.pipeline) },
	{ "name", HD_FIELD_TEXT, AT(hd_action_rec, row.name) },
	{ "connector", HD_FIELD_TEXT, AT(hd_action_rec, row.connector) },
	{ "action", HD_FIELD_TEXT, AT(hd_action_rec, row.action) },
	{ "effect", HD_FIELD_SMALL, AT(hd_action_rec, row.effect) },
	{ "mode", HD_FIELD_TEXT, AT(hd_action_rec, row.mode) },
	{ "undo_of", HD_FIELD_TEXT, AT(hd_action_rec, row.undo_of) },
	{ "params", HD_FIELD_TEXT, AT(hd_action_rec, row.params) },
	{ "spec", HD_FIELD_TEXT, AT(hd_action_rec, row.spec) },
	{ "target", HD_FIELD_TEXT, AT(hd_action_rec, row.target) },
	{ "target_uid", HD_FIELD_TEXT, AT(hd_action_rec, row.target_uid) },
	{ "summary", HD_FIELD_TEXT, AT(hd_action_rec, row.summary) },
	{ "memo", HD_FIELD_TEXT, AT(hd_action_rec, row.memo) },
	{ "state", HD_FIELD_ACTION, AT(hd_action_rec, row.state) },
	{ "due_ms", HD_FIELD_INT, AT(hd_action_rec, row.due_ms) },
	{ "tries", HD_FIELD_INT, AT(hd_action_rec, row.tries) },
	{ "retry_until_ms", HD_FIELD_INT,
	  AT(hd_action_rec, row.retry_until_ms) },
	{ "deadline_ms", HD_FIELD_INT, AT(hd_action_rec, row.deadline_ms) },
	{ "result", HD_FIELD_TEXT, AT(hd_action_rec, row.result) },
	{ "ticket", HD_FIELD_TEXT, AT(hd_action_rec, row.ticket) },
	{ "message", HD_FIELD_TEXT, AT(hd_action_rec, row.message) },
	{ "created_ms", HD_FIELD_INT, AT(hd_action_rec, row.created_ms) },
	{ "changed_ms", HD_FIELD_INT, AT(hd_action_rec, row.changed_ms) },
};

static const struct hd_field window_fields[] = {
	{ "pipeline", HD_FIELD_TEXT, AT(hd_window_rec, row.pipeline) },
	{ "key", HD_FIELD_TEXT, AT(hd_window_rec, row.key) },
	{ "leader", HD_FIELD_TEXT, AT(hd_window_rec, row.leader) },
	{ "first_ms", HD_FIELD_INT, AT(hd_window_rec, row.first_ms) },
	{ "until_ms", HD_FIELD_INT, AT(hd_window_rec, row.until_ms) },
	{ "count", HD_FIELD_INT, AT(hd_window_rec, row.count) },
	{ "severity", HD_FIELD_SMALL, AT(hd_window_rec, row.severity) },
};

static const struct hd_field budget_fields[] = {
	{ "scope", HD_FIELD_TEXT, AT(hd_budget_rec, row.scope) },
	{ "utc_ms", HD_FIELD_INT, AT(hd_budget_rec, row.utc_ms) },
	{ "n", HD_FIELD_INT, AT(hd_budget_rec, row.n) },
};

static const struct hd_field quota_fields[] = {
	{ "connector", HD_FIELD_TEXT, AT(hd_quota_rec, row.connector) },
	{ "window", HD_FIELD_TEXT, AT(hd_quota_rec, row.window) },
	{ "since_ms", HD_FIELD_INT, AT(hd_quota_rec, row.since_ms) },
	{ "used", HD_FIELD_INT, AT(hd_quota_rec, row.used) },
};

static const struct hd_field state_fields[] = {
	{ "connector", HD_FIELD_TEXT, AT(hd_state_rec, row.connector) },
	{ "key", HD_FIELD_TEXT, AT(hd_state_rec, row.key) },
	{ "value", HD_FIELD_BLOB, AT(hd_state_rec, row.value) },
};

static const struct hd_field silence_fields[] = {
	{ "id", HD_FIELD_TEXT, AT(hd_silence_rec, row.id) },
	{ "cond", HD_FIELD_TEXT, AT(hd_silence_rec, row.cond) },
	{ "who", HD_FIELD_TEXT, AT(hd_silence_rec, row.who) },
	{ "because", HD_FIELD_TEXT, AT(hd_silence_rec, row.because) },
	{ "from_ms", HD_FIELD_INT, AT(hd_silence_rec, row.from_ms) },
	{ "until_ms", HD_FIELD_INT, AT(hd_silence_rec, row.until_ms) },
};

static const struct hd_field text_fields[] = {
	{ "name", HD_FIELD_TEXT, AT(hd_text_rec, name) },
	{ "text", HD_FIELD_JSON, AT(hd_text_rec, text) },
};

static const struct hd_field uid_fields[] = {
	{ "scope", HD_FIELD_TEXT, AT(hd_uid_rec, scope) },
	{ "uid", HD_FIELD_TEXT, AT(hd_uid_rec, uid) },
	{ "received_ms", HD_FIELD_INT, AT(hd_uid_rec, received_ms) },
};

static const struct hd_field aside_fields[] = {
	{ "tbl", HD_FIELD_TEXT, AT(hd_aside_rec, table) },
	{ "row", HD_FIELD_INT, AT(hd_aside_rec, row) },
	{ "found_ms", HD_FIELD_INT, AT(hd_aside_rec, found_ms) },
	{ "bytes", HD_FIELD_BLOB, AT(hd_aside_rec, bytes) },
};

#define TABLE(name, fields, struct_name, num, numbered)                      \
	const struct hd_table hd_table_##name = {                            \
		#name, fields, COUNT(fields), AT(struct_name, num), numbered \
	}

TABLE(alert, alert_fields, hd_alert_rec, row.num, true);
TABLE(body, body_fields, hd_body_rec, num, true);
TABLE(decision, decision_fields, hd_decision_rec, num, true);
TABLE(action, action_fields, hd_action_rec, num, false);
TABLE(window, window_fields, hd_window_rec, num, false);
TABLE(budget, budget_fields, hd_budget_rec, num, false);
TABLE(quota, quota_fields, hd_quota_rec, num, false);
TABLE(state, state_fields, hd_state_rec, num, false);
TABLE(silence, silence_fields, hd_silence_rec, num, false);
TABLE(config, text_fields, hd_text_rec, num, false);
TABLE(meta, text_fields, hd_text_rec, num, false);
TABLE(uid, uid_fields, hd_uid_rec, num, false);
TABLE(aside, aside_fields, hd_aside_rec, num, false);

const struct hd_table *const hd_tables[] = {
	&hd_table_alert,    &hd_table_body,
	&hd_table_decision, &hd_table_action,
	&hd_table_window,   &hd_table_budget,
	&hd_table_quota,    &hd_table_state,
	&hd_table_silence,  &hd_table_config,
	&hd_table_meta,	    &hd_table_uid,
	&hd_table_aside,    NULL,
};
