/* splunk_in - alerts from Splunk's webhook alert action
 *
 * Splunk tries once: any answer but a 2xx loses the alert, and a 2xx before the
 * alert is on disk may lose it as well.  So each request stays open until the
 * host has settled its record.  The id of the request serves as the tag of the
 * record, so nothing has to be remembered in between.
 *
 * The secret is the last part of the path, since that is all that the webhook
 * action can be told.  It is a credential: the path is never logged.
 */
#include <herald/plugin.h>

#include <stdlib.h>

#include "common/text.h"

#include "splunk_in/map.h"

enum { METRIC_STORED, METRIC_WRONG_SECRET };

struct splunk {
	const herald_host *h;
};

static void answer(struct splunk *s, herald_id req, uint32_t code,
		   const char *retry_after, const char *body)
{
	const char *const headers[] = { "Content-Type: application/json",
					retry_after, NULL };

	s->h->respond(s->h, req, code, headers, herald_cstr(body));
}

static void answer_later(struct splunk *s, herald_id req)
{
	answer(s, req, 503, "Retry-After: 5",
	       "{\"error\":\"cannot store it now, send it again\"}\n");
}

/* Splunk says application/json; a hand-made request may say nothing. */
static bool is_json_type(const char *type)
{
	herald_str kind;

	if (!type)
		return true;
	kind = hp_str_trim((herald_str){ type, strcspn(type, ";") });
	return kind.n == 0 || hp_str_same(kind, HERALD_S("application/json")) ||
	       hp_str_same(kind, HERALD_S("text/json"));
}

static herald_str secret_of(const herald_request *rq)
{
	herald_str rest = rq->path;

	if (rest.n > 0 && rest.p[0] == '/') {
		rest.p++;
		rest.n--;
	}
	return rest;
}

/* True if the sender was told why it is not let in. */
static bool turned_away(struct splunk *s, const herald_request *rq)
{
	if (s->h->secret_is(s->h, "secret", secret_of(rq)))
		return false;
	s->h->metric(s->h, METRIC_WRONG_SECRET, 1);
	herald_logf(s->h, HERALD_WARNING, 0,
		    "webhook from %.*s with a wrong secret", (int)rq->peer.n,
		    rq->peer.p ? rq->peer.p : "");
	answer(s, rq->req, 401, NULL, "{\"error\":\"wrong secret\"}\n");
	return true;
}

static bool is_refused(struct splunk *s, const herald_request *rq)
{
	if (turned_away(s, rq))
		return true;
	if (!is_json_type(herald_pair(rq->headers, "content-type"))) {
		answer(s, rq->req, 415, NULL,
		       "{\"error\":\"the content must be "
		       "application/json\"}\n");
		return true;
	}
	if (hp_str_trim(rq->body).n == 0) {
		answer(s, rq->req, 400, NULL, "{\"error\":\"no content\"}\n");
		return true;
	}
	return false;
}

static void request(void *self, const herald_request *rq)
{
	struct splunk *s = self;
	const herald_record record = {
		.struct_size = sizeof(record),
		.json = rq->body,
		.row = "/result",
	};
	const herald_record *const records[] = { &record };

	if (is_refused(s, rq))
		return;
	switch (s->h->emit(s->h, records, 1, rq->req)) {
	case HERALD_OK:
		return; /* settled() follows */
	case HERALD_BUSY:
		answer_later(s, rq->req);
		return;
	case HERALD_TOO_BIG:
		answer(s, rq->req, 413, NULL, "{\"error\":\"too long\"}\n");
		return;
	default:
		answer(s, rq->req, 400, NULL,
		       "{\"error\":\"this can never be taken\"}\n");
		return;
	}
}

static void settled(void *self, uint64_t tag, uint32_t status)
{
	struct splunk *s = self;

	if (status != HERALD_OK) {
		answer_later(s, tag);
		return;
	}
	s->h->metric(s->h, METRIC_STORED, 1);
	answer(s, tag, 200, NULL, "{\"stored\":true}\n");
}

/* Nobody waits here: after BUSY the sender was told to come again. */
static void resume(void *self)
{
	(void)self;
}

static void *create(const herald_host *h)
{
	struct splunk *s = calloc(1, sizeof(*s));

	if (!s)
		herald_logf(h, HERALD_ERROR, 0, "out of memory");
	else
		s->h = h;
	return s;
}

static void destroy(void *self)
{
	free(self);
}

/* clang-format off */
static const herald_option options[] = {
    { "secret", HERALD_STRING, HERALD_REQUIRED | HERALD_SECRET | HERALD_LIST, NULL, NULL,
      "the last part of the webhook's URL; several while one replaces another" },
};

static const herald_metric metrics[] = {
    [METRIC_STORED] = { "stored", HERALD_COUNTER, 0, NULL, "alerts that were acknowledged" },
    [METRIC_WRONG_SECRET] = { "wrong_secret", HERALD_COUNTER, 0, NULL,
                              "requests with a missing or wrong secret" },
};

static const herald_route routes[] = {
    { "POST", "/v1/splunk/webhook", HERALD_ROUTE_PREFIX, 0,
      "Splunk's webhook alert action; the secret follows as last part of the path" },
};

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
    .summary = "takes alerts from Splunk's webhook alert action",
    .license = "MIT",
    .url = "https://herald.example.org/plugins/splunk_in",
    .options = HERALD_ITEMS(options),
    .metrics = HERALD_ITEMS(metrics),
    .create = create,
    .destroy = destroy,
    .source = &source,
};
