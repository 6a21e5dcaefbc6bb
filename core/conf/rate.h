/* rate.h - COUNT/DURATION, the one notation for limits
 *
 * `5/1h`, or a list of them that all hold: `[4/1m, 500/1d]`.
 */
#ifndef HD_CONF_RATE_H
#define HD_CONF_RATE_H

#include <stddef.h>
#include <stdint.h>

#include "core/conf/value.h"

#define HD_RATES_MAX 8

struct hd_rate {
	int64_t count;	   /* 0 is allowed: nothing at all */
	int64_t window_ms; /* at least 1 s */
};

struct hd_rates {
	size_t count; /* 0: unlimited */
	struct hd_rate items[HD_RATES_MAX];
};

/* One rate; -1 with `why` as hd_value_parse. [any] */
int hd_rate_parse(const char *text, size_t n, struct hd_rate *out,
		  char why[HD_VALUE_WHY], char remedy[HD_VALUE_REMEDY]);

/* A scalar or a list of them.  Returns 0 or, having complained, -1. [any] */
int hd_rates_read(const struct hd_node *node, const struct hd_check *check,
		  struct hd_rates *out);

#endif
