#include "misp_enrich/exchange.h"

#include <stdlib.h>

#include "misp_enrich/search.h"

/* A page is read on the loop: some 50 us an attribute that is about a value
 * that was asked. */
#define REPLY_MAX (8u << 20) /* bytes */

/* Without Accept MISP answers HTML. */
static const char *const headers[] = { "Accept: application/json",
				       "Content-Type: application/json", NULL };

bool misp_post(struct misp *m, herald_id req, const char *first,
	       const char *second, struct hp_json *body, herald_http_fn fn,
	       void *ud)
{
	const char *const path[] = { first, second, NULL };
	const herald_http rq = {
		.struct_size = sizeof(rq),
		.req = req,
		.method = "POST",
		.url = m->url,
		.path = path,
		.headers = headers,
		.body = hp_json_all(body),
		.auth_secret = "secret",
		.max_reply = REPLY_MAX,
	};

	if (!rq.body.p)
		return false;
	m->h->http(m->h, &rq, fn, ud);
	return true;
}

void misp_get_version(struct misp *m, herald_id req, herald_http_fn fn)
{
	static const char *const path[] = { "servers", "getVersion", NULL };
	const herald_http rq = {
		.struct_size = sizeof(rq),
		.req = req,
		.url = m->url,
		.path = path,
		.headers = headers,
		.auth_secret = "secret",
	};

	m->h->http(m->h, &rq, fn, NULL);
}

/* ---- answers ---- */

/* MISP has a header of its own: seconds. */
static int64_t reset_ms(const herald_reply *reply)
{
	const char *text = herald_pair(reply->headers, "x-rate-limit-reset");
	int64_t seconds = 0;

	if (reply->retry_after_ms > 0 || !text)
		return reply->retry_after_ms;
	if (hp_str_is_digits(herald_cstr(text)) && strlen(text) < 10)
		seconds = strtol(text, NULL, 10);
	return seconds * 1000;
}

/* What MISP means by a code. */
static void judge(struct hp_answer *a, const herald_reply *reply)
{
	if (a->status == HERALD_FORBIDDEN) {
		a->status = HERALD_AUTH; /* so it answers to a wrong key */
	} else if (a->status == HERALD_NOT_FOUND) {
		/* Of the path: a search without a match is 200. */
		hp_answer_spoil(a, HERALD_BAD_REPLY, "; is this a MISP?");
	} else if (a->status == HERALD_QUOTA) {
		a->retry_after_ms = reset_ms(reply);
	}
}

void misp_answer_open(struct hp_answer *a, struct misp *m,
		      const herald_reply *reply)
{
	hp_answer_open(a, m->h, reply);
	judge(a, reply);
}
