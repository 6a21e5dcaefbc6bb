#include "core/plugin/instance.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/expr/map.h"
#include "core/net/tls.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/options.h"
#include "core/plugin/tls_options.h"
#include "core/plugin/visit.h"

#define START_LIMIT_MS 10000

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
	hd_instance_find_keys(i);
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
	hd_instance_make_metrics(i);
	if (prepare(i, node, complaints) < 0 ||
	    call_create(i, node, complaints) < 0) {
		hd_instance_discard(i);
		return NULL;
	}
	return i;
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

	gauge = hd_instance_series(
		i, HD_GAUGE, "herald_tls_insecure", NULL,
		"1: the connector believes whoever answers.");
	hd_metric_set(gauge, until ? 1 : 0);
	if (!until)
		return;
	hd_instance_log(i, HD_LOG_WARNING,
			"certificates are not verified (tls.verify: false)");
	i->until_timer = hd_instance_new_timer(i);
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
	i->deadline = hd_instance_new_timer(i);
	i->stop_timer = hd_instance_new_timer(i);
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
