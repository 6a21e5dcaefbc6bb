#include "vt_enrich/judge.h"

#include <stddef.h>

#include <herald/plugin.h>

#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)
#define SHORT_WAITS 2

/* The first row that fits decides; a row without word fits all. */
static const struct {
	uint32_t code;
	const char *word;
	uint32_t status;
} verdicts[] = {
	{ 400, "NotAvailableYet", HERALD_RETRY },
	{ 400, NULL, HERALD_BAD_INPUT },
	{ 401, NULL, HERALD_AUTH },
	{ 403, "ForbiddenError", HERALD_AUTH },
	{ 404, "NotFoundError", HERALD_NOT_FOUND },
	{ 404, NULL, HERALD_BAD_REPLY },
	{ 410, NULL, HERALD_BAD_REPLY },
	{ 424, NULL, HERALD_RETRY },
	{ 429, "TooManyRequestsError", HERALD_BUSY },
	{ 429, NULL, HERALD_QUOTA },
};

uint32_t vt_judge(uint32_t status, uint32_t code, const char *word)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		if (verdicts[i].code == code &&
		    (!verdicts[i].word || strcmp(verdicts[i].word, word) == 0))
			return verdicts[i].status;
	}
	return status;
}

int64_t vt_quota_spent(struct vt_quota *quota, int64_t now_ms, int64_t utc_ms)
{
	int64_t wait = MINUTE_MS;

	if (now_ms < quota->until_ms)
		return quota->until_ms - now_ms;
	if (quota->waits >= SHORT_WAITS)
		wait = DAY_MS - utc_ms % DAY_MS;
	quota->waits++;
	quota->until_ms = now_ms + wait;
	return wait;
}

void vt_quota_answered(struct vt_quota *quota)
{
	quota->waits = 0;
}
