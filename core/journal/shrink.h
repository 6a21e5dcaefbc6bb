/* shrink.h - free pages go back to the disk
 *
 * What retention deletes leaves free pages in the file; new rows take them
 * first.  Once there are more than that needs, the writer moves a few pages at
 * a time from the end of the file into free ones, while no transaction waits,
 * and the file is cut with the next checkpoint of the whole WAL.
 *
 * It needs a store that was made with auto_vacuum=INCREMENTAL.  One of an older
 * herald is made anew at its start while it is small (hd_shrink_adopt()); a
 * large one stays as large as it ever was, which is said.
 */
#ifndef HD_JOURNAL_SHRINK_H
#define HD_JOURNAL_SHRINK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/journal/store.h"

#define HD_SHRINK_PAUSE_US 20000 /* between two steps: readers, the disk */

struct hd_err;

/* Finds out whether the store can shrink; makes a `small` one anew that cannot.
 * 0 or -1. [before the threads] */
int hd_shrink_adopt(struct hd_store *store, bool small, struct hd_err *err);

/* Is there enough to give back?  `pages` of which `unused` are free; `aim`: the
 * file shall be no larger, 0: no such wish.  `shrinking`: it was so before.
 * [writer] */
bool hd_shrink_is_due(const struct hd_store *store, int64_t pages,
		      int64_t unused, int64_t aim_bytes, bool shrinking);

/* One step of at most 1 MiB, a commit of its own.  0; 1: not now, or not any
 * more (said if it is for good); -1: the store is broken, and `err`. [writer]
 */
int hd_shrink_step(struct hd_store *store, struct hd_err *err);

#endif
