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
struct account;
struct feed;
struct pull;
struct reconcile;

enum {
	METRIC_STORED,
	METRIC_WRONG_SECRET,
	METRIC_PULLED,
	METRIC_FIRED,
	METRIC_RECEIVED,
	METRIC_MISSING,
	METRIC_FETCHED,
	METRIC_LOST,
	METRIC_LATE,
	METRIC_OUTSTANDING,
};

/* Of api.c. */
struct api {
	const char *url, *user, *app; /* NULL: not configured */
	bool is_old, is_new;	      /* knows search/jobs only; knows v2 */
	bool stopped;		      /* the token was refused */
	uint32_t status[2];
	char why[2][512];
};

struct splunk {
	const herald_host *h;
	bool full; /* BUSY was said, and no room told of since */
	bool halted;
	bool query_token;      /* HEC's token may stand in the query */
	struct hec_acks *acks; /* NULL: there are none */
	struct hp_strikes strikes;
	struct api api;
	struct feed *waiting;	     /* for room */
	struct pull *pull;	     /* NULL: nothing is pulled */
	struct reconcile *reconcile; /* NULL: nothing is compared */
	struct account *account; /* of what arrived, for reconcile; or NULL */
};

/* Which row of which search arrived, as digests. */
struct splunk_arrival {
	uint64_t sid, row;
};

/* Answers the request once its records are stored, or are not. */
struct splunk_debt {
	herald_id req;
	uint32_t records;
	uint32_t code; /* HEC: of the answer when all is stored */
	long number;   /* HEC: of the first bad envelope; -1: none */
	unsigned char channel[16]; /* HEC with acknowledgements */
	uint64_t ack;
	bool arrives; /* it was sent to us: counts as arrived */
	struct splunk_arrival *arrivals; /* splunk_emit() makes them */
	uint32_t arrival_count;
	void *ud; /* of whom it is owed to */
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
