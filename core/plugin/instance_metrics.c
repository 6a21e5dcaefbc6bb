/* The numbers of one instance: the host's about it, and the plugin's own. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/metric.h"
#include "core/plugin/instance_impl.h"

#define LABELS_MAX 512

struct hd_metric *hd_instance_series(const struct hd_instance *i,
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
	return hd_instance_series(
		i, HD_COUNTER, "herald_plugin_completions_dropped_total",
		reason,
		"Completions that nobody waited for: late ones, repeated "
		"ones, and such of unknown requests.");
}

/* "herald_misp_enrich_pages_total": a counter says so in its name. */
static char *own_name(const struct hd_instance *i, const herald_metric *m)
{
	const char *end = strrchr(m->name, '_');
	bool told = end && strcmp(end, "_total") == 0;

	return hd_strf("herald_%s_%s%s", i->plugin->name, m->name,
		       m->type == HERALD_COUNTER && !told ? "_total" : "");
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
		char *name = own_name(i, m);

		i->metrics.own[k] =
			hd_instance_series(i, types[m->type], name, NULL,
					   m->help ? m->help : m->name);
		free(name);
	}
}

void hd_instance_make_metrics(struct hd_instance *i)
{
	struct hd_instance_metrics *m = &i->metrics;

	m->slow = hd_instance_series(
		i, HD_COUNTER, "herald_plugin_slow_calls_total", NULL,
		"Calls into a plugin that held the loop for 20 ms or "
		"more.");
	m->stalled = hd_instance_series(
		i, HD_COUNTER, "herald_plugin_stalled_calls_total", NULL,
		"Calls into a plugin that held the loop for 200 ms "
		"or more.");
	m->bad_reply = hd_instance_series(
		i, HD_COUNTER, "herald_plugin_bad_results_total", NULL,
		"Results of a plugin that could not be read.");
	m->timed_out = hd_instance_series(
		i, HD_COUNTER, "herald_plugin_requests_timed_out_total", NULL,
		"Requests that a plugin did not complete before "
		"their deadline.");
	m->late = dropped(i, "late");
	m->repeated = dropped(i, "repeated");
	m->unknown = dropped(i, "unknown");
	make_own_metrics(i);
}
