/* guard.h - what stands between a decision and an effect
 *
 * Asked on the current configuration, never the one that the alert began with,
 * and on the target that the plugin found.  A refusal is an outcome with a
 * reason.
 */
#ifndef HD_ACTION_GUARD_H
#define HD_ACTION_GUARD_H

#include <stdint.h>
#include <jansson.h>

#include "core/conf/settings.h" /* enum hd_mode */

struct hd_guards;
struct hd_row;
struct hd_txn;

enum hd_verdict {
	HD_PASS,
	HD_SKIP,   /* the mode says no: `why` tells what would have happened */
	HD_REFUSE, /* protected, halted, over budget */
	HD_PARK	   /* over a rate: wait until *until_ms (UTC) */
};

struct hd_guards *hd_guards_new(void);
void hd_guards_free(struct hd_guards *guards);

/* The mode of the configuration in force; a pipeline's lower one is kept in
 * the row.  [loop] */
void hd_guards_set_mode(struct hd_guards *guards, enum hd_mode mode);
enum hd_mode hd_guards_mode(const struct hd_guards *guards);

/* halt: no effect CONTAINS or above.  `because` NULL: unhalt. [loop] */
void hd_guards_halt(struct hd_guards *guards, const char *because);
const char *hd_guards_halted(const struct hd_guards *guards);

/* "dry_run" to the mode; -1 for another word. [any] */
int hd_mode_parse(const char *word, enum hd_mode *out);

/* Before anything is done for the row: does the mode let an action of this
 * effect act at all? [loop] */
enum hd_verdict hd_guard_mode(const struct hd_guards *guards,
			      const struct hd_row *row, enum hd_mode connector,
			      char *why, size_t why_size);

/* After the plan, before RUN: halt and all that looks at the target.  What it
 * takes (budget) is added to `txn`. [loop] */
enum hd_verdict hd_guard_target(struct hd_guards *guards,
				const struct hd_row *row, const json_t *target,
				struct hd_txn *txn, char *why, size_t why_size,
				int64_t *until_ms);

#endif
