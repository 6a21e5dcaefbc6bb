/* explain_text.h - the story of an alert, for people
 */
#ifndef HD_HERALDCTL_EXPLAIN_TEXT_H
#define HD_HERALDCTL_EXPLAIN_TEXT_H

#include <stdint.h>
#include <jansson.h>

struct hd_buf;

/* Appends what GET /v1/alerts/ID/explain answered: pipeline, score with its
 * ledger, answers, actions, and the timeline.  `now_ms` is UTC: times of
 * another day are told with it. */
void hd_explain_text(struct hd_buf *out, const json_t *alert, int64_t now_ms);

/* Parts of it, also for `show`. */
void hd_explain_head(struct hd_buf *out, const json_t *alert, int64_t now_ms);
void hd_explain_actions(struct hd_buf *out, const json_t *alert);
void hd_explain_timeline(struct hd_buf *out, const json_t *alert,
			 int64_t now_ms);

#endif
