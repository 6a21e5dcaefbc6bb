/* watch.h - does the loop turn?
 *
 * Every turn of the loop is measured (herald_loop_lag_seconds): what comes
 * meanwhile waits that long.  The service manager is told from the loop that we
 * are alive (WATCHDOG=1), so that a loop that hangs is seen; before that a
 * thread of our own says in the log who holds it.
 */
#ifndef HD_HERALDD_WATCH_H
#define HD_HERALDD_WATCH_H

#include <uv.h>

struct hd_watch;

/* Before the first turn.  Always returns one; without its thread (said in the
 * log) only the measuring and the service manager's watchdog are there. [loop]
 */
struct hd_watch *hd_watch_start(uv_loop_t *loop);

/* Frees it; its handles close in the next turns.  Accepts NULL. [loop] */
void hd_watch_stop(struct hd_watch *watch);

#endif
