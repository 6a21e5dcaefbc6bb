#include "core/pipeline/windows.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/mutant.h"
#include "core/journal/reader.h"
#include "core/journal/txn.h"

#define SWEEP_MS INT64_C(60000)

void hd_windows_init(struct hd_windows *w)
{
	hd_dict_init(&w->by_key);
	hd_dict_init(&w->by_leader);
	w->swept_ms = hd_now_ms();
}

static char *full_key(const char *pipeline, const char *key)
{
	return hd_strf("%s %s", pipeline, key);
}

static void drop(struct hd_windows *w, struct hd_window *win)
{
	char *full = full_key(win->pipeline, win->key);

	hd_dict_del(&w->by_key, full);
	if (hd_dict_get(&w->by_leader, win->leader) == win)
		hd_dict_del(&w->by_leader, win->leader);
	free(full);
	free(win->pipeline);
	free(win->key);
	free(win);
}

void hd_windows_fini(struct hd_windows *w)
{
	struct hd_window *win;
	size_t at = 0;

	while ((win = hd_dict_next(&w->by_key, &at, NULL)))
		drop(w, win);
	hd_dict_fini(&w->by_key);
	hd_dict_fini(&w->by_leader);
}

/* Windows that are over go when somebody looks, and all others once a minute.
 * Nobody keeps a pointer: a running leader knows its key. */
static void sweep(struct hd_windows *w, int64_t now_ms)
{
	struct hd_window *win;
	size_t at = 0;

	if (now_ms - w->swept_ms < SWEEP_MS)
		return;
	w->swept_ms = now_ms;
	while ((win = hd_dict_next(&w->by_key, &at, NULL)))
		if (win->until_mono_ms <= now_ms)
			drop(w, win);
}

static struct hd_window *add(struct hd_windows *w, const char *pipeline,
			     const char *key, const char *leader)
{
	struct hd_window *win = hd_alloc(sizeof(*win));
	char *full = full_key(pipeline, key);
	struct hd_window *old = hd_dict_get(&w->by_key, full);

	if (old)
		drop(w, old);
	win->pipeline = hd_strdup(pipeline);
	win->key = hd_strdup(key);
	snprintf(win->leader, sizeof(win->leader), "%s", leader);
	hd_dict_put(&w->by_key, full, win);
	hd_dict_put(&w->by_leader, leader, win);
	free(full);
	return win;
}

struct hd_window *hd_windows_find(struct hd_windows *w, const char *pipeline,
				  const char *key)
{
	char *full = full_key(pipeline, key);
	struct hd_window *win = hd_dict_get(&w->by_key, full);
	int64_t now = hd_now_ms();

	free(full);
	if (win && win->until_mono_ms <= now) {
		drop(w, win);
		win = NULL;
	}
	return win;
}

/* How long ago was that?  A wall clock that jumped since must not age anything:
 * of the two clocks the one counts that says less. */
static int64_t age_of(int64_t received_ms)
{
	int64_t wall = hd_utc_ms() - received_ms;
	int64_t steady = hd_utc_steady_ms() - received_ms;
	int64_t age = wall < steady ? wall : steady;

	return age > 0 ? age : 0;
}

struct hd_window *hd_windows_open(struct hd_windows *w, const char *pipeline,
				  const char *key, const char *leader,
				  int severity, int64_t received_ms,
				  int64_t length_ms)
{
	struct hd_window *win;
	int64_t age = age_of(received_ms);

	sweep(w, hd_now_ms());
	win = add(w, pipeline, key, leader);
	win->first_ms = received_ms;
	win->until_ms = received_ms + length_ms;
	win->until_mono_ms = hd_now_ms() + length_ms - age;
	win->count = 1;
	win->severity = severity;
	return win;
}

void hd_windows_leader_failed(struct hd_windows *w, const char *leader)
{
	struct hd_window *win = hd_dict_get(&w->by_leader, leader);

	if (win)
		win->failed = true;
}

int64_t hd_windows_count(const struct hd_windows *w, const char *leader)
{
	const struct hd_window *win = hd_dict_get(&w->by_leader, leader);

	return win ? win->count : 1;
}

void hd_windows_store(const struct hd_window *win, struct hd_txn *txn)
{
	const struct hd_window_row row = {
		.pipeline = win->pipeline,
		.key = win->key,
		.leader = win->leader,
		.first_ms = win->first_ms,
		.until_ms = win->until_ms,
		.count = win->count,
		.severity = win->severity,
	};

	hd_txn_window_put(txn, &row);
}

struct loading {
	struct hd_windows *windows;
	int64_t utc_ms, now_ms;
};

static bool load_row(void *ud, const struct hd_window_row *row)
{
	struct loading *l = ud;
	struct hd_window *win;

	win = add(l->windows, row->pipeline, row->key, row->leader);
	win->first_ms = row->first_ms;
	win->until_ms = row->until_ms;
	win->until_mono_ms = l->now_ms + (row->until_ms - l->utc_ms);
	win->count = row->count;
	win->severity = row->severity;
	return true;
}

/* Did the leader end in a way that merges nothing?  One that is not there any
 * more was retired, so it ended well. */
static bool has_failed(struct hd_reader *reader, const char *leader)
{
	struct hd_alert_row row;
	struct hd_err err;

	if (hd_reader_alert(reader, leader, &row, &err) != HD_FOUND)
		return false;
	return row.state == HD_ALERT_DEAD || row.state == HD_ALERT_DROPPED ||
	       row.state == HD_ALERT_QUARANTINED;
}

int hd_windows_load(struct hd_windows *w, struct hd_reader *reader,
		    struct hd_err *err)
{
	struct loading l = { w, hd_utc_ms(), hd_now_ms() };
	struct hd_window *win;
	size_t at = 0;

	if (hd_mutant("dedup_forget"))
		return 0;
	if (hd_reader_windows(reader, l.utc_ms, load_row, &l, err) < 0)
		return -1;
	while ((win = hd_dict_next(&w->by_key, &at, NULL)))
		win->failed = has_failed(reader, win->leader);
	return 0;
}
