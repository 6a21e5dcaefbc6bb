#include "core/plugin/status.h"

#include <stddef.h>

#include <herald/plugin.h>

static const struct {
	uint32_t status;
	const char *words;
} details[] = {
	{ HERALD_MENDED, "mended" },
	{ HERALD_NOT_FOUND, "not found" },
	{ HERALD_NOT_APPLICABLE, "not applicable" },
	{ HERALD_RETRY, "passing trouble" },
	{ HERALD_BUSY, "busy" },
	{ HERALD_UNREACHABLE, "unreachable" },
	{ HERALD_TIMEOUT, "timed out" },
	{ HERALD_QUOTA, "quota spent" },
	{ HERALD_AUTH, "not let in" },
	{ HERALD_FAILED, "failed" },
	{ HERALD_BAD_INPUT, "bad input" },
	{ HERALD_BAD_REPLY, "bad reply" },
	{ HERALD_UNSUPPORTED, "not supported" },
	{ HERALD_TOO_BIG, "too big" },
	{ HERALD_BAD_CONFIG, "bad configuration" },
	{ HERALD_FORBIDDEN, "forbidden" },
	{ HERALD_NOT_EXACT, "cannot be held exactly" },
	{ HERALD_REFUSED, "refused" },
	{ HERALD_CANCELLED, "cancelled" },
	{ HERALD_IN_DOUBT, "in doubt" },
	{ HERALD_PENDING, "pending" },
};

static const char *const classes[] = {
	"ok",	  "no data",  "passing trouble", "not let in",
	"failed", "given up", "in doubt",	 "pending",
};

const char *hd_status_words(uint32_t status)
{
	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		if (details[i].status == status)
			return details[i].words;
	}
	if (HERALD_CLASS(status) < sizeof(classes) / sizeof(classes[0]))
		return classes[HERALD_CLASS(status)];
	return "failed";
}

bool hd_status_is_sound(uint32_t status)
{
	return HERALD_CLASS(status) <= HD_CLASS_NO_DATA;
}
