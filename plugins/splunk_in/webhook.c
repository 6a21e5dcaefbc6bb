/* The webhook alert action.
 *
 * Splunk tries once: any answer but a 2xx loses the alert, and a 2xx before the
 * alert is on disk may lose it as well.
 *
 * The secret is the last part of the path, since that is all that the webhook
 * action can be told.  It is a credential: the path is never logged.
 */
#include "splunk_in/splunk.h"

#include <string.h>

#include "common/content.h"
#include "common/text.h"

static void answer(struct splunk *s, herald_id req, uint32_t code,
		   const char *body)
{
	splunk_answer(s, req, code, NULL, herald_cstr(body));
}

static void answer_later(struct splunk *s, herald_id req)
{
	splunk_answer(s, req, 503, SPLUNK_RETRY_AFTER,
		      HERALD_S("{\"error\":\"cannot store it now, send it "
			       "again\"}\n"));
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

static void refuse(struct splunk *s, const herald_request *rq)
{
	if (hp_strikes_wait_ms(&s->strikes, rq->peer, s->h->now_ms(s->h)) > 0) {
		s->h->metric(s->h, METRIC_WRONG_SECRET, 1);
		splunk_answer(s, rq->req, 429, "Retry-After: 60",
			      HERALD_S("{\"error\":\"too many tries\"}\n"));
		return;
	}
	splunk_wrong_secret(s, rq, "webhook");
	answer(s, rq->req, 401, "{\"error\":\"wrong secret\"}\n");
}

/* True if the sender was told why it is not let in.  The right secret is let in
 * whoever guesses from the same address: an old alert action with a wrong URL
 * must not cost the others of its search head their only try. */
static bool is_refused(struct splunk *s, const herald_request *rq)
{
	if (!s->h->secret_is(s->h, "secret", secret_of(rq))) {
		refuse(s, rq);
		return true;
	}
	if (!hp_content_is_json(herald_pair(rq->headers, "content-type"))) {
		answer(s, rq->req, 415,
		       "{\"error\":\"the content must be "
		       "application/json\"}\n");
		return true;
	}
	if (hp_str_trim(rq->body).n == 0) {
		answer(s, rq->req, 400, "{\"error\":\"no content\"}\n");
		return true;
	}
	return false;
}

static void pay(struct splunk *s, const struct splunk_debt *debt,
		uint32_t status)
{
	if (status != HERALD_OK)
		answer_later(s, debt->req);
	else
		answer(s, debt->req, 200, "{\"stored\":true}\n");
}

void splunk_webhook(struct splunk *s, const herald_request *rq)
{
	const herald_record record = {
		.struct_size = sizeof(record),
		.json = rq->body,
		.row = "/result",
	};
	const herald_record *const records[] = { &record };
	const struct splunk_debt debt = {
		.req = rq->req, .records = 1, .pay = pay, .arrives = true
	};

	if (is_refused(s, rq))
		return;
	switch (splunk_emit(s, records, &debt)) {
	case HERALD_OK:
		return;
	case HERALD_BUSY:
		answer_later(s, rq->req);
		return;
	case HERALD_TOO_BIG:
		answer(s, rq->req, 413, "{\"error\":\"too long\"}\n");
		return;
	default:
		answer(s, rq->req, 400,
		       "{\"error\":\"this can never be taken\"}\n");
		return;
	}
}
