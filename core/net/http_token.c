#include "core/net/http_token.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/base/secret.h"
#include "core/base/utf8.h"
#include "core/net/http_client.h"
#include "core/net/http_text.h"
#include "core/net/tls.h"
#include "core/net/url.h"

#define REPLY_MAX (64 * 1024)
#define ENCODED_MAX (3 * HD_SECRET_MAX + 1)
#define LIFETIME_S 300	      /* where the server says none */
#define LIFETIME_MAX_S 604800 /* what it may say at most */
#define EARLY_MS 60000	      /* renewed so long before its end... */
#define LATEST_MS 5000	      /* ...and not used in its last seconds */
#define HOLD_MS 5000	      /* after a failure */
#define HOLD_MAX_MS 300000    /* where the server asks for more */
#define HOPELESS_MS 30000
#define WORDS_MAX 256

struct hd_http_token {
	struct hd_http_client *client;
	struct hd_http_peer *peer;
	hd_http_token_fn changed;
	void *ud;
	char *url, *client_id, *scope, *audience;
	struct hd_secret *secret; /* as it is sent */
	bool in_body, asking, freed;

	struct hd_secret *token;  /* NULL: none */
	struct hd_secret *former; /* kept so that texts stay masked */
	unsigned serial;
	int64_t renew_ms, end_ms;
	int64_t hopeless_ms; /* no renewing after a 401 before that */

	struct hd_err trouble;
	uint32_t status;
	int64_t hold_ms; /* no asking before that */
};

/* ---- what came back ---- */

static void drop_token(struct hd_http_token *t)
{
	if (!t->token)
		return;
	hd_secret_unref(t->former);
	t->former = t->token;
	t->token = NULL;
}

/* The server's failure is not the service's: whatever happened, the request
 * itself was not sent, and an address that is not there is no "not found". */
static uint32_t status_of(const struct hd_http_reply *r)
{
	switch (r->status) {
	case HERALD_NOT_FOUND:
	case HERALD_FORBIDDEN:
	case HERALD_FAILED:
		return r->code >= 400 ? HERALD_AUTH : HERALD_FAILED;
	case HERALD_IN_DOUBT:
		return HERALD_RETRY;
	default:
		return r->status;
	}
}

static void hold(struct hd_http_token *t, uint32_t status,
		 int64_t retry_after_ms)
{
	int64_t ms = retry_after_ms > HOLD_MS ? retry_after_ms : HOLD_MS;

	hd_err_wrap(&t->trouble, "oauth2");
	t->status = status;
	t->hold_ms = hd_now_ms() + (ms < HOLD_MAX_MS ? ms : HOLD_MAX_MS);
}

/* Texts and numbers alike: Azure's older end point quotes it. */
static int64_t lifetime_of(const json_t *answer)
{
	const json_t *given = json_object_get(answer, "expires_in");
	int64_t s = LIFETIME_S;

	if (json_is_integer(given))
		s = json_integer_value(given);
	else if (json_is_real(given) && json_real_value(given) < LIFETIME_MAX_S)
		s = (int64_t)json_real_value(given);
	else if (json_is_string(given))
		s = strtoll(json_string_value(given), NULL, 10);
	if (s < 1)
		s = 1;
	return (s < LIFETIME_MAX_S ? s : LIFETIME_MAX_S) * 1000;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int take_answer(struct hd_http_token *t, const json_t *answer)
{
	const json_t *given = json_object_get(answer, "access_token");
	const char *type = json_string_value(
		json_object_get(answer, "token_type"));
	const char *text = json_string_value(given);
	int64_t life_ms = lifetime_of(answer), now_ms = hd_now_ms();
	size_t n = json_string_length(given);

	if (!text || n == 0)
		return hd_err_set(&t->trouble, EPROTO,
				  "POST %s: the answer holds no access_token",
				  t->url);
	if (n > HD_SECRET_MAX || hd_http_has_control(text, n))
		return hd_err_set(&t->trouble, EPROTO,
				  "POST %s: the token cannot be put in a "
				  "header",
				  t->url);
	if (type && strcasecmp(type, "bearer") != 0)
		return hd_err_set(&t->trouble, EPROTO,
				  "POST %s: the token is not of type Bearer",
				  t->url);
	drop_token(t);
	t->token = hd_secret_text_new(text, n);
	t->serial++;
	t->end_ms = now_ms + life_ms - least(LATEST_MS, life_ms / 10);
	t->renew_ms = now_ms + life_ms - least(EARLY_MS, life_ms / 4);
	return 0;
}

static int read_answer(struct hd_http_token *t, const struct hd_http_reply *r)
{
	static const struct hd_json_options options;
	struct hd_json_report report;
	json_t *answer = hd_json_read(r->body.p, r->body.n, &options, &report);
	json_t *token;
	int rc;

	if (!answer)
		return hd_err_set(&t->trouble, EPROTO,
				  "POST %s: the answer is not JSON", t->url);
	rc = take_answer(t, answer);
	token = json_object_get(answer, "access_token");
	if (json_is_string(token))
		explicit_bzero((char *)json_string_value(token),
			       json_string_length(token));
	json_decref(answer);
	return rc;
}

/* The words of RFC 6749, 5.2 tell more than the status. */
static void note_trouble(struct hd_http_token *t, const struct hd_http_reply *r)
{
	hd_err_set(&t->trouble, EACCES, "%.*s", (int)r->error.n,
		   r->error.p ? r->error.p : "no answer");
	hold(t, status_of(r), r->retry_after_ms);
}

static void free_token(struct hd_http_token *t)
{
	hd_secret_unref(t->token);
	hd_secret_unref(t->former);
	hd_secret_unref(t->secret);
	free(t->url);
	free(t->client_id);
	free(t->scope);
	free(t->audience);
	free(t);
}

static void on_answer(void *ud, uint64_t id, const struct hd_http_reply *r)
{
	struct hd_http_token *t = ud;

	(void)id;
	t->asking = false;
	if (t->freed) {
		free_token(t);
		return;
	}
	t->status = HERALD_OK;
	if (r->status != HERALD_OK)
		note_trouble(t, r);
	else if (read_answer(t, r) < 0)
		hold(t, HERALD_BAD_REPLY, 0);
	t->changed(t->ud);
}

/* ---- asking ---- */

static void add_pair(const char **pairs, size_t *n, const char *name,
		     const char *value)
{
	if (!value)
		return;
	pairs[(*n)++] = name;
	pairs[(*n)++] = value;
}

static void ask(struct hd_http_token *t)
{
	static const char *const headers[] = { "Accept: application/json",
					       NULL };
	const char *pairs[2 * 5 + 1] = { NULL };
	struct hd_http_call call = { .url = t->url,
				     .query = pairs,
				     .form = true,
				     .headers = headers,
				     .max_reply = REPLY_MAX };
	size_t n = 0, len;

	add_pair(pairs, &n, "grant_type", "client_credentials");
	add_pair(pairs, &n, "scope", t->scope);
	add_pair(pairs, &n, "audience", t->audience);
	if (t->in_body) {
		add_pair(pairs, &n, "client_id", t->client_id);
		add_pair(pairs, &n, "client_secret",
			 hd_secret_get(t->secret, &len));
	} else {
		call.secret = t->secret;
		call.secret_user = t->client_id;
	}
	t->asking = true;
	hd_http_send(t->peer, &call, on_answer, t);
}

enum hd_http_token_state hd_http_token_look(struct hd_http_token *t,
					    struct hd_http_token_look *out)
{
	int64_t now_ms = hd_now_ms();

	memset(out, 0, sizeof(*out));
	if (!t->asking && now_ms >= t->hold_ms &&
	    (!t->token || now_ms >= t->renew_ms))
		ask(t);
	if (t->token && now_ms < t->end_ms) {
		out->secret = t->token;
		out->serial = t->serial;
		return HD_HTTP_TOKEN_GOOD;
	}
	if (t->asking)
		return HD_HTTP_TOKEN_ASKED;
	out->status = t->status;
	out->why = t->trouble.text;
	out->retry_after_ms = t->hold_ms - now_ms;
	return HD_HTTP_TOKEN_NONE;
}

bool hd_http_token_refused(struct hd_http_token *t, unsigned serial)
{
	if (serial != t->serial)
		return true;
	if (hd_now_ms() < t->hopeless_ms)
		return false;
	drop_token(t);
	return true;
}

void hd_http_token_hopeless(struct hd_http_token *t)
{
	t->hopeless_ms = hd_now_ms() + HOPELESS_MS;
}

/* ---- making it ---- */

/* RFC 6749, 2.3.1: both are form-encoded before they go into HTTP Basic. */
static struct hd_secret *encoded(const char *text, size_t n)
{
	struct hd_secret *secret;
	struct hd_buf buf;

	hd_buf_init(&buf, ENCODED_MAX);
	hd_buf_room(&buf, 3 * n + 1); /* at once: no pieces are left behind */
	hd_url_encode(&buf, text, n);
	secret = hd_secret_text_new(hd_buf_text(&buf), buf.n);
	if (buf.p)
		explicit_bzero(buf.p, buf.n);
	hd_buf_fini(&buf);
	return secret;
}

static void take_identity(struct hd_http_token *t,
			  const struct hd_http_token_options *o)
{
	struct hd_buf id;
	const char *text;
	size_t n;

	if (t->in_body) {
		t->client_id = hd_strdup(o->client_id);
		t->secret = hd_secret_ref(o->secret);
		return;
	}
	hd_buf_init(&id, ENCODED_MAX);
	hd_url_encode(&id, o->client_id, strlen(o->client_id));
	t->client_id = hd_buf_steal(&id);
	text = hd_secret_get(o->secret, &n);
	t->secret = encoded(text, n);
}

static struct hd_http_peer *
token_peer(struct hd_http_client *client, const char *url,
	   const struct hd_http_peer_options *service, struct hd_err *err)
{
	const char *origins[] = { url, NULL };
	struct hd_http_peer_options options = *service;
	struct hd_tls_policy policy = { 0 };

	if (service->tls) {
		policy.ca_file = service->tls->ca_file;
		policy.cert_file = service->tls->cert_file;
		policy.key_file = service->tls->key_file;
	}
	options.tls = &policy;
	options.origins = origins;
	options.oauth2 = NULL;
	options.max_in_flight = 1;
	return hd_http_peer_new(client, &options, err);
}

struct hd_http_token *
hd_http_token_new(struct hd_http_client *client,
		  const struct hd_http_token_options *o,
		  const struct hd_http_peer_options *service,
		  hd_http_token_fn changed, void *ud, struct hd_err *err)
{
	struct hd_http_token *t = hd_alloc(sizeof(*t));

	t->client = client;
	t->changed = changed;
	t->ud = ud;
	t->url = hd_strdup(o->url);
	t->scope = hd_strdup(o->scope);
	t->audience = hd_strdup(o->audience);
	t->in_body = o->in_body;
	take_identity(t, o);
	t->peer = token_peer(client, o->url, service, err);
	if (!t->peer) {
		hd_err_wrap(err, "oauth2");
		free_token(t);
		return NULL;
	}
	return t;
}

void hd_http_token_free(struct hd_http_token *t)
{
	if (!t)
		return;
	t->freed = true;
	hd_http_peer_free(t->peer);
	if (!t->asking)
		free_token(t);
}
