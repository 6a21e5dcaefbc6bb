/* breaker.h - leaving a service alone that does not answer
 *
 * Closed: asked.  After `HD_BREAKER_FAILURES` failures in a row it opens for
 * 5 s, doubling to 5 min at most; then one question is let through (half open),
 * whose outcome closes it or opens it again.  A hold (Retry-After) opens it for
 * a given time.
 */
#ifndef HD_LOOKUP_BREAKER_H
#define HD_LOOKUP_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define HD_BREAKER_FAILURES 5

struct hd_breaker {
	int failures;
	int64_t open_until_ms; /* monotonic; 0 = closed */
	int64_t pause_ms;
	bool probing;
	bool held; /* opened by a hold, not by failures */
};

/* May nothing go out now: it is open, or half open with its one question on the
 * way?  Changes nothing. [any] */
bool hd_breaker_blocks(const struct hd_breaker *b, int64_t now_ms);

/* May a question go out now?  In half-open state the first call says yes and
 * the following no until an outcome is told. [loop] */
bool hd_breaker_allows(struct hd_breaker *b, int64_t now_ms);
void hd_breaker_success(struct hd_breaker *b);
/* True if this failure opened it. */
bool hd_breaker_failure(struct hd_breaker *b, int64_t now_ms);
void hd_breaker_hold(struct hd_breaker *b, int64_t until_ms);
/* ms until it may be tried; 0 if now. */
int64_t hd_breaker_wait(const struct hd_breaker *b, int64_t now_ms);

#endif
