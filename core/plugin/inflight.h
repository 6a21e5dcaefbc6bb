/* inflight.h - who was being worked on when herald died
 *
 * An alert that makes a plugin crash would make it crash at every start.  So
 * whatever works on an alert leaves a mark with the alert's id, the connector
 * and the call, in a file that is mapped into memory (`inflight`, in the folder
 * of the state): a mark is a few stores, no call of the kernel, and the kernel
 * keeps the page when the process dies.  It is never synced: after a reboot
 * (the boot's id is in the file) nothing in it counts.
 *
 *   note ──► under way ──► enter: inside ──► leave: under way ──► clear
 *
 * An end that was no clean stop makes suspects, and adds one to their crashes:
 * the alerts inside; if a fatal signal or an exit() was noted (fatal.h) and
 * nobody was inside, those under way, with the connector that was being called
 * or, if none was, all of them.  Whoever opens the file is told; a suspect
 * stays one, over clean stops too, until it is absolved.
 *
 * Where there is no file (heraldd -t, tests) there are no marks: NULL, which
 * all functions take.  So it is when all marks are taken; that is counted
 * (herald_inflight_full_total).
 */
#ifndef HD_PLUGIN_INFLIGHT_H
#define HD_PLUGIN_INFLIGHT_H

#include <stdbool.h>
#include <stddef.h>

struct hd_err;
struct hd_mark;

/* Crashes after which an alert is given up. */
#define HD_INFLIGHT_CRASHES 3

/* How the process before this one ended.  Texts are borrowed, valid until the
 * next hd_inflight_open(). */
struct hd_last_end {
	bool crashed; /* it was no clean stop, and no reboot either */
	int signal;   /* the fatal one; 0: exit(); -1: none was noted, as after
		       * kill -9 */
	const char *connector, *call; /* what the loop was calling, or "" */
};

struct hd_suspect {
	const char *alert;	      /* id */
	const char *connector, *call; /* "" and "step": herald's own code */
	unsigned crashes;
	bool fresh; /* the last one is that of the last end */
};

/* Maps the file in `dir`, judges what it holds, and takes marks from now on.
 * -1 and `err`: there are none then.  The caller has the folder's lock. [loop]
 */
int hd_inflight_open(const char *dir, struct hd_last_end *out,
		     struct hd_err *err);

/* A stop was begun: an end from now on is no crash, however it comes. [loop] */
void hd_inflight_stopping(void);

/* The end of a clean stop. [loop] */
void hd_inflight_close(void);

/* A mark under way.  `alert` NULL: none is made.  `connector` (NULL: herald
 * itself) and `call` are copied. [loop] */
struct hd_mark *hd_inflight_note(const char *alert, const char *connector,
				 const char *call);
void hd_inflight_clear(struct hd_mark *mark);

/* Code that works on the alert runs now, on the loop, or no longer. [loop] */
void hd_inflight_enter(struct hd_mark *mark);
void hd_inflight_leave(struct hd_mark *mark);

/* The same on another thread, one mark a thread. [worker] */
void hd_inflight_enter_work(struct hd_mark *mark);
void hd_inflight_leave_work(struct hd_mark *mark);

/* The next suspect from `*at` (0 to begin), which moves on; texts are borrowed
 * until it is absolved.  False: no more. [loop] */
bool hd_inflight_suspect(size_t *at, struct hd_suspect *out);

/* Its crashes are forgotten. [loop] */
void hd_inflight_absolve(const char *alert);

#endif
