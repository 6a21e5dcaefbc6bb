/* watch.h - ends a line whose time is over
 *
 * For libraries that block without end on a line that has gone silent (libldap
 * with GnuTLS does so in a handshake, and in the middle of a record).  A thread
 * of its own shuts the line down then, and the library sees its end.  A plugin
 * that uses it declares HERALD_NEED_THREADS.
 */
#ifndef HERALD_PLUGINS_WATCH_H
#define HERALD_PLUGINS_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct hp_watch;

/* NULL if memory is lacking.  The thread begins with the first watch. [any] */
struct hp_watch *hp_watch_new(void);

/* Waits for the thread's end.  Accepts NULL. [any] */
void hp_watch_free(struct hp_watch *watch);

/* From now on: `fd` is shut down in `left_ms`.  One line at a time.  False if
 * there can be no thread. [worker] */
bool hp_watch_begin(struct hp_watch *watch, int fd, int64_t left_ms);

/* No more.  True if it was shut down; after this it is not touched. [worker] */
bool hp_watch_end(struct hp_watch *watch);

#endif
