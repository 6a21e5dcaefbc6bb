/* splunk_in - alerts from Splunk: its webhook alert action, whatever sends to
 * an HTTP Event Collector, searches that are pulled, and what was missed
 *
 * No answer says that an alert was taken before it is on disk.
 */
#include <herald/plugin.h>

#include <stdlib.h>

#include "splunk_in/account.h"
#include "splunk_in/api.h"
#include "splunk_in/feed.h"
#include "splunk_in/hec.h"
#include "splunk_in/map.h"
#include "splunk_in/notable.h"
#include "splunk_in/pull.h"
#include "splunk_in/reconcile.h"
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

/* ---- what is owed ---- */

static void free_debt(struct splunk_debt *debt)
{
	free(debt->arrivals);
	free(debt);
}

/* What the records tell of searches; without memory it is not counted, and is
 * then fetched once more, which makes no second alert. */
static void note_arrivals(struct splunk *s, struct splunk_debt *debt,
			  const herald_record *const *records)
{
	if (!s->account || !debt->arrives)
		return;
	debt->arrivals = calloc(debt->records, sizeof(*debt->arrivals));
	for (uint32_t i = 0; debt->arrivals && i < debt->records; i++)
		if (account_arrival(s->h, records[i]->json, records[i]->row,
				    &debt->arrivals[debt->arrival_count]))
			debt->arrival_count++;
}

uint32_t splunk_emit(struct splunk *s, const herald_record *const *records,
		     const struct splunk_debt *debt)
{
	struct splunk_debt *kept = malloc(sizeof(*kept));
	uint32_t status = HERALD_BUSY;

	if (kept) {
		*kept = *debt;
		note_arrivals(s, kept, records);
		status = s->h->emit(s->h, records, debt->records,
				    (uint64_t)(uintptr_t)kept);
		if (status != HERALD_OK)
			free_debt(kept);
	}
	if (status == HERALD_BUSY)
		s->full = true;
	return status;
}

static void settled(void *self, uint64_t tag, uint32_t status)
{
	struct splunk_debt *debt = (struct splunk_debt *)(uintptr_t)tag;
	struct splunk *s = self;

	if (status == HERALD_OK) {
		s->h->metric(s->h, METRIC_STORED, debt->records);
		reconcile_arrived(s, debt->arrivals, debt->arrival_count);
	}
	debt->pay(s, debt, status);
	free_debt(debt);
}

/* Senders were told to come again; pages wait here. */
static void resume(void *self)
{
	struct splunk *s = self;

	s->full = false;
	feed_resume(s);
}

/* ---- probe ---- */

static void on_user(void *self, herald_id req, void *ud,
		    const herald_reply *reply)
{
	struct splunk *s = self;
	struct hp_json body = { .h = s->h };
	struct hp_text why;
	uint32_t status;

	(void)ud;
	hp_text_init(&why, HP_WHY_MAX);
	status = api_judge(s, reply, &body, &why);
	if (status == HERALD_OK)
		hp_text_addf(&why, "Splunk knows the token as %s",
			     hp_json_cstr(&body, "/entry/0/content/username",
					  ""));
	hp_end(s->h, req, status, reply->retry_after_ms, &why);
	hp_json_close(&body);
	hp_text_fini(&why);
}

static void probe(void *self, herald_id req)
{
	struct splunk *s = self;
	const struct api_ask ask = {
		.req = req,
		.path = { "authentication", "current-context", NULL },
	};
	herald_result result;

	if (api_is_there(s)) {
		api_ask(s, &ask, on_user, NULL);
		return;
	}
	herald_result_init(&result, HERALD_OK);
	result.message = HERALD_S("it only receives: there is no 'url' of "
				  "Splunk to be reached");
	s->h->complete(s->h, req, &result);
}

/* ---- life ---- */

static void destroy(void *self)
{
	struct splunk *s = self;

	pull_free(s);
	reconcile_free(s);
	hec_acks_free(s->acks);
	free(s);
}

/* False: no memory, or the options were rejected. */
static bool make_parts(struct splunk *s)
{
	if (!api_create(s))
		return false;
	if (s->h->number(s->h, "acks") != 0)
		s->acks = hec_acks_new();
	if ((s->h->number(s->h, "acks") != 0 && !s->acks) || !pull_create(s) ||
	    !reconcile_create(s)) {
		herald_logf(s->h, HERALD_ERROR, 0, "out of memory");
		return false;
	}
	return true;
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
	if (make_parts(s))
		return s;
	destroy(s);
	return NULL;
}

static void start(void *self)
{
	struct splunk *s = self;

	pull_start(s);
	reconcile_start(s);
}

static void halt(void *self)
{
	struct splunk *s = self;

	s->halted = true;
	reconcile_halt(s);
}

static void run(void *self, const herald_call *call)
{
	struct splunk *s = self;

	if (call->mode == HERALD_PLAN || call->undoing)
		herald_fail(s->h, call->req, HERALD_UNSUPPORTED,
			    HERALD_S("notable_update can only be run"));
	else
		notable_run(s, call);
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

    { "url", HERALD_URL, 0, NULL, "https|http",
      "Splunk's management port, to pull from and to write back to: https://splunk:8089" },
    { "token", HERALD_STRING, HERALD_SECRET | HERALD_HTTP_AUTH, NULL, NULL,
      "a Splunk token; with `user` that user's password" },
    { "user", HERALD_STRING, 0, NULL, NULL, "log in by name and password" },
    { "app", HERALD_STRING, 0, NULL, NULL,
      "the app whose macros and searches are meant: SplunkEnterpriseSecuritySuite" },
    { "searches", HERALD_STRING, HERALD_MAP, NULL, NULL,
      "searches that are run again and again, by names of your choice" },
    { "notables", HERALD_BOOL, 0, "false", NULL, "pull the notables of Enterprise Security" },
    { "every", HERALD_DURATION, 0, "60s", "1s..1d", "how often the searches are run" },
    { "overlap", HERALD_DURATION, 0, "10m", "0s..1d",
      "how much of the index time before is searched again: what was indexed late, or by "
      "another clock" },
    { "first", HERALD_DURATION, 0, "1h", "0s..30d", "how far the first run of all goes back" },
    { "search_timeout", HERALD_DURATION, 0, "10m", "1s..1d", "how long one search may take" },
    { "reconcile", HERALD_DURATION, 0, NULL, "1s..1d",
      "how often what fired in Splunk is compared with what arrived; what is missing is fetched" },
    { "reconcile_after", HERALD_DURATION, 0, "2m", "0s..1d",
      "how long an alert may take to arrive" },
    { "reconcile_actions", HERALD_STRING, HERALD_LIST, "webhook, herald", NULL,
      "an alert that has one of these actions is meant for herald" },
};

static const herald_metric metrics[] = {
    [METRIC_STORED] = { "stored", HERALD_COUNTER, 0, NULL, "alerts that were acknowledged" },
    [METRIC_WRONG_SECRET] = { "wrong_secret", HERALD_COUNTER, 0, NULL,
                              "requests with a missing or wrong secret" },
    [METRIC_PULLED] = { "pulled", HERALD_COUNTER, 0, NULL, "rows that searches gave, known or not" },
    [METRIC_FIRED] = { "fired", HERALD_COUNTER, 0, NULL, "alerts that fired in Splunk" },
    [METRIC_RECEIVED] = { "received", HERALD_COUNTER, 0, NULL,
                          "of those that fired: arrived by themselves" },
    [METRIC_MISSING] = { "missing", HERALD_COUNTER, 0, NULL, "of those that fired: did not arrive" },
    [METRIC_FETCHED] = { "fetched", HERALD_COUNTER, 0, NULL, "of the missing: were fetched" },
    [METRIC_LOST] = { "lost", HERALD_COUNTER, 0, NULL,
                      "of the missing: Splunk does not have them any more" },
    [METRIC_LATE] = { "late", HERALD_COUNTER, 0, NULL,
                      "arrived by themselves after they were found missing" },
    [METRIC_OUTSTANDING] = { "outstanding", HERALD_GAUGE, 0, NULL,
                             "of the missing: still to be fetched" },
};

static const herald_option notable_params[] = {
    { "event_id", HERALD_STRING, HERALD_TARGET, NULL, NULL, "the notable; the alert's own if absent" },
    { "status", HERALD_STRING, 0, NULL, NULL, "number or label: 2, In Progress" },
    { "urgency", HERALD_ENUM, 0, NULL, "informational|low|medium|high|critical", "the new urgency" },
    { "owner", HERALD_STRING, 0, NULL, NULL, "name of a user of Splunk" },
    { "disposition", HERALD_STRING, 0, NULL, NULL, "disposition:N or its label" },
    { "comment", HERALD_TEMPLATE, 0, NULL, "text", "a mark is added by which it is found again" },
    { "take_over", HERALD_BOOL, 0, "false", NULL,
      "change it although it belongs to another user" },
};

static const herald_action actions_list[] = {
    { "notable_update", HERALD_RECORDS, HERALD_IDEMPOTENT | HERALD_VERIFIES, NULL,
      HERALD_ITEMS(notable_params),
      "sets status, urgency, owner or disposition of a notable, and comments on it" },
};

static const herald_actions actions = {
    .struct_size = sizeof(herald_actions),
    .list = HERALD_ITEMS(actions_list),
    .run = run,
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
    .summary = "takes alerts from Splunk by webhook, HEC and search, and looks for the missing",
    .license = "MIT",
    .url = "https://herald.example.org/plugins/splunk_in",
    .needs = HERALD_NEED_HTTP | HERALD_NEED_STATE,
    .options = HERALD_ITEMS(options),
    .metrics = HERALD_ITEMS(metrics),
    .create = create,
    .start = start,
    .halt = halt,
    .destroy = destroy,
    .probe = probe,
    .source = &source,
    .actions = &actions,
};
