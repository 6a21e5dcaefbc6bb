/* retry.h - running dead alerts again, many and slowly
 *
 * One sweep at a time, over all alerts that were dead when it began, the newest
 * first: those for which an expression holds are run again at a rate, so that a
 * service that has just come back is not run over.  It is a person's wish and
 * not kept: it ends with the process.
 */
#ifndef HD_CONTROL_RETRY_H
#define HD_CONTROL_RETRY_H

#include <jansson.h>

struct hd_call;
struct hd_control;
struct hd_retry;

/* POST /v1/retry: `if`, `at`, `because`; or `stop`.  Ends the call. [loop] */
void hd_api_retry_many(struct hd_call *call);

/* {"if", "at", "by", "looked", "begun", "refused", "not_sure"} of the sweep
 * under way; NULL: there is none.  New reference. [loop] */
json_t *hd_retry_describe(const struct hd_retry *retry);

/* The end of a sweep, its own or another's; accepts NULL. [loop] */
void hd_retry_end(struct hd_retry *retry, const char *why);

#endif
