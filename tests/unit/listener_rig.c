#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/listener_rig.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/metric.h"

static void echo(void *ud, struct hd_http_request *rq)
{
	static const char *const headers[] = { "Content-Type: text/plain",
					       "X-Herald: yes", NULL };
	struct listener_rig *host = ud;
	struct hd_buf out;
	size_t i;

	atomic_fetch_add(&host->served, 1);
	hd_buf_init(&out, 1 << 20);
	hd_buf_addf(&out, "%s|%s|%s|%zu|%s|", rq->method, rq->target.p,
		    rq->path.p, rq->body.n, rq->body.n < 100 ? rq->body.p : "");
	for (i = 0; rq->query[i]; i++)
		hd_buf_addf(&out, "%s,", rq->query[i]);
	hd_buf_adds(&out, "|");
	for (i = 0; rq->headers[i]; i += 2)
		if (rq->headers[i][0] == 'x')
			hd_buf_addf(&out, "%s=%s,", rq->headers[i],
				    rq->headers[i + 1]);
	hd_buf_addf(&out, "|%d", (int)rq->cookie);
	if (rq->has_creds)
		hd_buf_addf(&out, "|uid %u", (unsigned)rq->uid);
	hd_http_respond(rq, 200, headers, out.p, out.n);
	hd_buf_fini(&out);
}

void listener_rig_keep(void *ud, struct hd_http_request *rq)
{
	struct listener_rig *host = ud;

	atomic_fetch_add(&host->served, 1);
	host->kept = rq;
}

static void drop_kept(void *ud, struct hd_http_request *rq)
{
	struct listener_rig *host = ud;

	atomic_fetch_add(&host->cancelled, 1);
	assert_ptr_equal(host->kept, rq);
	host->kept = NULL;
	hd_http_respond(rq, 200, NULL, "late", 4);
}

static void on_call(uv_async_t *call)
{
	struct listener_rig *host = call->data;

	pthread_mutex_lock(&host->lock);
	if (host->work)
		host->work(host);
	host->work = NULL;
	pthread_cond_signal(&host->done);
	pthread_mutex_unlock(&host->lock);
}

static void *run_loop(void *ud)
{
	struct listener_rig *host = ud;

	uv_run(&host->loop, UV_RUN_DEFAULT);
	return NULL;
}

void listener_rig_do(struct listener_rig *host,
		     void (*work)(struct listener_rig *host))
{
	pthread_mutex_lock(&host->lock);
	host->work = work;
	uv_async_send(&host->call);
	while (host->work)
		pthread_cond_wait(&host->done, &host->lock);
	pthread_mutex_unlock(&host->lock);
}

void listener_rig_route(struct listener_rig *host, const char *method,
			const char *path, bool prefix, hd_request_fn fn,
			uint64_t *id)
{
	const struct hd_listener_route route = {
		.method = method,
		.path = path,
		.prefix = prefix,
		.max_body = 4096,
		.cookie = 7,
		.fn = fn,
		.cancelled = drop_kept,
		.ud = host,
	};
	struct hd_err err;
	uint64_t made = hd_listener_route_add(host->listener, &route, &err);

	assert_int_not_equal(made, 0);
	if (id)
		*id = made;
}

void listener_rig_start(struct listener_rig *host,
			const struct hd_listener_options *o)
{
	struct hd_err err = { 0 };

	memset(host, 0, sizeof(*host));
	pthread_mutex_init(&host->lock, NULL);
	pthread_cond_init(&host->done, NULL);
	uv_loop_init(&host->loop);
	uv_async_init(&host->loop, &host->call, on_call);
	host->call.data = host;
	host->listener = hd_listener_new(&host->loop, o, &err);
	if (!host->listener)
		fail_msg("%s", err.text);
	listener_rig_route(host, "POST", "/in", false, echo, &host->route);
	listener_rig_route(host, "GET", "/get", false, echo, NULL);
	listener_rig_route(host, "POST", "/tree", true, echo, NULL);
	listener_rig_route(host, "POST", "/keep", false, listener_rig_keep,
			   NULL);
	assert_int_equal(hd_listener_start(host->listener, &err), 0);
	host->port = hd_listener_port(host->listener);
	pthread_create(&host->thread, NULL, run_loop, host);
}

static void end_listener(struct listener_rig *host)
{
	hd_listener_free(host->listener);
	uv_close((uv_handle_t *)&host->call, NULL);
}

void listener_rig_stop(struct listener_rig *host)
{
	listener_rig_do(host, end_listener);
	pthread_join(host->thread, NULL);
	assert_int_equal(uv_loop_close(&host->loop), 0);
	pthread_mutex_destroy(&host->lock);
	pthread_cond_destroy(&host->done);
}

void listener_rig_wait(struct listener_rig *host, int n)
{
	int64_t end_ms = hd_now_ms() + WIRE_MS;

	while (atomic_load(&host->served) < n && hd_now_ms() < end_ms)
		sched_yield();
	assert_int_equal(atomic_load(&host->served), n);
}

const struct hd_listener_options listener_rig_fast = {
	.name = "test",
	.address = "127.0.0.1:0",
	.header_ms = 400,
	.body_ms = 400,
	.idle_ms = 3000,
	.answer_ms = 3000,
};

struct listener_rig listener_rig_shared;

int listener_rig_set_up(void **state)
{
	(void)state;
	listener_rig_start(&listener_rig_shared, &listener_rig_fast);
	return 0;
}

int listener_rig_tear_down(void **state)
{
	(void)state;
	listener_rig_stop(&listener_rig_shared);
	return 0;
}

double listener_rig_rejected(const char *reason)
{
	struct hd_buf labels;
	double n;

	hd_buf_init(&labels, 256);
	hd_metric_label(&labels, "listener", "test");
	hd_metric_label(&labels, "reason", reason);
	n = hd_metric_value(hd_metric_get(HD_COUNTER,
					  "herald_http_rejected_total",
					  hd_buf_text(&labels), ""));
	hd_buf_fini(&labels);
	return n;
}

bool listener_rig_counted(const char *reason, double n)
{
	int64_t end_ms = hd_now_ms() + WIRE_MS;

	while (listener_rig_rejected(reason) < n && hd_now_ms() < end_ms)
		sched_yield();
	return listener_rig_rejected(reason) == n;
}
