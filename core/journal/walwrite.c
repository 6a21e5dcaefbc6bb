#include "core/journal/walwrite.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mutant.h"

/* 16 frames: beyond, little more is to be had.  The system's file cannot write
 * 128 KiB in one call. */
#define GATHER_BYTES 65536

/* SQLite allocates it, szOsFile bytes aligned to 8; `real` is the system's
 * file. */
struct log_file {
	sqlite3_file base;
	char *bytes; /* NULL until something is written */
	int used;
	sqlite3_int64 at; /* of bytes[0] in the file */
	_Alignas(sqlite3_int64) char real[];
};

static sqlite3_vfs *below; /* the system's; set once */

static sqlite3_file *real_of(struct log_file *log)
{
	return (sqlite3_file *)(void *)log->real;
}

/* What could not be written is forgotten: SQLite rolls back. */
static int put_out(sqlite3_file *file)
{
	struct log_file *log = (struct log_file *)file;
	sqlite3_file *real = real_of(log);
	int n = log->used;

	log->used = 0;
	if (n == 0)
		return SQLITE_OK;
	return real->pMethods->xWrite(real, log->bytes, n, log->at);
}

static int write_log(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
	struct log_file *log = (struct log_file *)file;
	sqlite3_file *real = real_of(log);
	int rc;

	if (at != log->at + log->used || log->used > GATHER_BYTES - n) {
		rc = put_out(file);
		if (rc != SQLITE_OK)
			return rc;
		log->at = at;
	}
	if (!log->bytes)
		log->bytes = malloc(GATHER_BYTES);
	if (!log->bytes || n > GATHER_BYTES) {
		log->at = at + n;
		return real->pMethods->xWrite(real, p, n, at);
	}
	memcpy(log->bytes + log->used, p, (size_t)n);
	log->used += n;
	return SQLITE_OK;
}

static int sync_log(sqlite3_file *file, int flags)
{
	sqlite3_file *real = real_of((struct log_file *)file);
	int rc = put_out(file);

	if (rc != SQLITE_OK || hd_mutant("no_fsync"))
		return rc;
	return real->pMethods->xSync(real, flags);
}

static int read_log(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
	sqlite3_file *real = real_of((struct log_file *)file);
	int rc = put_out(file);

	return rc != SQLITE_OK ? rc : real->pMethods->xRead(real, p, n, at);
}

static int cut_log(sqlite3_file *file, sqlite3_int64 size)
{
	sqlite3_file *real = real_of((struct log_file *)file);
	int rc = put_out(file);

	return rc != SQLITE_OK ? rc : real->pMethods->xTruncate(real, size);
}

static int measure_log(sqlite3_file *file, sqlite3_int64 *size)
{
	sqlite3_file *real = real_of((struct log_file *)file);
	int rc = put_out(file);

	return rc != SQLITE_OK ? rc : real->pMethods->xFileSize(real, size);
}

/* What no commit has synced is nothing that anybody waits for. */
static int close_log(sqlite3_file *file)
{
	struct log_file *log = (struct log_file *)file;
	sqlite3_file *real = real_of(log);

	free(log->bytes);
	return real->pMethods->xClose(real);
}

static int lock_log(sqlite3_file *file, int level)
{
	sqlite3_file *real = real_of((struct log_file *)file);

	return real->pMethods->xLock(real, level);
}

static int unlock_log(sqlite3_file *file, int level)
{
	sqlite3_file *real = real_of((struct log_file *)file);

	return real->pMethods->xUnlock(real, level);
}

static int is_locked(sqlite3_file *file, int *out)
{
	sqlite3_file *real = real_of((struct log_file *)file);

	return real->pMethods->xCheckReservedLock(real, out);
}

static int control_log(sqlite3_file *file, int op, void *arg)
{
	sqlite3_file *real = real_of((struct log_file *)file);

	return real->pMethods->xFileControl(real, op, arg);
}

static int sector_size(sqlite3_file *file)
{
	sqlite3_file *real = real_of((struct log_file *)file);

	return real->pMethods->xSectorSize(real);
}

static int characteristics(sqlite3_file *file)
{
	sqlite3_file *real = real_of((struct log_file *)file);

	return real->pMethods->xDeviceCharacteristics(real);
}

/* Version 1: shared memory and mapping are the database's, not the log's. */
static const sqlite3_io_methods log_methods = {
	.iVersion = 1,
	.xClose = close_log,
	.xRead = read_log,
	.xWrite = write_log,
	.xTruncate = cut_log,
	.xSync = sync_log,
	.xFileSize = measure_log,
	.xLock = lock_log,
	.xUnlock = unlock_log,
	.xCheckReservedLock = is_locked,
	.xFileControl = control_log,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
};

/* Any file but a log is the system's alone. */
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
		     int flags, int *out_flags)
{
	struct log_file *log = (struct log_file *)file;
	int rc;

	(void)vfs;
	if (!(flags & SQLITE_OPEN_WAL))
		return below->xOpen(below, name, file, flags, out_flags);
	memset(log, 0, sizeof(*log));
	rc = below->xOpen(below, name, real_of(log), flags, out_flags);
	if (real_of(log)->pMethods)
		log->base.pMethods = &log_methods;
	return rc;
}

int hd_walwrite_register(void)
{
	static sqlite3_vfs ours;

	below = sqlite3_vfs_find(NULL);
	if (!below)
		return SQLITE_ERROR;
	ours = *below;
	ours.pNext = NULL;
	ours.zName = HD_WALWRITE_VFS;
	ours.szOsFile += (int)sizeof(struct log_file);
	ours.xOpen = open_file;
	return sqlite3_vfs_register(&ours, 0);
}
