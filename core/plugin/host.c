/* The table of host services: what is too small for a file of its own, and the
 * sum of all. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/metric.h"
#include "core/base/secret.h"
#include "core/base/utf8.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/visit.h"

#define WHY_MAX 2048

static int64_t now_ms(const herald_host *h)
{
	HD_VISIT_CHECK_ANY(hd_cell_of(h));
	return hd_now_ms();
}

static int64_t utc_ms(const herald_host *h)
{
	HD_VISIT_CHECK_ANY(hd_cell_of(h));
	return hd_utc_ms();
}

static void metric(const herald_host *h, uint32_t index, double value)
{
	struct hd_cell *cell = hd_cell_of(h);
	const struct hd_instance *i = cell->instance;
	const herald_metric *m;

	HD_VISIT_CHECK_ANY(cell);
	m = hd_module_metric(i->module, index);
	if (!m)
		return;
	if (m->type == HERALD_COUNTER) {
		if (value > 0)
			hd_metric_add(i->metrics.own[index], value);
	} else if (m->type == HERALD_GAUGE) {
		hd_metric_set(i->metrics.own[index], value);
	} else {
		hd_metric_observe(i->metrics.own[index], value);
	}
}

struct health_mail {
	struct hd_mail mail;
	uint32_t status;
	char why[];
};

static void run_health(struct hd_instance *i, struct hd_mail *mail)
{
	const struct health_mail *m = (struct health_mail *)mail;

	hd_health_told(i, m->status, m->why);
}

static void health(const herald_host *h, uint32_t status, herald_str why)
{
	struct hd_cell *cell = hd_cell_of(h);
	size_t n = why.p ? hd_utf8_cut(why.p, why.n, WHY_MAX) : 0;
	char *text = hd_memdup0(why.p ? why.p : "", n);
	struct health_mail *m;
	struct hd_buf clean;

	HD_VISIT_CHECK_ANY(cell);
	hd_buf_init(&clean, 16 * WHY_MAX);
	hd_utf8_escape(&clean, text, hd_secret_mask(text, n));
	m = hd_cell_mail(sizeof(*m) + clean.n + 1, run_health);
	m->status = status;
	memcpy(m->why, hd_buf_text(&clean), clean.n + 1);
	hd_cell_post(cell, m);
	hd_buf_fini(&clean);
	free(text);
}

static const void *extension(const herald_host *h, const char *name)
{
	(void)h;
	(void)name;
	return NULL;
}

void hd_host_fill(herald_host *host, const struct hd_instance *i)
{
	host->struct_size = sizeof(*host);
	host->abi_major = HERALD_ABI_MAJOR;
	host->abi_minor = HERALD_ABI_MINOR;
	host->instance = i->name;
	host->host_version = PACKAGE_VERSION;
	host->complete = hd_request_complete;
	host->cancelled = hd_request_cancelled;
	host->now_ms = now_ms;
	host->utc_ms = utc_ms;
	host->metric = metric;
	host->health = health;
	host->extension = extension;
	hd_host_fill_options(host);
	hd_host_fill_log(host);
	hd_host_fill_timer(host);
	hd_host_fill_work(host);
	hd_host_fill_http(host);
	hd_host_fill_source(host);
	hd_host_fill_state(host);
	hd_host_fill_json(host);
}
