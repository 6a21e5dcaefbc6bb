/* The service http(): requests of a plugin, made by the core's client.  One
 * peer an instance: its TLS policy, proxy, bound and the origins that may see
 * its credentials. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/net/http_client.h"
#include "core/net/http_token.h"
#include "core/net/tls.h"
#include "core/plugin/http_options.h"
#include "core/plugin/inflight.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/options.h"
#include "core/plugin/tls_options.h"
#include "core/plugin/visit.h"

/* The addresses of all URL options that the client could ask (a mail server is
 * none), NULL-ended.  The caller frees the array. */
static const char **origins(const struct hd_instance *i)
{
	const char **list, *url;
	size_t n = 0, kept = 0;

	while (hd_options_url(i->options, n))
		n++;
	list = hd_alloc_array(n + 1, sizeof(*list));
	for (size_t k = 0; k < n; k++) {
		url = hd_options_url(i->options, k);
		if (strncmp(url, "http://", 7) == 0 ||
		    strncmp(url, "https://", 8) == 0)
			list[kept++] = url;
	}
	return list;
}

/* The values of a list, NULL-ended.  The caller frees the array. */
static const char **texts(const struct hd_instance *i, const char *name)
{
	size_t n = hd_options_count(i->options, name);
	const char **list = hd_alloc_array(n + 1, sizeof(*list));

	for (size_t k = 0; k < n; k++)
		list[k] = hd_options_text(i->options, name, k).p;
	return list;
}

int hd_host_http_start(struct hd_instance *i, struct hd_err *err)
{
	const struct hd_common *common = hd_options_common(i->options);
	struct hd_http_peer_options options = {
		.name = i->name,
		.proxy = hd_options_text(i->options, "proxy", 0).p,
		.proxy_user = hd_options_text(i->options, "proxy_user", 0).p,
		.proxy_secret = hd_options_secret(i->options, "proxy_secret",
						  0),
		.max_in_flight = common->max_in_flight,
		.timeout_ms = (uint32_t)common->timeout_ms,
	};
	struct hd_http_token_options oauth2;
	struct hd_tls_policy policy;
	const char **list, **direct;

	if (!i->env->http)
		return 0;
	list = origins(i);
	direct = texts(i, "no_proxy");
	hd_tls_policy_of(i->options, &policy);
	options.origins = list;
	options.no_proxy = direct;
	if (hd_oauth2_of(i->options, &oauth2))
		options.oauth2 = &oauth2;
	options.tls = &policy;
	i->peer = hd_http_peer_new(i->env->http, &options, err);
	hd_tls_policy_fini(&policy);
	free(list);
	free(direct);
	return i->peer ? 0 : -1;
}

static void end_fetch(struct hd_fetch *f)
{
	struct hd_instance *i = f->instance;

	hd_link_remove(&f->link);
	free(f);
	if (i->cancel_at_ms)
		hd_cell_poke(i->cell);
}

static void give(struct hd_fetch *f, const herald_reply *reply)
{
	struct hd_instance *i = f->instance;
	struct hd_mark *mark;

	mark = hd_request_enter(i, f->req);
	hd_visit_begin(i, "http");
	f->fn(i->self, f->req, f->ud, reply);
	hd_visit_end(i);
	hd_inflight_leave(mark);
	end_fetch(f);
}

static void on_reply(void *ud, uint64_t net_id, const struct hd_http_reply *r)
{
	const herald_reply reply = {
		.struct_size = sizeof(reply),
		.status = r->status,
		.code = r->code,
		.retry_after_ms = r->retry_after_ms,
		.body = r->body,
		.error = r->error,
		.headers = r->headers,
	};

	(void)net_id;
	give(ud, &reply);
}

/* ---- what the host refuses by itself ---- */

struct refusal_mail {
	struct hd_mail mail;
	struct hd_fetch *fetch;
	uint32_t status;
	const char *why; /* a constant */
};

static void run_refusal(struct hd_instance *i, struct hd_mail *mail)
{
	const struct refusal_mail *m = (struct refusal_mail *)mail;
	const herald_reply reply = {
		.struct_size = sizeof(reply),
		.status = m->status,
		.error = herald_cstr(m->why),
	};

	(void)i;
	give(m->fetch, &reply);
}

static void refuse(struct hd_fetch *f, uint32_t status, const char *why)
{
	struct refusal_mail *m = hd_cell_mail(sizeof(*m), run_refusal);

	m->fetch = f;
	m->status = status;
	m->why = why;
	hd_cell_post(f->instance->cell, m);
}

/* ---- asking ---- */

/* Of the call, of the request's deadline, of the instance: the least. */
static int64_t time_left(struct hd_instance *i, const herald_http *rq)
{
	int64_t ms = hd_options_common(i->options)->timeout_ms;
	const struct hd_request *r;

	if (rq->timeout_ms > 0)
		ms = rq->timeout_ms;
	r = rq->req ? hd_request_find(i, rq->req) : NULL;
	if (r && r->deadline_ms - hd_now_ms() < ms)
		ms = r->deadline_ms - hd_now_ms();
	return ms;
}

static bool is_cancelled(struct hd_instance *i, herald_id req)
{
	return req && hd_request_cancelled(&i->cell->host, req);
}

/* NULL, or why it is not even tried. */
static const char *fill_secret(struct hd_instance *i, const herald_http *rq,
			       struct hd_http_call *call)
{
	bool token = hd_options_count(i->options, "oauth2_url") > 0;

	/* The client puts the token into every request. */
	if (!rq->auth_secret)
		return NULL;
	if (strcmp(rq->auth_secret, "oauth2") == 0)
		return token ? NULL : "oauth2 is not set up";
	call->secret = hd_options_secret(i->options, rq->auth_secret, 0);
	if (!call->secret)
		return token ? NULL : "auth_secret names no secret that is set";
	call->secret_header = rq->auth_header;
	call->secret_prefix = rq->auth_prefix;
	call->secret_user = rq->auth_user;
	return NULL;
}

static void send_it(struct hd_instance *i, struct hd_fetch *f,
		    const herald_http *rq)
{
	int64_t ms = time_left(i, rq);
	struct hd_http_call call = {
		.method = rq->method,
		.url = rq->url,
		.path = rq->path,
		.query = rq->query,
		.form = (rq->flags & HERALD_HTTP_FORM) != 0,
		.headers = rq->headers,
		.body = rq->body,
		.timeout_ms = ms > 0 ? (uint32_t)ms : 1,
		.max_reply = rq->max_reply,
	};
	const char *why = fill_secret(i, rq, &call);

	if (why)
		refuse(f, HERALD_BAD_INPUT, why);
	else if (!i->peer)
		refuse(f, HERALD_UNSUPPORTED, "there is no HTTP client here");
	else if (is_cancelled(i, rq->req))
		refuse(f, HERALD_CANCELLED, "nobody waits for it any more");
	else if (ms <= 0)
		refuse(f, HERALD_TIMEOUT, "the deadline has passed");
	else
		f->net_id = hd_http_send(i->peer, &call, on_reply, f);
}

static herald_id http(const herald_host *h, const herald_http *from,
		      herald_http_fn fn, void *ud)
{
	struct hd_cell *cell = hd_cell_of(h);
	struct hd_instance *i = cell->instance;
	herald_http rq = { 0 };
	struct hd_fetch *f;
	herald_id id;

	HD_VISIT_CHECK_LOOP(cell);
	HD_VISIT_CHECK_NEED(cell, HERALD_NEED_HTTP);
	if (i->life < HD_LIFE_STARTING || i->life >= HD_LIFE_DESTROYED)
		return 0;
	memcpy(&rq, from,
	       from->struct_size < sizeof(rq) ? from->struct_size : sizeof(rq));
	f = hd_alloc(sizeof(*f));
	id = hd_idmap_new_id();
	f->instance = i;
	f->id = id;
	f->req = rq.req;
	f->fn = fn;
	f->ud = ud;
	hd_link_add(&i->fetches, &f->link);
	send_it(i, f, &rq);
	return id;
}

/* Those of `req`, or all of them for 0. */
void hd_host_http_hurry(struct hd_instance *i, herald_id req)
{
	struct hd_link *at = i->fetches.next;

	for (; at != &i->fetches; at = at->next) {
		struct hd_fetch *f = HD_LINK_OF(at, struct hd_fetch, link);

		if (f->net_id && (req == 0 || f->req == req))
			hd_http_cancel(i->peer, f->net_id);
	}
}

bool hd_host_http_stop(struct hd_instance *i, herald_id id)
{
	struct hd_link *at = i->fetches.next;

	for (; at != &i->fetches; at = at->next) {
		struct hd_fetch *f = HD_LINK_OF(at, struct hd_fetch, link);

		if (f->id != id)
			continue;
		if (f->net_id)
			hd_http_cancel(i->peer, f->net_id);
		return true;
	}
	return false;
}

void hd_host_fill_http(herald_host *host)
{
	host->http = http;
}
