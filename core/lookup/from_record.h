/* from_record.h - what a question takes from its alert besides the value */
#ifndef HD_LOOKUP_FROM_RECORD_H
#define HD_LOOKUP_FROM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "core/record/record.h"

/* True if the alert is labelled tlp:red. [loop] */
bool hd_from_record_red(const json_t *record);

/* The context of a key that asks for `fields` ("user.domain,host.name"): a JSON
 * object as text, {"user":{"domain":"CORP"}}, without what the alert does not
 * have.  The first word is a short name of the language, or host (the device).
 * A user's fields are those of the user who has the value, where one has it;
 * else they come from the first object of the name.  The caller frees it.
 * [loop] */
char *hd_from_record_context(json_t *record, const char *fields,
			     enum hd_kind kind, const char *value, size_t n);

#endif
