#include "core/journal/store.h"

#include "core/base/buf.h"
#include "core/journal/chain.h"
#include "core/journal/sql.h"

#define SQL_MAX 8192

enum form { PLAIN, SELECT, INSERT, UPDATE, UPSERT };

/* `text`: the statement; the tail of a select; columns left out of an update;
 * the key of an upsert. */
static const struct {
	enum form form;
	const struct hd_table *table;
	const char *text;
} statements[HD_STMT_COUNT] = {
	[HD_STMT_BEGIN] = { PLAIN, NULL, "BEGIN IMMEDIATE" },
	[HD_STMT_COMMIT] = { PLAIN, NULL, "COMMIT" },
	[HD_STMT_ROLLBACK] = { PLAIN, NULL, "ROLLBACK" },
	[HD_STMT_SAVE] = { PLAIN, NULL, "SAVEPOINT one" },
	[HD_STMT_SAVE_OK] = { PLAIN, NULL, "RELEASE one" },
	[HD_STMT_SAVE_BACK] = { PLAIN, NULL, "ROLLBACK TO one" },
	[HD_STMT_PAGES] = { PLAIN, NULL, "PRAGMA page_count" },
	[HD_STMT_FREE_PAGES] = { PLAIN, NULL, "PRAGMA freelist_count" },
	[HD_STMT_SHRINK] = { PLAIN, NULL, "PRAGMA incremental_vacuum(256)" },
	[HD_STMT_ALERT_INSERT] = { INSERT, &hd_table_alert, NULL },
	[HD_STMT_ALERT_UPDATE] = { UPDATE, &hd_table_alert,
				   ",id,uid,scope,connector,received_ms," },
	[HD_STMT_ALERT_UPDATE_NARROW] = { UPDATE, &hd_table_alert,
					  ",id,uid,scope,connector,"
					  "received_ms,state,severity,"
					  "due_ms," },
	[HD_STMT_ALERT_BY_ID] = { SELECT, &hd_table_alert, "WHERE id=?1" },
	[HD_STMT_ALERT_BY_UID] = { SELECT, &hd_table_alert,
				   "WHERE uid=?1 AND uid<>'' AND scope=?2 AND "
				   "received_ms>=?3 ORDER BY num DESC" },
	[HD_STMT_ALERT_OLDEST] = { SELECT, &hd_table_alert,
				   "WHERE num>?1 ORDER BY num LIMIT ?2" },
	[HD_STMT_ALERT_DELETE] = { PLAIN, NULL,
				   "DELETE FROM alert WHERE num=?1" },
	[HD_STMT_BODY_INSERT] = { INSERT, &hd_table_body, NULL },
	[HD_STMT_BODY_DELETE] = { PLAIN, NULL,
				  "DELETE FROM body WHERE num=?1" },
	[HD_STMT_DECISION_UPSERT] = { UPSERT, &hd_table_decision, "num" },
	[HD_STMT_DECISION_GET] = { SELECT, &hd_table_decision, "WHERE num=?1" },
	[HD_STMT_DECISION_DELETE] = { PLAIN, NULL,
				      "DELETE FROM decision WHERE num=?1" },
	[HD_STMT_ENTRY_INSERT] = { PLAIN, NULL, HD_CHAIN_INSERT },
	[HD_STMT_ENTRY_OF] = { PLAIN, NULL, HD_CHAIN_SELECT },
	[HD_STMT_ENTRY_DELETE] = { PLAIN, NULL,
				   "DELETE FROM entry WHERE alert=?1" },
	[HD_STMT_ACTION_INSERT] = { INSERT, &hd_table_action, NULL },
	[HD_STMT_ACTION_UPDATE] = { UPDATE, &hd_table_action,
				    ",id,idem,alert_num,alert,pipeline,name,"
				    "connector,action,effect,undo_of,"
				    "created_ms," },
	[HD_STMT_ACTION_BY_ID] = { SELECT, &hd_table_action,
				   "JOIN alert ON alert.num=action.alert_num "
				   "WHERE alert.id>=substr(?1,1,16)AND "
				   "alert.id<substr(?1,1,16)||'g' AND "
				   "action.id=?1" },
	[HD_STMT_ACTION_IS] = { PLAIN, NULL,
				"SELECT 1 FROM action WHERE alert_num=?1 AND "
				"id=?2" },
	[HD_STMT_ACTION_OF] = { SELECT, &hd_table_action,
				"WHERE alert_num=?1 ORDER BY num" },
	[HD_STMT_ACTION_DELETE] = { PLAIN, NULL,
				    "DELETE FROM action WHERE alert_num=?1" },
	[HD_STMT_WINDOW_UPSERT] = { UPSERT, &hd_table_window, "pipeline,key" },
	[HD_STMT_WINDOW_GET] = { SELECT, &hd_table_window,
				 "WHERE pipeline=?1 AND key=?2" },
	[HD_STMT_WINDOW_ENDED] = { SELECT, &hd_table_window,
				   "WHERE until_ms<?1" },
	[HD_STMT_WINDOW_DELETE] = { PLAIN, NULL,
				    "DELETE FROM window WHERE num=?1" },
	[HD_STMT_BUDGET_INSERT] = { INSERT, &hd_table_budget, NULL },
	[HD_STMT_BUDGET_OLD] = { SELECT, &hd_table_budget,
				 "WHERE scope=?1 AND utc_ms<?2" },
	[HD_STMT_BUDGET_DELETE] = { PLAIN, NULL,
				    "DELETE FROM budget WHERE num=?1" },
	[HD_STMT_QUOTA_UPSERT] = { UPSERT, &hd_table_quota,
				   "connector,window" },
	[HD_STMT_STATE_UPSERT] = { UPSERT, &hd_table_state, "connector,key" },
	[HD_STMT_STATE_GET] = { SELECT, &hd_table_state,
				"WHERE connector=?1 AND key=?2" },
	[HD_STMT_STATE_DELETE] = { PLAIN, NULL,
				   "DELETE FROM state WHERE num=?1" },
	[HD_STMT_SILENCE_UPSERT] = { UPSERT, &hd_table_silence, "id" },
	[HD_STMT_SILENCE_GET] = { SELECT, &hd_table_silence, "WHERE id=?1" },
	[HD_STMT_SILENCE_DELETE] = { PLAIN, NULL,
				     "DELETE FROM silence WHERE num=?1" },
	[HD_STMT_CONFIG_UPSERT] = { UPSERT, &hd_table_config, "name" },
	[HD_STMT_META_UPSERT] = { UPSERT, &hd_table_meta, "name" },
	[HD_STMT_META_GET] = { SELECT, &hd_table_meta, "WHERE name=?1" },
	[HD_STMT_META_DELETE] = { PLAIN, NULL,
				  "DELETE FROM meta WHERE num=?1" },
	[HD_STMT_UID_UPSERT] = { UPSERT, &hd_table_uid, "uid,scope" },
	[HD_STMT_UID_GET] = { SELECT, &hd_table_uid,
			      "WHERE uid=?1 AND scope=?2 AND "
			      "received_ms>=?3" },
	[HD_STMT_UID_OLD] = { SELECT, &hd_table_uid, "WHERE received_ms<?1" },
	[HD_STMT_UID_DELETE] = { PLAIN, NULL, "DELETE FROM uid WHERE num=?1" },
	[HD_STMT_ASIDE_UPSERT] = { UPSERT, &hd_table_aside, "tbl,row" },
};

static void write_sql(struct hd_buf *sql, enum hd_stmt which)
{
	const struct hd_table *table = statements[which].table;
	const char *text = statements[which].text;

	switch (statements[which].form) {
	case PLAIN:
		hd_buf_adds(sql, text);
		break;
	case SELECT:
		hd_table_select(sql, table, text);
		break;
	case INSERT:
		hd_table_insert(sql, table);
		break;
	case UPDATE:
		hd_table_update(sql, table, text);
		break;
	case UPSERT:
		hd_table_upsert(sql, table, text);
		break;
	}
}

sqlite3_stmt *hd_store_stmt(struct hd_store *store, enum hd_stmt which)
{
	sqlite3_stmt *stmt = store->stmts[which];
	struct hd_buf sql;

	if (stmt) {
		sqlite3_reset(stmt);
		return stmt;
	}
	hd_buf_init(&sql, SQL_MAX);
	write_sql(&sql, which);
	store->stmts[which] = hd_sql_prepare(store->db, hd_buf_text(&sql),
					     NULL);
	hd_buf_fini(&sql);
	return store->stmts[which];
}
