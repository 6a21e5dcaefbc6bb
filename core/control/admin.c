/* The admin listener: for probes and for Prometheus. */
#include "core/control/control.h"

#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/health.h"
#include "core/base/json_text.h"
#include "core/base/metric.h"
#include "core/control/control_impl.h"
#include "core/control/gauges.h"
#include "core/net/listener.h"

#define METRICS_MAX (16u << 20)

static void respond(struct hd_http_request *rq, unsigned code, const char *type,
		    const struct hd_buf *text)
{
	const char *const headers[] = { type, "Cache-Control: no-store", NULL };

	hd_http_respond(rq, code, headers, text->p, text->n);
}

/* The loop turns, so we are alive. */
static void on_healthz(void *ud, struct hd_http_request *rq)
{
	struct hd_buf text;

	(void)ud;
	hd_buf_init(&text, 64);
	hd_buf_adds(&text, "{\"alive\":true}\n");
	respond(rq, 200, "Content-Type: application/json", &text);
	hd_buf_fini(&text);
}

/* Parts that are not well do not make us unready: alerts are still taken. */
static json_t *troubles(void)
{
	json_t *o = json_object();
	size_t count;
	struct hd_health_part *parts = hd_health_all(&count);

	for (size_t i = 0; i < count; i++)
		if (parts[i].how != HD_HEALTH_OK)
			json_object_set_new(o, parts[i].name,
					    json_pack("{s:s, s:s}", "health",
						      hd_health_word(
							      parts[i].how),
						      "why", parts[i].why));
	free(parts);
	return o;
}

static void on_readyz(void *ud, struct hd_http_request *rq)
{
	struct hd_control *control = ud;
	const char *why = control->env.not_ready(control->env.ud);
	json_t *o = json_pack("{s:b, s:o}", "ready", !why, "troubles",
			      troubles());
	struct hd_buf text;

	if (why)
		json_object_set_new(o, "why", json_string_nocheck(why));
	hd_buf_init(&text, 1 << 20);
	hd_json_write(&text, o, 0);
	hd_buf_addc(&text, '\n');
	respond(rq, why ? 503 : 200, "Content-Type: application/json", &text);
	hd_buf_fini(&text);
	json_decref(o);
}

static void on_metrics(void *ud, struct hd_http_request *rq)
{
	struct hd_buf text;

	hd_gauges_set(ud);
	hd_buf_init(&text, METRICS_MAX);
	hd_metric_write(&text);
	respond(rq, hd_buf_failed(&text) ? 500 : 200,
		"Content-Type: text/plain; version=0.0.4; charset=utf-8",
		&text);
	hd_buf_fini(&text);
}

int hd_control_admin(struct hd_control *control, struct hd_listener *listener,
		     struct hd_err *err)
{
	static const struct {
		const char *path;
		hd_request_fn fn;
	} pages[] = {
		{ "/healthz", on_healthz },
		{ "/readyz", on_readyz },
		{ "/metrics", on_metrics },
	};
	struct hd_listener_route route = { 0 };

	route.method = "GET";
	route.ud = control;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		route.path = pages[i].path;
		route.fn = pages[i].fn;
		if (hd_listener_route_add(listener, &route, err) == 0)
			return hd_err_wrap(err, "admin listener");
	}
	return 0;
}
