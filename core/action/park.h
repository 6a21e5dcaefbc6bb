/* park.h - alerts whose rows wait in the journal
 *
 * A heap of (time, alert).  Times are kept on the monotonic clock, so that a
 * wall clock that jumps brings nothing due.
 */
#ifndef HD_ACTION_PARK_H
#define HD_ACTION_PARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "core/journal/rows.h"

struct hd_park;

/* fn is called on the loop for each alert that is due; `woken` is the connector
 * that it was woken for, NULL if its time has come. */
typedef void (*hd_due_fn)(void *ud, const char *alert, const char *woken);
struct hd_park *hd_park_new(uv_loop_t *loop, hd_due_fn fn, void *ud);
void hd_park_free(struct hd_park *park);

/* Wakes `alert` after `wait_ms` (0: soon).  Replaces an earlier time of the
 * same alert.  `held_by` (may be NULL) names connectors, with blanks between
 * them: also when one of these is woken. [loop] */
void hd_park_put(struct hd_park *park, const char *alert, int64_t wait_ms,
		 const char *held_by);
void hd_park_wake(struct hd_park *park, const char *connector);
bool hd_park_has(const struct hd_park *park, const char *alert);
bool hd_park_take(struct hd_park *park, const char *alert); /* was it there? */
size_t hd_park_count(const struct hd_park *park);

/* With a limit nothing more is woken while fn's owner is full: call again when
 * there is room. [loop] */
void hd_park_pause(struct hd_park *park, bool paused);

#endif
