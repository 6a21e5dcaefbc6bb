/* guard.h - what stands between a decision and an effect
 *
 * Asked on the current configuration, never the one that the alert began with,
 * and on the target that the plugin found.  A refusal is an outcome with a
 * reason.
 *
 *   every action           its mode, and a rate (60/1m for what records and
 *                          notifies, unless safety.actions says otherwise):
 *                          beyond it a row waits for its turn
 *   CONTAINS and above     halt; protected targets; alerts that herald itself
 *                          caused; budgets by action and by target: beyond
 *                          them it is refused
 *
 * A budget is taken when the intent is journalled, in the same commit, and not
 * given back; it is read again after a restart.  Rates are in memory only.
 *
 * Time: the wall clock at the start, moved on by the monotonic clock, so that
 * no jump makes room or takes it.  A start whose wall clock lies before what
 * was counted last goes on from there.
 */
#ifndef HD_ACTION_GUARD_H
#define HD_ACTION_GUARD_H

#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#include "core/conf/settings.h" /* enum hd_mode */

struct hd_err;
struct hd_guard_rules;
struct hd_guards;
struct hd_reader;
struct hd_row;
struct hd_txn;

enum hd_verdict {
	HD_PASS,
	HD_SKIP,   /* the mode says no: `why` tells what would have happened */
	HD_REFUSE, /* protected, halted, over budget */
	HD_PARK	   /* over a rate: its turn comes in *wait_ms */
};

/* With the clocks as they are: wall and monotonic.  dry_run, and no rules:
 * nothing that contains passes. [loop] */
struct hd_guards *hd_guards_new(int64_t utc_ms, int64_t now_ms);
void hd_guards_free(struct hd_guards *guards);

/* Reads what was counted before this start.  Once, before anything is asked.
 * -1 and `err`. [loop] */
int hd_guards_load(struct hd_guards *guards, struct hd_reader *reader,
		   struct hd_err *err);

/* herald's own trouble ("budget reached", "rate reached", "rule error"), each
 * once while it lasts. [loop] */
typedef void (*hd_guard_alarm_fn)(void *ud, const char *kind,
				  const char *object, const char *text);
void hd_guards_alarm(struct hd_guards *guards, hd_guard_alarm_fn fn, void *ud);

/* The mode of the configuration in force; a pipeline's lower one is kept in
 * the row.  [loop] */
void hd_guards_set_mode(struct hd_guards *guards, enum hd_mode mode);
enum hd_mode hd_guards_mode(const struct hd_guards *guards);

/* The section `safety` in force: borrowed, valid until the next one is set.
 * What was counted stays. [loop] */
void hd_guards_set_rules(struct hd_guards *guards,
			 const struct hd_guard_rules *rules);

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

/* Before a row's first try: PASS, and it is counted; PARK, and its turn is
 * kept for it: asked again after *wait_ms, it passes.  REFUSE where a rate is
 * 0.  What contains always passes here: it has budgets. [loop] */
enum hd_verdict hd_guard_rate(struct hd_guards *guards,
			      const struct hd_row *row, int64_t now_ms,
			      char *why, size_t why_size, int64_t *wait_ms);

/* After the plan: halt and all that looks at the target.  `record` is the
 * alert's JSON text.  PASS takes the row's budget, which must be stored with
 * the row's next change: hd_guard_charge(). [loop] */
enum hd_verdict hd_guard_target(struct hd_guards *guards, struct hd_row *row,
				const json_t *target, const char *record,
				int64_t now_ms, char *why, size_t why_size);

/* Adds to `txn` the budget that the row has taken, nothing if it has taken
 * none.  Again for each try of a commit; row->charged_ms is cleared by whoever
 * saw it stored. [loop] */
void hd_guard_charge(const struct hd_guards *guards, const struct hd_row *row,
		     struct hd_txn *txn);

/* Right before RUN, however long ago the row was planned: halt, and what is
 * protected now. [loop] */
enum hd_verdict hd_guard_run(struct hd_guards *guards, const struct hd_row *row,
			     int64_t now_ms, char *why, size_t why_size);

/* {"mode", "halted", "budgets": [{"action", "limits": [{"limit", "used"}],
 * "per_target": [LIMIT], "next"}], "rates": [... and "waiting"]}: `next` is a
 * UTC time, there while nothing more is let through; of a rate `used` holds
 * turns to come.  New reference. [loop] */
json_t *hd_guards_describe(const struct hd_guards *guards, int64_t now_ms);

#endif
