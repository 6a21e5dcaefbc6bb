/* http_in - alerts from whoever can send JSON by HTTP
 *
 * A request is answered once its alerts are on disk, and not before.  What the
 * fields mean is said by the table (map.c) and, above all, by the operator's
 * `map`.
 */
#include <herald/plugin.h>

#include <inttypes.h>
#include <stdlib.h>

#include "common/content.h"
#include "common/strikes.h"
#include "common/text.h"

#include "http_in/batch.h"
#include "http_in/door.h"
#include "http_in/map.h"
#include "http_in/verdict.h"

enum { METRIC_STORED, METRIC_TURNED_AWAY };

struct http_in {
	const herald_host *h;
	enum http_in_auth auth;
	bool splits;
	const char *list_at;
	struct http_in_verdicts verdicts;
	struct hp_strikes strikes;
	struct http_in_batch batch; /* while a request is taken apart */
};

/* ---- answers ---- */

static void answer(struct http_in *in, herald_id req, uint32_t code,
		   const char *more, const char *body)
{
	const char *const headers[] = { "Content-Type: application/json", more,
					NULL };

	in->h->respond(in->h, req, code, headers, herald_cstr(body));
}

static void answer_later(struct http_in *in, herald_id req)
{
	answer(in, req, 503, "Retry-After: 5",
	       "{\"error\":\"cannot store it now, send it again\"}\n");
}

static void answer_guesser(struct http_in *in, herald_id req, int64_t wait_ms)
{
	char header[48];

	snprintf(header, sizeof(header), "Retry-After: %" PRId64,
		 wait_ms / 1000 + 1);
	answer(in, req, 429, header, "{\"error\":\"too many tries\"}\n");
}

/* ---- who may ---- */

static void note_strike(struct http_in *in, const herald_request *rq,
			const char *why)
{
	bool last = hp_strikes_add(&in->strikes, rq->peer,
				   in->h->now_ms(in->h));

	in->h->metric(in->h, METRIC_TURNED_AWAY, 1);
	herald_logf(in->h, HERALD_WARNING, 0, "request from %.*s %s%s",
		    (int)rq->peer.n, rq->peer.p ? rq->peer.p : "", why,
		    last ? "; turned away for a minute" : "");
}

/* True if the sender was told why it is not let in. */
static bool turned_away(struct http_in *in, const herald_request *rq)
{
	int64_t wait_ms = hp_strikes_wait_ms(&in->strikes, rq->peer,
					     in->h->now_ms(in->h));
	const char *why;

	if (wait_ms > 0) {
		in->h->metric(in->h, METRIC_TURNED_AWAY, 1);
		answer_guesser(in, rq->req, wait_ms);
		return true;
	}
	why = http_in_refusal(in->h, in->auth, rq);
	if (!why)
		return false;
	note_strike(in, rq, why);
	answer(in, rq->req, 401, NULL, "{\"error\":\"not let in\"}\n");
	return true;
}

static bool is_refused(struct http_in *in, const herald_request *rq)
{
	if (in->auth != HTTP_IN_PATH && rq->path.n > 0) {
		answer(in, rq->req, 404, NULL,
		       "{\"error\":\"nothing here\"}\n");
		return true;
	}
	if (turned_away(in, rq))
		return true;
	if (!hp_content_is_json(herald_pair(rq->headers, "content-type"))) {
		answer(in, rq->req, 415, NULL,
		       "{\"error\":\"the content must be "
		       "application/json\"}\n");
		return true;
	}
	if (hp_str_trim(rq->body).n == 0) {
		answer(in, rq->req, 400, NULL, "{\"error\":\"no content\"}\n");
		return true;
	}
	return false;
}

/* ---- taking it ---- */

static void take_apart(struct http_in *in, herald_str body)
{
	if (in->list_at)
		http_in_batch_list(&in->batch, in->h, body, in->list_at);
	else if (in->splits)
		http_in_batch_split(&in->batch, in->h, body);
	else
		http_in_batch_one(&in->batch, body);
}

static void take(struct http_in *in, herald_id req)
{
	uint32_t status;

	if (!http_in_verdict(&in->verdicts, in->h, &in->batch, req)) {
		answer_later(in, req);
		return;
	}
	status = in->h->emit(in->h, in->batch.list, in->batch.n, req);
	if (status == HERALD_OK)
		return; /* settled() follows */
	free(http_in_verdict_take(&in->verdicts, req));
	switch (status) {
	case HERALD_BUSY:
		answer_later(in, req);
		return;
	case HERALD_TOO_BIG:
		answer(in, req, 413, NULL, "{\"error\":\"too long\"}\n");
		return;
	default:
		answer(in, req, 400, NULL,
		       "{\"error\":\"this can never be taken\"}\n");
		return;
	}
}

static void request(void *self, const herald_request *rq)
{
	struct http_in *in = self;

	if (is_refused(in, rq))
		return;
	take_apart(in, rq->body);
	if (in->batch.too_many)
		answer(in, rq->req, 413, NULL,
		       "{\"error\":\"more than 1000 alerts\"}\n");
	else if (in->batch.n == 0)
		answer(in, rq->req, 200, NULL, "{\"stored\":false}\n");
	else
		take(in, rq->req);
}

static void settled(void *self, uint64_t tag, uint32_t status)
{
	struct http_in *in = self;
	struct http_in_verdict *verdict = http_in_verdict_take(&in->verdicts,
							       tag);

	if (status != HERALD_OK) {
		answer_later(in, tag);
	} else {
		in->h->metric(in->h, METRIC_STORED, 1);
		answer(in, tag, verdict ? verdict->code : 200, NULL,
		       verdict ? verdict->body : "{\"stored\":true}\n");
	}
	free(verdict);
}

/* Nobody waits here: after BUSY the sender was told to come again. */
static void resume(void *self)
{
	(void)self;
}

/* ---- life ---- */

static void *create(const herald_host *h)
{
	struct http_in *in;
	herald_str at = h->option(h, "batch_at", 0);

	if (at.n > 0 && (at.p[0] != '/' || at.n > 40)) {
		h->reject(h, "batch_at",
			  HERALD_S("is no short JSON Pointer: write /alerts"));
		return NULL;
	}
	in = calloc(1, sizeof(*in));
	if (!in) {
		herald_logf(h, HERALD_ERROR, 0, "out of memory");
		return NULL;
	}
	in->h = h;
	in->auth = (enum http_in_auth)h->number(h, "auth");
	in->splits = h->number(h, "batch") != 0;
	in->list_at = at.n > 0 ? at.p : NULL;
	return in;
}

static void destroy(void *self)
{
	struct http_in *in = self;

	http_in_verdicts_free(&in->verdicts);
	free(in);
}

/* clang-format off */
static const herald_option options[] = {
    { "secret", HERALD_STRING, HERALD_REQUIRED | HERALD_SECRET, NULL, HTTP_IN_SECRET_SIZE,
      "what senders know: 24 bytes or more" },
    { "old_secret", HERALD_STRING, HERALD_SECRET, NULL, HTTP_IN_SECRET_SIZE,
      "also right, while another one replaces it" },
    { "auth", HERALD_ENUM, 0, "bearer", "bearer|header|path|github|standard",
      "how senders prove that they know it" },
    { "header", HERALD_STRING, 0, "X-Herald-Token", NULL, "header of the secret, for auth: header" },
    { "batch", HERALD_BOOL, 0, "false", NULL,
      "an array, or documents one after the other: one alert each" },
    { "batch_at", HERALD_STRING, 0, NULL, NULL,
      "where in the body a list of alerts stands: /alerts" },
};

static const herald_metric metrics[] = {
    [METRIC_STORED] = { "stored", HERALD_COUNTER, 0, NULL, "requests that were acknowledged" },
    [METRIC_TURNED_AWAY] = { "turned_away", HERALD_COUNTER, 0, NULL,
                             "requests with a missing or wrong secret or signature" },
};

static const herald_route routes[] = {
    { "POST", "/v1/http", HERALD_ROUTE_PREFIX, 4u << 20,
      "alerts as JSON; with auth: path the secret follows as last part of the path" },
};

static const herald_source source = {
    .struct_size = sizeof(herald_source),
    .routes = HERALD_ITEMS(routes),
    .map = { http_in_map, HTTP_IN_MAP_ROWS, sizeof(herald_map) },
    .request = request,
    .resume = resume,
    .settled = settled,
};

HERALD_PLUGIN {
    HERALD_HEADER,
    .name = "http_in",
    .version = "0.1.0",
    .summary = "takes alerts from any sender of JSON by HTTP",
    .license = "MIT",
    .url = "https://herald.example.org/plugins/http_in",
    .needs = HERALD_NEED_SECRETS,
    .options = HERALD_ITEMS(options),
    .metrics = HERALD_ITEMS(metrics),
    .create = create,
    .destroy = destroy,
    .source = &source,
};
