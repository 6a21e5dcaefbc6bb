/* record_lines - for test_record_schema.py, which asks another validator
 *
 * record_lines complete FILE...	the finding of each file, one a line
 * record_lines foreign		the same of each line of stdin, taken as OCSF
 * record_lines validate		"ok" or the fault for each line of stdin
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/splunk_finding.h"

#define LINE_MAX_BYTES (1u << 20)

static const struct hd_risk_levels levels = { 20, 40, 60, 80 };

static int complete(int count, char **names)
{
	struct hd_expr_env *env = hd_expr_env_new(&levels, "UTC");
	struct hd_map *map = splunk_map_new(env);
	char *text = malloc(LINE_MAX_BYTES);
	int status = 0;

	for (int i = 0; i < count && text; i++) {
		FILE *file = fopen(names[i], "r");
		size_t n = file ? fread(text, 1, LINE_MAX_BYTES, file) : 0;
		unsigned errors;
		json_t *record = splunk_finding(map, text, n, &errors, NULL);

		if (file)
			fclose(file);
		if (!record) {
			fprintf(stderr, "%s: no finding\n", names[i]);
			status = 1;
			continue;
		}
		json_dumpf(record, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(record);
	}
	free(text);
	hd_map_free(map);
	hd_expr_env_free(env);
	return status;
}

static void put_foreign(json_t *record)
{
	struct hd_record_origin origin = { .id = "i", .received_ms = 1 };

	hd_record_tidy(record);
	hd_record_complete(record, &origin, "", 0);
	json_dumpf(record, stdout, JSON_COMPACT);
	putchar('\n');
}

static void put_verdict(json_t *record)
{
	struct hd_err err = { 0 };

	puts(hd_record_validate(record, &err) == 0 ? "ok" : err.text);
}

static int each_line(void (*put)(json_t *record))
{
	char *line = malloc(LINE_MAX_BYTES);

	while (line && fgets(line, LINE_MAX_BYTES, stdin)) {
		json_t *record = json_loads(line, JSON_DECODE_ANY, NULL);

		put(record);
		json_decref(record);
	}
	free(line);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "complete") == 0)
		return complete(argc - 2, argv + 2);
	if (argc == 2 && strcmp(argv[1], "foreign") == 0)
		return each_line(put_foreign);
	if (argc == 2 && strcmp(argv[1], "validate") == 0)
		return each_line(put_verdict);
	fputs("usage: record_lines complete FILE... | foreign | validate\n",
	      stderr);
	return 2;
}
