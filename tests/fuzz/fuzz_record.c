/* Any JSON object as an alert: through Splunk's map, completed, and valid.
 * Then as a foreign finding: tidied, completed, and valid.  Completing again
 * changes nothing that matters: it stays valid. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/splunk_finding.h"

static const struct hd_risk_levels levels = { 20, 40, 60, 80 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must_be_valid(json_t *record, const char *how)
{
	struct hd_err err = { 0 };

	if (hd_record_validate(record, &err) == 0)
		return;
	fprintf(stderr, "%s: %s\n", how, err.text);
	json_dumpf(record, stderr, JSON_INDENT(1));
	abort();
}

static void check_foreign(const char *text, size_t n)
{
	struct hd_json_options options = { .mend = true,
					   .max_text = HD_JSON_TEXT_MAX };
	struct hd_record_origin origin = { .id = "i", .received_ms = 1 };
	json_t *record = hd_json_read(text, n, &options, NULL);

	if (json_is_object(record)) {
		hd_record_tidy(record);
		hd_record_complete(record, &origin, text, n);
		must_be_valid(record, "foreign");
		hd_record_complete(record, &origin, text, n);
		must_be_valid(record, "foreign, completed twice");
	}
	json_decref(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct hd_expr_env *env;
	static struct hd_map *map;
	json_t *record;
	unsigned errors;

	if (!map) {
		env = hd_expr_env_new(&levels, "UTC");
		map = splunk_map_new(env);
	}
	record = splunk_finding(map, (const char *)data, n, &errors, NULL);
	if (record)
		must_be_valid(record, "mapped");
	json_decref(record);
	check_foreign((const char *)data, n);
	return 0;
}
