/* mend.h - one object of the record made to fit the schema
 *
 * For the parts of the record only.
 */
#ifndef HD_RECORD_MEND_H
#define HD_RECORD_MEND_H

#include <stdbool.h>
#include <jansson.h>

#include "core/record/schema.h"

enum hd_mend {
	HD_MEND_TIDY, /* nothing need be whole yet */
	HD_MEND_PART, /* the object completes another; those below are whole */
	HD_MEND_WHOLE /* all must stand by itself */
};

/* Makes `object` and all below it fit: drops nulls and empty texts, converts
 * what can be, fills what OCSF requires and can be known to be unknown (type_id
 * 0, a file's name from its path), writes the captions beside enums.  What does
 * not fit all the same goes below unmapped.<source> of `record` under its path,
 * where `record` is not NULL.  False if the object says nothing or cannot
 * stand: the caller takes it out. [loop] */
bool hd_mend_object(json_t *record, const char *source,
		    const struct hd_ocsf_object *schema, json_t *object,
		    enum hd_mend mode);

#endif
