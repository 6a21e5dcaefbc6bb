/* From the list `done` (http_impl.h) the callbacks are made by a timer of zero
 * length, which keeps them out of hd_http_send() and hd_http_cancel(); a reply
 * that curl reports is handed over at once, since there we stand directly in
 * the loop. */
#include "core/net/http_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/secret.h"
#include "core/net/curl_loop.h"
#include "core/net/http_handle.h"
#include "core/net/http_impl.h"
#include "core/net/http_token.h"
#include "core/net/http_verdict.h"
#include "core/net/http_words.h"

#define MAX_IN_FLIGHT 1000
#define SWEEP_MS 100 /* how late a waiting call's time-out may come */
#define ERROR_MAX 2048

/* ---- the end of a call ---- */

static void on_kick(uv_timer_t *timer);

static void kick(struct hd_http_client *client)
{
	uv_timer_start(&client->kick, on_kick, 0, 0);
}

static void free_peer(struct hd_http_peer *peer)
{
	TAILQ_REMOVE(&peer->client->peers, peer, link);
	if (peer->client->closing)
		kick(peer->client);
	hd_http_peer_fini(peer);
}

static void free_call(struct call *call)
{
	struct hd_http_peer *peer = call->peer;

	hd_http_exchange_fini(&call->ex);
	hd_buf_fini(&call->error);
	free(call);
	peer->calls--;
	if (peer->freed && peer->calls == 0)
		free_peer(peer);
}

static int64_t retry_after(const struct call *call)
{
	const char *value = hd_http_handle_header(&call->ex, "retry-after");

	return value ? hd_http_retry_after(value, hd_utc_ms())
		     : call->retry_after_ms;
}

/* What the service wrote may hold what we sent. */
static herald_str masked(struct hd_buf *text)
{
	herald_str out = { hd_buf_text(text), text->n };

	if (text->n != 0) {
		out.n = hd_secret_mask(text->p, text->n);
		text->p[out.n] = '\0';
	}
	return out;
}

/* Calls back and frees. */
static void deliver(struct call *call)
{
	const char **headers = hd_http_handle_headers(&call->ex);
	struct hd_http_reply reply = {
		.status = call->status,
		.code = call->code,
		.retry_after_ms = retry_after(call),
		.body = { hd_buf_text(&call->ex.reply), call->ex.reply.n },
		.headers = headers,
	};

	if (call->ex.too_big)
		reply.body.n = 0;
	if (call->status != HERALD_OK)
		reply.error = masked(&call->error);
	call->fn(call->ud, call->id, &reply);
	free(headers);
	free_call(call);
}

static void put_done(struct call *call)
{
	TAILQ_INSERT_TAIL(&call->peer->client->done, call, link);
	kick(call->peer->client);
}

/* Trouble of our own making, before anything was sent. */
static void fail(struct call *call, uint32_t status, const struct hd_err *err)
{
	call->status = status;
	hd_buf_addf(&call->error, "%s%s%s",
		    call->ex.label ? call->ex.label : "",
		    call->ex.label ? ": " : "", err->text);
	put_done(call);
}

static void unfly(struct call *call)
{
	TAILQ_REMOVE(&call->peer->flying, call, link);
	call->peer->flying_n--;
	call->peer->client->flying_n--;
}

static void stop_sweeping(struct hd_http_client *client)
{
	if (client->waiting_n == 0 && client->tokenless_n == 0)
		uv_timer_stop(&client->sweep);
}

static void unwait(struct call *call)
{
	struct hd_http_client *client = call->peer->client;

	TAILQ_REMOVE(&call->peer->waiting, call, link);
	call->peer->waiting_n--;
	client->waiting_n--;
	stop_sweeping(client);
}

static void untoken(struct call *call)
{
	struct hd_http_client *client = call->peer->client;

	TAILQ_REMOVE(&call->peer->tokenless, call, link);
	call->peer->tokenless_n--;
	client->tokenless_n--;
	stop_sweeping(client);
}

/* What the handle, which is out of curl, says in the end. */
static void conclude(struct call *call, CURLcode result, bool cancelled)
{
	struct hd_http_outcome o = { .result = result, .cancelled = cancelled };
	struct hd_err err = { 0 };

	o.code = hd_http_handle_disarm(&call->ex);
	o.sent = call->ex.sent;
	o.repeatable = call->ex.repeatable;
	call->code = o.code;
	if (result == CURLE_OK && !cancelled &&
	    hd_http_handle_inflate(&call->ex, &err) < 0 && o.code < 300) {
		call->status = HERALD_BAD_REPLY;
		hd_buf_addf(&call->error, "%s: %s", call->ex.label, err.text);
		return;
	}
	o.too_big = call->ex.too_big;
	call->status = hd_http_verdict(&o);
	if (call->status != HERALD_OK)
		hd_http_words(&call->error, &call->ex, &call->peer->setting, &o,
			      call->status);
}

/* ---- the start of a call ---- */

static int try_start(struct call *call, int64_t left_ms, struct hd_err *err)
{
	struct hd_http_peer *peer = call->peer;
	CURLcode rc;

	if (hd_http_handle_arm(&call->ex, &peer->setting, left_ms, err) < 0)
		return -1;
	rc = curl_easy_setopt(call->ex.easy, CURLOPT_PRIVATE, call);
	if (rc == CURLE_OK)
		rc = hd_curl_loop_adopt(peer->client->curl, call->ex.easy,
					peer->setting.public_only);
	if (rc != CURLE_OK)
		return hd_err_set(err, EIO, "%s", curl_easy_strerror(rc));
	if (hd_curl_loop_add(peer->client->curl, call->ex.easy) != CURLM_OK)
		return hd_err_set(err, EIO, "libcurl does not take it");
	return 0;
}

static void time_out_waiting(struct call *call)
{
	struct hd_err err = { 0 };

	hd_err_set(&err, ETIMEDOUT,
		   "timed out while %u others were under way (max_in_flight)",
		   call->peer->flying_n);
	fail(call, HERALD_TIMEOUT, &err);
}

static void start(struct call *call)
{
	int64_t left_ms = call->deadline_ms - hd_now_ms();
	struct hd_err err = { 0 };

	if (left_ms <= 0) {
		time_out_waiting(call);
		return;
	}
	if (try_start(call, left_ms, &err) < 0) {
		hd_http_handle_disarm(&call->ex);
		fail(call, HERALD_RETRY, &err);
		return;
	}
	TAILQ_INSERT_TAIL(&call->peer->flying, call, link);
	call->peer->flying_n++;
	call->peer->client->flying_n++;
}

static bool has_room(const struct hd_http_peer *peer)
{
	return peer->flying_n < peer->max_in_flight &&
	       peer->client->flying_n < peer->client->max_in_flight;
}

static void start_waiting(struct hd_http_peer *peer)
{
	struct call *call;

	while (has_room(peer) && (call = TAILQ_FIRST(&peer->waiting))) {
		unwait(call);
		start(call);
	}
}

/* Whoever started something goes to the end, so that the common bound is
 * shared in turn. */
static void pump(struct hd_http_client *client)
{
	struct hd_http_peer *peer, *next, *last;
	unsigned before;

	if (client->waiting_n == 0)
		return;
	last = TAILQ_LAST(&client->peers, peer_list);
	for (peer = TAILQ_FIRST(&client->peers); peer; peer = next) {
		next = peer == last ? NULL : TAILQ_NEXT(peer, link);
		before = peer->waiting_n;
		start_waiting(peer);
		if (peer->waiting_n != before) {
			TAILQ_REMOVE(&client->peers, peer, link);
			TAILQ_INSERT_TAIL(&client->peers, peer, link);
		}
	}
}

static void time_out_tokenless(struct call *call)
{
	struct hd_err err = { 0 };

	hd_err_set(&err, ETIMEDOUT, "timed out waiting for an OAuth2 token");
	fail(call, HERALD_TIMEOUT, &err);
}

static void sweep_peer(struct hd_http_peer *peer, int64_t now_ms)
{
	struct call *call, *next;

	for (call = TAILQ_FIRST(&peer->waiting); call; call = next) {
		next = TAILQ_NEXT(call, link);
		if (call->deadline_ms > now_ms)
			continue;
		unwait(call);
		time_out_waiting(call);
	}
	for (call = TAILQ_FIRST(&peer->tokenless); call; call = next) {
		next = TAILQ_NEXT(call, link);
		if (call->deadline_ms > now_ms)
			continue;
		untoken(call);
		time_out_tokenless(call);
	}
}

static void on_sweep(uv_timer_t *timer)
{
	struct hd_http_client *client = timer->data;
	struct hd_http_peer *peer;
	int64_t now_ms = hd_now_ms();

	TAILQ_FOREACH(peer, &client->peers, link)
	sweep_peer(peer, now_ms);
}

static void start_sweeping(struct hd_http_client *client)
{
	if (client->waiting_n + client->tokenless_n == 1)
		uv_timer_start(&client->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
}

static void wait_for_room(struct call *call)
{
	struct hd_http_client *client = call->peer->client;

	TAILQ_INSERT_TAIL(&call->peer->waiting, call, link);
	call->peer->waiting_n++;
	client->waiting_n++;
	start_sweeping(client);
}

static void accept_call(struct call *call)
{
	struct hd_http_peer *peer = call->peer;
	struct hd_err err = { 0 };

	if (peer->waiting_n == 0 && has_room(peer)) {
		start(call);
	} else if (peer->waiting_n < peer->max_waiting) {
		wait_for_room(call);
	} else {
		hd_err_set(&err, EBUSY, "%u requests wait already",
			   peer->waiting_n);
		fail(call, HERALD_BUSY, &err);
	}
}

/* ---- with a token ---- */

static void wait_for_token(struct call *call)
{
	struct hd_http_client *client = call->peer->client;

	TAILQ_INSERT_TAIL(&call->peer->tokenless, call, link);
	call->peer->tokenless_n++;
	client->tokenless_n++;
	start_sweeping(client);
}

/* To be sent as it is, or once there is a token. */
static void admit(struct call *call)
{
	struct hd_http_peer *peer = call->peer;
	struct hd_http_token_look look;
	struct hd_err err = { 0 };

	switch (peer->token ? hd_http_token_look(peer->token, &look)
			    : HD_HTTP_TOKEN_GOOD) {
	case HD_HTTP_TOKEN_ASKED:
		wait_for_token(call);
		return;
	case HD_HTTP_TOKEN_NONE:
		hd_err_set(&err, EACCES, "%s", look.why);
		call->retry_after_ms = look.retry_after_ms;
		fail(call, look.status, &err);
		return;
	case HD_HTTP_TOKEN_GOOD:
		break;
	}
	if (peer->token) {
		call->token_serial = look.serial;
		if (hd_http_exchange_authorize(&call->ex, look.secret, &err) <
		    0) {
			fail(call, HERALD_RETRY, &err);
			return;
		}
	}
	accept_call(call);
}

/* Those only that wait now: whoever has to wait again stands behind them. */
void hd_http_on_token(void *ud)
{
	struct hd_http_peer *peer = ud;
	struct call *call;
	unsigned n;

	for (n = peer->tokenless_n; n > 0; n--) {
		call = TAILQ_FIRST(&peer->tokenless);
		untoken(call);
		admit(call);
	}
}

/* A token may end before its time: after a 401, which says that nothing was
 * done, the request goes out once more with another one. */
static bool try_again(struct call *call)
{
	struct hd_http_token *token = call->peer->token;

	if (!token || call->code != 401 || call->peer->freed)
		return false;
	if (call->renewed) {
		hd_http_token_hopeless(token);
		return false;
	}
	if (!hd_http_token_refused(token, call->token_serial))
		return false;
	call->renewed = true;
	hd_http_exchange_again(&call->ex);
	hd_buf_clear(&call->error);
	admit(call);
	return true;
}

static void on_curl_done(void *ud, CURL *easy, CURLcode result)
{
	struct hd_http_client *client = ud;
	struct call *call = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
	unfly(call);
	conclude(call, result, false);
	pump(client);
	if (!try_again(call))
		deliver(call);
}

uint64_t hd_http_send(struct hd_http_peer *peer, const struct hd_http_call *rq,
		      hd_http_fn fn, void *ud)
{
	uint32_t timeout_ms = rq->timeout_ms != 0 ? rq->timeout_ms
						  : peer->timeout_ms;
	struct call *call = hd_alloc(sizeof(*call));
	struct hd_err err = { 0 };
	uint64_t id;

	id = call->id = ++peer->client->last_id;
	call->peer = peer;
	call->fn = fn;
	call->ud = ud;
	call->deadline_ms = hd_now_ms() + timeout_ms;
	hd_buf_init(&call->error, ERROR_MAX);
	peer->calls++;
	if (hd_http_exchange_init(&call->ex, &peer->setting, rq, &err) == 0)
		admit(call);
	else
		fail(call, err.code == ENOMEM ? HERALD_RETRY : HERALD_BAD_INPUT,
		     &err);
	return id;
}

/* ---- the way out ---- */

static void cancel_flying(struct call *call)
{
	unfly(call);
	hd_curl_loop_remove(call->peer->client->curl, call->ex.easy);
	conclude(call, CURLE_OK, true);
	put_done(call);
}

static void cancel_unsent(struct call *call)
{
	conclude(call, CURLE_OK, true);
	put_done(call);
}

static struct call *find(struct call_list *list, uint64_t id)
{
	struct call *call;

	TAILQ_FOREACH(call, list, link)
	if (call->id == id)
		break;
	return call;
}

void hd_http_cancel(struct hd_http_peer *peer, uint64_t id)
{
	struct call *call = find(&peer->flying, id);

	if (call) {
		cancel_flying(call);
		return;
	}
	call = find(&peer->waiting, id);
	if (call) {
		unwait(call);
		cancel_unsent(call);
		return;
	}
	call = find(&peer->tokenless, id);
	if (call) {
		untoken(call);
		cancel_unsent(call);
	}
}

void hd_http_peer_free(struct hd_http_peer *peer)
{
	struct call *call;

	if (!peer)
		return;
	while ((call = TAILQ_FIRST(&peer->tokenless))) {
		untoken(call);
		cancel_unsent(call);
	}
	while ((call = TAILQ_FIRST(&peer->waiting))) {
		unwait(call);
		cancel_unsent(call);
	}
	while ((call = TAILQ_FIRST(&peer->flying)))
		cancel_flying(call);
	peer->freed = true;
	hd_http_token_free(peer->token);
	peer->token = NULL;
	if (peer->calls == 0)
		free_peer(peer);
}

static void part_closed(void *ud)
{
	struct hd_http_client *client = ud;
	void (*closed)(void *closed_ud) = client->closed;
	void *closed_ud = client->closed_ud;

	client->parts--;
	if (client->parts != 0)
		return;
	free(client->user_agent);
	free(client);
	if (closed)
		closed(closed_ud);
}

static void timer_closed(uv_handle_t *handle)
{
	part_closed(handle->data);
}

static void shut(struct hd_http_client *client)
{
	client->shut = true;
	client->parts = 3;
	uv_close((uv_handle_t *)&client->kick, timer_closed);
	uv_close((uv_handle_t *)&client->sweep, timer_closed);
	hd_curl_loop_free(client->curl, part_closed, client);
}

/* Only those that are there now: a callback that asks again in vain must not
 * hold the loop. */
static void on_kick(uv_timer_t *timer)
{
	struct hd_http_client *client = timer->data;
	struct call_list now = TAILQ_HEAD_INITIALIZER(now);
	struct call *call;

	TAILQ_CONCAT(&now, &client->done, link);
	pump(client);
	while ((call = TAILQ_FIRST(&now))) {
		TAILQ_REMOVE(&now, call, link);
		deliver(call);
	}
	if (client->closing && !client->shut && TAILQ_EMPTY(&client->peers))
		shut(client);
}

void hd_http_client_free(struct hd_http_client *client,
			 void (*closed)(void *ud), void *ud)
{
	client->closing = true;
	client->closed = closed;
	client->closed_ud = ud;
	kick(client);
}

/* ---- making them ---- */

struct hd_http_client *
hd_http_client_new(uv_loop_t *loop,
		   const struct hd_http_client_options *options,
		   struct hd_err *err)
{
	static const struct hd_http_client_options none;
	const struct hd_http_client_options *o = options ? options : &none;
	struct hd_http_client *client = hd_alloc(sizeof(*client));

	client->max_in_flight = o->max_in_flight != 0 ? o->max_in_flight
						      : MAX_IN_FLIGHT;
	client->curl = hd_curl_loop_new(loop, (long)client->max_in_flight,
					on_curl_done, client, err);
	if (!client->curl) {
		free(client);
		return NULL;
	}
	client->user_agent = hd_strdup(
		o->user_agent ? o->user_agent : "herald/" PACKAGE_VERSION);
	TAILQ_INIT(&client->peers);
	TAILQ_INIT(&client->done);
	uv_timer_init(loop, &client->kick);
	uv_timer_init(loop, &client->sweep);
	client->kick.data = client;
	client->sweep.data = client;
	return client;
}

unsigned hd_http_peer_busy(const struct hd_http_peer *peer)
{
	return peer->flying_n + peer->waiting_n + peer->tokenless_n;
}
