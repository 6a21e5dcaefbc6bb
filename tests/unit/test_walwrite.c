/* What is written to a log is gathered, and out in time. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/journal/walwrite.h"

#define FRAME 4120
#define FLAGS (SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)

static int writes;	/* calls of the system */
static int write_error; /* that they fail with */

/* Those defined in the program come before the library's. */
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at);
__attribute__((visibility("default"))) ssize_t pwrite64(int fd, const void *p,
							size_t n, off64_t at)
{
	writes++;
	if (write_error != 0) {
		errno = write_error;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, p, n, at);
}

struct log {
	char folder[64], base[128], path[128];
	sqlite3_file *file;
};

static int setup(void **state)
{
	struct log *log = calloc(1, sizeof(*log));
	sqlite3_vfs *vfs;
	FILE *base;

	snprintf(log->folder, sizeof(log->folder), "/tmp/walwrite.XXXXXX");
	assert_non_null(mkdtemp(log->folder));
	snprintf(log->path, sizeof(log->path), "%s/x.db-wal", log->folder);
	/* SQLite takes the log's mode from its database. */
	snprintf(log->base, sizeof(log->base), "%s/x.db", log->folder);
	base = fopen(log->base, "w");
	assert_non_null(base);
	fclose(base);
	assert_int_equal(hd_walwrite_register(), SQLITE_OK);
	vfs = sqlite3_vfs_find(HD_WALWRITE_VFS);
	log->file = calloc(1, (size_t)vfs->szOsFile);
	assert_int_equal(vfs->xOpen(vfs, log->path, log->file, FLAGS, NULL),
			 SQLITE_OK);
	writes = 0;
	write_error = 0;
	*state = log;
	return 0;
}

static int teardown(void **state)
{
	struct log *log = *state;

	log->file->pMethods->xClose(log->file);
	free(log->file);
	unlink(log->path);
	unlink(log->base);
	rmdir(log->folder);
	free(log);
	return 0;
}

static int put(struct log *log, char c, int n, sqlite3_int64 at)
{
	char bytes[70000];

	memset(bytes, c, (size_t)n);
	return log->file->pMethods->xWrite(log->file, bytes, n, at);
}

static int sync_now(struct log *log)
{
	return log->file->pMethods->xSync(log->file, SQLITE_SYNC_NORMAL);
}

static long long size_on_disk(const struct log *log)
{
	struct stat st;

	assert_int_equal(stat(log->path, &st), 0);
	return st.st_size;
}

/* The byte at `at`, read by somebody else. */
static char byte_on_disk(const struct log *log, long at)
{
	FILE *f = fopen(log->path, "r");
	int c;

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	c = getc(f);
	fclose(f);
	return (char)c;
}

static void a_commit_is_one_write(void **state)
{
	struct log *log = *state;
	int i;

	for (i = 0; i < 10; i++) {
		assert_int_equal(put(log, 'h', 24, 32 + i * FRAME), SQLITE_OK);
		assert_int_equal(put(log, (char)('a' + i), FRAME - 24,
				     32 + i * FRAME + 24),
				 SQLITE_OK);
	}
	assert_int_equal(writes, 0);
	assert_int_equal(sync_now(log), SQLITE_OK);
	assert_int_equal(writes, 1);
	assert_int_equal(size_on_disk(log), 32 + 10 * FRAME);
	for (i = 0; i < 10; i++) {
		assert_int_equal(byte_on_disk(log, 32 + i * FRAME), 'h');
		assert_int_equal(byte_on_disk(log, 32 + i * FRAME + 24),
				 'a' + i);
		assert_int_equal(byte_on_disk(log, 31 + (i + 1) * FRAME),
				 'a' + i);
	}
}

static void what_is_long_goes_out_as_it_comes(void **state)
{
	struct log *log = *state;
	int i;

	for (i = 0; i < 100; i++)
		assert_int_equal(put(log, (char)i, FRAME, i * FRAME),
				 SQLITE_OK);
	assert_in_range(size_on_disk(log), 80 * FRAME, 99 * FRAME);
	assert_int_equal(put(log, 'L', 70000, 100 * FRAME), SQLITE_OK);
	assert_int_equal(put(log, 'e', 8, 100 * FRAME + 70000), SQLITE_OK);
	assert_int_equal(sync_now(log), SQLITE_OK);
	assert_int_equal(size_on_disk(log), 100 * FRAME + 70000 + 8);
	for (i = 0; i < 100; i++)
		assert_int_equal(byte_on_disk(log, i * FRAME), i);
	assert_int_equal(byte_on_disk(log, 100 * FRAME), 'L');
	assert_int_equal(byte_on_disk(log, 100 * FRAME + 70000), 'e');
}

/* A page that is written again in the same transaction. */
static void a_write_elsewhere_keeps_the_order(void **state)
{
	struct log *log = *state;

	put(log, 'a', FRAME, 0);
	put(log, 'b', FRAME, FRAME);
	put(log, 'c', FRAME, 0);
	put(log, 'd', FRAME, 2 * FRAME);
	put(log, 'e', FRAME, FRAME);
	assert_int_equal(sync_now(log), SQLITE_OK);
	assert_int_equal(byte_on_disk(log, 0), 'c');
	assert_int_equal(byte_on_disk(log, FRAME), 'e');
	assert_int_equal(byte_on_disk(log, 2 * FRAME), 'd');
	assert_int_equal(size_on_disk(log), 3 * FRAME);
}

static void who_reads_cuts_or_measures_sees_all(void **state)
{
	struct log *log = *state;
	sqlite3_int64 size = 0;
	char byte = 0;

	put(log, 'a', FRAME, 0);
	assert_int_equal(log->file->pMethods->xRead(log->file, &byte, 1, 9),
			 SQLITE_OK);
	assert_int_equal(byte, 'a');
	put(log, 'b', FRAME, FRAME);
	assert_int_equal(log->file->pMethods->xFileSize(log->file, &size),
			 SQLITE_OK);
	assert_int_equal(size, 2 * FRAME);
	put(log, 'c', FRAME, 2 * FRAME);
	assert_int_equal(log->file->pMethods->xTruncate(log->file, FRAME),
			 SQLITE_OK);
	assert_int_equal(sync_now(log), SQLITE_OK);
	assert_int_equal(size_on_disk(log), FRAME);
}

static void failed_write_is_told_by_the_sync_and_forgotten(void **state)
{
	struct log *log = *state;

	put(log, 'a', FRAME, 0);
	write_error = ENOSPC;
	assert_int_equal(sync_now(log), SQLITE_FULL);
	put(log, 'b', FRAME, 0);
	write_error = EIO;
	assert_int_equal(sync_now(log), SQLITE_IOERR_WRITE);
	write_error = 0;
	assert_int_equal(sync_now(log), SQLITE_OK);
	assert_int_equal(size_on_disk(log), 0);
	put(log, 'c', FRAME, 0);
	assert_int_equal(sync_now(log), SQLITE_OK);
	assert_int_equal(byte_on_disk(log, 0), 'c');
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_commit_is_one_write),
		TEST(what_is_long_goes_out_as_it_comes),
		TEST(a_write_elsewhere_keeps_the_order),
		TEST(who_reads_cuts_or_measures_sees_all),
		TEST(failed_write_is_told_by_the_sync_and_forgotten),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
