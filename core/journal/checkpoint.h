/* checkpoint.h - folding the WAL into the database, in a thread of its own
 *
 * A passive checkpoint goes on beside commits, but cannot rewind the WAL while
 * commits come without a pause.  For that the writer stands aside and waits
 * for a restart.
 */
#ifndef HD_JOURNAL_CHECKPOINT_H
#define HD_JOURNAL_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

struct hd_err;
struct hd_checkpointer;

/* NULL and `err` when the database cannot be opened. [any] */
struct hd_checkpointer *hd_checkpoint_start(const char *path,
					    struct hd_err *err);

/* Waits for the one under way. Accepts NULL. [any] */
void hd_checkpoint_stop(struct hd_checkpointer *cp);

/* Asks for a passive one. [writer] */
void hd_checkpoint_passive(struct hd_checkpointer *cp);

/* Has a restart made, and waits for it (a reader may hold it up for half a
 * second; then it is left for later). [writer, outside a transaction] */
void hd_checkpoint_restart(struct hd_checkpointer *cp);

/* True once the disk refused: the store has failed. [any] */
bool hd_checkpoint_failed(struct hd_checkpointer *cp, struct hd_err *why);

/* How many were made. [any] */
void hd_checkpoint_count(struct hd_checkpointer *cp, int64_t *passive,
			 int64_t *restarts);

#endif
