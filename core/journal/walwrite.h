/* walwrite.h - the log written in few calls
 *
 * SQLite gives each frame of its log to the system in two writes, of 24 bytes
 * and of a page, which lies across two pages of the file; a commit has some
 * hundred.  This VFS is the system's own but for that: what is written to a log
 * is gathered, and goes out in one write when the gathering is full, and before
 * the file is synced, read, cut or measured.
 *
 * Nobody else reads a frame before its commit was synced, so nobody misses what
 * is still gathered.  That holds with synchronous=FULL only, where each commit
 * syncs the log.  A write that fails may be told by the sync, as what it is:
 * SQLITE_FULL or SQLITE_IOERR_WRITE.
 */
#ifndef HD_JOURNAL_WALWRITE_H
#define HD_JOURNAL_WALWRITE_H

#define HD_WALWRITE_VFS "herald"

/* Makes the VFS known to SQLite by that name.  Returns SQLite's code. [any,
 * once] */
int hd_walwrite_register(void);

#endif
