/* check.h - one object of the record against the schema
 *
 * For the parts of the record only.
 */
#ifndef HD_RECORD_CHECK_H
#define HD_RECORD_CHECK_H

#include <stdbool.h>
#include <jansson.h>

#include "core/record/schema.h"

struct hd_err;

/* -1 with path and reason of the first fault; the path begins with `name`
 * (NULL: the record itself).  With `whole` false the object and those in it may
 * lack what they need to stand by themselves: it completes another one. [any]
 */
int hd_check_object(const struct hd_ocsf_object *schema, const json_t *object,
		    bool whole, const char *name, struct hd_err *err);

#endif
