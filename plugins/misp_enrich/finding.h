/* finding.h - what MISP knows about one value
 *
 * Collects the attributes that are about it, over all pages, and the warning
 * lists that it is on, and turns them into one result.  Of several attributes
 * the worst counts (judge.h); base_score is the number of those that speak for
 * an attack.  A value that is on a warning list and nothing else has the
 * reputation 0, as one that is not known: a finding all the same.
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
	unsigned count, to_ids, counting, false_positives, faded;
	int score_id;
	char worst_event[MISP_ID_MAX]; /* id, digits only; "" if unknown */
	struct hp_json result;	       /* {} until the first attribute */
	unsigned shown, events, labels, lists;
};

/* [loop] */
void misp_finding_init(struct misp_finding *f, const herald_lookup *asked);
void misp_finding_fini(struct misp_finding *f);

/* Takes the attribute in, if it is about the value. [loop] */
void misp_finding_add(struct misp_finding *f, const herald_host *h,
		      const struct misp_attribute *a);

/* Takes in what warninglists/checkValue says of the value. [loop] */
void misp_finding_add_lists(struct misp_finding *f, const herald_host *h,
			    struct hp_json *reply);

/* The result as JSON text, borrowed from `f`; {NULL, 0} for nothing known or
 * if memory was lacking (`f->result.failed`).  `url`: of the MISP, for the
 * link. [loop] */
herald_str misp_finding_text(struct misp_finding *f, herald_str url);

#endif
