#include "core/lookup/breaker.h"

#define FIRST_PAUSE_MS 5000
#define LAST_PAUSE_MS 300000

bool hd_breaker_blocks(const struct hd_breaker *b, int64_t now_ms)
{
	return b->open_until_ms != 0 &&
	       (now_ms < b->open_until_ms || b->probing);
}

bool hd_breaker_allows(struct hd_breaker *b, int64_t now_ms)
{
	if (b->open_until_ms == 0)
		return true;
	if (hd_breaker_blocks(b, now_ms))
		return false;
	if (b->held && b->failures < HD_BREAKER_FAILURES) {
		b->held = false; /* a hold that ended needs no probe */
		b->open_until_ms = 0;
		return true;
	}
	b->probing = true;
	return true;
}

void hd_breaker_success(struct hd_breaker *b)
{
	b->failures = 0;
	b->probing = false;
	b->pause_ms = 0;
	if (!b->held)
		b->open_until_ms = 0;
}

bool hd_breaker_failure(struct hd_breaker *b, int64_t now_ms)
{
	bool was_probe = b->probing;

	b->probing = false;
	b->failures++;
	if (b->failures < HD_BREAKER_FAILURES)
		return false;
	if (b->open_until_ms != 0 && !was_probe)
		return false;
	b->pause_ms = b->pause_ms == 0 ? FIRST_PAUSE_MS : b->pause_ms * 2;
	if (b->pause_ms > LAST_PAUSE_MS)
		b->pause_ms = LAST_PAUSE_MS;
	if (now_ms + b->pause_ms > b->open_until_ms)
		b->open_until_ms = now_ms + b->pause_ms;
	b->held = false;
	return true;
}

void hd_breaker_hold(struct hd_breaker *b, int64_t until_ms)
{
	b->probing = false;
	if (until_ms > b->open_until_ms)
		b->open_until_ms = until_ms;
	b->held = true;
}

int64_t hd_breaker_wait(const struct hd_breaker *b, int64_t now_ms)
{
	return b->open_until_ms > now_ms ? b->open_until_ms - now_ms : 0;
}
