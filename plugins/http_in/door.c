#include "http_in/door.h"

#include <stdbool.h>
#include <strings.h>

#include "common/sign.h"
#include "common/text.h"

#include "http_in/signature.h"

static const char *const secrets[] = { "secret", "old_secret" };
#define SECRETS (sizeof(secrets) / sizeof(secrets[0]))

/* ---- secrets that are sent ---- */

static bool is_secret(const herald_host *h, herald_str text)
{
	bool is = false;

	for (size_t i = 0; i < SECRETS; i++) {
		if (text.n > 0 && h->secret_is(h, secrets[i], text))
			is = true;
	}
	return is;
}

static herald_str bearer_of(const herald_request *rq)
{
	herald_str text = herald_cstr(
		herald_pair(rq->headers, "authorization"));

	if (!hp_str_begins(text, "bearer "))
		return (herald_str){ NULL, 0 };
	return hp_str_trim((herald_str){ text.p + 7, text.n - 7 });
}

/* Names come in lower case. */
static herald_str header_of(const herald_host *h, const herald_request *rq)
{
	const char *name = h->option(h, "header", 0).p;

	for (const char *const *at = rq->headers; at && at[0]; at += 2) {
		if (strcasecmp(at[0], name) == 0)
			return herald_cstr(at[1]);
	}
	return (herald_str){ NULL, 0 };
}

static herald_str rest_of(const herald_request *rq)
{
	herald_str rest = rq->path;

	if (rest.n > 0 && rest.p[0] == '/') {
		rest.p++;
		rest.n--;
	}
	return rest;
}

static const char *refuse_sent(const herald_host *h, herald_str given)
{
	if (given.n == 0)
		return "without a secret";
	return is_secret(h, given) ? NULL : "with a wrong secret";
}

/* ---- secrets that sign ---- */

static bool is_signed(const herald_host *h, enum http_in_auth auth,
		      const herald_request *rq, const char *secret)
{
	const char *github = herald_pair(rq->headers, "x-hub-signature-256");
	char room[HP_KEY_MAX];
	size_t n = sizeof(room);
	herald_str key;
	bool is;

	if (h->secret(h, secret, room, &n) != HERALD_OK)
		return false;
	key = (herald_str){ room, n };
	if (auth == HTTP_IN_GITHUB)
		is = http_in_github_is_sound(key, github, rq->body);
	else
		is = http_in_standard_is_sound(key, rq->headers, rq->body);
	explicit_bzero(room, sizeof(room));
	return is;
}

static const char *refuse_signed(const herald_host *h, enum http_in_auth auth,
				 const herald_request *rq)
{
	bool is = false;

	for (size_t i = 0; i < SECRETS; i++) {
		if (is_signed(h, auth, rq, secrets[i]))
			is = true;
	}
	if (!is)
		return "without a sound signature";
	if (auth == HTTP_IN_STANDARD &&
	    !http_in_standard_is_timely(rq->headers, h->utc_ms(h) / 1000))
		return "with a stale timestamp";
	return NULL;
}

const char *http_in_refusal(const herald_host *h, enum http_in_auth auth,
			    const herald_request *rq)
{
	switch (auth) {
	case HTTP_IN_BEARER:
		return refuse_sent(h, bearer_of(rq));
	case HTTP_IN_HEADER:
		return refuse_sent(h, header_of(h, rq));
	case HTTP_IN_PATH:
		return refuse_sent(h, rest_of(rq));
	case HTTP_IN_GITHUB:
	case HTTP_IN_STANDARD:
		break;
	}
	return refuse_signed(h, auth, rq);
}
