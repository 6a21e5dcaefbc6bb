/* rations.h - the rations of all connectors with a `limit`
 *
 * One a connector's name: who asks it and who acts by it share it, and it
 * outlives a reload.
 */
#ifndef HD_PLUGIN_RATIONS_H
#define HD_PLUGIN_RATIONS_H

#include <jansson.h>

struct hd_instance;
struct hd_journal;
struct hd_ration;
struct hd_rations;
struct hd_reader;

/* Without a journal (both NULL) they end with the process. */
struct hd_rations *hd_rations_new(struct hd_journal *journal,
				  struct hd_reader *reader);

/* Stores what was really taken.  Before the journal is closed, and in the same
 * turn of the loop as those that listen end.  Accepts NULL. [loop] */
void hd_rations_free(struct hd_rations *rations);

/* `fn` is told whenever a block of some connector was stored, or could not be.
 * [loop] */
void hd_rations_listen(struct hd_rations *rations,
		       void (*fn)(void *ud, struct hd_ration *ration),
		       void *ud);

/* Borrowed, with the limits of this instance; NULL: it has none. [loop] */
struct hd_ration *hd_rations_of(struct hd_rations *rations,
				const struct hd_instance *instance);

/* [{"connector", "quota_left"}] of those that were used since herald started.
 * New reference. [loop] */
json_t *hd_rations_describe(const struct hd_rations *rations);

#endif
