/* The services of sources: emit() and respond(), and the routes that are
 * served for them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/net/listener.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/options.h"
#include "core/plugin/visit.h"

#define EMIT_MAX 10000 /* records of one emit */
#define EMIT_BYTES_MAX (64u << 20)
#define HEADERS_MAX 64

/* ---- emit ---- */

static bool copy_record(herald_record *to, const herald_record *from)
{
	memset(to, 0, sizeof(*to));
	memcpy(to, from,
	       from->struct_size < sizeof(*to) ? from->struct_size
					       : sizeof(*to));
	to->struct_size = sizeof(*to);
	if (to->flags & HERALD_QUARANTINE)
		return to->raw.p || to->json.p;
	return to->json.p;
}

/* Copies in our size, so that the daemon need not care for the plugin's. */
static uint32_t hand_on(struct hd_instance *i,
			const herald_record *const *records, uint32_t n,
			uint64_t tag)
{
	herald_record *ours = hd_alloc_array(n, sizeof(*ours));
	const herald_record **list = hd_alloc_array(n, sizeof(*list));
	uint32_t status = HERALD_OK;
	size_t bytes = 0;

	for (uint32_t k = 0; k < n && status == HERALD_OK; k++) {
		list[k] = &ours[k];
		if (!copy_record(&ours[k], records[k]))
			status = HERALD_BAD_INPUT;
		bytes += ours[k].json.n + ours[k].raw.n;
	}
	if (bytes > EMIT_BYTES_MAX)
		status = HERALD_TOO_BIG;
	if (status == HERALD_OK)
		status = i->env->emit(i->env->ud, i, list, n, tag);
	free(list);
	free(ours);
	return status;
}

static uint32_t emit(const herald_host *h, const herald_record *const *records,
		     uint32_t n, uint64_t tag)
{
	struct hd_cell *cell = hd_cell_of(h);
	struct hd_instance *i = cell->instance;
	uint32_t status;

	HD_VISIT_CHECK_LOOP(cell);
	if (!i->plugin->source || !i->env->emit || n == 0)
		return HERALD_BAD_INPUT;
	if (n > EMIT_MAX)
		return HERALD_TOO_BIG;
	if (i->life < HD_LIFE_STARTING || i->life >= HD_LIFE_HALTED ||
	    i->stopped)
		return HERALD_BUSY;
	/* Counted first: it may be settled before emit() has returned. */
	i->unsettled++;
	status = hand_on(i, records, n, tag);
	if (status != HERALD_OK)
		i->unsettled--;
	if (status == HERALD_BUSY)
		i->wants_room = true;
	return status;
}

struct settled_mail {
	struct hd_mail mail;
	uint64_t tag;
	uint32_t status;
};

static void settle(struct hd_instance *i, uint64_t tag, uint32_t status)
{
	if (i->life < HD_LIFE_DESTROYED) {
		hd_visit_begin(i, "settled");
		i->plugin->source->settled(i->self, tag, status);
		hd_visit_end(i);
	}
	i->unsettled--;
	if (i->cancel_at_ms)
		hd_cell_poke(i->cell);
}

static void run_settled(struct hd_instance *i, struct hd_mail *mail)
{
	const struct settled_mail *m = (struct settled_mail *)mail;

	settle(i, m->tag, m->status);
}

void hd_instance_settled(struct hd_instance *i, uint64_t tag, uint32_t status)
{
	struct settled_mail *m;

	if (!hd_visit_is_inside(i)) {
		settle(i, tag, status);
		return;
	}
	m = hd_cell_mail(sizeof(*m), run_settled);
	m->tag = tag;
	m->status = status;
	hd_cell_post(i->cell, m);
}

static void run_room(struct hd_instance *i, struct hd_mail *mail)
{
	(void)mail;
	if (!i->wants_room || i->life != HD_LIFE_RUNNING)
		return;
	i->wants_room = false;
	hd_visit_begin(i, "resume");
	i->plugin->source->resume(i->self);
	hd_visit_end(i);
}

void hd_instance_room(struct hd_instance *i)
{
	if (!i->wants_room)
		return;
	if (hd_visit_is_inside(i))
		hd_cell_post(i->cell,
			     hd_cell_mail(sizeof(struct hd_mail), run_room));
	else
		run_room(i, NULL);
}

/* ---- requests of the listener ---- */

static void on_request(void *ud, struct hd_http_request *http)
{
	struct hd_instance *i = ud;
	struct hd_request *r;
	herald_request *rq;

	if (i->life != HD_LIFE_RUNNING || i->stopped) {
		static const char *const later[] = { "Retry-After: 5", NULL };

		hd_http_respond(http, 503, later, NULL, 0);
		return;
	}
	/* The listener watches the deadline. */
	r = hd_request_new(i, HD_SERVED, INT64_MAX);
	r->served.http = http;
	rq = &r->served.rq;
	rq->struct_size = sizeof(*rq);
	rq->route = (uint32_t)http->cookie;
	rq->req = r->node.id;
	rq->path = http->path;
	rq->body = http->body;
	rq->peer = http->peer;
	rq->query = http->query;
	rq->headers = http->headers;
	rq->deadline_ms = http->deadline_ms;
	hd_visit_begin(i, "request");
	i->plugin->source->request(i->self, rq);
	hd_visit_end(i);
}

/* The sender left, or the deadline passed: the plugin's answer is still due. */
static void on_cancelled(void *ud, struct hd_http_request *http)
{
	struct hd_instance *i = ud;
	struct hd_link *at = i->served.next;

	for (; at != &i->served; at = at->next) {
		struct hd_request *r = HD_LINK_OF(at, struct hd_request, link);

		if (r->served.http == http) {
			hd_request_cancel(i, r);
			return;
		}
	}
}

struct answer_mail {
	struct hd_mail mail;
	herald_id req;
	unsigned code;
	size_t body_n;
	const char *headers[HEADERS_MAX + 1]; /* into text, NULL-ended */
	char text[]; /* body, headers each with its '\0' */
};

static void answer(struct hd_instance *i, herald_id req, unsigned code,
		   const char *const *headers, const char *body, size_t n)
{
	struct hd_request *r = hd_request_find(i, req);

	if (!r || r->kind != HD_SERVED) {
		hd_instance_log(
			i, HD_LOG_WARNING,
			"answered HTTP request %llu, which had ended or "
			"never was",
			(unsigned long long)req);
		hd_request_count_dropped(i, req);
		return;
	}
	hd_http_respond(r->served.http, code, headers, body, n);
	hd_request_free(i, r);
}

static void run_answer(struct hd_instance *i, struct hd_mail *mail)
{
	const struct answer_mail *m = (struct answer_mail *)mail;

	answer(i, m->req, m->code, m->headers, m->text, m->body_n);
}

/* From another thread: everything is copied to the loop. */
static void post_answer(struct hd_cell *cell, herald_id req, unsigned code,
			const char *const *headers, herald_str body)
{
	size_t n = body.n, count = 0;
	struct answer_mail *m;
	char *at;

	for (; headers && headers[count] && count < HEADERS_MAX; count++)
		n += strlen(headers[count]) + 1;
	m = hd_cell_mail_try(sizeof(*m) + n, run_answer);
	if (!m) {
		m = hd_cell_mail(sizeof(*m), run_answer);
		code = 503;
		body.n = count = 0;
	}
	m->req = req;
	m->code = code;
	m->body_n = body.n;
	at = m->text;
	if (body.n > 0)
		memcpy(at, body.p, body.n);
	at += body.n;
	for (size_t k = 0; k < count; k++) {
		size_t len = strlen(headers[k]) + 1;

		memcpy(at, headers[k], len);
		m->headers[k] = at;
		at += len;
	}
	if (!hd_cell_post(cell, m))
		hd_cell_count_late(cell, "respond");
}

static void respond(const herald_host *h, herald_id req, uint32_t code,
		    const char *const *headers, herald_str body)
{
	struct hd_cell *cell = hd_cell_of(h);

	HD_VISIT_CHECK_ANY(cell);
	if (!body.p)
		body.n = 0;
	if (hd_cell_is_loop(cell) && !hd_cell_is_closed(cell))
		answer(cell->instance, req, code, headers, body.p, body.n);
	else
		post_answer(cell, req, code, headers, body);
}

/* ---- routes ---- */

static int add_route(struct hd_instance *i, uint32_t index, struct hd_err *err)
{
	const herald_route *from = hd_module_route(i->module, index);
	const char *mount = hd_options_text(i->options, "mount", 0).p;
	char *path = hd_strf("%s%s", mount ? mount : "", from->path);
	const struct hd_listener_route route = {
		.method = from->method,
		.path = path,
		.prefix = (from->flags & HERALD_ROUTE_PREFIX) != 0,
		.max_body = from->max_body,
		.cookie = index,
		.fn = on_request,
		.cancelled = on_cancelled,
		.ud = i,
	};
	uint64_t id = hd_listener_route_add(i->listener, &route, err);

	free(path);
	if (!id)
		return -1;
	i->route_ids[i->route_count++] = id;
	return 0;
}

int hd_host_source_start(struct hd_instance *i, struct hd_err *err)
{
	const char *name = hd_options_text(i->options, "listen", 0).p;
	uint32_t count;

	if (!i->plugin->source || i->plugin->source->routes.count == 0)
		return 0;
	i->listener = name && i->env->listener
			      ? i->env->listener(i->env->ud, name)
			      : NULL;
	if (!i->listener)
		return hd_err_set(err, ENOENT, "there is no listener '%s'",
				  name ? name : "");
	count = i->plugin->source->routes.count;
	i->route_ids = hd_alloc_array(count, sizeof(*i->route_ids));
	for (uint32_t k = 0; k < count; k++) {
		if (add_route(i, k, err) < 0) {
			hd_host_source_stop(i);
			return -1;
		}
	}
	return 0;
}

const struct hd_listener *hd_instance_listener(const struct hd_instance *i)
{
	return i->route_count != 0 ? i->listener : NULL;
}

void hd_host_source_pause(struct hd_instance *i)
{
	for (uint32_t k = 0; k < i->route_count; k++)
		hd_listener_route_pause(i->listener, i->route_ids[k], true);
}

void hd_host_source_stop(struct hd_instance *i)
{
	for (uint32_t k = 0; k < i->route_count; k++)
		if (i->leaves_routes)
			hd_listener_route_leave(i->listener, i->route_ids[k]);
		else
			hd_listener_route_remove(i->listener, i->route_ids[k]);
	i->route_count = 0;
}

void hd_host_fill_source(herald_host *host)
{
	host->emit = emit;
	host->respond = respond;
}
