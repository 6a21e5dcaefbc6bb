/* answer.h - what an enricher said, checked and copied
 *
 * For the parts of the record only.
 */
#ifndef HD_RECORD_ANSWER_H
#define HD_RECORD_ANSWER_H

#include <jansson.h>

#include "core/record/record.h"

/* Ours, ready to be used; NULL where nothing was said. */
struct hd_answer {
	json_t *reputation;    /* with caption and provider */
	json_t *user, *device; /* parts: they complete others */
	json_t *location, *resources;
	json_t *observables; /* as in the record */
};

/* Reads the plugin's object.  -1 with the first fault; hd_answer_fini() is due
 * in any case. [loop] */
int hd_answer_read(const struct hd_addition *addition, struct hd_answer *answer,
		   struct hd_err *why);
void hd_answer_fini(struct hd_answer *answer);

/* observables[].type_id of an enum hd_kind. [any] */
int hd_answer_type_of(int kind);

#endif
