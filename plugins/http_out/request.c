#include "http_out/request.h"

#include <inttypes.h>

#include "common/sha256.h"
#include "common/sign.h"

#define ID_DIGITS 32

struct headers {
	char text[HTTP_OUT_HEADERS][HTTP_OUT_HEADER];
	const char *list[HTTP_OUT_HEADERS + 1];
	size_t count;
	bool failed; /* too many, or too long */
};

static void add(struct headers *headers, const char *name, herald_str value)
{
	char *text;
	int n;

	if (headers->count == HTTP_OUT_HEADERS) {
		headers->failed = true;
		return;
	}
	text = headers->text[headers->count];
	n = snprintf(text, HTTP_OUT_HEADER, "%s: %.*s", name, (int)value.n,
		     value.p);
	if (n < 0 || n >= HTTP_OUT_HEADER) {
		headers->failed = true;
		return;
	}
	headers->list[headers->count++] = text;
	headers->list[headers->count] = NULL;
}

static void add_own(struct headers *headers, const herald_host *h)
{
	for (uint32_t i = 0;; i++) {
		herald_str name = h->option_key(h, "headers", i);

		if (!name.p)
			return;
		add(headers, name.p, h->option(h, "headers", i));
	}
}

/* Identifiers hold no full stop: it separates what is signed. */
static bool make_id(herald_str idem, char id[ID_DIGITS + 5])
{
	char hex[HP_SHA256_HEX];

	if (!hp_sha256_hex(idem, hex))
		return false;
	snprintf(id, ID_DIGITS + 5, "msg_%.*s", ID_DIGITS, hex);
	return true;
}

static const char *sign(struct headers *headers, const herald_host *h,
			herald_str idem, herald_str body)
{
	char key[HP_KEY_MAX], id[ID_DIGITS + 5], time[24];
	char signature[HP_WEBHOOK_SIZE];
	size_t n = sizeof(key);
	bool ok;

	if (h->secret(h, "secret", key, &n) != HERALD_OK)
		return "there is no secret to sign with";
	snprintf(time, sizeof(time), "%" PRId64, h->utc_ms(h) / 1000);
	ok = make_id(idem, id) &&
	     hp_webhook_sign((herald_str){ key, n }, herald_cstr(id),
			     herald_cstr(time), body, signature);
	explicit_bzero(key, sizeof(key));
	if (!ok)
		return "the secret is no key to sign with";
	add(headers, "webhook-id", herald_cstr(id));
	add(headers, "webhook-timestamp", herald_cstr(time));
	add(headers, "webhook-signature", herald_cstr(signature));
	return NULL;
}

const char *http_out_send(struct http_out *out,
			  const struct http_out_post *post, herald_http_fn fn,
			  void *ud)
{
	static const char *const methods[] = { "POST", "PUT" };
	const herald_host *h = out->h;
	struct headers headers; /* large: not zeroed */
	const char *why = NULL;
	herald_http rq = {
		.struct_size = sizeof(rq),
		.req = post->req,
		.method = methods[h->number(h, "method") == 1],
		.url = h->option(h, "url", 0).p,
		.headers = headers.list,
		.body = post->body,
		.timeout_ms = post->timeout_ms,
	};

	headers.count = 0;
	headers.failed = false;
	add(&headers, "Content-Type", herald_cstr(post->type));
	add(&headers, "Idempotency-Key", post->key);
	add_own(&headers, h);
	if (out->sign) {
		why = sign(&headers, h, post->key, post->body);
	} else if (out->has_secret) {
		rq.auth_secret = "secret";
		rq.auth_header = h->option(h, "auth_header", 0).p;
		rq.auth_prefix = h->option(h, "auth_prefix", 0).p;
		rq.auth_user = h->option(h, "auth_user", 0).p;
	}
	if (headers.failed)
		why = "a header is too long, or there are too many";
	if (!why)
		h->http(h, &rq, fn, ud);
	return why;
}
