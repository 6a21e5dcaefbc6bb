/* walfile.h - what a write-ahead log holds, before SQLite opens it
 *
 * SQLite takes a WAL up to the first frame that is not sound and forgets the
 * rest without a word.  That is right for the torn end of a power cut, but
 * would drop acknowledged commits behind one damaged frame.  The two are told
 * apart here: each commit is synced before the next is written, so a power cut
 * can leave one transaction torn, and nothing behind its last frame.  If there
 * is more, it was acknowledged, and the file is damaged.
 *
 * The format: 32 bytes of header, then frames of 24 bytes and a page each.
 */
#ifndef HD_JOURNAL_WALFILE_H
#define HD_JOURNAL_WALFILE_H

#include <stdbool.h>
#include <stdint.h>

struct hd_err;

struct hd_walfile {
	int64_t frames; /* that SQLite will take */
	int64_t torn;	/* frames of the same log behind them */
	int64_t behind; /* of these, behind the torn transaction's end */
	bool unsound;	/* a frame of the log fails its checksum */
};

/* 0, or -1 if the file cannot be read or is damaged: a header that is not
 * sound with frames behind it, or frames behind a torn transaction.  `path`
 * must be there. [any] */
int hd_walfile_scan(const char *path, struct hd_walfile *out,
		    struct hd_err *err);

#endif
