#include "vt_enrich/judge.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

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
	quota->until_ms = 0;
}

int64_t vt_quota_left(const struct vt_quota *quota, int64_t now_ms)
{
	return now_ms < quota->until_ms ? quota->until_ms - now_ms : 0;
}

void vt_quota_write(const struct vt_quota *quota, int64_t now_ms,
		    int64_t utc_ms, char out[VT_QUOTA_TEXT])
{
	int64_t until = utc_ms + vt_quota_left(quota, now_ms);

	snprintf(out, VT_QUOTA_TEXT, "%" PRId64 " %u", until, quota->waits);
}

void vt_quota_read(struct vt_quota *quota, const char *text, int64_t now_ms,
		   int64_t utc_ms)
{
	int64_t until = 0;
	unsigned waits = 0;

	*quota = (struct vt_quota){ 0 };
	if (sscanf(text, "%18" SCNd64 " %4u", &until, &waits) != 2 ||
	    until <= utc_ms)
		return;
	/* A clock that was set back must not hold it for weeks. */
	if (until - utc_ms > DAY_MS)
		until = utc_ms + DAY_MS;
	quota->until_ms = now_ms + until - utc_ms;
	quota->waits = waits;
}
