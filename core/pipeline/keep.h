/* keep.h - what the journal forgets, and when
 *
 * Once a minute: alerts that ended well and were received before keep.done, the
 * oldest first, and beyond keep.size the oldest whatever their age; ids known
 * as redeliveries before keep.ids; dedup windows that are over.  What waits, is
 * in doubt, dead or quarantined is never forgotten.  A little at a time, so
 * that no alert waits for it.
 */
#ifndef HD_PIPELINE_KEEP_H
#define HD_PIPELINE_KEEP_H

#include <stdbool.h>
#include <uv.h>

#include "core/conf/settings.h"

struct hd_journal;
struct hd_keeper;

/* `idle` (may be NULL) is called when a commit of the keeper has ended. [loop]
 */
struct hd_keeper *hd_keeper_new(uv_loop_t *loop, struct hd_journal *journal,
				void (*idle)(void *ud), void *ud);
void hd_keeper_free(struct hd_keeper *keeper); /* not while it is busy */

/* What holds from now on; before the start, and at each reload. [loop] */
void hd_keeper_set(struct hd_keeper *keeper, const struct hd_keep *keep);

/* Begins now; after hd_keeper_stop() nothing new is begun. [loop] */
void hd_keeper_start(struct hd_keeper *keeper);
void hd_keeper_stop(struct hd_keeper *keeper);
bool hd_keeper_is_busy(const struct hd_keeper *keeper);

#endif
