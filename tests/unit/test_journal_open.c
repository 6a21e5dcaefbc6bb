/* What the store refuses to open, and what it brings up to date. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <dirent.h>

#include "core/base/digest.h"
#include "tests/unit/journal_store.h"

static int setup(void **state)
{
	struct store *store = calloc(1, sizeof(*store));

	store_new(store);
	*state = store;
	return 0;
}

static int teardown(void **state)
{
	store_free(*state);
	free(*state);
	return 0;
}

static void assert_refused(struct store *store, int code, const char *word)
{
	assert_int_equal(store_open(store), -1);
	if (!strstr(store->err.text, word))
		fail_msg("'%s' does not say '%s'", store->err.text, word);
	assert_int_equal(store->err.code, code);
}

static void make_store(struct store *store, int alerts)
{
	char id[HD_ID_TEXT];
	int i;

	if (store_open(store) < 0)
		fail_msg("%s", store->err.text);
	for (i = 0; i < alerts; i++)
		store_alert(store, id, i + 1);
	store_close(store);
}

/* Bytes of a file; the caller frees them. */
static char *read_file(const struct store *store, const char *name, size_t *n)
{
	char path[512], *bytes;
	struct stat st;
	FILE *file;

	store_path(store, name, path);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	*n = (size_t)st.st_size;
	bytes = malloc(*n + 1);
	assert_int_equal(fread(bytes, 1, *n, file), *n);
	fclose(file);
	return bytes;
}

static void write_file(const struct store *store, const char *name,
		       const void *bytes, size_t n)
{
	char path[512];
	FILE *file;

	store_path(store, name, path);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

/* How many files begin with that name. */
static int count_files(const struct store *store, const char *beginning)
{
	DIR *dir = opendir(store->dir);
	struct dirent *entry;
	int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		n += strncmp(entry->d_name, beginning, strlen(beginning)) == 0;
	closedir(dir);
	return n;
}

static void assert_unchanged(const struct store *store, const char *name,
			     const char *bytes, size_t n)
{
	size_t now_n;
	char *now = read_file(store, name, &now_n);

	assert_int_equal(now_n, n);
	assert_memory_equal(now, bytes, n);
	free(now);
}

/* --- the folder --- */

static void missing_folder_is_made_private(void **state)
{
	struct store *store = *state;
	struct stat st;
	char path[512];

	assert_int_equal(rmdir(store->dir), 0);
	make_store(store, 1);
	assert_int_equal(stat(store->dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	store_path(store, "journal.db", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void folder_in_a_missing_folder_is_refused(void **state)
{
	struct store *store = *state;
	char dir[sizeof(store->dir)];

	memcpy(dir, store->dir, sizeof(dir));
	snprintf(store->dir, sizeof(store->dir), "%.200s/a/b", dir);
	assert_refused(store, ENOENT, "/a/b");
	memcpy(store->dir, dir, sizeof(dir));
}

static void folder_open_to_others_is_refused(void **state)
{
	static const unsigned modes[] = { 0755, 0750, 0701, 0500 };
	struct store *store = *state;
	char word[32];
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(store->dir, modes[i]), 0);
		snprintf(word, sizeof(word), "mode %04o, must be 0700",
			 modes[i]);
		assert_refused(store, EPERM, word);
	}
	assert_int_equal(chmod(store->dir, 0700), 0);
	assert_int_equal(count_files(store, "journal"), 0);
}

static void folder_of_somebody_else_is_refused(void **state)
{
	struct store *store = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(store->dir, 4711, 0), 0);
	assert_refused(store, EPERM, "belongs to user 4711");
	assert_int_equal(chown(store->dir, 0, 0), 0);
}

static void store_in_use_is_refused_with_the_pid(void **state)
{
	struct store *store = *state;
	struct store other = { 0 };
	int ready[2], end[2];
	char word[64], c;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(end), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(end[1]);
		if (store_open(store) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		_exit(read(end[0], &c, 1) != 0); /* until the parent closes */
	}
	close(end[0]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	memcpy(other.dir, store->dir, sizeof(other.dir));
	assert_int_equal(uv_loop_init(&other.loop), 0);
	snprintf(word, sizeof(word), "in use by process %d", (int)child);
	assert_refused(&other, EBUSY, word);
	close(end[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ready[0]);
	close(ready[1]);
	/* It ended without closing: its lock is gone with it. */
	assert_int_equal(store_open(&other), 0);
	/* And within one process. */
	assert_refused(store, EBUSY, "in use");
	store_close(&other);
	assert_int_equal(uv_loop_close(&other.loop), 0);
}

/* --- the files --- */

static void wal_without_database_is_refused(void **state)
{
	struct store *store = *state;
	char path[512];

	make_store(store, 1);
	write_file(store, "journal.db-wal", "", 0);
	store_path(store, "journal.db", path);
	assert_int_equal(unlink(path), 0);
	assert_refused(store, ENOENT, "missing beside its journal.db-wal");
	assert_int_equal(count_files(store, "journal.db"), 1);
}

static void empty_database_is_refused(void **state)
{
	struct store *store = *state;

	write_file(store, "journal.db", "", 0);
	assert_refused(store, EBADMSG, "is empty");
	assert_unchanged(store, "journal.db", "", 0);
}

static void other_file_is_refused(void **state)
{
	static const char text[] = "This is not a database, but a letter.";
	struct store *store = *state;

	write_file(store, "journal.db", text, sizeof(text));
	assert_refused(store, EBADMSG, "not a database");
	assert_unchanged(store, "journal.db", text, sizeof(text));
}

static void half_made_store_is_made_anew(void **state)
{
	struct store *store = *state;

	write_file(store, "journal.db.new", "half", 4);
	make_store(store, 1);
	assert_int_equal(count_files(store, "journal.db.new"), 0);
}

/* Sets the version as a herald of that version would have. */
static void set_version(const struct store *store, const char *version)
{
	uint8_t digest[HD_SHA256_SIZE];
	struct hd_piece pieces[] = { { "meta", 4 },
				     { "store version", 13 },
				     { version, strlen(version) } };
	char hex[33], sql[256];

	hd_sha256_pieces(pieces, 3, digest);
	hd_hex(digest, 16, hex);
	snprintf(sql, sizeof(sql),
		 "UPDATE meta SET text='%s',digest=x'%s' "
		 "WHERE name='store version'",
		 version, hex);
	store_sql(store, sql);
}

static void newer_store_is_refused_and_not_touched(void **state)
{
	struct store *store = *state;
	char *before;
	size_t n;

	make_store(store, 3);
	set_version(store, "3");
	before = read_file(store, "journal.db", &n);
	assert_refused(store, ENOTSUP, "made by a newer herald (version 3");
	assert_unchanged(store, "journal.db", before, n);
	free(before);
}

static void older_store_is_copied_and_brought_up_to_date(void **state)
{
	struct store *store = *state;
	struct hd_silence_row silence = { .id = "s1", .cond = "true" };
	struct hd_txn *txn = hd_txn_new();
	struct hd_alert_row row;

	make_store(store, 3);
	store_sql(store, "DROP TABLE silence");
	set_version(store, "1");
	assert_int_equal(store_open(store), 0);
	assert_int_equal(count_files(store, "journal.db.v1-"), 1);
	hd_txn_silence_put(txn, &silence);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	assert_int_equal(hd_reader_by_uid(store->reader, NULL, "uid-3", &row,
					  &store->err),
			 HD_FOUND);
	store_close(store);
	assert_int_equal(store_open(store), 0);
	assert_int_equal(count_files(store, "journal.db.v1-"), 1);
}

/* Stores made before have pages of 8 KiB, and keep them. */
static void pages_of_another_size_are_counted_as_they_are(void **state)
{
	struct store *store = *state;
	struct hd_journal_stats stats;
	char *file;
	size_t n;

	make_store(store, 3);
	store_sql(store, "PRAGMA journal_mode=DELETE;PRAGMA page_size=8192;"
			 "VACUUM");
	file = read_file(store, "journal.db", &n);
	free(file);
	assert_int_equal(store_open(store), 0);
	assert_int_equal(store_int(store, "PRAGMA page_size"), 8192);
	hd_journal_stats(store->journal, &stats);
	assert_int_equal(stats.file_bytes, n);
	assert_int_equal(stats.used_bytes, n);
	assert_int_equal(store_int(store, "SELECT count(*)FROM alert"), 3);
}

static void damaged_version_is_refused(void **state)
{
	struct store *store = *state;

	make_store(store, 1);
	store_sql(store, "UPDATE meta SET text='1' WHERE name='store version'");
	assert_refused(store, EBADMSG, "the row with its version is damaged");
}

static void changed_tables_are_refused(void **state)
{
	struct store *store = *state;

	make_store(store, 1);
	store_sql(store, "CREATE INDEX mine ON alert(title)");
	make_store(store, 0); /* an operator's index does no harm */
	store_sql(store, "DROP INDEX alert_uid");
	assert_refused(store, EBADMSG, "alert_uid is missing");
	store_sql(store, "CREATE INDEX alert_uid ON alert(uid)");
	assert_refused(store, EBADMSG, "alert_uid is not as it was made");
}

static void index_that_does_not_fit_is_made_anew(void **state)
{
	struct store *store = *state;
	struct hd_alert_row row;

	make_store(store, 5);
	/* The table says one thing, its index another. */
	store_sql(store,
		  "PRAGMA writable_schema=ON;"
		  "CREATE TEMP TABLE keep AS SELECT rootpage FROM "
		  "sqlite_schema WHERE name='alert_uid';"
		  "UPDATE sqlite_schema SET sql='CREATE INDEX alert_uid ON "
		  "alert(uid,scope)WHERE uid=''''' WHERE name='alert_uid';");
	store_sql(store, "REINDEX alert_uid;PRAGMA writable_schema=ON;"
			 "UPDATE sqlite_schema SET sql='CREATE INDEX alert_uid "
			 "ON alert(uid,scope)WHERE uid<>''''' "
			 "WHERE name='alert_uid';");
	assert_int_equal(store_open(store), 0);
	assert_int_equal(count_files(store, "journal.db.damaged-"), 1);
	assert_int_equal(hd_reader_by_uid(store->reader, NULL, "uid-3", &row,
					  &store->err),
			 HD_FOUND);
	store_close(store);
	assert_int_equal(store_open(store), 0);
	assert_int_equal(count_files(store, "journal.db.damaged-"), 1);
}

/* --- the log --- */

#define WAL_HEADER 32
#define FRAME (24 + 4096)

/* A store whose log was not folded, as after a crash: a child dies with it. */
static void make_crashed(struct store *store, int alerts)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		char id[HD_ID_TEXT];
		int i;

		if (store_open(store) < 0)
			_exit(1);
		for (i = 0; i < alerts; i++)
			store_alert(store, id, i + 1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static bool is_commit(const char *wal, size_t frame)
{
	const char *at = wal + WAL_HEADER + frame * FRAME + 4;

	return at[0] != 0 || at[1] != 0 || at[2] != 0 || at[3] != 0;
}

/* Cut anywhere, the commits that are whole are kept. */
static void cut_log_keeps_what_is_whole(void **state)
{
	struct store *store = *state;
	char *db, *wal;
	size_t db_n, wal_n, cut, frames, commits, i;

	make_store(store, 0);
	db = read_file(store, "journal.db", &db_n);
	make_crashed(store, 4);
	wal = read_file(store, "journal.db-wal", &wal_n);
	frames = (wal_n - WAL_HEADER) / FRAME;
	assert_true(frames > 4);
	for (cut = 0; cut <= wal_n; cut += 1111) {
		frames = cut < WAL_HEADER ? 0 : (cut - WAL_HEADER) / FRAME;
		for (commits = 0, i = 0; i < frames; i++)
			commits += is_commit(wal, i);
		write_file(store, "journal.db", db, db_n);
		write_file(store, "journal.db-wal", wal, cut);
		if (store_open(store) < 0)
			fail_msg("cut at %zu: %s", cut, store->err.text);
		assert_int_equal(store_int(store, "SELECT count(*)FROM alert"),
				 commits);
		store_close(store);
	}
	free(db);
	free(wal);
}

/* Zeroed anywhere: nothing that was acknowledged goes without a word. */
static void zeroed_frame_is_refused_or_the_torn_end(void **state)
{
	struct store *store = *state;
	char *db, *wal, *bad;
	size_t db_n, wal_n, frames, i, last = 0, refused = 0, commits;
	struct hd_journal_stats stats;

	make_store(store, 0);
	db = read_file(store, "journal.db", &db_n);
	make_crashed(store, 4);
	wal = read_file(store, "journal.db-wal", &wal_n);
	frames = (wal_n - WAL_HEADER) / FRAME;
	bad = malloc(wal_n);
	for (i = 0; i + 1 < frames; i++) {
		if (is_commit(wal, i))
			last = i; /* the end of the last but one */
	}
	for (i = 0; i < frames; i++) {
		memcpy(bad, wal, wal_n);
		memset(bad + WAL_HEADER + i * FRAME, 0, FRAME);
		write_file(store, "journal.db", db, db_n);
		write_file(store, "journal.db-wal", bad, wal_n);
		if (store_open(store) < 0) {
			assert_non_null(strstr(store->err.text, "damaged"));
			assert_unchanged(store, "journal.db", db, db_n);
			assert_unchanged(store, "journal.db-wal", bad, wal_n);
			refused++;
			continue;
		}
		/* Only within the last transaction, or its neighbour's end,
		 * which then looks like a part of it. */
		assert_true(i >= last);
		hd_journal_stats(store->journal, &stats);
		if (i + 1 < frames)
			assert_true(stats.torn_frames > 0);
		commits = (size_t)store_int(store, "SELECT count(*)FROM alert");
		assert_in_range(commits, 2, 3);
		store_close(store);
	}
	assert_int_equal(refused, last);
	assert_true(count_files(store, "journal.db-wal.torn-") > 0);
	free(db);
	free(wal);
	free(bad);
}

static void damaged_log_header_is_refused(void **state)
{
	struct store *store = *state;
	char *wal;
	size_t n;

	make_crashed(store, 2);
	wal = read_file(store, "journal.db-wal", &n);
	wal[17] ^= 4; /* a salt */
	write_file(store, "journal.db-wal", wal, n);
	assert_refused(store, EBADMSG, "its header is damaged");
	assert_unchanged(store, "journal.db-wal", wal, n);
	free(wal);
}

/* What ext4 may leave: the right size, nothing in it. */
static void zero_filled_log_is_no_log(void **state)
{
	struct store *store = *state;
	char *zeros = calloc(1, 100000);

	make_store(store, 2);
	write_file(store, "journal.db-wal", zeros, 100000);
	assert_int_equal(store_open(store), 0);
	assert_int_equal(store_int(store, "SELECT count(*)FROM alert"), 2);
	free(zeros);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(missing_folder_is_made_private),
		TEST(folder_in_a_missing_folder_is_refused),
		TEST(folder_open_to_others_is_refused),
		TEST(folder_of_somebody_else_is_refused),
		TEST(store_in_use_is_refused_with_the_pid),
		TEST(wal_without_database_is_refused),
		TEST(empty_database_is_refused),
		TEST(other_file_is_refused),
		TEST(half_made_store_is_made_anew),
		TEST(newer_store_is_refused_and_not_touched),
		TEST(older_store_is_copied_and_brought_up_to_date),
		TEST(pages_of_another_size_are_counted_as_they_are),
		TEST(damaged_version_is_refused),
		TEST(changed_tables_are_refused),
		TEST(index_that_does_not_fit_is_made_anew),
		TEST(cut_log_keeps_what_is_whole),
		TEST(zeroed_frame_is_refused_or_the_torn_end),
		TEST(damaged_log_header_is_refused),
		TEST(zero_filled_log_is_no_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
