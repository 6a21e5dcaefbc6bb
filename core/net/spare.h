/* spare.h - a descriptor kept back for when there are none left
 *
 * Who accepts connections and has none himself cannot wait for one of his own
 * to end.  He gives up the spare one instead, and serves the caller with it.
 *
 * In one thread, whichever that is.
 */
#ifndef HD_NET_SPARE_H
#define HD_NET_SPARE_H

#include <stdbool.h>

struct hd_spare {
	int fd; /* -1: given up */
};

/* Keeps one back, unless it has one; where there is none, the next call may
 * find one. */
void hd_spare_keep(struct hd_spare *spare);

/* Gives it up; false if that was done before. */
bool hd_spare_give_up(struct hd_spare *spare);

#endif
