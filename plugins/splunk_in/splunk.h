/* splunk.h - one connector, and what it owes to those who sent
 *
 * A request stays open until the host has settled its records, so what the
 * answer will be is kept from emit() to settled(): the debt is the tag.
 */
#ifndef HERALD_SPLUNK_IN_SPLUNK_H
#define HERALD_SPLUNK_IN_SPLUNK_H

#include <stdbool.h>

#include <herald/plugin.h>

#include "common/strikes.h"

struct hec_acks;

enum { METRIC_STORED, METRIC_WRONG_SECRET };

struct splunk {
	const herald_host *h;
	bool full;	       /* BUSY was said, and no room told of since */
	bool query_token;      /* HEC's token may stand in the query */
	struct hec_acks *acks; /* NULL: there are none */
	struct hp_strikes strikes;
};

/* Answers the request once its records are stored, or are not. */
struct splunk_debt {
	herald_id req;
	uint32_t records;
	uint32_t code; /* HEC: of the answer when all is stored */
	long number;   /* HEC: of the first bad envelope; -1: none */
	unsigned char channel[16]; /* HEC with acknowledgements */
	uint64_t ack;
	void (*pay)(struct splunk *s, const struct splunk_debt *debt,
		    uint32_t status);
};

/* emit() for a copy of `debt`, which is paid when it is settled.  Anything but
 * OK: it never will be, and the caller answers. [loop] */
uint32_t splunk_emit(struct splunk *s, const herald_record *const *records,
		     const struct splunk_debt *debt);

/* Answers with a JSON text; `retry_after` may be NULL. [loop] */
void splunk_answer(struct splunk *s, herald_id req, uint32_t code,
		   const char *retry_after, herald_str body);

/* Counts it and tells the operator; `what` was sent. [loop] */
void splunk_wrong_secret(struct splunk *s, const herald_request *rq,
			 const char *what);

/* One request of each kind. [loop] */
void splunk_webhook(struct splunk *s, const herald_request *rq);

#define SPLUNK_RETRY_AFTER "Retry-After: 5"

#endif
