/* enrich.h - what an enrich step asks, and how it runs
 *
 * For step_enrich.c, which makes it of the configuration, and enrich*.c.
 */
#ifndef HD_PIPELINE_ENRICH_H
#define HD_PIPELINE_ENRICH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/pipeline/step.h"
#include "core/record/record.h"

struct hd_alert;
struct hd_instance;

#define HD_ENRICH_WITHIN_MS 10000 /* unless the step says otherwise */

/* A connector that is asked, and what an answer of it would be: kept for the
 * alerts that find it gone, for which it is missing. */
struct hd_enrich_by {
	const char *name;
	struct {
		bool asks;
		char *enrichment, *fills;
	} of[HD_KIND_COUNT];
};

struct hd_enrich {
	struct hd_enrich_by *by;
	size_t count;
	unsigned kinds; /* bits of enum hd_kind */
	int64_t within_ms;
	struct hd_expr *within; /* instead of within_ms */
};

/* What an answer of this key fills: the operator's word, or the plugin's.
 * Borrowed from the instance. [loop] */
const char *hd_enrich_fills(struct hd_instance *instance, uint32_t key);

/* The step's run() and abandon(); `step` is a struct hd_enrich. [loop] */
enum hd_step_result hd_enrich_run(struct hd_alert *alert, void *step,
				  enum hd_truth holds);
void hd_enrich_abandon(struct hd_alert *alert);

/* ---- enrich_values.c ---- */

#define HD_ENRICH_VALUES_MAX 200 /* looked up for one alert */

struct hd_enrich_value {
	enum hd_kind kind;
	char *text;
	size_t n;
};

struct hd_enrich_values {
	struct hd_enrich_value *items;
	size_t count, max;
	size_t skipped; /* beyond the bound */
};

/* The values of the record that one of the connectors can be asked about; in
 * the second round those only that nobody was asked about.  To be freed by
 * hd_enrich_values_fini(). [loop] */
void hd_enrich_values_init(struct hd_enrich_values *values,
			   const struct hd_alert *alert,
			   const struct hd_enrich *enrich, bool second);
void hd_enrich_values_fini(struct hd_enrich_values *values);

#endif
