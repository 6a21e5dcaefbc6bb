/* listeners.h - the addresses that herald serves, by name
 */
#ifndef HD_HERALDD_LISTENERS_H
#define HD_HERALDD_LISTENERS_H

#include <stddef.h>

struct hd_daemon;
struct hd_err;
struct hd_listener;
struct hd_settings;

/* Opens those that are new or changed; what is not named any more stays open
 * until hd_listeners_close_others().  They serve after hd_listeners_start(),
 * which starts those that do not serve yet.
 * -1 and `err`: those that were there are untouched. [loop] */
int hd_listeners_open(struct hd_daemon *d, const struct hd_settings *settings,
		      struct hd_err *err);
int hd_listeners_start(struct hd_daemon *d, struct hd_err *err);
void hd_listeners_close_others(struct hd_daemon *d,
			       const struct hd_settings *settings);
void hd_listeners_stop(struct hd_daemon *d);
void hd_listeners_free(struct hd_daemon *d);

/* If no connector is ending: those that are not wanted go, and so do routes
 * that were left and that nobody took over. [loop] */
void hd_listeners_tidy(struct hd_daemon *d);

/* NULL if there is none of that name. [loop] */
struct hd_listener *hd_listeners_find(struct hd_daemon *d, const char *name);

#endif
