/* log_limit.h - which lines of a noisy place are printed
 *
 * A place is a level, a connector and what is said there.  In the second that
 * begins with its first line five lines of a place pass; the rest is counted,
 * and the count can be taken when the second is over.  Where more places are
 * noisy at once than are kept, the surplus passes: a line too many is better
 * than one too few.
 *
 * Not locked: that is the log's business, which is the only user.
 */
#ifndef HD_BASE_LOG_LIMIT_H
#define HD_BASE_LOG_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/log.h"

#define HD_LOG_PLACES 64
#define HD_LOG_PASS 5
#define HD_LOG_SECOND_MS 1000

struct hd_log_place {
	enum hd_level level;
	unsigned passed, held;
	int64_t since_ms;
	uint64_t hash;	    /* of connector and what, whole */
	char connector[64]; /* "" for none; both cut when long */
	char what[96];
};

struct hd_log_limit {
	struct hd_log_place places[HD_LOG_PLACES]; /* free: passed is 0 */
};

/* True if the line may be printed at `now_ms`. [any] */
bool hd_log_limit_pass(struct hd_log_limit *limit, int64_t now_ms,
		       enum hd_level level, const char *connector,
		       const char *what);

/* Takes out a place whose second is over and that held lines back; false if
 * there is none (more). [any] */
bool hd_log_limit_take(struct hd_log_limit *limit, int64_t now_ms,
		       struct hd_log_place *out);

#endif
