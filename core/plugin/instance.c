#include "core/plugin/instance.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/expr/map.h"
#include "core/net/http_client.h"
#include "core/net/tls.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/options.h"
#include "core/plugin/tls_options.h"
#include "core/plugin/visit.h"

#define START_LIMIT_MS 10000
#define LABELS_MAX 512

void hd_instance_log(const struct hd_instance *i, unsigned level,
		     const char *fmt, ...)
{
	const struct hd_log_context ctx = { .connector = i->name };
	va_list ap;

	va_start(ap, fmt);
	hd_logv((enum hd_level)level, &ctx, fmt, ap);
	va_end(ap);
}

/* ---- making one ---- */

static struct hd_metric *series(const struct hd_instance *i,
				enum hd_metric_type type, const char *name,
				const char *reason, const char *help)
{
	struct hd_metric *metric;
	struct hd_buf labels;

	hd_buf_init(&labels, LABELS_MAX);
	hd_metric_label(&labels, "connector", i->name);
	if (reason)
		hd_metric_label(&labels, "reason", reason);
	metric = hd_metric_get(type, name, hd_buf_text(&labels), help);
	hd_buf_fini(&labels);
	return metric;
}

static struct hd_metric *dropped(const struct hd_instance *i,
				 const char *reason)
{
	return series(i, HD_COUNTER, "herald_plugin_completions_dropped_total",
		      reason,
		      "Completions that nobody waited for: late ones, repeated "
		      "ones, and such of unknown requests.");
}

static void make_own_metrics(struct hd_instance *i)
{
	static const enum hd_metric_type types[] = {
		[HERALD_COUNTER] = HD_COUNTER,
		[HERALD_GAUGE] = HD_GAUGE,
		[HERALD_HISTOGRAM] = HD_HISTOGRAM,
	};
	const herald_metrics *list = &i->plugin->metrics;

	i->metrics.own = hd_alloc_array(list->count + 1,
					sizeof(*i->metrics.own));
	for (uint32_t k = 0; k < list->count; k++) {
		const herald_metric *m = &list->items[k];
		char *name = hd_strf("herald_%s_%s", i->plugin->name, m->name);

		i->metrics.own[k] = series(i, types[m->type], name, NULL,
					   m->help ? m->help : m->name);
		free(name);
	}
}

static void make_metrics(struct hd_instance *i)
{
	struct hd_instance_metrics *m = &i->metrics;

	m->slow = series(i, HD_COUNTER, "herald_plugin_slow_calls_total", NULL,
			 "Calls into a plugin that held the loop for 20 ms or "
			 "more.");
	m->stalled = series(i, HD_COUNTER, "herald_plugin_stalled_calls_total",
			    NULL,
			    "Calls into a plugin that held the loop for 200 ms "
			    "or more.");
	m->bad_reply = series(i, HD_COUNTER, "herald_plugin_bad_results_total",
			      NULL,
			      "Results of a plugin that could not be read.");
	m->timed_out = series(i, HD_COUNTER,
			      "herald_plugin_requests_timed_out_total", NULL,
			      "Requests that a plugin did not complete before "
			      "their deadline.");
	m->late = dropped(i, "late");
	m->repeated = dropped(i, "repeated");
	m->unknown = dropped(i, "unknown");
	make_own_metrics(i);
}

/* "example_in" to "example". */
static char *source_name(const char *plugin)
{
	size_t n = strlen(plugin);

	if (n > 3 && strcmp(plugin + n - 3, "_in") == 0)
		n -= 3;
	return hd_memdup0(plugin, n);
}

/* Default rows and the operator's. */
static int make_map(struct hd_instance *i, const struct hd_node *node,
		    struct hd_complaints *complaints)
{
	const herald_maps *list = &i->plugin->source->map;
	const struct hd_node *rows = hd_node_get(node, "map");
	struct hd_map_row *defaults;
	struct hd_err err = { 0 };
	char *source;

	if (!i->env->expr)
		return hd_complain(complaints, hd_node_place(node),
				   "no expressions can be used here");
	defaults = hd_alloc_array(list->count, sizeof(*defaults));
	for (uint32_t k = 0; k < list->count; k++) {
		defaults[k].set = list->items[k].set;
		defaults[k].to = list->items[k].to;
		defaults[k].cond = list->items[k].cond;
	}
	source = source_name(i->plugin->name);
	i->map = hd_map_new(i->env->expr, source, defaults, list->count, &err);
	free(source);
	free(defaults);
	if (!i->map)
		return hd_complain(complaints, hd_node_place(node),
				   "plugin %s: its own map is at fault: %s",
				   i->plugin->name, err.text);
	return rows ? hd_map_add(i->map, rows, complaints) : 0;
}

static int check_tls(struct hd_instance *i, const struct hd_node *node,
		     struct hd_complaints *complaints)
{
	const struct hd_node *tls = hd_node_get(node, "tls");
	struct hd_tls_policy policy;
	struct hd_err err;
	int rc;

	if (!tls)
		return 0;
	hd_tls_policy_of(i->options, &policy);
	rc = hd_tls_policy_check(&policy, &err);
	if (rc < 0)
		hd_complain(complaints, hd_node_place(tls), "%s", err.text);
	else if (policy.insecure)
		hd_complain_warning(complaints, hd_node_place(tls),
				    "whoever answers for connectors.%s is "
				    "believed: its certificate is not verified",
				    i->name);
	hd_tls_policy_fini(&policy);
	return rc;
}

static int64_t start_limit_ms(const struct hd_instance *i)
{
	return i->env->start_limit_ms ? i->env->start_limit_ms : START_LIMIT_MS;
}

static void fail(struct hd_instance *i, const char *because)
{
	i->failed = true;
	if (!i->stopped)
		hd_instance_halt(i, because);
}

static int call_create(struct hd_instance *i, const struct hd_node *node,
		       struct hd_complaints *complaints)
{
	int64_t ms;

	i->complaints = complaints;
	i->node = node;
	hd_visit_begin(i, "create");
	i->self = i->plugin->create(&i->cell->host);
	ms = hd_visit_end(i);
	i->life = HD_LIFE_CREATED;
	i->complaints = NULL;
	i->node = NULL;
	if (i->rejected)
		return -1;
	if (!i->self) {
		fail(i, i->last_error ? i->last_error
				      : "create() gave nothing and no reason");
	} else if (ms > start_limit_ms(i)) {
		char *why = hd_strf("create() took %lld ms", (long long)ms);

		fail(i, why);
		free(why);
	}
	return 0;
}

/* Everything that create() may rely on. */
static int prepare(struct hd_instance *i, const struct hd_node *node,
		   struct hd_complaints *complaints)
{
	const struct hd_options_from from = {
		.plugin = i->plugin,
		.name = i->name,
		.node = node,
		.expr = i->env->expr,
		.inline_secrets = i->env->inline_secrets,
		.complaints = complaints,
	};
	struct hd_err err;

	i->options = hd_options_read(&from);
	if (!i->options)
		return -1;
	i->log_level = (unsigned)hd_options_number(i->options, "log_level");
	if (check_tls(i, node, complaints) < 0)
		return -1;
	if (i->plugin->source && i->plugin->source->map.count > 0 &&
	    make_map(i, node, complaints) < 0)
		return -1;
	if (hd_host_state_load(i, &err) < 0)
		return hd_complain(complaints, hd_node_place(node),
				   "the state of connectors.%s cannot be read: "
				   "%s",
				   i->name, err.text);
	return 0;
}

struct hd_instance *hd_instance_new(const struct hd_plugin_env *env,
				    const struct hd_module *module,
				    const char *name,
				    const struct hd_node *node,
				    struct hd_complaints *complaints)
{
	struct hd_instance *i = hd_alloc(sizeof(*i));

	i->own_env = *env;
	i->env = &i->own_env;
	i->module = module;
	i->plugin = hd_module_plugin(module);
	i->name = hd_strdup(name);
	i->created_ms = hd_utc_ms();
	hd_link_init(&i->waiting);
	hd_link_init(&i->served);
	hd_link_init(&i->late);
	hd_link_init(&i->fetches);
	hd_link_init(&i->timers);
	hd_link_init(&i->jobs);
	hd_link_init(&i->state);
	hd_link_init(&i->puts);
	i->cell = hd_cell_new(i, i->name);
	hd_host_fill(&i->cell->host, i);
	make_metrics(i);
	if (prepare(i, node, complaints) < 0 ||
	    call_create(i, node, complaints) < 0) {
		hd_instance_discard(i);
		return NULL;
	}
	return i;
}

/* ---- ending one ---- */

/* The last of it, once no handle is open. */
static void free_instance(struct hd_instance *i)
{
	void (*fn)(void *ud) = i->stop_fn;
	void *ud = i->stop_ud;

	hd_options_free(i->options);
	hd_map_free(i->map);
	hd_health_fini(i);
	free(i->metrics.own);
	free(i->last_error);
	free(i->route_ids);
	free(i->name);
	free(i);
	if (fn)
		fn(ud);
}

static void call_destroy(struct hd_instance *i)
{
	if (i->self) {
		hd_visit_begin(i, "destroy");
		i->plugin->destroy(i->self);
		hd_visit_end(i);
	}
	i->self = NULL;
	i->life = HD_LIFE_DESTROYED;
}

void hd_instance_discard(struct hd_instance *i)
{
	if (!i)
		return;
	assert(i->handles == 0);
	call_destroy(i);
	hd_host_state_fini(i);
	hd_cell_close(i->cell);
	free_instance(i);
}

void hd_instance_handle_closed(struct hd_instance *i)
{
	if (--i->handles == 0 && i->life == HD_LIFE_DESTROYED)
		free_instance(i);
}

static void on_closed(uv_handle_t *handle)
{
	struct hd_instance *i = handle->data;

	free(handle);
	hd_instance_handle_closed(i);
}

static uv_timer_t *new_timer(struct hd_instance *i)
{
	uv_timer_t *timer = hd_alloc(sizeof(*timer));

	uv_timer_init(i->env->loop, timer);
	timer->data = i;
	i->handles++;
	return timer;
}

static void close_timer(uv_timer_t **timer)
{
	if (*timer)
		uv_close((uv_handle_t *)*timer, on_closed);
	*timer = NULL;
}

/* Nothing is under way any more, or it was given up. */
static void finish(struct hd_instance *i)
{
	i->handles++; /* held until all closes are asked for */
	hd_host_timer_fini(i);
	call_destroy(i);
	/* What it completed in destroy() is late, but not lost. */
	hd_cell_run(i->cell);
	hd_host_source_stop(i);
	hd_request_fini(i);
	hd_http_peer_free(i->peer);
	i->peer = NULL;
	hd_host_state_fini(i);
	close_timer(&i->deadline);
	close_timer(&i->stop_timer);
	close_timer(&i->until_timer);
	hd_cell_close(i->cell);
	hd_instance_handle_closed(i);
}

static bool is_idle(struct hd_instance *i)
{
	return hd_link_is_empty(&i->waiting) && hd_link_is_empty(&i->served) &&
	       hd_link_is_empty(&i->late) && hd_link_is_empty(&i->fetches) &&
	       hd_link_is_empty(&i->jobs) && hd_link_is_empty(&i->puts) &&
	       i->unsettled == 0 && hd_cell_is_empty(i->cell);
}

/* Requests and emits can be given up; code of the plugin that is still to run
 * cannot, since destroy() would take away what it works on. */
static bool may_be_given_up(const struct hd_instance *i)
{
	return hd_link_is_empty(&i->fetches) && hd_link_is_empty(&i->jobs);
}

static void abandon(struct hd_instance *i)
{
	void (*fn)(void *ud) = i->stop_fn;
	void *ud = i->stop_ud;

	i->abandoned = true;
	i->stop_fn = NULL;
	hd_instance_log(i, HD_LOG_ERROR,
			"does not give back its threads: it is left as it is "
			"until herald ends");
	if (fn)
		fn(ud);
}

void hd_instance_drained(struct hd_instance *i)
{
	int64_t now;

	if (i->life != HD_LIFE_HALTED)
		return;
	if (is_idle(i)) {
		finish(i);
		return;
	}
	now = hd_now_ms();
	if (!i->cancelled_all && now >= i->cancel_at_ms) {
		i->cancelled_all = true;
		hd_request_cancel_all(i);
		hd_host_http_hurry(i, 0);
	}
	if (now < i->abandon_at_ms)
		return;
	if (may_be_given_up(i)) {
		hd_instance_log(i, HD_LOG_ERROR,
				"is destroyed with requests that it never "
				"completed");
		finish(i);
	} else if (!i->abandoned) {
		abandon(i);
	}
}

static void on_stop_timer(uv_timer_t *timer)
{
	hd_cell_poke(((struct hd_instance *)timer->data)->cell);
}

static void run_stop(struct hd_instance *i, struct hd_mail *mail)
{
	int64_t step;

	(void)mail;
	hd_host_source_pause(i);
	if (i->self && i->life >= HD_LIFE_STARTING && i->plugin->halt) {
		hd_visit_begin(i, "halt");
		i->plugin->halt(i->self);
		hd_visit_end(i);
	}
	i->life = HD_LIFE_HALTED;
	/* Every event of ours looks again; this one is for the bounds. */
	step = i->cancel_at_ms - hd_now_ms();
	uv_update_time(i->env->loop);
	uv_timer_start(i->stop_timer, on_stop_timer,
		       step > 0 ? (uint64_t)step : 0, 100);
	hd_cell_poke(i->cell);
}

void hd_instance_stop(struct hd_instance *i, int64_t grace_ms,
		      void (*fn)(void *ud), void *ud)
{
	i->stop_fn = fn;
	i->stop_ud = ud;
	if (i->handles == 0) {
		hd_instance_discard(i);
		return;
	}
	i->cancel_at_ms = hd_now_ms() + grace_ms;
	i->abandon_at_ms = i->cancel_at_ms +
			   (i->env->linger_ms ? i->env->linger_ms : 5000);
	/* A letter, so that calls which wait for their turn come first. */
	hd_cell_post(i->cell, hd_cell_mail(sizeof(struct hd_mail), run_stop));
}

/* ---- starting ---- */

static void on_until(uv_timer_t *timer)
{
	struct hd_instance *i = timer->data;

	if (hd_utc_ms() < hd_tls_insecure_until(i->options))
		return;
	uv_timer_stop(timer);
	hd_instance_halt(i, "the time of tls.verify: false is over");
}

/* Without verification: said at the start, counted, and ended in time. */
static void watch_insecure(struct hd_instance *i)
{
	int64_t until = hd_tls_insecure_until(i->options);
	struct hd_metric *gauge;

	gauge = series(i, HD_GAUGE, "herald_tls_insecure", NULL,
		       "1: the connector believes whoever answers.");
	hd_metric_set(gauge, until ? 1 : 0);
	if (!until)
		return;
	hd_instance_log(i, HD_LOG_WARNING,
			"certificates are not verified (tls.verify: false)");
	i->until_timer = new_timer(i);
	uv_timer_start(i->until_timer, on_until, 60000, 60000);
}

static int call_start(struct hd_instance *i, struct hd_err *err)
{
	int64_t ms;

	i->life = HD_LIFE_STARTING;
	if (!i->plugin->start) {
		i->life = HD_LIFE_RUNNING;
		return 0;
	}
	hd_visit_begin(i, "start");
	i->plugin->start(i->self);
	ms = hd_visit_end(i);
	i->life = HD_LIFE_RUNNING;
	if (ms > start_limit_ms(i))
		return hd_err_set(err, ETIMEDOUT, "start() took %lld ms",
				  (long long)ms);
	return 0;
}

int hd_instance_start(struct hd_instance *i, struct hd_err *err)
{
	struct hd_err local = { 0 };
	int rc;

	if (i->stopped)
		return hd_err_set(err, ECANCELED, "connector %s: %s", i->name,
				  i->stopped);
	rc = hd_cell_open(i->cell, i->env->loop);
	if (rc < 0)
		return hd_err_set(err, -rc, "connector %s: %s", i->name,
				  uv_strerror(rc));
	i->deadline = new_timer(i);
	i->stop_timer = new_timer(i);
	watch_insecure(i);
	/* Read again: an instance of this name may have put since create(). */
	if (hd_host_state_load(i, &local) < 0 ||
	    hd_host_http_start(i, &local) < 0 || call_start(i, &local) < 0 ||
	    hd_host_source_start(i, &local) < 0) {
		fail(i, local.text);
		return hd_err_set(err, local.code, "connector %s: %s", i->name,
				  local.text);
	}
	return 0;
}

void hd_instance_stalled(struct hd_instance *i, const char *what, int64_t ms)
{
	char *why;

	/* create() and start() have their own, larger bound. */
	if (i->life != HD_LIFE_RUNNING)
		return;
	why = hd_strf("%s() held the loop for %lld ms", what, (long long)ms);
	hd_health_seen(i, HERALD_BUSY, why);
	free(why);
}

/* ---- what it is ---- */

const char *hd_instance_name(const struct hd_instance *i)
{
	return i->name;
}

const struct hd_module *hd_instance_module(const struct hd_instance *i)
{
	return i->module;
}

const struct hd_common *hd_instance_common(const struct hd_instance *i)
{
	return hd_options_common(i->options);
}

const char *hd_instance_digest(const struct hd_instance *i)
{
	return hd_options_digest(i->options);
}

const char *hd_instance_digest_all(const struct hd_instance *i)
{
	return hd_options_digest_all(i->options);
}

const struct hd_map *hd_instance_map(const struct hd_instance *i)
{
	return i->map;
}

const char *hd_instance_option(const struct hd_instance *i, const char *name)
{
	return hd_options_text(i->options, name, 0).p;
}

bool hd_instance_is_exclusive(const struct hd_instance *i)
{
	return i->plugin->source || (i->plugin->needs & HERALD_NEED_STATE);
}
