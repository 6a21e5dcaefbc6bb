/* hec.h - Splunk's HTTP Event Collector, the receiving side
 *
 * POST of envelopes, one JSON object behind the other, or of lines of text,
 * with the token in the header Authorization.  All sound envelopes up to the
 * first bad one are stored in one transaction; the answer then tells the bad
 * one's number, counted from 0.  What a sender repeats is known by its
 * finding_info.uid.
 *
 * Without acknowledgements an answer of 200 says: it is on disk.  With them it
 * says: it was taken, ask about its ackId (hec_ack.h).
 */
#ifndef HERALD_SPLUNK_IN_HEC_H
#define HERALD_SPLUNK_IN_HEC_H

#include "splunk_in/hec_ack.h"
#include "splunk_in/splunk.h"

#define HEC_EVENTS_MAX 10000 /* of one request: what the host takes at once */

/* Splunk's own numbers. */
enum hec_code {
	HEC_SUCCESS = 0,
	HEC_TOKEN_DISABLED,
	HEC_TOKEN_REQUIRED,
	HEC_INVALID_AUTHORIZATION,
	HEC_INVALID_TOKEN,
	HEC_NO_DATA,
	HEC_INVALID_FORMAT,
	HEC_INCORRECT_INDEX,
	HEC_INTERNAL_ERROR,
	HEC_BUSY,
	HEC_CHANNEL_MISSING,
	HEC_INVALID_CHANNEL,
	HEC_EVENT_REQUIRED,
	HEC_EVENT_BLANK,
	HEC_ACK_DISABLED,
	HEC_FIELDS_ERROR,
	HEC_QUERY_AUTHORIZATION,
	HEC_HEALTHY,
	HEC_QUEUES_FULL,
	HEC_ACKS_FULL,
	HEC_ALL_FULL,
};

/* One request to .../event, .../raw, .../ack, .../health. [loop] */
void hec_events(struct splunk *s, const herald_request *rq);
void hec_raw(struct splunk *s, const herald_request *rq);
void hec_asks(struct splunk *s, const herald_request *rq);
void hec_health(struct splunk *s, const herald_request *rq);

/* ---- answers (hec_answer.c) ---- */

/* `number` of the first event that was not taken; -1: none is to blame. [loop]
 */
void hec_answer(struct splunk *s, herald_id req, enum hec_code code,
		long number);

/* Success, to be asked about. [loop] */
void hec_answer_ack(struct splunk *s, herald_id req, uint64_t ack);

/* More than can be taken, however often it comes. [loop] */
void hec_answer_too_many(struct splunk *s, herald_id req);

/* ---- who sends (hec_door.c) ---- */

/* True if the sender was told why it is not let in. [loop] */
bool hec_is_refused(struct splunk *s, const herald_request *rq);

/* The channel that the request names, or what is wrong with it. [loop] */
enum hec_code hec_channel_of(const herald_request *rq,
			     struct hec_channel *channel);

/* ---- one envelope (envelope.c) ---- */

struct hec_event {
	herald_doc *doc; /* what `record` points into; NULL: into the request */
	herald_record record;
};

/* Reads the envelope `text`: HEC_SUCCESS, or what is wrong with it, and then
 * there is nothing to free.  `event` points into `text`. [loop] */
enum hec_code hec_event_read(struct hec_event *event, const herald_host *h,
			     herald_str text);
void hec_event_fini(struct hec_event *event, const herald_host *h);

/* ---- all that are in a request (batch.c) ---- */

struct hec_batch {
	struct hec_event *items;
	uint32_t n, size;
};

/* Envelopes up to the first bad one, whose code it returns: its number is then
 * batch->n.  More than HEC_EVENTS_MAX are never read.  The caller frees the
 * batch in any case; it points into `body`. [loop] */
enum hec_code hec_batch_read(struct hec_batch *batch, const herald_host *h,
			     herald_str body);

/* Lines of text, an event each; empty ones do not count.  What `query` says
 * of host, source, sourcetype and index holds for all. [loop] */
enum hec_code hec_batch_lines(struct hec_batch *batch, const herald_host *h,
			      herald_str body, const char *const *query);
void hec_batch_free(struct hec_batch *batch, const herald_host *h);

#endif
