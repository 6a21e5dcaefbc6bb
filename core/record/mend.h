/* mend.h - one object of the record made to fit the schema
 *
 * For the parts of the record only.
 */
#ifndef HD_RECORD_MEND_H
#define HD_RECORD_MEND_H

#include <stdbool.h>
#include <jansson.h>

#include "core/record/schema.h"

/* Makes `object` and all below it fit: drops nulls and empty texts, converts
 * what can be, fills what OCSF requires and can be known to be unknown (type_id
 * 0, a file's name from its path), writes the captions beside enums.  What does
 * not fit all the same goes below unmapped.<source> of `record` under its path,
 * where `record` is not NULL.  With `whole` false the object itself may lack
 * what it needs to stand alone; those below it may not.  False if the object
 * cannot stand: the caller takes it out. [loop] */
bool hd_mend_object(json_t *record, const char *source,
		    const struct hd_ocsf_object *schema, json_t *object,
		    bool whole);

#endif
