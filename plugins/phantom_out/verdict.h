/* verdict.h - what an answer of SOAR means for the action
 *
 * SOAR says "no" with 200 as well, "yes, I have it already" with `failed`, and
 * nothing at all when the line breaks; nginx in front of it speaks HTML.  The
 * question behind each case: may the case exist, although we were not told?
 */
#ifndef HERALD_PHANTOM_VERDICT_H
#define HERALD_PHANTOM_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include <herald/plugin.h>

#include "common/json.h"
#include "common/text.h"

struct phantom_verdict {
	uint32_t status;  /* HERALD_OK, or what to complete with */
	int64_t existing; /* id of what was there already; 0: it is new */
	int64_t retry_after_ms;
};

/* `writes`: whether the request may have changed something, so that an answer
 * that tells nothing leaves doubt.  `why` says why it is not OK.  What an OK
 * answer must hold is for the caller to see. [loop] */
struct phantom_verdict phantom_judge(const herald_reply *reply,
				     struct hp_json *body, bool writes,
				     struct hp_text *why);

#endif
