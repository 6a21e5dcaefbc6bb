/* splunk_finding.h - what Splunk sent as a finding, through the plugin's map */
#ifndef HD_TESTS_UNIT_SPLUNK_FINDING_H
#define HD_TESTS_UNIT_SPLUNK_FINDING_H

#include <stdlib.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/expr/map.h"
#include "core/record/record.h"
#include "splunk_in/map.c"

/* Splunk's own table, for the host's eyes.  Ends the program if it is broken.
 */
static inline struct hd_map *splunk_map_new(struct hd_expr_env *env)
{
	struct hd_map_row *rows = calloc(SPLUNK_MAP_ROWS, sizeof(*rows));
	struct hd_err err = { 0 };
	struct hd_map *map;

	for (size_t i = 0; i < SPLUNK_MAP_ROWS; i++)
		rows[i] = (struct hd_map_row){ splunk_map[i].set,
					       splunk_map[i].to,
					       splunk_map[i].cond };
	map = hd_map_new(env, "splunk", rows, SPLUNK_MAP_ROWS, &err);
	free(rows);
	if (!map) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	return map;
}

/* The completed finding of a webhook's body; the row is `result`, or the whole
 * where there is none.  NULL if the text is no JSON object. */
static inline json_t *splunk_finding(const struct hd_map *map, const char *text,
				     size_t n, unsigned *errors,
				     struct hd_reason *why)
{
	struct hd_json_options options = { .mend = true,
					   .max_text = HD_JSON_TEXT_MAX };
	struct hd_record_origin origin = { .id = "7f3a",
					   .connector = "splunk",
					   .product = "Splunk",
					   .vendor = "Splunk",
					   .received_ms = 1795564800000 };
	struct hd_json_report report;
	json_t *received = hd_json_read(text, n, &options, &report);
	json_t *row, *record;

	if (!json_is_object(received)) {
		json_decref(received);
		return NULL;
	}
	row = json_object_get(received, "result");
	if (!json_is_object(row))
		row = received;
	origin.mended = report.status == HD_JSON_MENDED;
	record = hd_map_apply(map, received, row, origin.received_ms, errors,
			      why);
	hd_record_complete(record, &origin, text, n);
	json_decref(received);
	return record;
}

#endif
