/* fill.h - what OCSF asks for and the source did not say
 *
 * For the parts of the record only.
 */
#ifndef HD_RECORD_FILL_H
#define HD_RECORD_FILL_H

#include <jansson.h>

#include "core/record/schema.h"

/* Fills required attributes that can be known to be unknown (type_id 0) or
 * follow from others: file.name from path or hash, user.name from the mail
 * address, process.uid a digest, algorithm_id from a hash's length.  [loop] */
void hd_fill_required(const struct hd_ocsf_object *schema, json_t *object);

/* Writes the caption beside every enum; beside 99 the source's own word stays.
 * [loop] */
void hd_fill_captions(const struct hd_ocsf_object *schema, json_t *object);

#endif
