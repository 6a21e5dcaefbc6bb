/* splunk_in - alerts from Splunk: its webhook alert action, and whatever sends
 * to an HTTP Event Collector
 *
 * No answer says that an alert was taken before it is on disk.
 */
#include <herald/plugin.h>

#include <stdlib.h>

#include "splunk_in/hec.h"
#include "splunk_in/map.h"
#include "splunk_in/splunk.h"

void splunk_answer(struct splunk *s, herald_id req, uint32_t code,
		   const char *retry_after, herald_str body)
{
	const char *const headers[] = { "Content-Type: application/json",
					retry_after, NULL };

	s->h->respond(s->h, req, code, headers, body);
}

void splunk_wrong_secret(struct splunk *s, const herald_request *rq,
			 const char *what)
{
	bool last = hp_strikes_add(&s->strikes, rq->peer, s->h->now_ms(s->h));

	s->h->metric(s->h, METRIC_WRONG_SECRET, 1);
	herald_logf(s->h, HERALD_WARNING, 0,
		    "%s from %.*s with a wrong secret%s", what, (int)rq->peer.n,
		    rq->peer.p ? rq->peer.p : "",
		    last ? "; turned away for a minute" : "");
}

uint32_t splunk_emit(struct splunk *s, const herald_record *const *records,
		     const struct splunk_debt *debt)
{
	struct splunk_debt *kept = malloc(sizeof(*kept));
	uint32_t status = HERALD_BUSY;

	if (kept) {
		*kept = *debt;
		status = s->h->emit(s->h, records, debt->records,
				    (uint64_t)(uintptr_t)kept);
		if (status != HERALD_OK)
			free(kept);
	}
	if (status == HERALD_BUSY)
		s->full = true;
	return status;
}

static void settled(void *self, uint64_t tag, uint32_t status)
{
	struct splunk_debt *debt = (struct splunk_debt *)(uintptr_t)tag;
	struct splunk *s = self;

	if (status == HERALD_OK)
		s->h->metric(s->h, METRIC_STORED, debt->records);
	debt->pay(s, debt, status);
	free(debt);
}

/* Nobody waits here: after BUSY the sender was told to come again. */
static void resume(void *self)
{
	struct splunk *s = self;

	s->full = false;
}

static void *create(const herald_host *h)
{
	struct splunk *s = calloc(1, sizeof(*s));

	if (!s) {
		herald_logf(h, HERALD_ERROR, 0, "out of memory");
		return NULL;
	}
	s->h = h;
	s->query_token = h->number(h, "query_token") != 0;
	if (h->number(h, "acks") != 0) {
		s->acks = hec_acks_new();
		if (!s->acks) {
			herald_logf(h, HERALD_ERROR, 0, "out of memory");
			free(s);
			return NULL;
		}
	}
	return s;
}

static void destroy(void *self)
{
	struct splunk *s = self;

	hec_acks_free(s->acks);
	free(s);
}

/* clang-format off */
static const herald_option options[] = {
    { "secret", HERALD_STRING, HERALD_REQUIRED | HERALD_SECRET | HERALD_LIST, NULL, NULL,
      "the last part of the webhook's URL and the token of HEC; several while one replaces another" },
    { "disabled_secret", HERALD_STRING, HERALD_SECRET | HERALD_LIST, NULL, NULL,
      "tokens of HEC that were right once: their senders are told so" },
    { "query_token", HERALD_BOOL, 0, "false", NULL, "HEC: the token may stand in the query" },
    { "acks", HERALD_BOOL, 0, "false", NULL,
      "HEC: answer at once with an ackId, and tell by /ack when it is on disk" },
    { "indexes", HERALD_STRING, HERALD_LIST, NULL, NULL,
      "HEC: the only indexes that an event may name; none given: any" },
};

static const herald_metric metrics[] = {
    [METRIC_STORED] = { "stored", HERALD_COUNTER, 0, NULL, "alerts that were acknowledged" },
    [METRIC_WRONG_SECRET] = { "wrong_secret", HERALD_COUNTER, 0, NULL,
                              "requests with a missing or wrong secret" },
};

#define HEC "/services/collector"

static const herald_route routes[] = {
    { "POST", "/v1/splunk/webhook", HERALD_ROUTE_PREFIX, 0,
      "Splunk's webhook alert action; the secret follows as last part of the path" },
    { "POST", HEC, 0, 0, "HEC: events as JSON; Authorization: Splunk SECRET" },
    { "POST", HEC "/event", 0, 0, "the same" },
    { "POST", HEC "/event/1.0", 0, 0, "the same" },
    { "POST", HEC "/raw", 0, 0, "HEC: lines of text; ?host= source= sourcetype= index=" },
    { "POST", HEC "/raw/1.0", 0, 0, "the same" },
    { "POST", HEC "/ack", 0, 0, "HEC: which of these ackIds are on disk" },
    { "GET", HEC "/health", 0, 0, "HEC: whether events are taken now" },
    { "GET", HEC "/health/1.0", 0, 0, "the same" },
};

/* By the number of the route. */
static void (*const serve[])(struct splunk *s, const herald_request *rq) = {
    splunk_webhook, hec_events, hec_events, hec_events, hec_raw,
    hec_raw, hec_asks, hec_health, hec_health,
};
_Static_assert(sizeof(serve) / sizeof(serve[0]) == sizeof(routes) / sizeof(routes[0]),
               "each route is served");

static void request(void *self, const herald_request *rq)
{
    serve[rq->route](self, rq);
}

static const herald_source source = {
    .struct_size = sizeof(herald_source),
    .routes = HERALD_ITEMS(routes),
    .map = { splunk_map, SPLUNK_MAP_ROWS, sizeof(herald_map) },
    .request = request,
    .resume = resume,
    .settled = settled,
};

HERALD_PLUGIN {
    HERALD_HEADER,
    .name = "splunk_in",
    .version = "0.1.0",
    .summary = "takes alerts from Splunk's webhook alert action and over HEC",
    .license = "MIT",
    .url = "https://herald.example.org/plugins/splunk_in",
    .options = HERALD_ITEMS(options),
    .metrics = HERALD_ITEMS(metrics),
    .create = create,
    .destroy = destroy,
    .source = &source,
};
