#include "core/heraldd/alarm.h"

#include <stdint.h>
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/metric.h"

#define HOUR_MS INT64_C(3600000)
#define TOLD_MAX 10000 /* objects remembered; then all are forgotten */

struct told {
	int64_t at_ms;
	uint64_t since; /* raised again meanwhile */
};

void hd_alarms_init(struct hd_alarms *alarms)
{
	hd_dict_init(&alarms->told);
}

void hd_alarms_fini(struct hd_alarms *alarms)
{
	struct told *t;
	size_t at = 0;

	while ((t = hd_dict_next(&alarms->told, &at, NULL)))
		free(t);
	hd_dict_fini(&alarms->told);
}

static void count(const char *kind)
{
	struct hd_buf labels;

	hd_buf_init(&labels, 256);
	hd_metric_label(&labels, "kind", kind);
	hd_metric_add(hd_metric_get(HD_COUNTER, "herald_alarms_total",
				    hd_buf_text(&labels),
				    "Troubles of herald itself, by kind."),
		      1);
	hd_buf_fini(&labels);
}

void hd_alarms_raise(struct hd_alarms *alarms, const char *kind,
		     const char *object, const char *text)
{
	char *key = hd_strf("%s %s", kind, object);
	struct told *t = hd_dict_get(&alarms->told, key);
	int64_t now = hd_now_ms();

	count(kind);
	if (!t) {
		if (hd_dict_count(&alarms->told) >= TOLD_MAX)
			hd_alarms_fini(alarms);
		t = hd_alloc(sizeof(*t));
		t->at_ms = now - HOUR_MS;
		hd_dict_put(&alarms->told, key, t);
	}
	free(key);
	if (now - t->at_ms < HOUR_MS) {
		t->since++;
		return;
	}
	if (t->since != 0)
		hd_error("alarm: %s (%llu more of this in the last hour)", text,
			 (unsigned long long)t->since);
	else
		hd_error("alarm: %s", text);
	if (alarms->send)
		alarms->send(alarms->ud, kind, object, text);
	t->at_ms = now;
	t->since = 0;
}
