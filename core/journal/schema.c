#include "core/journal/schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/journal/sql.h"
#include "core/journal/table.h"

/* Columns stand in the order of table.c.  `num` grows with each row.  Random
 * keys (uids; ids cluster, see hd_journal_new_id()) cost a page of their own in
 * each commit, so there is one index for ids and one for uids, and the others
 * point by num.  An action is found by its alert, whose id its own begins with.
 */
static const char *const version_1[] = {
	"CREATE TABLE alert(num INTEGER PRIMARY KEY,id TEXT NOT NULL,"
	"uid TEXT NOT NULL,scope TEXT NOT NULL,connector TEXT NOT NULL,"
	"severity INTEGER NOT NULL,received_ms INTEGER NOT NULL,"
	"state TEXT NOT NULL,title TEXT NOT NULL,reason TEXT NOT NULL,"
	"pipeline TEXT NOT NULL,config TEXT NOT NULL,level TEXT NOT NULL,"
	"score_low INTEGER NOT NULL,score_high INTEGER NOT NULL,"
	"leader TEXT NOT NULL,due_ms INTEGER NOT NULL,"
	"changed_ms INTEGER NOT NULL,entries INTEGER NOT NULL,"
	"head BLOB NOT NULL,digest BLOB NOT NULL)STRICT",
	"CREATE UNIQUE INDEX alert_id ON alert(id)",
	"CREATE INDEX alert_uid ON alert(uid,scope)WHERE uid<>''",
	"CREATE INDEX alert_state ON alert(state)WHERE " HD_SCHEMA_ALERT_RARE,
	/* 99 is "Other", which is never above the others. */
	"CREATE INDEX alert_backlog ON alert(severity%99 DESC)"
	"WHERE state='received'",
	"CREATE INDEX alert_due ON alert(due_ms)WHERE due_ms>0",

	"CREATE TABLE body(num INTEGER PRIMARY KEY,raw BLOB NOT NULL,"
	"record TEXT NOT NULL,digest BLOB NOT NULL)STRICT",

	"CREATE TABLE decision(num INTEGER PRIMARY KEY,record TEXT NOT NULL,"
	"answers TEXT NOT NULL,ledger TEXT NOT NULL,digest BLOB NOT NULL)"
	"STRICT",

	"CREATE TABLE entry(num INTEGER PRIMARY KEY,alert INTEGER NOT NULL,"
	"seq INTEGER NOT NULL,utc_ms INTEGER NOT NULL,kind TEXT NOT NULL,"
	"json TEXT NOT NULL,hash BLOB NOT NULL)STRICT",
	"CREATE UNIQUE INDEX entry_alert ON entry(alert,seq)",

	"CREATE TABLE action(num INTEGER PRIMARY KEY,id TEXT NOT NULL,"
	"idem TEXT NOT NULL,alert_num INTEGER NOT NULL,alert TEXT NOT NULL,"
	"pipeline TEXT NOT NULL,name TEXT NOT NULL,connector TEXT NOT NULL,"
	"action TEXT NOT NULL,effect INTEGER NOT NULL,mode TEXT NOT NULL,"
	"undo_of TEXT NOT NULL,params TEXT NOT NULL,spec TEXT NOT NULL,"
	"target TEXT NOT NULL,target_uid TEXT NOT NULL,summary TEXT NOT NULL,"
	"memo TEXT NOT NULL,state TEXT NOT NULL,due_ms INTEGER NOT NULL,"
	"tries INTEGER NOT NULL,retry_until_ms INTEGER NOT NULL,"
	"deadline_ms INTEGER NOT NULL,result TEXT NOT NULL,"
	"ticket TEXT NOT NULL,message TEXT NOT NULL,"
	"created_ms INTEGER NOT NULL,changed_ms INTEGER NOT NULL,"
	"digest BLOB NOT NULL)STRICT",
	"CREATE INDEX action_alert ON action(alert_num)",
	"CREATE INDEX action_state ON "
	"action(state)WHERE " HD_SCHEMA_ACTION_RARE,

	"CREATE TABLE window(num INTEGER PRIMARY KEY,pipeline TEXT NOT NULL,"
	"key TEXT NOT NULL,leader TEXT NOT NULL,first_ms INTEGER NOT NULL,"
	"until_ms INTEGER NOT NULL,count INTEGER NOT NULL,"
	"severity INTEGER NOT NULL,digest BLOB NOT NULL)STRICT",
	"CREATE UNIQUE INDEX window_key ON window(pipeline,key)",

	"CREATE TABLE budget(num INTEGER PRIMARY KEY,scope TEXT NOT NULL,"
	"utc_ms INTEGER NOT NULL,n INTEGER NOT NULL,digest BLOB NOT NULL)"
	"STRICT",
	"CREATE INDEX budget_scope ON budget(scope,utc_ms)",

	"CREATE TABLE quota(num INTEGER PRIMARY KEY,connector TEXT NOT NULL,"
	"window TEXT NOT NULL,since_ms INTEGER NOT NULL,"
	"used INTEGER NOT NULL,digest BLOB NOT NULL)STRICT",
	"CREATE UNIQUE INDEX quota_window ON quota(connector,window)",

	"CREATE TABLE state(num INTEGER PRIMARY KEY,connector TEXT NOT NULL,"
	"key TEXT NOT NULL,value BLOB NOT NULL,digest BLOB NOT NULL)STRICT",
	"CREATE UNIQUE INDEX state_key ON state(connector,key)",

	"CREATE TABLE config(num INTEGER PRIMARY KEY,name TEXT NOT NULL,"
	"text TEXT NOT NULL,digest BLOB NOT NULL)STRICT",
	"CREATE UNIQUE INDEX config_name ON config(name)",

	"CREATE TABLE meta(num INTEGER PRIMARY KEY,name TEXT NOT NULL,"
	"text TEXT NOT NULL,digest BLOB NOT NULL)STRICT",
	"CREATE UNIQUE INDEX meta_name ON meta(name)",

	/* Of alerts that were retired; the others are their own memory. */
	"CREATE TABLE uid(num INTEGER PRIMARY KEY,scope TEXT NOT NULL,"
	"uid TEXT NOT NULL,received_ms INTEGER NOT NULL,"
	"digest BLOB NOT NULL)STRICT",
	"CREATE UNIQUE INDEX uid_uid ON uid(uid,scope)",

	"CREATE TABLE aside(num INTEGER PRIMARY KEY,tbl TEXT NOT NULL,"
	"row INTEGER NOT NULL,found_ms INTEGER NOT NULL,bytes BLOB NOT NULL,"
	"digest BLOB NOT NULL)STRICT",
	"CREATE UNIQUE INDEX aside_row ON aside(tbl,row)",
	NULL,
};

static const char *const version_2[] = {
	"CREATE TABLE silence(num INTEGER PRIMARY KEY,id TEXT NOT NULL,"
	"cond TEXT NOT NULL,who TEXT NOT NULL,because TEXT NOT NULL,"
	"from_ms INTEGER NOT NULL,until_ms INTEGER NOT NULL,"
	"digest BLOB NOT NULL)STRICT",
	"CREATE UNIQUE INDEX silence_id ON silence(id)",
	NULL,
};

/* versions[n] makes version n from version n-1. */
static const char *const *const versions[HD_SCHEMA_VERSION + 1] = {
	NULL,
	version_1,
	version_2,
};

static int put_version(sqlite3 *db, struct hd_err *err)
{
	struct hd_text_rec rec = { .name = "store version" };
	char text[16];

	rec.text.n = (size_t)snprintf(text, sizeof(text), "%d",
				      HD_SCHEMA_VERSION);
	rec.text.p = text;
	return hd_sql_upsert(db, &hd_table_meta, "name", &rec, err);
}

static int raise_to_ours(sqlite3 *db, int version, struct hd_err *err)
{
	const char *const *sql;

	while (++version <= HD_SCHEMA_VERSION) {
		for (sql = versions[version]; *sql; sql++) {
			if (hd_sql_run(db, *sql, err) < 0)
				return -1;
		}
	}
	return put_version(db, err);
}

int hd_schema_migrate(sqlite3 *db, int version, struct hd_err *err)
{
	if (hd_sql_run(db, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	if (raise_to_ours(db, version, err) < 0) {
		hd_sql_run(db, "ROLLBACK", NULL);
		return -1;
	}
	return hd_sql_run(db, "COMMIT", err);
}

int hd_schema_create(sqlite3 *db, struct hd_err *err)
{
	return hd_schema_migrate(db, 0, err);
}

int hd_schema_version(sqlite3 *db, struct hd_err *err)
{
	struct hd_text_rec rec = { 0 };
	sqlite3_stmt *stmt;
	char *end = NULL;
	long version = -1;

	stmt = hd_sql_select(db, &hd_table_meta, "WHERE name='store version'",
			     err);
	if (!stmt)
		return -1;
	if (sqlite3_step(stmt) != SQLITE_ROW)
		hd_err_set(err, EBADMSG, "its version is not there: %s",
			   sqlite3_errmsg(db));
	else if (!hd_table_read(stmt, &hd_table_meta, &rec))
		hd_err_set(err, EBADMSG, "the row with its version is damaged");
	else
		version = strtol(rec.text.p, &end, 10);
	sqlite3_finalize(stmt);
	return (int)version;
}

/* --- comparing --- */

static int compare_one(sqlite3_stmt *stmt, const char *name, const char *sql,
		       struct hd_err *err)
{
	const char *there = NULL;
	int rc;

	sqlite3_reset(stmt);
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		there = (const char *)sqlite3_column_text(stmt, 0);
	if (!there || strcmp(there, sql) != 0)
		return hd_err_set(err, EBADMSG, "%s is %s", name,
				  there ? "not as it was made" : "missing");
	return 0;
}

static int compare(sqlite3 *made, sqlite3 *db, struct hd_err *err)
{
	sqlite3_stmt *ours, *theirs;
	int rc = 0;

	ours = hd_sql_prepare(made,
			      "SELECT name,sql FROM sqlite_schema "
			      "WHERE sql IS NOT NULL",
			      err);
	theirs = hd_sql_prepare(db,
				"SELECT sql FROM sqlite_schema WHERE name=?1",
				err);
	if (!ours || !theirs)
		rc = -1;
	while (rc == 0 && sqlite3_step(ours) == SQLITE_ROW)
		rc = compare_one(theirs,
				 (const char *)sqlite3_column_text(ours, 0),
				 (const char *)sqlite3_column_text(ours, 1),
				 err);
	sqlite3_finalize(ours);
	sqlite3_finalize(theirs);
	return rc;
}

int hd_schema_check(sqlite3 *db, struct hd_err *err)
{
	sqlite3 *made = NULL;
	int rc = -1;

	if (sqlite3_open(":memory:", &made) != SQLITE_OK)
		hd_err_set(err, ENOMEM, "no memory to compare its tables");
	else if (hd_schema_create(made, err) == 0)
		rc = compare(made, db, err);
	sqlite3_close(made);
	return rc;
}
