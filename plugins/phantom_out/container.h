/* container.h - the case that is opened for an alert */
#ifndef HERALD_PHANTOM_CONTAINER_H
#define HERALD_PHANTOM_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/json.h"

/* What the action's parameters and the connector's options say. */
struct phantom_case {
	struct hp_json *params, *record;
	const char *label; /* where the parameters name none */
	const char *sdi;   /* source_data_identifier */
	herald_str idem;
	bool automation; /* let active playbooks begin by themselves */
};

/* Fills `out` (opened by the caller) with the body of POST /rest/container.
 * Returns how many artifacts are in it. [loop] */
size_t phantom_container_make(const struct phantom_case *c,
			      struct hp_json *out);

/* Only /artifacts of it, none of which starts anything. [loop] */
size_t phantom_artifacts_make(const struct phantom_case *c,
			      struct hp_json *out);

/* NULL, or why the parameter `severity` is none. [any] */
const char *phantom_check_severity(struct hp_json *params);

/* low, medium or high for the alert's severity_id. [any] */
const char *phantom_severity(int64_t severity_id);

#endif
