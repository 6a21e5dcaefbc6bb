/* cell.h - where a plugin's threads meet the loop
 *
 * The part of an instance that any thread may touch: the table of host
 * services that the plugin holds, the mail that its threads left for the loop,
 * and the requests by id.  A plugin that calls after destroy() finds the cell
 * closed: the last HD_CELL_GRAVES cells are kept for that, so such a call is
 * counted and dropped instead of reading freed memory.
 */
#ifndef HD_PLUGIN_CELL_H
#define HD_PLUGIN_CELL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include <herald/plugin.h>

#include "core/plugin/idmap.h"

#define HD_CELL_GRAVES 64
#define HD_CELL_NAME 80

struct hd_instance;

/* One piece of mail: a block of memory freed by free() once it was run, or
 * `drop` (may be NULL) was called because the cell is closed. */
struct hd_mail {
	struct hd_mail *next;
	void (*run)(struct hd_instance *instance, struct hd_mail *mail);
	void (*drop)(struct hd_mail *mail);
};

struct hd_cell {
	herald_host host; /* first: what the plugin holds; impl is the cell */
	char name[HD_CELL_NAME];      /* of the instance; constant */
	struct hd_instance *instance; /* constant; not after it was closed */
	pthread_t loop_thread;	      /* constant */

	pthread_mutex_t lock;
	/* Guarded by `lock`: */
	struct hd_mail *first, **last;
	uv_async_t *async; /* NULL before it is opened and after the close */
	bool closed;
	struct hd_idmap requests; /* struct hd_request */
};

/* The cell of a table that a plugin gave us. [any] */
struct hd_cell *hd_cell_of(const herald_host *host);

/* `instance` owns it until it is closed. [loop] */
struct hd_cell *hd_cell_new(struct hd_instance *instance, const char *name);

/* From now on mail is run on the loop, `drained` after each batch.
 * 0 or an error of libuv. [loop] */
int hd_cell_open(struct hd_cell *cell, uv_loop_t *loop);

/* A zeroed piece of mail of `size` bytes (struct hd_mail first). [any] */
void *hd_cell_mail(size_t size, void (*run)(struct hd_instance *instance,
					    struct hd_mail *mail));

/* The same of a size that came from outside; NULL if memory is lacking. [any]
 */
void *hd_cell_mail_try(size_t size, void (*run)(struct hd_instance *instance,
						struct hd_mail *mail));

/* Counts a call of the service `what` that came after the cell was closed.
 * [any] */
void hd_cell_count_late(const struct hd_cell *cell, const char *what);

/* Takes ownership, also on failure.  False if the cell is closed. [any] */
bool hd_cell_post(struct hd_cell *cell, void *mail);

/* Makes the loop look at the instance again. [any] */
void hd_cell_poke(struct hd_cell *cell);

/* True once hd_cell_close() was called. [any] */
bool hd_cell_is_closed(struct hd_cell *cell);

/* True if no mail waits. [any] */
bool hd_cell_is_empty(struct hd_cell *cell);

/* Runs what waits; what comes meanwhile waits for the next time. [loop] */
void hd_cell_run(struct hd_cell *cell);

/* Drops what waits, takes nothing more.  The memory goes when its turn in the
 * graveyard is over. [loop] */
void hd_cell_close(struct hd_cell *cell);

/* True on the thread that made the cell. [any] */
bool hd_cell_is_loop(const struct hd_cell *cell);

#endif
