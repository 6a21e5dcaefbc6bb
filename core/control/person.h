/* person.h - a person's word, as the timeline keeps it: who, why, and what */
#ifndef HD_CONTROL_PERSON_H
#define HD_CONTROL_PERSON_H

#include <jansson.h>

#define HD_BECAUSE_MAX 2000 /* bytes */

/* An entry's JSON: `what` with `by` and `because`.  Takes the reference; the
 * caller frees the text. [any] */
char *hd_person_entry(const char *by, const char *because, json_t *what_take);

/* "settled as done by uid 0: the ticket is there".  The caller frees it.
 * [any] */
char *hd_person_message(const char *by, const char *because, const char *what);

#endif
