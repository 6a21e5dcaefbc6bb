/* windows.h - dedup windows
 *
 * A window belongs to its first alert, the leader, and lasts from the leader's
 * receipt, by the monotonic clock (after a restart by the wall clock).  It is
 * not prolonged.  A leader that ended dead, quarantined or dropped is replaced
 * by the next repeat.
 */
#ifndef HD_PIPELINE_WINDOWS_H
#define HD_PIPELINE_WINDOWS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/dict.h"
#include "core/journal/rows.h"

struct hd_err;
struct hd_reader;
struct hd_txn;

struct hd_window {
	char *pipeline, *key;
	char leader[HD_ID_TEXT];
	int64_t first_ms; /* UTC: receipt of the leader */
	int64_t until_ms; /* UTC, for the journal */
	int64_t until_mono_ms;
	int64_t count; /* the leader and its repeats */
	int severity;  /* of the leader */
	bool failed;   /* the leader ended in a way that merges nothing */
};

struct hd_windows {
	struct hd_dict by_key;	  /* "pipeline key" -> window */
	struct hd_dict by_leader; /* id -> window */
	int64_t swept_ms;
};

void hd_windows_init(struct hd_windows *w);
void hd_windows_fini(struct hd_windows *w);

/* Those that are open in the journal. -1 and `err`. [loop] */
int hd_windows_load(struct hd_windows *w, struct hd_reader *reader,
		    struct hd_err *err);

/* The open window of this key, or NULL.  [loop] */
struct hd_window *hd_windows_find(struct hd_windows *w, const char *pipeline,
				  const char *key);

/* Makes `leader` the leader of a new window (replaces an old one). [loop] */
struct hd_window *hd_windows_open(struct hd_windows *w, const char *pipeline,
				  const char *key, const char *leader,
				  int severity, int64_t received_ms,
				  int64_t length_ms);

/* The alert ended in a state that merges nothing. [loop] */
void hd_windows_leader_failed(struct hd_windows *w, const char *leader);

/* How many alerts the window of this leader stands for; 1 without one. */
int64_t hd_windows_count(const struct hd_windows *w, const char *leader);

/* Adds the window's row to a commit. [loop] */
void hd_windows_store(const struct hd_window *window, struct hd_txn *txn);

#endif
