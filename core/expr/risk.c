#include "core/expr/expr.h"

#include "core/record/schema.h"

int hd_risk_level(const struct hd_risk_levels *levels, int score)
{
	if (score >= levels->critical)
		return 4;
	if (score >= levels->high)
		return 3;
	if (score >= levels->medium)
		return 2;
	return score >= levels->low ? 1 : 0;
}

const char *hd_risk_level_name(int level_id)
{
	return hd_ocsf_caption(hd_ocsf_path("risk_level_id", NULL), level_id);
}
