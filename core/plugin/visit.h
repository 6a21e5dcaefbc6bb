/* visit.h - being inside a plugin's function
 *
 * Every call into a plugin on the loop is a visit: it is timed, it may not
 * begin while another visit to the same instance lasts (the ABI promises that
 * no function is re-entered), and the daemon's watchdog can ask from another
 * thread who holds the loop.
 *
 * In a debug build the services check that they are called on the thread, and
 * within create() only those that create() may use; a breach ends the process,
 * since it would be found by nobody later.
 */
#ifndef HD_PLUGIN_VISIT_H
#define HD_PLUGIN_VISIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HD_VISIT_SLOW_MS 20   /* warned about and counted */
#define HD_VISIT_STALL_MS 200 /* counted against the instance */

struct hd_cell;
struct hd_instance;

/* `what` is a constant text: "lookup". [loop] */
void hd_visit_begin(struct hd_instance *instance, const char *what);

/* Returns how long it took. [loop] */
int64_t hd_visit_end(struct hd_instance *instance);

/* True while a function of the instance runs on the loop: what would call it
 * again must be posted instead. [loop] */
bool hd_visit_is_inside(const struct hd_instance *instance);

/* Whose function runs on the loop right now: false if none.  `name` holds
 * HD_CELL_NAME bytes. [any] */
bool hd_visit_current(char *name, const char **what, int64_t *for_ms);

/* The same for a signal's handler on the loop's thread: constant texts, ""
 * if none. */
void hd_visit_innermost(const char **name, const char **what);

#ifdef HD_DEBUG
#define HD_VISIT_CHECK_LOOP(cell) hd_visit_check(cell, __func__, true, false)
#define HD_VISIT_CHECK_ANY(cell) hd_visit_check(cell, __func__, false, false)
#define HD_VISIT_CHECK_CREATE(cell) hd_visit_check(cell, __func__, true, true)
#define HD_VISIT_CHECK_EARLY(cell) hd_visit_check(cell, __func__, false, true)
#define HD_VISIT_CHECK_NEED(cell, need) \
	hd_visit_check_need(cell, __func__, need)
#else
#define HD_VISIT_CHECK_LOOP(cell) ((void)(cell))
#define HD_VISIT_CHECK_ANY(cell) ((void)(cell))
#define HD_VISIT_CHECK_CREATE(cell) ((void)(cell))
#define HD_VISIT_CHECK_EARLY(cell) ((void)(cell))
#define HD_VISIT_CHECK_NEED(cell, need) ((void)(cell))
#endif

/* Ends the process if the service `name` may not be called here and now: not
 * on the loop though `loop` is set, or inside create() though `create` is not.
 * [any] */
void hd_visit_check(struct hd_cell *cell, const char *name, bool loop,
		    bool create);

/* Says as an error that the plugin uses the service `name` without the right
 * `need` (HERALD_NEED_*), which a sandbox would refuse. [any] */
void hd_visit_check_need(const struct hd_cell *cell, const char *name,
			 uint32_t need);

#endif
