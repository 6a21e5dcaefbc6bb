/* convert.h - one JSON value to the type that OCSF wants
 *
 * For the parts of the record only.
 */
#ifndef HD_RECORD_CONVERT_H
#define HD_RECORD_CONVERT_H

#include <jansson.h>

#include "core/record/schema.h"

/* A new reference to `value` (borrowed) as one value of the attribute (an entry
 * of it, where the attribute is an array), or NULL if that is not exact:
 * numeric text to a number, numbers to text, "true" and "1" to bool.  Enums,
 * bounds and lengths of the schema hold for the result; objects are taken as
 * they are. [any] */
json_t *hd_convert(const struct hd_ocsf_attribute *attribute, json_t *value);

/* What is wrong with `value` as one value of the attribute, or NULL if nothing
 * is.  Converts nothing; does not look into objects. [any] */
const char *hd_convert_fault(const struct hd_ocsf_attribute *attribute,
			     const json_t *value);

#endif
