/* hec_ack.h - channels, and what was acknowledged on them
 *
 * With acknowledgements on, a sender names a channel (a GUID of its choice) and
 * gets a number for each request.  Later it asks which of its numbers are safe.
 * A number is safe once its events are on disk, and is told so once: then it is
 * forgotten, as Splunk does it.  What was never safe, is unknown or came before
 * a restart is not safe: its sender sends again, and what was stored before is
 * known by its finding_info.uid.
 *
 * Everything is bounded.  A channel that nobody used for ten minutes is
 * forgotten when room is needed; where there is none, take() says busy.
 *
 * All functions are [loop].
 */
#ifndef HERALD_SPLUNK_IN_HEC_ACK_H
#define HERALD_SPLUNK_IN_HEC_ACK_H

#include <stdbool.h>
#include <stdint.h>

#include <herald/plugin.h>

#define HEC_CHANNELS_MAX 1000
#define HEC_NUMBERS_MAX 10000 /* of a channel that were not asked for yet */
#define HEC_IDLE_MS 600000

struct hec_acks;

/* A GUID; letters in either case, as text with hyphens. */
struct hec_channel {
	unsigned char id[16];
};

/* False if `text` is no GUID. */
bool hec_channel_read(struct hec_channel *channel, const char *text);

/* NULL: no memory.  The caller frees it. */
struct hec_acks *hec_acks_new(void);
void hec_acks_free(struct hec_acks *acks);

/* The next number of a channel, from 0, not safe yet.  False: no room. */
bool hec_acks_take(struct hec_acks *acks, const struct hec_channel *channel,
		   int64_t now_ms, uint64_t *number);

/* There is no such number after all; or it is safe now. */
void hec_acks_drop(struct hec_acks *acks, const struct hec_channel *channel,
		   uint64_t number);
void hec_acks_keep(struct hec_acks *acks, const struct hec_channel *channel,
		   uint64_t number);

/* Is it safe?  One that is is forgotten. */
bool hec_acks_ask(struct hec_acks *acks, const struct hec_channel *channel,
		  int64_t now_ms, uint64_t number);

/* Is there room for one more channel and number? */
bool hec_acks_has_room(const struct hec_acks *acks, int64_t now_ms);

#endif
