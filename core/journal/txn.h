/* txn.h - what one commit changes, as a list of operations
 *
 * A transaction is built on the loop, copies what it is given, and is handed
 * to hd_journal_commit(): all of it happens, or nothing.  Operations apply in
 * the order in which they were added; an alert's or action's row is written
 * once at the end, so many operations on one alert cost one row.
 *
 * Builders do not fail: lack of memory, or an operand that can never be stored
 * (an id that is none, text over 64 MiB), makes the transaction *failed*, and
 * its commit answers HD_TXN_FAILED with the reason in hd_txn_error().
 *
 * Operations on an alert or action that is not there, or not in `if_state`,
 * fail the transaction alone: ENOENT, or ESTALE.  An idem that exists: EEXIST.
 */
#ifndef HD_JOURNAL_TXN_H
#define HD_JOURNAL_TXN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/journal/rows.h"

struct hd_err;
struct hd_txn;

/* The caller frees it, or gives it to hd_journal_commit(). [any] */
struct hd_txn *hd_txn_new(void);

/* Accepts NULL. [any] */
void hd_txn_free(struct hd_txn *txn);

/* --- building: one thread at a time [any] --- */

/* A new alert with its bytes.  If (scope, uid) is remembered already it is a
 * redelivery: every operation of this transaction on that alert's id is left
 * out, and the answer is KNOWN. */
void hd_txn_alert_new(struct hd_txn *txn, const struct hd_alert_row *row);

void hd_txn_alert_update(struct hd_txn *txn, const char *id,
			 const struct hd_alert_change *change);

/* What happened to alert `id`, now; chained to the entry before. */
void hd_txn_entry(struct hd_txn *txn, const char *id, const char *kind,
		  const char *json);

/* `row->id` is made from `row->idem` and need not be given. */
void hd_txn_action_new(struct hd_txn *txn, const struct hd_action_row *row);
void hd_txn_action_update(struct hd_txn *txn, const char *id,
			  const struct hd_action_change *change);

/* Replaces the window of (pipeline, key). */
void hd_txn_window_put(struct hd_txn *txn, const struct hd_window_row *row);
void hd_txn_window_del(struct hd_txn *txn, const char *pipeline,
		       const char *key);
/* All windows that ended before `utc_ms`. */
void hd_txn_window_prune(struct hd_txn *txn, int64_t utc_ms);

/* Counts `row->n` for the scope, and forgets what it counted before
 * `keep_from_ms` (0: forgets nothing). */
void hd_txn_budget_add(struct hd_txn *txn, const struct hd_budget_row *row,
		       int64_t keep_from_ms);

void hd_txn_quota_put(struct hd_txn *txn, const struct hd_quota_row *row);

/* value.p NULL: deletes the key. */
void hd_txn_state_put(struct hd_txn *txn, const struct hd_state_row *row);

void hd_txn_silence_put(struct hd_txn *txn, const struct hd_silence_row *row);
void hd_txn_silence_del(struct hd_txn *txn, const char *id);

/* Keeps a text by its digest; again is no error. */
void hd_txn_config_put(struct hd_txn *txn, const char *digest,
		       const char *text);

/* A word about the whole store, such as "halt".  Names that begin with "store"
 * are the journal's own.  NULL deletes it. */
void hd_txn_meta_put(struct hd_txn *txn, const char *name, const char *value);

/* Alerts received before are no longer remembered as redeliveries. */
void hd_txn_uid_forget(struct hd_txn *txn, int64_t before_ms);

/* Removes the oldest alerts that are done, merged, silenced or dropped, were
 * received before, and have no open action (in doubt is open): at most `max`,
 * with all that belongs to them.  Their uids stay remembered. */
void hd_txn_retire(struct hd_txn *txn, int64_t before_ms, int64_t max);

/* True if nothing was added. [any] */
bool hd_txn_is_empty(const struct hd_txn *txn);

/* --- after the commit, in its callback --- */

/* Was that alert_new a redelivery?  `known_id` (may be NULL) gets the id of
 * the alert that was there first, "" if that one is retired. */
bool hd_txn_is_known(const struct hd_txn *txn, const char *id,
		     char known_id[HD_ID_TEXT]);

/* How many alerts hd_txn_retire() removed. */
int64_t hd_txn_retired(const struct hd_txn *txn);

/* Why it failed; borrowed from `txn`. */
const struct hd_err *hd_txn_error(const struct hd_txn *txn);

#endif
