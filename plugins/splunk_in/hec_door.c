/* The token: "Authorization: Splunk TOKEN", as password of HTTP Basic, or,
 * where that was allowed, in the query. */
#include "splunk_in/hec.h"

#include <inttypes.h>

#include "common/base64.h"
#include "common/text.h"

#define WORD "Splunk "
#define BASIC "Basic "
#define BASIC_MAX 1024 /* bytes of "user:token" in base64 */

static enum hec_code judge(struct splunk *s, herald_str token)
{
	if (token.n > 0 && s->h->secret_is(s->h, "secret", token))
		return HEC_SUCCESS;
	if (token.n > 0 && s->h->secret_is(s->h, "disabled_secret", token))
		return HEC_TOKEN_DISABLED;
	return HEC_INVALID_TOKEN;
}

static herald_str behind(herald_str text, size_t n)
{
	return hp_str_trim((herald_str){ text.p + n, text.n - n });
}

static enum hec_code judge_basic(struct splunk *s, herald_str text)
{
	unsigned char room[BASIC_MAX];
	const unsigned char *colon;
	enum hec_code code = HEC_INVALID_AUTHORIZATION;
	size_t n = 0;

	if (text.n <= BASIC_MAX && hp_base64_read(text, room, &n)) {
		colon = memchr(room, ':', n);
		if (colon)
			code = judge(s, (herald_str){ (const char *)colon + 1,
						      n - (size_t)(colon + 1 -
								   room) });
	}
	explicit_bzero(room, sizeof(room));
	return code;
}

static enum hec_code token_trouble(struct splunk *s, const herald_request *rq)
{
	const char *given = herald_pair(rq->headers, "authorization");
	const char *asked = herald_pair(rq->query, "token");
	herald_str text = herald_cstr(given);

	if (!given && !asked)
		return HEC_TOKEN_REQUIRED;
	if (!given)
		return s->query_token ? judge(s, herald_cstr(asked))
				      : HEC_QUERY_AUTHORIZATION;
	if (hp_str_begins(text, WORD))
		return judge(s, behind(text, sizeof(WORD) - 1));
	if (hp_str_begins(text, BASIC))
		return judge_basic(s, behind(text, sizeof(BASIC) - 1));
	return HEC_INVALID_AUTHORIZATION;
}

static void answer_guesser(struct splunk *s, herald_id req, int64_t wait_ms)
{
	char header[48];

	snprintf(header, sizeof(header), "Retry-After: %" PRId64,
		 wait_ms / 1000 + 1);
	splunk_answer(s, req, 429, header,
		      HERALD_S("{\"text\":\"Server is busy\",\"code\":9}\n"));
}

bool hec_is_refused(struct splunk *s, const herald_request *rq)
{
	int64_t wait_ms = hp_strikes_wait_ms(&s->strikes, rq->peer,
					     s->h->now_ms(s->h));
	enum hec_code code;

	if (wait_ms > 0) {
		s->h->metric(s->h, METRIC_WRONG_SECRET, 1);
		answer_guesser(s, rq->req, wait_ms);
		return true;
	}
	code = token_trouble(s, rq);
	if (code == HEC_SUCCESS)
		return false;
	if (code == HEC_TOKEN_DISABLED) /* an old sender, nobody who guesses */
		herald_logf(s->h, HERALD_WARNING, 0,
			    "HEC request from %.*s with a disabled token",
			    (int)rq->peer.n, rq->peer.p ? rq->peer.p : "");
	else
		splunk_wrong_secret(s, rq, "HEC request");
	hec_answer(s, rq->req, code, -1);
	return true;
}

enum hec_code hec_channel_of(const herald_request *rq,
			     struct hec_channel *channel)
{
	const char *text = herald_pair(rq->headers, "x-splunk-request-channel");

	if (!text)
		text = herald_pair(rq->query, "channel");
	if (!text || !text[0])
		return HEC_CHANNEL_MISSING;
	return hec_channel_read(channel, text) ? HEC_SUCCESS
					       : HEC_INVALID_CHANNEL;
}
