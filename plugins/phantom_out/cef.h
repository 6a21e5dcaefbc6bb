/* cef.h - the finding as artifacts
 *
 * Playbooks work on `cef`, a flat object with names of the Common Event Format.
 * Each evidence of the finding becomes an artifact, so does the device; what
 * can be looked up and stands in none of these (a second hash, what an enricher
 * added) gets one of its own.
 */
#ifndef HERALD_PHANTOM_CEF_H
#define HERALD_PHANTOM_CEF_H

#include <stdbool.h>
#include <stddef.h>

#include "common/json.h"

struct phantom_artifacts {
	const char *sdi; /* of the container; theirs begin with it */
	const char *severity;
	const char *start_time; /* ISO 8601 */
	bool automation;	/* let SOAR begin active playbooks */
};

/* Adds /artifacts to `container`.  Returns how many. [loop] */
size_t phantom_cef_add(const struct phantom_artifacts *a,
		       struct hp_json *record, struct hp_json *container);

#endif
