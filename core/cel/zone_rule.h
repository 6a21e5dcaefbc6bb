/* zone_rule.h - the POSIX rule of a time zone: "CET-1CEST,M3.5.0,M10.5.0/3" */
#ifndef HD_CEL_ZONE_RULE_H
#define HD_CEL_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

struct hd_cel_change {
	char kind; /* M: month, week, weekday; J: day without 29 February, from
		    * 1; D: day from 0 */
	int32_t month, week, day;
	int32_t time; /* seconds of that day, local */
};

struct hd_cel_rule {
	int32_t standard, summer; /* seconds east of UTC */
	bool changes;
	struct hd_cel_change begin, end; /* of summer */
};

/* False if it is none. [any] */
bool hd_cel_rule_parse(const char *text, struct hd_cel_rule *out);

int32_t hd_cel_rule_offset(const struct hd_cel_rule *rule, int64_t utc);

#endif
