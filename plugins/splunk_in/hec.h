/* hec.h - Splunk's HTTP Event Collector, the receiving side
 *
 * POST of envelopes, one JSON object behind the other, with the token in the
 * header Authorization.  All sound envelopes up to the first bad one are stored
 * in one transaction before the answer; the answer then tells the bad one's
 * number, counted from 0.  What a sender repeats is known by its
 * finding_info.uid.
 *
 * There are no acknowledgements: an answer of 200 says more than they do.
 */
#ifndef HERALD_SPLUNK_IN_HEC_H
#define HERALD_SPLUNK_IN_HEC_H

#include "splunk_in/splunk.h"

/* Splunk's own numbers. */
enum hec_code {
	HEC_SUCCESS = 0,
	HEC_TOKEN_REQUIRED = 2,
	HEC_INVALID_AUTHORIZATION = 3,
	HEC_INVALID_TOKEN = 4,
	HEC_NO_DATA = 5,
	HEC_INVALID_FORMAT = 6,
	HEC_BUSY = 9,
	HEC_EVENT_REQUIRED = 12,
	HEC_EVENT_BLANK = 13,
	HEC_ACK_DISABLED = 14,
	HEC_FIELDS_ERROR = 15,
	HEC_QUERY_AUTHORIZATION = 16,
	HEC_HEALTHY = 17,
	HEC_QUEUES_FULL = 18,
};

/* One request to .../event, .../ack, .../health. [loop] */
void hec_events(struct splunk *s, const herald_request *rq);
void hec_acks(struct splunk *s, const herald_request *rq);
void hec_health(struct splunk *s, const herald_request *rq);

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

#endif
