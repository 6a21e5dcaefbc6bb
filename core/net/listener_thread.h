/* listener_thread.h - libmicrohttpd's thread and all that it calls
 *
 * The life of a request there: target seen (a hd_inbound is made), headers
 * whole (checked; refused or routed), body (collected, inflated), suspended;
 * later answered, completed.
 */
#ifndef HD_NET_LISTENER_THREAD_H
#define HD_NET_LISTENER_THREAD_H

struct hd_err;
struct hd_listener;

/* Starts the daemon and with it the thread, which ends by MHD_stop_daemon().
 * Returns 0 or -1. [loop] */
int hd_listener_thread_start(struct hd_listener *listener, struct hd_err *err);

#endif
