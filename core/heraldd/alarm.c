#include "core/heraldd/alarm.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/metric.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define TOLD_MAX 10000 /* objects remembered; then all are forgotten */

struct told {
	int64_t at_ms;
	uint64_t since; /* raised again meanwhile */
	char *kind, *object;
	char *text; /* the last one, of what lasts; else NULL */
};

static bool lasts(const char *kind)
{
	static const char *const kinds[] = { "connector", "disk", "in doubt",
					     "quota spent", "reload" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

void hd_alarms_init(struct hd_alarms *alarms)
{
	hd_dict_init(&alarms->told);
}

static void free_told(struct told *t)
{
	free(t->kind);
	free(t->object);
	free(t->text);
	free(t);
}

void hd_alarms_fini(struct hd_alarms *alarms)
{
	struct told *t;
	size_t at = 0;

	while ((t = hd_dict_next(&alarms->told, &at, NULL)))
		free_told(t);
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

static void tell(struct hd_alarms *alarms, const struct told *t,
		 const char *text)
{
	if (t->since != 0)
		hd_error("alarm: %s (%llu more of this in the last hour)", text,
			 (unsigned long long)t->since);
	else
		hd_error("alarm: %s", text);
	if (alarms->send)
		alarms->send(alarms->ud, t->kind, t->object, text);
}

static struct told *remember(struct hd_alarms *alarms, const char *key,
			     const char *kind, const char *object)
{
	struct told *t = hd_alloc(sizeof(*t));

	if (hd_dict_count(&alarms->told) >= TOLD_MAX)
		hd_alarms_fini(alarms);
	t->at_ms = hd_now_ms() - HOUR_MS;
	t->kind = hd_strdup(kind);
	t->object = hd_strdup(object);
	hd_dict_put(&alarms->told, key, t);
	return t;
}

/* "reload refused, ... -> heraldctl check": the command has nothing to help
 * any more. */
static void tell_over(struct hd_alarms *alarms, const char *key, struct told *t)
{
	const char *arrow = t->text ? strstr(t->text, " -> ") : NULL;
	char *text = hd_strf("over: %.*s",
			     arrow ? (int)(arrow - t->text) : 1000,
			     t->text ? t->text : t->kind);

	hd_notice("alarm %s", text);
	if (alarms->send)
		alarms->send(alarms->ud, t->kind, t->object, text);
	free(text);
	hd_dict_del(&alarms->told, key);
	free_told(t);
}

static void raise_one(struct hd_alarms *alarms, struct told *t,
		      const char *text)
{
	int64_t now = hd_now_ms();

	count(t->kind);
	if (lasts(t->kind)) {
		free(t->text);
		t->text = hd_strdup(text);
	}
	if (now - t->at_ms < HOUR_MS) {
		t->since++;
		return;
	}
	tell(alarms, t, text);
	t->at_ms = now;
	t->since = 0;
}

void hd_alarms_raise(struct hd_alarms *alarms, const char *kind,
		     const char *object, const char *text)
{
	char *key = hd_strf("%s %s", kind, object);
	struct told *t = hd_dict_get(&alarms->told, key);

	if (!text && t)
		tell_over(alarms, key, t);
	else if (text)
		raise_one(alarms, t ? t : remember(alarms, key, kind, object),
			  text);
	free(key);
}

void hd_alarms_repeat(struct hd_alarms *alarms, int64_t now_ms)
{
	struct told *t;
	size_t at = 0;

	while ((t = hd_dict_next(&alarms->told, &at, NULL))) {
		if (!t->text || now_ms - t->at_ms < DAY_MS)
			continue;
		t->since = 0;
		tell(alarms, t, t->text);
		t->at_ms = now_ms;
	}
}
