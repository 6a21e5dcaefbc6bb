#include "core/record/record.h"

#include "core/record/mend.h"
#include "core/record/schema.h"

void hd_record_tidy(json_t *record)
{
	json_t *unmapped = json_object_get(record, "unmapped");

	if (unmapped && !json_is_object(unmapped)) {
		json_incref(unmapped);
		json_object_set_new(record, "unmapped", json_object());
		hd_record_set_unmapped(record, "herald", "unmapped", unmapped);
		json_decref(unmapped);
	}
	hd_mend_object(record, "herald", &hd_ocsf_objects[0], record,
		       HD_MEND_TIDY);
}
