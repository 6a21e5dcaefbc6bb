/* reader.h - reading the journal
 *
 * A reader is a read-only connection of its own.  It sees what was committed
 * when the call began, belongs to one thread at a time, and is meant for short
 * questions: lists look at a bounded number of rows a call.
 *
 * A row whose digest does not fit is never given out: it is set aside (see
 * journal.h), and the call goes on with the next.
 *
 * Texts and bytes in rows are borrowed from the reader: valid until the
 * callback returns, or until the next call where there is no callback.
 * A callback may not use its reader.  It returns false to end the list.
 */
#ifndef HD_JOURNAL_READER_H
#define HD_JOURNAL_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/journal/rows.h"

struct hd_err;
struct hd_journal;
struct hd_reader;

enum hd_found {
	HD_FOUND,
	HD_NOT_FOUND,
	HD_AMBIGUOUS,  /* more than one begins like that */
	HD_DAMAGED,    /* it is there, but set aside */
	HD_READ_FAILED /* `err` says why */
};

typedef bool (*hd_alert_fn)(void *ud, const struct hd_alert_row *row);
typedef bool (*hd_entry_fn)(void *ud, const struct hd_entry_row *row);
typedef bool (*hd_action_fn)(void *ud, const struct hd_action_row *row);
typedef bool (*hd_window_fn)(void *ud, const struct hd_window_row *row);
typedef bool (*hd_budget_fn)(void *ud, const struct hd_budget_row *row);
typedef bool (*hd_quota_fn)(void *ud, const struct hd_quota_row *row);
typedef bool (*hd_state_fn)(void *ud, const struct hd_state_row *row);
typedef bool (*hd_silence_fn)(void *ud, const struct hd_silence_row *row);

/* Close it before the journal. [any] */
struct hd_reader *hd_reader_open(struct hd_journal *journal,
				 struct hd_err *err);

/* Accepts NULL. [any] */
void hd_reader_close(struct hd_reader *reader);

/* --- one alert [any, one thread at a time] --- */

/* The whole id of the alert that `text` means: any unique beginning of an id
 * (at least one hex digit), or "@last", the newest.  `count` (may be NULL) is
 * how many begin like that, at most 100. */
enum hd_found hd_reader_resolve(struct hd_reader *reader, const char *text,
				char id[HD_ID_TEXT], int *count,
				struct hd_err *err);

enum hd_found hd_reader_alert(struct hd_reader *reader, const char *id,
			      struct hd_alert_row *out, struct hd_err *err);

/* The newest alert with that uid; scope NULL: of any plugin. */
enum hd_found hd_reader_by_uid(struct hd_reader *reader, const char *scope,
			       const char *uid, struct hd_alert_row *out,
			       struct hd_err *err);

enum hd_found hd_reader_body(struct hd_reader *reader, const char *id,
			     struct hd_body *out, struct hd_err *err);

/* What happened to it, oldest first, each once its hash was checked.  DAMAGED:
 * the chain is not whole (a line was changed, removed or added); those before
 * the break were given, and `err` says where it is. */
enum hd_found hd_reader_entries(struct hd_reader *reader, const char *id,
				hd_entry_fn fn, void *ud, struct hd_err *err);

/* --- alerts --- */

struct hd_alert_filter {
	unsigned states;      /* bits 1u << state; 0: all */
	const char *pipeline; /* NULL: all */
	int64_t since_ms;     /* received at or after; 0: all */
	int64_t before_num;   /* cursor: older than this row; 0: newest */
	int limit;	      /* rows given; 0: 100 */
};

/* Newest first.  `next` (may be NULL) is the cursor to go on with, 0 at the
 * end; a call looks at 20,000 rows at most, so it may give few and still have
 * a cursor.  0 or -1. */
int hd_reader_list(struct hd_reader *reader,
		   const struct hd_alert_filter *filter, hd_alert_fn fn,
		   void *ud, int64_t *next, struct hd_err *err);

/* Alerts that are not decided, by severity (99 counts as 0), then age, at most
 * `limit`.  `severity` and `num` are those of the last one of the call before;
 * -1, 0 to begin. */
int hd_reader_backlog(struct hd_reader *reader, int severity, int64_t num,
		      int limit, hd_alert_fn fn, void *ud, struct hd_err *err);

/* When the oldest alert that is RECEIVED, or in another state that is rare
 * (WAITING), came; 0 if there is none. 0 or -1. */
int hd_reader_oldest(struct hd_reader *reader, enum hd_alert_state state,
		     int64_t *received_ms, struct hd_err *err);

/* Alerts with a due time at or before, soonest first. */
int hd_reader_alerts_due(struct hd_reader *reader, int64_t until_ms, int limit,
			 hd_alert_fn fn, void *ud, struct hd_err *err);

/* --- actions --- */

/* By any unique beginning of its id. */
enum hd_found hd_reader_action(struct hd_reader *reader, const char *id,
			       struct hd_action_row *out, int *count,
			       struct hd_err *err);
enum hd_found hd_reader_action_idem(struct hd_reader *reader, const char *idem,
				    struct hd_action_row *out,
				    struct hd_err *err);

/* Of one alert, in their order. */
int hd_reader_actions(struct hd_reader *reader, const char *alert,
		      hd_action_fn fn, void *ud, struct hd_err *err);

/* All in one state, oldest first.  Of done and skipped ones there may be
 * millions: end the list. */
int hd_reader_actions_in(struct hd_reader *reader, enum hd_action_state state,
			 hd_action_fn fn, void *ud, struct hd_err *err);

/* All that are open (in doubt too), soonest due first. */
int hd_reader_actions_open(struct hd_reader *reader, hd_action_fn fn, void *ud,
			   struct hd_err *err);

/* Newest first, all states, at most `limit`. */
int hd_reader_actions_last(struct hd_reader *reader, int limit, hd_action_fn fn,
			   void *ud, struct hd_err *err);

/* --- the rest: 0 or -1 --- */

/* Windows that end after. */
int hd_reader_windows(struct hd_reader *reader, int64_t after_ms,
		      hd_window_fn fn, void *ud, struct hd_err *err);
/* Counted at or after; scope NULL: all. */
int hd_reader_budgets(struct hd_reader *reader, const char *scope,
		      int64_t since_ms, hd_budget_fn fn, void *ud,
		      struct hd_err *err);
int hd_reader_quotas(struct hd_reader *reader, hd_quota_fn fn, void *ud,
		     struct hd_err *err);
/* connector NULL: all. */
int hd_reader_states(struct hd_reader *reader, const char *connector,
		     hd_state_fn fn, void *ud, struct hd_err *err);
int hd_reader_silences(struct hd_reader *reader, hd_silence_fn fn, void *ud,
		       struct hd_err *err);

/* The caller frees *text.  DAMAGED where the answer must not be guessed: treat
 * a damaged "halt" as halted. */
enum hd_found hd_reader_meta(struct hd_reader *reader, const char *name,
			     char **text, struct hd_err *err);
enum hd_found hd_reader_config(struct hd_reader *reader, const char *digest,
			       char **text, struct hd_err *err);

#endif
