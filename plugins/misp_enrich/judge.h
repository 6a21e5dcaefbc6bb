/* judge.h - how bad one attribute makes a value
 *
 * As OCSF reputation:
 *
 *	meant for detection (to_ids), threat level high / medium / other
 *								10 / 9 / 8
 *	not meant for detection, or faded			6
 *	meant for detection, and a false positive by now	5
 *	not meant for detection, and on a warning list or a
 *	false positive						4
 *
 * Faded: each decay model that covers it calls it decayed, or the last word of
 * those who saw it is "expired".  A false positive: their last word is that.
 * A warning list never takes back what an analyst marked with to_ids: it is
 *told beside it.
 */
#ifndef HERALD_MISP_JUDGE_H
#define HERALD_MISP_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "misp_enrich/reply.h"

struct misp_sightings {
	unsigned seen, false_positive, expired;
	int64_t last;  /* epoch seconds; 0: never */
	int last_type; /* 0 seen, 1 false positive, 2 expired */
};

struct misp_judgement {
	bool to_ids, warned, false_positive, decayed, expired;
	struct misp_sightings sightings;
	int score_id;
};

/* [loop] */
struct misp_judgement misp_judge(const struct misp_attribute *a);

/* True if it speaks for an attack: to_ids, and nothing took it back. [any] */
bool misp_counts(const struct misp_judgement *j);

/* "high", "medium", "low", "undefined", or "" for what is no level. [any] */
const char *misp_level_word(int64_t level);

#endif
