/* cmdb_enrich: a database that changes, or takes too long, while it is read.
 * The clock is asked before the file is opened and now and then while it is
 * read: what happens meanwhile, happens in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "cmdb_enrich/database.h"
#include "tests/unit/plugin_rig.h"

static struct rig rig;
static struct hp_text why;
static char folder[] = "/tmp/test_cmdb_database.XXXXXX", path[64];
static atomic_bool stop;
static const struct cmdb_mapping mapping;
static struct cmdb_database_identity known;
static struct cmdb_table *table;

static int64_t clock_ms, tick_ms;
static void (*meanwhile)(void);

static int64_t now_ms(const herald_host *h)
{
	(void)h;
	if (meanwhile)
		meanwhile();
	clock_ms += tick_ms;
	return clock_ms;
}

static void run(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static int set_up(void **state)
{
	(void)state;
	rig_init(&rig);
	rig.h.now_ms = now_ms;
	hp_text_init(&why, 512);
	atomic_store(&stop, false);
	clock_ms = tick_ms = 0;
	meanwhile = NULL;
	known = (struct cmdb_database_identity){ .log = { 0 } };
	table = NULL;
	memcpy(folder, "/tmp/test_cmdb_database.XXXXXX", sizeof(folder));
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/db", folder);
	run("pragma journal_mode=wal;"
	    "create table assets (hostname); insert into assets values ('a')");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_fini(&rig);
	cmdb_table_free(table);
	hp_text_fini(&why);
	unlink(path);
	rmdir(folder);
	return 0;
}

static enum cmdb_read read_it(const char *query)
{
	const struct cmdb_database database = {
		.h = &rig.h,
		.path = path,
		.table = "assets",
		.query = query,
		.mapping = &mapping,
		.stop = &stop,
	};

	cmdb_table_free(table);
	hp_text_fini(&why);
	return cmdb_database_read(&database, &known, &table, &why);
}

static void it_is_read_again_only_when_it_is_another(void **state)
{
	(void)state;
	assert_int_equal(read_it(NULL), CMDB_NEW);
	assert_int_equal(cmdb_table_load(table)->rows, 1);
	assert_int_equal(read_it(NULL), CMDB_SAME);
	assert_null(table);
	run("insert into assets values ('b')");
	assert_int_equal(read_it(NULL), CMDB_NEW);
	assert_int_equal(cmdb_table_load(table)->rows, 2);
}

static void insert_once(void)
{
	meanwhile = NULL;
	run("insert into assets values ('b')");
}

static void one_that_changes_meanwhile_is_not_taken(void **state)
{
	(void)state;
	meanwhile = insert_once;
	assert_int_equal(read_it(NULL), CMDB_UNSTEADY);
	assert_null(table);
	assert_int_equal(read_it(NULL), CMDB_NEW);
	assert_int_equal(cmdb_table_load(table)->rows, 2);
}

static const char endless[] = "with recursive n(hostname) as (select 1 union "
			      "all select hostname + 1 from n) select hostname "
			      "from n where hostname < 0";

static void what_takes_too_long_is_not_tried_again(void **state)
{
	(void)state;
	tick_ms = 10000;
	assert_int_equal(read_it(endless), CMDB_NEW);
	assert_null(table);
	assert_string_equal(hp_text_str(&why).p,
			    "reading it takes more than half a minute");
	assert_int_equal(read_it(endless), CMDB_SAME);
}

static void stop_now(void)
{
	atomic_store(&stop, true);
}

static void who_is_told_to_stop_stops(void **state)
{
	(void)state;
	meanwhile = stop_now;
	assert_int_equal(read_it(endless), CMDB_UNREAD);
	assert_null(table);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(it_is_read_again_only_when_it_is_another),
		CASE(one_that_changes_meanwhile_is_not_taken),
		CASE(what_takes_too_long_is_not_tried_again),
		CASE(who_is_told_to_stop_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
