/* trial.h - a first dlopen() in a child
 *
 * Constructors run before anybody could look at the descriptor.  One that
 * exits, crashes or hangs does so in a child first, where it costs a word and
 * not the daemon.  What passes here may still misbehave later: a plugin inside
 * our address space is trusted code.
 */
#ifndef HD_PLUGIN_TRIAL_H
#define HD_PLUGIN_TRIAL_H

#include <stdint.h>

struct hd_err;

#define HD_TRIAL_MS 5000

/* Loads `path` in a child that has `limit_ms` for it.  -1 and `err` (the
 * loader's words, or how the child ended) if that fails.  Blocks. [loop] */
int hd_trial_load(const char *path, int64_t limit_ms, struct hd_err *err);

#endif
