/* outcome.h - what a status means for a row
 *
 * Pure functions: no state, no I/O.
 */
#ifndef HD_ACTION_OUTCOME_H
#define HD_ACTION_OUTCOME_H

#include <stdint.h>

#include "core/journal/rows.h"

struct hd_completion;
struct hd_row;

/* How long a row of a stopped connector is left alone unless it is woken. */
#define HD_HELD_PAUSE_MS INT64_C(300000)

/* After PLAN (class 0 is the caller's): DECIDED means plan again later. [any]
 */
enum hd_action_state hd_outcome_of_plan(uint32_t status);

/* After RUN or VERIFY, for classes 1, 4 and 5. [any] */
enum hd_action_state hd_outcome_of_run(uint32_t status);

/* ms before the next try: the service's word, else 1 s doubling to 5 min with
 * up to a fifth more by chance. [loop] */
int64_t hd_retry_pause(const struct hd_row *row, const struct hd_completion *c);

/* ms before it is asked whether a begun action has ended. [any] */
int64_t hd_pending_pause(const struct hd_completion *c);

#endif
