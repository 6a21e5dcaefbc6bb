/* poison.h - alerts that herald may have died over
 *
 * A crash leaves suspects (core/plugin/inflight.h).  At the start each gets an
 * entry "crash" on its timeline; one with three crashes is given up: *dead
 * (poison)* when it was not decided, else the open rows of the connector that
 * was called end, and the alert by the rest of its rows.  The others are held
 * back and run one at a time, beside all that is no suspect, so that the next
 * crash points at one alert only.  One that comes through, to its end or to a
 * row that waits for its time, is a suspect no longer.
 *
 * All functions are [loop].
 */
#ifndef HD_PIPELINE_POISON_H
#define HD_PIPELINE_POISON_H

#include <stdbool.h>

#include "core/journal/rows.h"

struct hd_engine;
struct hd_poison;
struct hd_txn;

struct hd_poison *hd_poison_new(struct hd_engine *engine);
void hd_poison_free(struct hd_poison *poison);

/* Before anything is read from the journal to be run. */
void hd_poison_recover(struct hd_poison *poison);

/* The others are under way: the first suspect's turn. */
void hd_poison_start(struct hd_poison *poison);

/* Is it held back? */
bool hd_poison_holds(const struct hd_poison *poison, const char *id);

/* The alert, or its rows, left memory. */
void hd_poison_left(struct hd_poison *poison, const char *id);

/* The alert ends in this commit: if it is dead since its rows were given up,
 * that is its reason. */
void hd_poison_ending(struct hd_poison *poison, const char *id,
		      enum hd_alert_state state, struct hd_txn *txn);

#endif
