/* tail.h - the lines about alerts that ended, for whoever watches
 *
 * The last ones are kept with a number that grows, also over a restart: a
 * client gives the last number it saw and waits for more.
 */
#ifndef HD_CONTROL_TAIL_H
#define HD_CONTROL_TAIL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uv.h>

struct hd_call;
struct hd_waiter;

#define HD_TAIL_LINES 1024 /* kept */

struct hd_tail {
	char *lines[HD_TAIL_LINES];
	int64_t first, next; /* numbers of the oldest and of the one to come */
	uv_timer_t *timer;   /* runs while somebody waits */
	TAILQ_HEAD(, hd_waiter) waiters;
	size_t waiting;
};

/* [loop] */
void hd_tail_init(struct hd_tail *tail, uv_loop_t *loop);
void hd_tail_fini(struct hd_tail *tail); /* answers those that wait */
void hd_tail_add(struct hd_tail *tail, const char *line);

/* The caller of a waiting call left. */
void hd_tail_left(struct hd_tail *tail, struct hd_call *call);

#endif
