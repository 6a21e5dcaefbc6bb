/* The disk says no: P6 and P9 in small.
 *
 * SQLite's calls of the system are caught here: those defined in the program
 * come before the library's. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/log.h"
#include "tests/unit/journal_store.h"

enum call { SYNC, WRITE, CALLS };

/* Calls from number `from` on, `count` of them, fail with `error`; only on
 * files whose names end with `file`. */
static struct {
	atomic_int calls, failed;
	int from, count, error;
	const char *file;
} faults[CALLS];

static void clear_faults(void)
{
	int i;

	for (i = 0; i < CALLS; i++) {
		faults[i].from = 0;
		faults[i].calls = 0;
		faults[i].failed = 0;
	}
}

static void set_fault(enum call call, const char *file, int from, int count,
		      int error)
{
	clear_faults();
	faults[call].file = file;
	faults[call].from = from;
	faults[call].count = count;
	faults[call].error = error;
}

static bool is_on(int fd, const char *file)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < (ssize_t)strlen(file))
		return false;
	path[n] = '\0';
	return strcmp(path + n - strlen(file), file) == 0;
}

static bool fails(enum call call, int fd)
{
	int n;

	if (faults[call].from == 0 || !is_on(fd, faults[call].file))
		return false;
	n = ++faults[call].calls;
	if (n < faults[call].from ||
	    n - faults[call].from >= faults[call].count)
		return false;
	faults[call].failed++;
	errno = faults[call].error;
	return true;
}

/* The build hides what is not asked for. */
#define CAUGHT __attribute__((visibility("default")))

CAUGHT int fdatasync(int fd)
{
	if (fails(SYNC, fd))
		return -1;
	return (int)syscall(SYS_fdatasync, fd);
}

CAUGHT int fsync(int fd)
{
	if (fails(SYNC, fd))
		return -1;
	return (int)syscall(SYS_fsync, fd);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at);
CAUGHT ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	if (fails(WRITE, fd))
		return -1;
	return syscall(SYS_pwrite64, fd, p, n, at);
}

static int setup(void **state)
{
	struct store *store = calloc(1, sizeof(*store));

	clear_faults();
	store_new(store);
	*state = store;
	if (store_open(store) < 0)
		fail_msg("%s", store->err.text);
	return 0;
}

static int teardown(void **state)
{
	clear_faults();
	store_free(*state);
	free(*state);
	return 0;
}

/* Commits one alert; its number is its uid. */
static enum hd_txn_status put(struct store *store, int n, const char *raw,
			      size_t raw_n)
{
	struct hd_txn *txn = hd_txn_new();
	struct hd_alert_row row;
	char id[HD_ID_TEXT];

	hd_journal_new_id(id);
	row = alert_row(id, n);
	if (raw) {
		row.raw.p = raw;
		row.raw.n = raw_n;
	}
	hd_txn_alert_new(txn, &row);
	hd_txn_entry(txn, id, "received", "{}");
	return store_commit(store, txn);
}

static bool is_there(struct store *store, int n)
{
	struct hd_alert_row row;
	char uid[32];

	snprintf(uid, sizeof(uid), "uid-%d", n);
	return hd_reader_by_uid(store->reader, NULL, uid, &row, &store->err) ==
	       HD_FOUND;
}

static void reopen(struct store *store)
{
	store_close(store);
	clear_faults();
	if (store_open(store) < 0)
		fail_msg("%s", store->err.text);
}

static void failed_sync_is_the_end_of_the_store(void **state)
{
	struct store *store = *state;
	struct hd_err why;
	int calls;

	assert_int_equal(put(store, 1, NULL, 0), HD_TXN_OK);
	set_fault(SYNC, "journal.db-wal", 1, 1, EIO);
	assert_int_equal(put(store, 2, NULL, 0), HD_TXN_FAILED);
	assert_int_equal(faults[SYNC].failed, 1);
	assert_true(hd_journal_failed(store->journal, &why));
	assert_non_null(strstr(why.text, "disk I/O error"));
	assert_int_equal(store->failed, 1);
	calls = faults[SYNC].calls;
	assert_int_equal(put(store, 3, NULL, 0), HD_TXN_FAILED);
	assert_true(is_there(store, 1));
	store_close(store);
	/* Never again: the kernel may have thrown the pages away. */
	assert_int_equal(faults[SYNC].calls, calls);
	assert_int_equal(store->failed, 1);
	reopen(store);
	assert_true(is_there(store, 1));
	assert_int_equal(put(store, 4, NULL, 0), HD_TXN_OK);
}

static void failed_sync_of_a_checkpoint_is_the_end_too(void **state)
{
	static const int errors[] = { EIO, ENOSPC };
	static char big[1000000];
	struct store *store = *state;
	int next = 0, first, i;
	size_t e;

	for (e = 0; e < 2; e++) {
		set_fault(SYNC, "journal.db", 1, INT_MAX, errors[e]);
		first = next + 1;
		while (next < first + 500 &&
		       put(store, ++next, big, sizeof(big)) == HD_TXN_OK)
			;
		assert_in_range(next, first + 1, first + 499);
		assert_true(hd_journal_failed(store->journal, NULL));
		assert_int_equal(faults[SYNC].failed, 1);
		reopen(store);
		for (i = first; i < next; i++)
			assert_true(is_there(store, i));
	}
}

static void full_disk_is_told_and_passes(void **state)
{
	struct store *store = *state;
	int i;

	assert_int_equal(put(store, 1, NULL, 0), HD_TXN_OK);
	set_fault(WRITE, "journal.db-wal", 1, INT_MAX, ENOSPC);
	for (i = 2; i < 5; i++) {
		assert_int_equal(put(store, i, NULL, 0), HD_TXN_FULL);
		assert_int_equal(store->err.code, ENOSPC);
	}
	assert_false(hd_journal_failed(store->journal, NULL));
	clear_faults();
	assert_int_equal(put(store, 5, NULL, 0), HD_TXN_OK);
	reopen(store);
	assert_true(is_there(store, 1));
	assert_true(is_there(store, 5));
	assert_false(is_there(store, 2));
}

static void disk_full_in_a_checkpoint_is_no_failure(void **state)
{
	static char big[1000000];
	struct store *store = *state;
	int n;

	set_fault(WRITE, "journal.db", 1, INT_MAX, ENOSPC);
	for (n = 1; n <= 60; n++)
		assert_int_equal(put(store, n, big, sizeof(big)), HD_TXN_OK);
	assert_false(hd_journal_failed(store->journal, NULL));
	clear_faults();
	for (; n <= 80; n++)
		assert_int_equal(put(store, n, big, sizeof(big)), HD_TXN_OK);
	reopen(store);
	for (n = 1; n <= 80; n++)
		assert_true(is_there(store, n));
}

/* The n-th write or sync of each kind fails, once: what was acknowledged is
 * there, what was refused is not claimed, and the store goes on or says that
 * it does not. */
static void any_failing_call_costs_no_acknowledged_alert(void **state)
{
	static const struct {
		enum call call;
		const char *file;
		int error;
		bool fatal;
	} kinds[] = {
		{ WRITE, "journal.db-wal", ENOSPC, false },
		{ WRITE, "journal.db-wal", EIO, true },
		{ SYNC, "journal.db-wal", EIO, true },
		{ SYNC, "journal.db-wal", ENOSPC, true },
	};
	struct store *store = *state;
	int next = 0, i, n, first, failures;
	bool there[12];
	size_t k;

	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		for (n = 1; n < 40; n += 3) {
			set_fault(kinds[k].call, kinds[k].file, n, 1,
				  kinds[k].error);
			first = next;
			failures = 0;
			for (i = 0; i < 12; i++) {
				there[i] = put(store, ++next, NULL, 0) ==
					   HD_TXN_OK;
				failures += !there[i];
			}
			if (faults[kinds[k].call].failed == 0) {
				assert_int_equal(failures, 0);
				continue;
			}
			assert_true(failures > 0);
			assert_int_equal(hd_journal_failed(store->journal,
							   NULL),
					 kinds[k].fatal);
			if (!kinds[k].fatal)
				assert_int_equal(failures, 1);
			reopen(store);
			for (i = 0; i < 12; i++) {
				if (there[i])
					assert_true(
						is_there(store, first + i + 1));
			}
		}
	}
}

/* A store that is being made: it is made, or it is not, and then it can be. */
static void failing_making_leaves_nothing_half(void **state)
{
	static const int errors[] = { ENOSPC, EIO };
	struct store *store = *state;
	char path[512];
	size_t e;
	int n;

	for (e = 0; e < 2; e++) {
		for (n = 1; n < 100; n += 7) {
			store_close(store);
			store_path(store, "journal.db", path);
			unlink(path);
			set_fault(WRITE, "journal.db.new", n, 1, errors[e]);
			if (store_open(store) == 0) {
				store_close(store);
			} else {
				assert_int_equal(faults[WRITE].failed, 1);
				assert_int_equal(access(path, F_OK), -1);
			}
			clear_faults();
			if (store_open(store) < 0)
				fail_msg("%s", store->err.text);
		}
	}
	assert_int_equal(put(store, 1, NULL, 0), HD_TXN_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(failed_sync_is_the_end_of_the_store),
		TEST(failed_sync_of_a_checkpoint_is_the_end_too),
		TEST(full_disk_is_told_and_passes),
		TEST(disk_full_in_a_checkpoint_is_no_failure),
		TEST(any_failing_call_costs_no_acknowledged_alert),
		TEST(failing_making_leaves_nothing_half),
	};

	hd_log_init(open("/dev/null", O_WRONLY | O_CLOEXEC), HD_LOG_ERROR,
		    false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
