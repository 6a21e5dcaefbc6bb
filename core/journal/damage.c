#include "core/journal/inside.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/journal/sql.h"

#define KNOWN_MAX 10000
#define DUMP_MAX ((size_t)80 << 20)

/* Names of tables live as long as the process. */
static const char *static_name(const char *name)
{
	const struct hd_table *const *table;

	for (table = hd_tables; *table; table++) {
		if (strcmp((*table)->name, name) == 0)
			return (*table)->name;
	}
	return "entry";
}

static bool is_known(const struct hd_journal *j, const char *table, int64_t num)
{
	const struct hd_found_damage *found;

	for (found = j->known; found; found = found->next) {
		if (found->num == num && strcmp(found->table, table) == 0)
			return true;
	}
	return false;
}

static void remember(struct hd_journal *j, const char *table, int64_t num)
{
	struct hd_found_damage *known;

	j->stats.damaged++;
	if (j->known_count >= KNOWN_MAX)
		return;
	known = hd_alloc(sizeof(*known));
	known->table = static_name(table);
	known->num = num;
	known->next = j->known;
	j->known = known;
	j->known_count++;
}

static void queue_notice(struct hd_journal *j, const char *table, int64_t num,
			 const char key[HD_ROW_KEY])
{
	struct hd_found_damage *found = hd_alloc(sizeof(*found));

	found->table = static_name(table);
	found->num = num;
	memcpy(found->key, key, HD_ROW_KEY);
	if (j->last_damage)
		j->last_damage->next = found;
	else
		j->damage = found;
	j->last_damage = found;
}

/* The copy of its bytes is a transaction like any other. */
static struct hd_txn *copy_row(const char *table, int64_t num,
			       sqlite3_stmt *stmt)
{
	struct hd_txn *txn = hd_txn_new();
	struct hd_bytes bytes;
	struct hd_buf dump;

	hd_buf_init(&dump, DUMP_MAX);
	hd_table_dump(stmt, &dump);
	bytes.p = hd_buf_text(&dump);
	bytes.n = dump.n;
	hd_ops_aside(txn, table, num, &bytes);
	hd_buf_fini(&dump);
	return txn;
}

void hd_damage_found(void *ud, const char *table, int64_t num,
		     sqlite3_stmt *stmt)
{
	struct hd_journal *j = ud;
	char key[HD_ROW_KEY];
	bool known;

	hd_table_key(stmt, key);
	pthread_mutex_lock(&j->lock);
	known = is_known(j, table, num);
	if (!known) {
		remember(j, table, num);
		queue_notice(j, table, num, key);
		hd_queue_add(&j->waiting, copy_row(table, num, stmt));
		pthread_cond_signal(&j->wake);
	}
	pthread_mutex_unlock(&j->lock);
}

int hd_damage_load(struct hd_journal *j, struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_sql_prepare(j->store.db,
					    "SELECT tbl,row FROM aside", err);
	int rc;

	if (!stmt)
		return -1;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *table = (const char *)sqlite3_column_text(stmt, 0);

		if (table && !is_known(j, table, sqlite3_column_int64(stmt, 1)))
			remember(j, table, sqlite3_column_int64(stmt, 1));
	}
	if (rc != SQLITE_DONE)
		hd_sql_error(j->store.db, err);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

static struct hd_found_damage *take_notices(struct hd_journal *j)
{
	struct hd_found_damage *all;

	pthread_mutex_lock(&j->lock);
	all = j->damage;
	j->damage = NULL;
	j->last_damage = NULL;
	pthread_mutex_unlock(&j->lock);
	return all;
}

static void free_list(struct hd_found_damage *found)
{
	struct hd_found_damage *next;

	for (; found; found = next) {
		next = found->next;
		free(found);
	}
}

void hd_damage_tell(struct hd_journal *j)
{
	struct hd_found_damage *all = take_notices(j);
	const struct hd_found_damage *found;

	for (found = all; found && j->options.on_damage; found = found->next) {
		struct hd_damage damage = { .table = found->table,
					    .num = found->num,
					    .key = found->key };

		j->options.on_damage(j->options.ud, &damage);
	}
	free_list(all);
}

void hd_damage_free(struct hd_journal *j)
{
	free_list(j->damage);
	free_list(j->known);
}
