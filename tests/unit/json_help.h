/* json_help.h - JSON in tests, written with single quotes */
#ifndef HD_TESTS_UNIT_JSON_HELP_H
#define HD_TESTS_UNIT_JSON_HELP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

/* A new reference; ' stands for ". */
static inline json_t *json_of(const char *text)
{
	char *copy = strdup(text);
	json_error_t error;
	json_t *value;

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	value = json_loads(copy, JSON_DECODE_ANY, &error);
	if (!value) {
		fprintf(stderr, "test's own JSON: %s in %s\n", error.text,
			copy);
		abort();
	}
	free(copy);
	return value;
}

/* Prints both and returns false when they differ; frees neither. */
static inline int json_same(const json_t *got, const char *want_text)
{
	json_t *want = json_of(want_text);
	int same = json_equal(got, want);

	if (!same) {
		char *g = got ? json_dumps(got,
					   JSON_ENCODE_ANY | JSON_SORT_KEYS)
			      : strdup("(none)");
		char *w = json_dumps(want, JSON_ENCODE_ANY | JSON_SORT_KEYS);

		fprintf(stderr, "got  %s\nwant %s\n", g, w);
		free(g);
		free(w);
	}
	json_decref(want);
	return same;
}

/* Members and entries by a path like "evidences.0.user.name"; NULL if absent.
 * Borrowed. */
static inline json_t *json_down(const json_t *value, const char *path)
{
	while (value && *path) {
		char name[128];
		size_t n = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		value = json_is_array(value)
				? json_array_get(value, strtoul(name, NULL, 10))
				: json_object_get(value, name);
		path += n + (path[n] == '.');
	}
	return (json_t *)value;
}

#endif
