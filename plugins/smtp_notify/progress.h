/* progress.h - who has the mail already
 *
 * The memo of an intention: {"done": [...], "failed": [...], "doubt": [...],
 * "tries": N}.  Each try asks only for those that are in none of the lists.  If
 * there is nobody like that, a person has asked for it to be run again: then
 * those in doubt are meant, and without them those that failed.
 */
#ifndef HERALD_SMTP_PROGRESS_H
#define HERALD_SMTP_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/json.h"

enum smtp_fate { SMTP_OPEN, SMTP_DONE, SMTP_FAILED, SMTP_DOUBT };

struct smtp_progress {
	struct hp_json memo;
};

/* `memo` is that of the call; absent: nobody yet.  False if it is none of ours.
 * The caller closes it in any case. [any] */
bool smtp_progress_open(struct smtp_progress *p, const herald_host *h,
			herald_str memo);
void smtp_progress_close(struct smtp_progress *p);

/* Forgets what a new try shall do again (see above). [any] */
void smtp_progress_begin(struct smtp_progress *p, const herald_str *all,
			 size_t count);

enum smtp_fate smtp_progress_of(struct smtp_progress *p, herald_str recipient);
void smtp_progress_note(struct smtp_progress *p, herald_str recipient,
			enum smtp_fate fate);

/* How many have this fate. [any] */
size_t smtp_progress_count(struct smtp_progress *p, enum smtp_fate fate);

/* Counts a try that left somebody open; returns how many there were. [any] */
unsigned smtp_progress_try(struct smtp_progress *p);

/* For herald_result.memo. Borrowed until the next change. [any] */
herald_str smtp_progress_memo(struct smtp_progress *p);

#endif
