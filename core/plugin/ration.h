/* ration.h - a connector's quota, kept over restarts
 *
 * The journal holds, for each window and each part of it (a 24th, at least
 * 2 s), how much was *reserved* in that part.  A block is reserved before the
 * one before is used up, and nothing is taken that is not stored: a crash never
 * gives more than was allowed, it loses at most the rest of a block.  Blocks
 * grow with the use, so that a burst needs few commits.
 *
 * Time is the wall clock as it was when the ration was made, carried on by the
 * monotonic one: a wall clock that jumps empties no window and opens none.
 * Over a restart windows go by the wall clock; what was taken in the future is
 * taken to be now.
 */
#ifndef HD_PLUGIN_RATION_H
#define HD_PLUGIN_RATION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/conf/rate.h"

struct hd_journal;
struct hd_ration;
struct hd_reader;

/* For the connector of that name.  Without a journal it is forgotten with the
 * process.  `ready` is told whenever a block was stored, or could not be. */
struct hd_ration *
hd_ration_new(struct hd_journal *journal, const char *connector,
	      void (*ready)(void *ud, struct hd_ration *ration), void *ud);

/* Stores what was really taken; `ready` is not called any more.  Accepts NULL.
 * Before the journal is closed. [loop] */
void hd_ration_free(struct hd_ration *ration);

/* The limits now; windows that it had keep what was taken in them, others are
 * read from the journal (reader NULL: they begin empty). [loop] */
void hd_ration_set(struct hd_ration *ration, const struct hd_rates *rates,
		   bool calendar_days, struct hd_reader *reader);

/* Borrowed; the connector's name as it was given. [loop] */
const char *hd_ration_name(const struct hd_ration *ration);

/* Sees to it that `n` more can be taken soon: reserves a block where what is
 * stored comes to its end. [loop] */
void hd_ration_prepare(struct hd_ration *ration, int64_t n);

/* 0 if the windows have room for `n`, else the ms until they may; *rate is
 * then the one that is spent. [loop] */
int64_t hd_ration_wait(struct hd_ration *ration, int64_t n,
		       struct hd_rate *rate);

/* True: the windows have room for one more, and the block that it is to be
 * taken from is being stored: `ready` will be called. [loop] */
bool hd_ration_is_storing(struct hd_ration *ration);

/* Takes up to `n`; returns how many.  0 when nothing is free (see wait), or
 * when a block is still on its way: `ready` will be called. [loop] */
int64_t hd_ration_take(struct hd_ration *ration, int64_t n);

/* Why the last block could not be stored; NULL if it was, or since another try
 * was made by prepare. [loop] */
const char *hd_ration_trouble(const struct hd_ration *ration);

/* What is left in the tightest window; -1 without limits. [loop] */
int64_t hd_ration_left(const struct hd_ration *ration);

#endif
