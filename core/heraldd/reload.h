/* reload.h - going over to another configuration while running
 *
 * All files are read and checked first; if anything is wrong the old one stays.
 * A connector whose options are unchanged keeps running.  A changed one that is
 * a source, serves routes or keeps state is drained and destroyed before its
 * successor starts; others overlap.
 */
#ifndef HD_HERALDD_RELOAD_H
#define HD_HERALDD_RELOAD_H

#include <stdbool.h>
#include <jansson.h>

struct hd_daemon;

/* Once, at the start. [loop] */
void hd_reload_init(void);

/* As hd_control_env.reload. [loop] */
json_t *hd_reload(struct hd_daemon *d, bool dry_run);

#endif
