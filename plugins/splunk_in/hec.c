#include "splunk_in/hec.h"

#include <stdlib.h>

#include "common/text.h"

#define EVENTS_MAX 10000 /* of one request: what the host takes at once */
#define WORD "Splunk "

/* ---- answers ---- */

/* clang-format off */
static const struct {
	uint32_t http;
	const char *text;
} answers[] = {
	[HEC_SUCCESS] = { 200, "Success" },
	[HEC_TOKEN_REQUIRED] = { 401, "Token is required" },
	[HEC_INVALID_AUTHORIZATION] = { 401, "Invalid authorization" },
	[HEC_INVALID_TOKEN] = { 403, "Invalid token" },
	[HEC_NO_DATA] = { 400, "No data" },
	[HEC_INVALID_FORMAT] = { 400, "Invalid data format" },
	[HEC_BUSY] = { 503, "Server is busy" },
	[HEC_EVENT_REQUIRED] = { 400, "Event field is required" },
	[HEC_EVENT_BLANK] = { 400, "Event field cannot be blank" },
	[HEC_ACK_DISABLED] = { 400, "ACK is disabled" },
	[HEC_FIELDS_ERROR] = { 400, "Error in handling indexed fields" },
	[HEC_QUERY_AUTHORIZATION] = { 400, "Query string authorization is not enabled" },
	[HEC_HEALTHY] = { 200, "HEC is healthy" },
	[HEC_QUEUES_FULL] = { 503, "HEC is unhealthy, queues are full" },
};
/* clang-format on */

/* `number` of the first event that was not taken; -1: none is to blame. */
static void answer(struct splunk *s, herald_id req, enum hec_code code,
		   long number)
{
	char body[160], blame[48] = "";

	if (number >= 0)
		snprintf(blame, sizeof(blame), ",\"invalid-event-number\":%ld",
			 number);
	snprintf(body, sizeof(body), "{\"text\":\"%s\",\"code\":%d%s}\n",
		 answers[code].text, (int)code, blame);
	splunk_answer(s, req, answers[code].http,
		      answers[code].http == 503 ? SPLUNK_RETRY_AFTER : NULL,
		      herald_cstr(body));
}

static void answer_too_many(struct splunk *s, herald_id req)
{
	splunk_answer(s, req, 413, NULL,
		      HERALD_S("{\"text\":\"Too much in one request\","
			       "\"code\":6}\n"));
}

/* ---- who sends ---- */

static enum hec_code token_trouble(struct splunk *s, const herald_request *rq)
{
	const char *given = herald_pair(rq->headers, "authorization");
	herald_str token;

	if (!given)
		return herald_pair(rq->query, "token") ? HEC_QUERY_AUTHORIZATION
						       : HEC_TOKEN_REQUIRED;
	token = herald_cstr(given);
	if (!hp_str_begins(token, WORD))
		return HEC_INVALID_AUTHORIZATION;
	token.p += sizeof(WORD) - 1;
	token.n -= sizeof(WORD) - 1;
	return s->h->secret_is(s->h, "secret", hp_str_trim(token))
		       ? HEC_SUCCESS
		       : HEC_INVALID_TOKEN;
}

/* True if the sender was told why it is not let in. */
static bool is_refused(struct splunk *s, const herald_request *rq)
{
	enum hec_code code = token_trouble(s, rq);

	if (code == HEC_SUCCESS)
		return false;
	splunk_wrong_secret(s, rq, "HEC request");
	answer(s, rq->req, code, -1);
	return true;
}

/* ---- what is sent ---- */

struct events {
	struct hec_event *items;
	uint32_t n, size;
};

static struct hec_event *next_event(struct events *events)
{
	struct hec_event *more;
	uint32_t size;

	if (events->n == events->size) {
		size = events->size ? 2 * events->size : 16;
		more = realloc(events->items, size * sizeof(*more));
		if (!more)
			return NULL;
		events->items = more;
		events->size = size;
	}
	return &events->items[events->n];
}

/* Up to the first bad envelope, whose code it returns: its number is then
 * events->n. */
static enum hec_code read_events(struct splunk *s, herald_str body,
				 struct events *events)
{
	enum hec_code code = HEC_SUCCESS;
	struct hec_event *event;
	size_t span;

	while (code == HEC_SUCCESS && hp_str_trim(body).n > 0 &&
	       events->n <= EVENTS_MAX) {
		span = s->h->json_span(s->h, body);
		event = next_event(events);
		if (span == 0)
			code = HEC_INVALID_FORMAT;
		else if (!event)
			code = HEC_BUSY;
		else
			code = hec_event_read(event, s->h,
					      (herald_str){ body.p, span });
		if (code == HEC_SUCCESS)
			events->n++;
		body.p += span;
		body.n -= span;
	}
	return code;
}

static void free_events(struct splunk *s, struct events *events)
{
	for (uint32_t i = 0; i < events->n; i++)
		hec_event_fini(&events->items[i], s->h);
	free(events->items);
}

static void pay(struct splunk *s, const struct splunk_debt *debt,
		uint32_t status)
{
	if (status != HERALD_OK)
		answer(s, debt->req, HEC_BUSY, 0);
	else
		answer(s, debt->req, (enum hec_code)debt->code, debt->number);
}

/* All in one transaction; the answer comes when it is settled. */
static uint32_t emit(struct splunk *s, const struct events *events,
		     const struct splunk_debt *debt)
{
	const herald_record **records = calloc(events->n, sizeof(*records));
	uint32_t status;

	if (!records)
		return HERALD_BUSY;
	for (uint32_t i = 0; i < events->n; i++)
		records[i] = &events->items[i].record;
	status = splunk_emit(s, records, debt);
	free(records);
	return status;
}

static void take(struct splunk *s, herald_id req, const struct events *events,
		 enum hec_code code)
{
	const struct splunk_debt debt = {
		.req = req,
		.records = events->n,
		.code = code,
		.number = code == HEC_SUCCESS ? -1 : (long)events->n,
		.pay = pay,
	};

	if (events->n > EVENTS_MAX) {
		answer_too_many(s, req);
		return;
	}
	if (events->n == 0) {
		answer(s, req, code, 0);
		return;
	}
	switch (emit(s, events, &debt)) {
	case HERALD_OK:
		return;
	case HERALD_BUSY:
		answer(s, req, HEC_BUSY, 0);
		return;
	case HERALD_TOO_BIG:
		answer_too_many(s, req);
		return;
	default:
		answer(s, req, HEC_INVALID_FORMAT, 0);
		return;
	}
}

void hec_events(struct splunk *s, const herald_request *rq)
{
	struct events events = { NULL, 0, 0 };
	enum hec_code code;

	if (is_refused(s, rq))
		return;
	if (hp_str_trim(rq->body).n == 0) {
		answer(s, rq->req, HEC_NO_DATA, -1);
		return;
	}
	code = read_events(s, rq->body, &events);
	take(s, rq->req, &events, code);
	free_events(s, &events);
}

void hec_acks(struct splunk *s, const herald_request *rq)
{
	if (!is_refused(s, rq))
		answer(s, rq->req, HEC_ACK_DISABLED, -1);
}

void hec_health(struct splunk *s, const herald_request *rq)
{
	answer(s, rq->req, s->full ? HEC_QUEUES_FULL : HEC_HEALTHY, -1);
}
