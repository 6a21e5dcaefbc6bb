#include "tests/unit/journal_store.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

void store_new(struct store *store)
{
	memset(store, 0, sizeof(*store));
	snprintf(store->dir, sizeof(store->dir), "%s/journal-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(store->dir));
	assert_int_equal(uv_loop_init(&store->loop), 0);
}

static void remove_files(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		if (unlinkat(dirfd(d), entry->d_name, 0) < 0) {
			char sub[1024];

			snprintf(sub, sizeof(sub), "%s/%s", dir, entry->d_name);
			remove_files(sub);
		}
	}
	closedir(d);
	rmdir(dir);
}

void store_free(struct store *store)
{
	store_close(store);
	uv_run(&store->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&store->loop), 0);
	remove_files(store->dir);
}

static void on_failed(void *ud, const struct hd_err *why)
{
	struct store *store = ud;

	store->failed++;
	store->err = *why;
}

static void on_damage(void *ud, const struct hd_damage *damage)
{
	struct store *store = ud;

	store->damaged++;
	snprintf(store->damaged_table, sizeof(store->damaged_table), "%s",
		 damage->table);
}

int store_open(struct store *store)
{
	struct hd_journal_options options = { .dir = store->dir,
					      .loop = &store->loop,
					      .check_bytes = store->check_bytes,
					      .max_bytes = store->max_bytes,
					      .on_failed = on_failed,
					      .on_damage = on_damage,
					      .ud = store };

	memset(&store->err, 0, sizeof(store->err));
	store->journal = hd_journal_open(&options, &store->err);
	if (!store->journal)
		return -1;
	store->reader = hd_reader_open(store->journal, &store->err);
	assert_non_null(store->reader);
	return 0;
}

void store_close(struct store *store)
{
	hd_reader_close(store->reader);
	hd_journal_close(store->journal);
	store->reader = NULL;
	store->journal = NULL;
	uv_run(&store->loop, UV_RUN_NOWAIT);
}

struct answer {
	bool there;
	enum hd_txn_status status;
	struct hd_err err;
	const char *id;
	bool known;
	char known_id[HD_ID_TEXT];
};

static void on_commit(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	struct answer *answer = ud;

	answer->there = true;
	answer->status = status;
	answer->err = *hd_txn_error(txn);
	if (answer->id)
		answer->known = hd_txn_is_known(txn, answer->id,
						answer->known_id);
}

static void wait_for(struct store *store, struct hd_txn *txn,
		     struct answer *answer)
{
	hd_journal_commit(store->journal, txn, on_commit, answer);
	while (!answer->there)
		uv_run(&store->loop, UV_RUN_ONCE);
	store->err = answer->err;
}

enum hd_txn_status store_commit(struct store *store, struct hd_txn *txn)
{
	struct answer answer = { 0 };

	wait_for(store, txn, &answer);
	return answer.status;
}

enum hd_txn_status store_commit_new(struct store *store, struct hd_txn *txn,
				    const char *id, bool *known,
				    char known_id[HD_ID_TEXT])
{
	struct answer answer = { .id = id };

	wait_for(store, txn, &answer);
	*known = answer.known;
	if (known_id)
		memcpy(known_id, answer.known_id, HD_ID_TEXT);
	return answer.status;
}

void store_turn(struct store *store)
{
	/* An empty transaction is answered after all before it. */
	assert_int_equal(store_commit(store, hd_txn_new()), HD_TXN_OK);
}

void store_path(const struct store *store, const char *name, char out[512])
{
	snprintf(out, 512, "%s/%s", store->dir, name);
}

static sqlite3 *open_file(const struct store *store)
{
	char path[512];
	sqlite3 *db;

	store_path(store, "journal.db", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	return db;
}

void store_sql(const struct store *store, const char *sql)
{
	sqlite3 *db = open_file(store);

	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

int64_t store_int(const struct store *store, const char *sql)
{
	sqlite3 *db = open_file(store);
	sqlite3_stmt *stmt;
	int64_t value = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	if (sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return value;
}

struct hd_alert_row alert_row(const char id[HD_ID_TEXT], int n)
{
	static char uid[32], record[64], raw[64];
	struct hd_alert_row row = { .id = id,
				    .scope = "splunk_in",
				    .connector = "splunk",
				    .severity = 4,
				    .received_ms = 1795564742000 + n,
				    .state = HD_ALERT_RECEIVED,
				    .title = "Many failed logins" };

	snprintf(uid, sizeof(uid), "uid-%d", n);
	snprintf(record, sizeof(record), "{\"finding_info\":{\"uid\":%d}}", n);
	snprintf(raw, sizeof(raw), "{\"event_id\":%d}", n);
	row.uid = n != 0 ? uid : "";
	row.record.p = record;
	row.record.n = strlen(record);
	row.raw.p = raw;
	row.raw.n = strlen(raw);
	return row;
}

struct hd_action_row action_row(const char *alert, const char *idem)
{
	struct hd_action_row row = { .idem = idem,
				     .alert = alert,
				     .pipeline = "suspicious_login",
				     .name = "disable",
				     .connector = "ad",
				     .action = "disable_account",
				     .effect = 2,
				     .mode = "live",
				     .params = "{\"user\":\"jdoe\"}",
				     .state = HD_ACTION_DECIDED };

	return row;
}

void store_alert(struct store *store, char id[HD_ID_TEXT], int n)
{
	struct hd_txn *txn = hd_txn_new();
	struct hd_alert_row row;

	hd_journal_new_id(id);
	row = alert_row(id, n);
	hd_txn_alert_new(txn, &row);
	hd_txn_entry(txn, id, "received", "{\"connector\":\"splunk\"}");
	if (store_commit(store, txn) != HD_TXN_OK)
		fail_msg("%s", store->err.text);
}
