#include "core/net/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <microhttpd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/metric.h"
#include "core/net/reply.h"
#include "core/net/listener_state.h"
#include "core/net/listener_thread.h"
#include "core/net/pem.h"

#define HEADER_MAX (16 * 1024)
#define BODIES_MAX (256 * 1024 * 1024)
#define CONNECTIONS 1000
#define PER_ADDRESS 100
#define WAITING 1000
#define HEADER_MS 10000
#define BODY_MS 60000
#define IDLE_MS 60000
#define ANSWER_MS 60000
#define UNIX_MODE 0660
#define TICK_MS 500
#define DRAIN_MS 500 /* how long the last answers may take to leave */

void hd_listener_count(const struct hd_listener *listener, const char *reason,
		       unsigned n)
{
	struct hd_buf labels;

	hd_buf_init(&labels, 1024);
	hd_metric_label(&labels, "listener", listener->name);
	hd_metric_label(&labels, "reason", reason);
	hd_metric_add(hd_metric_get(HD_COUNTER, "herald_http_rejected_total",
				    hd_buf_text(&labels),
				    "HTTP requests that were refused."),
		      n);
	hd_buf_fini(&labels);
}

bool hd_inbound_is_over(const struct hd_inbound *in)
{
	return in->conn_done && !in->owner_due && in->holds == 0;
}

/* The lock keeps the loop from closing `wake` meanwhile. */
void hd_listener_wake(struct hd_listener *listener)
{
	if (listener->woken)
		return;
	listener->woken = true;
	uv_async_send(&listener->wake);
}

/* ---- to the routes and back ---- */

/* With the lock held. */
static void answer_by_host(struct hd_listener *listener, struct hd_inbound *in,
			   struct hd_inbound_list *cut)
{
	TAILQ_REMOVE(in->state == HD_INBOUND_WAITING ? &listener->incoming
						     : &listener->handed,
		     in, link);
	in->state = HD_INBOUND_ANSWERED;
	in->holds++;
	TAILQ_INSERT_TAIL(cut, in, link);
}

static void release(struct hd_inbound *in)
{
	struct hd_listener *listener = in->listener;
	bool over;

	pthread_mutex_lock(&listener->lock);
	in->holds--;
	over = hd_inbound_is_over(in);
	pthread_mutex_unlock(&listener->lock);
	if (over)
		hd_inbound_free(in);
}

/* They are held, so neither the owner's answer, which may come from another
 * thread just now, nor the library ends them under our hands. */
static void finish_cut(struct hd_inbound_list *cut)
{
	struct hd_inbound *in;

	while ((in = TAILQ_FIRST(cut))) {
		TAILQ_REMOVE(cut, in, link);
		MHD_resume_connection(in->conn);
		if (in->delivered && in->cancelled)
			in->cancelled(in->ud, &in->pub);
		release(in);
	}
}

/* Once resumed it may be gone: the next one is taken first. */
static void resume_answered(struct hd_listener *listener)
{
	struct hd_inbound_list now = TAILQ_HEAD_INITIALIZER(now);
	struct hd_inbound *in;

	pthread_mutex_lock(&listener->lock);
	TAILQ_CONCAT(&now, &listener->answered, link);
	pthread_mutex_unlock(&listener->lock);
	while ((in = TAILQ_FIRST(&now))) {
		TAILQ_REMOVE(&now, in, link);
		MHD_resume_connection(in->conn);
	}
}

static bool may_deliver(const struct hd_listener *listener,
			const struct hd_inbound *in)
{
	const struct hd_route *route = hd_route_get(&listener->routes,
						    in->route);

	return route && !route->paused;
}

/* The next one that has a route, or NULL.  The others go to `cut`. */
static struct hd_inbound *take_incoming(struct hd_listener *listener,
					struct hd_inbound_list *cut)
{
	struct hd_inbound *in;

	pthread_mutex_lock(&listener->lock);
	while ((in = TAILQ_FIRST(&listener->incoming))) {
		if (may_deliver(listener, in))
			break;
		answer_by_host(listener, in, cut);
	}
	if (in) {
		TAILQ_REMOVE(&listener->incoming, in, link);
		TAILQ_INSERT_TAIL(&listener->handed, in, link);
		in->state = HD_INBOUND_HANDED;
		in->owner_due = true;
		in->delivered = true;
		listener->owned++;
	}
	pthread_mutex_unlock(&listener->lock);
	return in;
}

/* Whatever came since we looked: nobody has sent `wake` for it. */
static void sleep_or_go_on(struct hd_listener *listener)
{
	pthread_mutex_lock(&listener->lock);
	listener->woken = !TAILQ_EMPTY(&listener->incoming) ||
			  !TAILQ_EMPTY(&listener->answered);
	if (listener->woken)
		uv_async_send(&listener->wake);
	pthread_mutex_unlock(&listener->lock);
}

static void on_wake(uv_async_t *wake)
{
	struct hd_listener *listener = wake->data;
	struct hd_inbound_list cut = TAILQ_HEAD_INITIALIZER(cut);
	unsigned left = listener->o.waiting; /* others want the loop, too */
	struct hd_inbound *in;

	while (left-- > 0 && (in = take_incoming(listener, &cut)))
		in->fn(in->ud, &in->pub);
	finish_cut(&cut);
	resume_answered(listener);
	sleep_or_go_on(listener);
}

static void free_listener(struct hd_listener *listener)
{
	pthread_mutex_destroy(&listener->lock);
	pthread_cond_destroy(&listener->drained);
	hd_route_table_fini(&listener->routes);
	hd_listen_socket_fini(&listener->sock);
	hd_spare_give_up(&listener->spare);
	hd_pem_free(listener->cert);
	hd_pem_free(listener->key);
	free(listener->name);
	free(listener->url);
	free(listener);
}

void hd_http_respond(struct hd_http_request *rq, unsigned code,
		     const char *const *headers, const void *body, size_t n)
{
	struct hd_inbound *in = (struct hd_inbound *)rq;
	struct hd_listener *listener = in->listener;
	struct MHD_Response *reply = hd_reply_new(&code, headers, body, n);
	bool over, last;

	pthread_mutex_lock(&listener->lock);
	in->owner_due = false;
	listener->owned--;
	if (in->state == HD_INBOUND_HANDED) {
		in->reply = reply;
		in->reply_code = code;
		reply = NULL;
		in->state = HD_INBOUND_ANSWERED;
		TAILQ_REMOVE(&listener->handed, in, link);
		TAILQ_INSERT_TAIL(&listener->answered, in, link);
		hd_listener_wake(listener);
	}
	over = hd_inbound_is_over(in);
	last = listener->closed && listener->owned == 0;
	pthread_mutex_unlock(&listener->lock);
	if (reply)
		MHD_destroy_response(reply);
	if (over)
		hd_inbound_free(in);
	if (last)
		free_listener(listener);
}

/* ---- deadlines ---- */

struct gone {
	struct hd_listener *listener;
	struct hd_inbound_list *cut;
};

static void on_gone(void *ud, struct hd_inbound *in)
{
	struct gone *gone = ud;

	if (in->state != HD_INBOUND_ANSWERED)
		answer_by_host(gone->listener, in, gone->cut);
}

static void cut_overdue(struct hd_listener *listener,
			struct hd_inbound_list *from, int64_t now_ms,
			struct hd_inbound_list *cut)
{
	struct hd_inbound *in;

	while ((in = TAILQ_FIRST(from)) && in->pub.deadline_ms <= now_ms)
		answer_by_host(listener, in, cut);
}

static void count_late(const struct hd_listener *listener,
		       const unsigned late[HD_CONN_PHASES])
{
	if (late[HD_CONN_HEADER] != 0)
		hd_listener_count(listener, "header_deadline",
				  late[HD_CONN_HEADER]);
	if (late[HD_CONN_BODY] != 0)
		hd_listener_count(listener, "body_deadline",
				  late[HD_CONN_BODY]);
	if (late[HD_CONN_ANSWER] != 0)
		hd_listener_count(listener, "answer_deadline",
				  late[HD_CONN_ANSWER]);
}

static void on_tick(uv_timer_t *tick)
{
	struct hd_listener *listener = tick->data;
	struct hd_inbound_list cut = TAILQ_HEAD_INITIALIZER(cut);
	struct gone gone = { .listener = listener, .cut = &cut };
	unsigned late[HD_CONN_PHASES] = { 0 };
	int64_t now_ms = hd_now_ms();

	pthread_mutex_lock(&listener->lock);
	hd_conn_cut_late(&listener->conns, now_ms, late);
	hd_conn_find_gone(&listener->conns, on_gone, &gone);
	cut_overdue(listener, &listener->handed, now_ms, &cut);
	cut_overdue(listener, &listener->incoming, now_ms, &cut);
	pthread_mutex_unlock(&listener->lock);
	count_late(listener, late);
	finish_cut(&cut);
}

/* ---- life ---- */

static unsigned or_default(unsigned value, unsigned def)
{
	return value != 0 ? value : def;
}

static void take_options(struct hd_listener *listener,
			 const struct hd_listener_options *o)
{
	struct hd_listener_options *own = &listener->o;

	listener->name = hd_strdup(o->name ? o->name : "default");
	own->header_max = o->header_max != 0 ? o->header_max : HEADER_MAX;
	own->bodies_max = o->bodies_max != 0 ? o->bodies_max : BODIES_MAX;
	own->unix_mode = or_default(o->unix_mode, UNIX_MODE);
	own->connections = or_default(o->connections, CONNECTIONS);
	own->per_address = or_default(o->per_address, PER_ADDRESS);
	own->waiting = or_default(o->waiting, WAITING);
	own->header_ms = or_default(o->header_ms, HEADER_MS);
	own->body_ms = or_default(o->body_ms, BODY_MS);
	own->idle_ms = or_default(o->idle_ms, IDLE_MS);
	own->answer_ms = or_default(o->answer_ms, ANSWER_MS);
	listener->budget.max = own->bodies_max;
}

static int load_tls(struct hd_listener *listener,
		    const struct hd_listener_options *o, struct hd_err *err)
{
	const char *name = listener->name;

	if (!o->tls_cert && !o->tls_key)
		return 0;
	if (!o->tls_cert || !o->tls_key)
		return hd_err_set(err, EINVAL,
				  "listener %s: certificate and key belong "
				  "together",
				  name);
	listener->cert = hd_pem_load(o->tls_cert, err);
	if (listener->cert)
		listener->key = hd_pem_load(o->tls_key, err);
	if (!listener->key ||
	    hd_pem_check_certificates(listener->cert, "certificate", err) < 0 ||
	    hd_pem_check_pair(listener->cert, listener->key, "key", err) < 0)
		return hd_err_wrap(err, "listener %s: tls", name);
	return 0;
}

static void init_state(struct hd_listener *listener)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&listener->drained, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&listener->lock, NULL);
	hd_conn_table_init(&listener->conns);
	TAILQ_INIT(&listener->incoming);
	TAILQ_INIT(&listener->handed);
	TAILQ_INIT(&listener->answered);
}

static int open_parts(struct hd_listener *listener, uv_loop_t *loop,
		      const struct hd_listener_options *o, struct hd_err *err)
{
	int rc;

	if (load_tls(listener, o, err) < 0)
		return -1;
	if (hd_listen_socket_open(&listener->sock, o->address,
				  listener->o.unix_mode, err) < 0)
		return hd_err_wrap(err, "listener %s", listener->name);
	if (listener->sock.path)
		listener->url = hd_strdup(listener->sock.authority);
	else
		listener->url = hd_strf("%s://%s",
					listener->cert ? "https" : "http",
					listener->sock.authority);
	rc = uv_async_init(loop, &listener->wake, on_wake);
	if (rc < 0)
		return hd_err_set(err, -rc, "listener %s: %s", listener->name,
				  uv_strerror(rc));
	uv_timer_init(loop, &listener->tick);
	listener->wake.data = listener;
	listener->tick.data = listener;
	listener->handles = 2;
	return 0;
}

struct hd_listener *hd_listener_new(uv_loop_t *loop,
				    const struct hd_listener_options *options,
				    struct hd_err *err)
{
	struct hd_listener *listener = hd_alloc(sizeof(*listener));

	listener->sock.fd = -1;
	listener->spare.fd = -1;
	init_state(listener);
	take_options(listener, options);
	if (open_parts(listener, loop, options, err) < 0) {
		free_listener(listener);
		return NULL;
	}
	return listener;
}

static unsigned tick_ms(const struct hd_listener_options *o)
{
	unsigned shortest = o->header_ms < o->answer_ms ? o->header_ms
							: o->answer_ms;

	if (o->body_ms < shortest)
		shortest = o->body_ms;
	if (o->idle_ms < shortest)
		shortest = o->idle_ms;
	shortest = shortest / 4 + 1;
	return shortest < TICK_MS ? shortest : TICK_MS;
}

int hd_listener_start(struct hd_listener *listener, struct hd_err *err)
{
	unsigned ms = tick_ms(&listener->o);

	hd_spare_keep(&listener->spare);
	if (hd_listener_thread_start(listener, err) < 0)
		return -1;
	uv_timer_start(&listener->tick, on_tick, ms, ms);
	return 0;
}

void hd_listener_stop(struct hd_listener *listener)
{
	pthread_mutex_lock(&listener->lock);
	listener->stopping = true;
	pthread_mutex_unlock(&listener->lock);
	if (listener->daemon && listener->sock.fd >= 0)
		MHD_quiesce_daemon(listener->daemon);
	hd_listen_socket_close(&listener->sock);
}

static void cut_all(struct hd_listener *listener)
{
	struct hd_inbound_list cut = TAILQ_HEAD_INITIALIZER(cut);
	struct hd_inbound *in;

	pthread_mutex_lock(&listener->lock);
	while ((in = TAILQ_FIRST(&listener->incoming)))
		answer_by_host(listener, in, &cut);
	while ((in = TAILQ_FIRST(&listener->handed)))
		answer_by_host(listener, in, &cut);
	pthread_mutex_unlock(&listener->lock);
	finish_cut(&cut);
	resume_answered(listener);
}

static void wait_drained(struct hd_listener *listener)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += DRAIN_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&listener->lock);
	while (listener->open != 0 && rc == 0)
		rc = pthread_cond_timedwait(&listener->drained, &listener->lock,
					    &until);
	pthread_mutex_unlock(&listener->lock);
}

static void on_closed(uv_handle_t *handle)
{
	struct hd_listener *listener = handle->data;
	bool last;

	listener->handles--;
	if (listener->handles != 0)
		return;
	pthread_mutex_lock(&listener->lock);
	listener->closed = true;
	last = listener->owned == 0;
	pthread_mutex_unlock(&listener->lock);
	if (last)
		free_listener(listener);
}

void hd_listener_free(struct hd_listener *listener)
{
	if (!listener)
		return;
	hd_listener_stop(listener);
	if (listener->daemon) {
		cut_all(listener);
		wait_drained(listener);
		MHD_stop_daemon(listener->daemon);
		listener->daemon = NULL;
	}
	uv_close((uv_handle_t *)&listener->wake, on_closed);
	uv_close((uv_handle_t *)&listener->tick, on_closed);
}

unsigned hd_listener_busy(struct hd_listener *listener)
{
	unsigned n;

	pthread_mutex_lock(&listener->lock);
	n = listener->owned;
	pthread_mutex_unlock(&listener->lock);
	return n;
}

int hd_listener_port(const struct hd_listener *listener)
{
	return listener->sock.port;
}

const char *hd_listener_url(const struct hd_listener *listener)
{
	return listener->url;
}

/* ---- routes ---- */

uint64_t hd_listener_route_add(struct hd_listener *listener,
			       const struct hd_listener_route *route,
			       struct hd_err *err)
{
	uint64_t id;

	pthread_mutex_lock(&listener->lock);
	id = hd_route_add(&listener->routes, route, err);
	pthread_mutex_unlock(&listener->lock);
	if (id == 0)
		hd_err_wrap(err, "listener %s", listener->name);
	return id;
}

void hd_listener_route_pause(struct hd_listener *listener, uint64_t id,
			     bool paused)
{
	struct hd_route *route;

	pthread_mutex_lock(&listener->lock);
	route = hd_route_get(&listener->routes, id);
	if (route)
		route->paused = paused;
	pthread_mutex_unlock(&listener->lock);
}

void hd_listener_route_remove(struct hd_listener *listener, uint64_t id)
{
	pthread_mutex_lock(&listener->lock);
	hd_route_remove(&listener->routes, id);
	pthread_mutex_unlock(&listener->lock);
}

void hd_listener_route_leave(struct hd_listener *listener, uint64_t id)
{
	pthread_mutex_lock(&listener->lock);
	hd_route_leave(&listener->routes, id);
	pthread_mutex_unlock(&listener->lock);
}

void hd_listener_routes_forget(struct hd_listener *listener)
{
	pthread_mutex_lock(&listener->lock);
	hd_route_forget_left(&listener->routes);
	pthread_mutex_unlock(&listener->lock);
}
