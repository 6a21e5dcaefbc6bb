/* judge.h - what VirusTotal's answers mean
 *
 * The word in {"error": {"code": ...}} decides, beside the HTTP code: a 404
 * without VirusTotal's own word is a wrong address or a proxy, and must not
 * read as "nothing known".
 */
#ifndef HERALD_VT_JUDGE_H
#define HERALD_VT_JUDGE_H

#include <stdint.h>

/* The status to complete with.  `status` is the host's opinion (of
 * herald_reply), `code` the HTTP code, 0 if none arrived; `word` is "" where
 * the body says none. [any] */
uint32_t vt_judge(uint32_t status, uint32_t code, const char *word);

/* One word serves for the minute, the day and the month.  Not to lose a day
 * over a minute, nor to knock every minute at a door that opens at midnight:
 * two waits of a minute, then until 00:00 UTC. */
struct vt_quota {
	int64_t until_ms; /* monotonic: end of the last wait */
	unsigned waits;	  /* in a row */
};

/* How long nothing is to be asked.  Refusals that come during a wait belong to
 * it. [loop] */
int64_t vt_quota_spent(struct vt_quota *quota, int64_t now_ms, int64_t utc_ms);

/* What is left of the wait, 0: it may ask. [loop] */
int64_t vt_quota_left(const struct vt_quota *quota, int64_t now_ms);

/* As text, to be kept over restarts, and back; what cannot be read, or is over,
 * is no wait. [loop] */
#define VT_QUOTA_TEXT 40
void vt_quota_write(const struct vt_quota *quota, int64_t now_ms,
		    int64_t utc_ms, char out[VT_QUOTA_TEXT]);
void vt_quota_read(struct vt_quota *quota, const char *text, int64_t now_ms,
		   int64_t utc_ms);

/* An answer came: no wait, and none before. [loop] */
void vt_quota_answered(struct vt_quota *quota);

#endif
