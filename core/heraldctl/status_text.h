/* status_text.h - how herald is, for people
 */
#ifndef HD_HERALDCTL_STATUS_TEXT_H
#define HD_HERALDCTL_STATUS_TEXT_H

#include <stdint.h>
#include <jansson.h>

struct hd_buf;

/* Appends what GET /v1/status answered: troubles first, each with the command
 * that helps. */
void hd_status_text(struct hd_buf *out, const json_t *status, int64_t now_ms);

#endif
