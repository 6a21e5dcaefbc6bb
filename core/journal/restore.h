/* restore.h - a backup becomes the store
 *
 * In steps that a crash may come between: the backup is checked and copied to
 * `restoring` in the directory of the store, there it may be opened and
 * changed, and only then it takes the place of the store, which is kept beside
 * it.  A store beside which a restore was begun and not ended must not be
 * opened: it may be missing.
 */
#ifndef HD_JOURNAL_RESTORE_H
#define HD_JOURNAL_RESTORE_H

#include <stdbool.h>

#include "core/journal/folder.h"

struct hd_err;
struct hd_restore;

/* Locks the store in `dir` and copies the backup in `from`.  Returns NULL and
 * `err`: the store is as it was.  The caller frees it. [any] */
struct hd_restore *hd_restore_new(const char *from, const char *dir,
				  struct hd_err *err);

/* Gives the lock back; what was not ended is left for another try. [any] */
void hd_restore_free(struct hd_restore *restore); /* accepts NULL */

/* Where the copy is: to be opened by hd_journal_open(), and closed. [any] */
const char *hd_restore_dir(const struct hd_restore *restore);

/* The copy becomes the store.  `kept` is the file that the former one is now,
 * "" if there was none. 0 or -1. [any] */
int hd_restore_end(struct hd_restore *restore, char kept[HD_FOLDER_FILE],
		   struct hd_err *err);

/* Was a restore begun in `dir` and not ended? [any] */
bool hd_restore_is_open(const char *dir);

#endif
