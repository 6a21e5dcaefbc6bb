/* answer.h - what became of one lookup
 *
 * Counted and immutable once made: the cache, the alerts that joined one
 * question and the record all hold the same answer.
 */
#ifndef HD_LOOKUP_ANSWER_H
#define HD_LOOKUP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

enum hd_outcome {
	HD_HIT,		   /* the source knows the value */
	HD_CLEAN,	   /* it answered, and knows nothing */
	HD_NOT_APPLICABLE, /* not to be asked at all */
	HD_MISSING	   /* everything else, with the reason */
};

const char *hd_outcome_name(enum hd_outcome outcome);

struct hd_answer {
	unsigned refs; /* [loop] only */
	enum hd_outcome outcome;
	uint32_t status; /* herald status */
	json_t *result;	 /* the plugin's object, or NULL; immutable */
	char *reason;	 /* for MISSING and NOT_APPLICABLE: "timed out after
			  * 5.0 s"; else NULL.  Short: cut behind a word */
	char *detail;	 /* the whole of a reason that was cut; else NULL */
	int64_t made_ms; /* UTC, when the source said it */
	int64_t took_ms; /* from question to answer */
};

#define HD_REASON_MAX 160  /* characters */
#define HD_DETAIL_MAX 4096 /* bytes */

/* `result` is referenced, `reason` copied (may be NULL). [loop] */
struct hd_answer *hd_answer_new(enum hd_outcome outcome, uint32_t status,
				json_t *result, const char *reason,
				int64_t made_ms, int64_t took_ms);
struct hd_answer *hd_answer_ref(struct hd_answer *answer);
void hd_answer_unref(struct hd_answer *answer); /* accepts NULL */

#endif
