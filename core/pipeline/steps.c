#include "core/pipeline/step.h"

#include <string.h>

static const struct hd_step_type *const types[] = {
	&hd_step_drop,	&hd_step_dedup,	  &hd_step_enrich,
	&hd_step_score, &hd_step_respond, &hd_step_stop,
};

const struct hd_step_type *hd_step_type_at(size_t i)
{
	return i < sizeof(types) / sizeof(types[0]) ? types[i] : NULL;
}

const struct hd_step_type *hd_step_type(const char *name)
{
	for (size_t i = 0; hd_step_type_at(i); i++)
		if (strcmp(types[i]->name, name) == 0)
			return types[i];
	return NULL;
}
