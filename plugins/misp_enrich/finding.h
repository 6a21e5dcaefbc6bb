/* finding.h - what MISP knows about one value
 *
 * Collects the attributes that are about it, over all pages, and turns them
 * into one result.  How it is judged, as OCSF reputation:
 *
 *	to_ids, threat level high / medium / low or none	10 / 9 / 8
 *	not meant for detection					6
 *	not meant for detection, and on a warning list		4
 *
 * base_score is the number of attributes with to_ids.  A warning list never
 * takes back what an analyst marked with to_ids: it is told beside it.
 */
#ifndef HERALD_MISP_FINDING_H
#define HERALD_MISP_FINDING_H

#include <stdbool.h>

#include <herald/plugin.h>

#include "common/json.h"

#include "misp_enrich/reply.h"

#define MISP_ID_MAX 24

struct misp_finding {
	const herald_lookup *asked; /* NULL: ended */
	unsigned count, to_ids;
	int score_id;
	char worst_event[MISP_ID_MAX]; /* id, digits only; "" if unknown */
	struct hp_json result;	       /* {} until the first attribute */
	unsigned shown, events, labels;
	bool warned;
};

/* [loop] */
void misp_finding_init(struct misp_finding *f, const herald_lookup *asked);
void misp_finding_fini(struct misp_finding *f);

/* Takes the attribute in, if it is about the value. [loop] */
void misp_finding_add(struct misp_finding *f, const herald_host *h,
		      const struct misp_attribute *a);

/* The result as JSON text, borrowed from `f`; {NULL, 0} for nothing known or
 * if memory was lacking (`f->result.failed`).  `url`: of the MISP, for the
 * link. [loop] */
herald_str misp_finding_text(struct misp_finding *f, herald_str url);

#endif
