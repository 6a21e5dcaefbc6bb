/* fatal.h - last words
 *
 * A fatal signal, or an exit() that herald did not ask for, is mostly the fault
 * of a plugin.  Before the process goes its way as it would have gone, one line
 * says who was being called and about which alert, and the same is noted for
 * the next start (inflight.h).  Only what is safe in a signal's handler is
 * done for that.
 */
#ifndef HD_PLUGIN_FATAL_H
#define HD_PLUGIN_FATAL_H

/* From now on, for this process.  A signal that somebody handles already (a
 * sanitizer) stays his.  After hd_inflight_open(). [loop] */
void hd_fatal_install(void);

/* "SIGSEGV"; "a signal" for those that are not fatal. [any] */
const char *hd_fatal_name(int signum);

#endif
