/* restore.h - `heraldd --restore DIR`
 *
 * Nobody knows what herald did between the backup and now.  So every action
 * that was open is in doubt and a person settles it; and herald is halted until
 * a person says otherwise, since what its budgets counted and which alerts it
 * knew is gone as well.
 */
#ifndef HD_HERALDD_RESTORE_H
#define HD_HERALDD_RESTORE_H

#include <stdbool.h>

/* Puts the backup in `from` into `state_dir` and tells what came of it.  The
 * exit status. */
int hd_restore_run(const char *from, const char *state_dir, bool json);

#endif
