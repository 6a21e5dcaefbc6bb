/* What a round of an enrich step asks about. */
#include "core/pipeline/enrich.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/pipeline/alert.h"
#include "core/pipeline/engine.h"
#include "core/plugin/instance.h"

#define SECOND_MAX 32 /* values of round two */

/* Kinds that one of the connectors knows something of. */
static unsigned kinds_asked(const struct hd_alert *alert,
			    const struct hd_enrich *enrich)
{
	unsigned kinds = 0;

	for (size_t c = 0; c < enrich->count; c++) {
		const struct hd_enrich_by *by = &enrich->by[c];
		struct hd_instance *instance =
			hd_engine_connector(alert->engine, by->name);

		for (int kind = 0; kind < HD_KIND_COUNT; kind++)
			if (by->of[kind].asks ||
			    (instance &&
			     hd_instance_key(instance, (enum hd_kind)kind) >=
				     0))
				kinds |= 1u << kind;
	}
	return kinds;
}

static void collect(void *ud, enum hd_kind kind, const char *value, size_t n,
		    json_t *observable)
{
	struct hd_enrich_values *v = ud;

	(void)observable;
	for (size_t i = 0; i < v->count; i++)
		if (v->items[i].kind == kind && v->items[i].n == n &&
		    memcmp(v->items[i].text, value, n) == 0)
			return;
	if (v->count == HD_ENRICH_VALUES_MAX) {
		v->skipped++;
		return;
	}
	if (v->count == v->max) {
		v->max = v->max != 0 ? v->max * 2 : 8;
		v->items = hd_realloc_array(v->items, v->max,
					    sizeof(*v->items));
	}
	v->items[v->count++] =
		(struct hd_enrich_value){ kind, hd_memdup0(value, n), n };
}

static bool is_new(const struct hd_alert *alert, const struct hd_enrich *enrich,
		   const struct hd_enrich_value *value)
{
	for (size_t c = 0; c < enrich->count; c++)
		if (hd_asked_has(&alert->asked, enrich->by[c].name, value->kind,
				 value->text))
			return false;
	return true;
}

/* What was skipped in round one is counted there. */
static void keep_new(struct hd_enrich_values *v, const struct hd_alert *alert,
		     const struct hd_enrich *enrich)
{
	size_t kept = 0;

	v->skipped = 0;
	for (size_t i = 0; i < v->count; i++) {
		bool fresh = is_new(alert, enrich, &v->items[i]);

		if (fresh && kept < SECOND_MAX) {
			v->items[kept++] = v->items[i];
			continue;
		}
		v->skipped += fresh;
		free(v->items[i].text);
	}
	v->count = kept;
}

void hd_enrich_values_init(struct hd_enrich_values *values,
			   const struct hd_alert *alert,
			   const struct hd_enrich *enrich, bool second)
{
	memset(values, 0, sizeof(*values));
	hd_record_observables(alert->record,
			      enrich->kinds & kinds_asked(alert, enrich),
			      collect, values);
	if (second)
		keep_new(values, alert, enrich);
}

void hd_enrich_values_fini(struct hd_enrich_values *values)
{
	for (size_t i = 0; i < values->count; i++)
		free(values->items[i].text);
	free(values->items);
}
