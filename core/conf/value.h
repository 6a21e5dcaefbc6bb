/* value.h - the text of one value, checked and read by its type
 *
 * The types are those of the plugin ABI (HERALD_INT, ...) and a few that only
 * the core's own sections need.  A plain text is enough for a check: where it
 * stands is told by the node, and complaints name it by its path.
 */
#ifndef HD_CONF_VALUE_H
#define HD_CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hd_complaints;
struct hd_node;

/* Beyond the types of plugin.h. */
enum {
	HD_TYPE_NAME = 1000, /* [a-z][a-z0-9_]* */
	HD_TYPE_RATE,	     /* 5/1h or [4/1m, 500/1d]: see rate.h */
	HD_TYPE_PERCENT,     /* 20% */
	HD_TYPE_DATE,	 /* 2026-12-31: number is UTC ms of its first moment */
	HD_TYPE_ZONE,	 /* Europe/Berlin */
	HD_TYPE_ADDRESS, /* where we listen: 127.0.0.1:9464, [::1]:8443 */
	HD_TYPE_NODE,	 /* anything: the layer above checks it */
	HD_TYPE_SUB,	 /* a mapping with a table of its own */
	HD_TYPE_LAST
};

/* What checks need to know and where they complain. */
struct hd_check {
	struct hd_complaints *complaints;
	bool inline_secrets; /* herald.inline_secrets */
};

/* The outcome: `number` is an integer, ms of a duration, bytes of a size,
 * 0 or 1 of a bool, the index of an enum's word, percents. */
struct hd_value {
	const char *text; /* borrowed from the node (or `text`) */
	size_t n;
	int64_t number;
};

#define HD_VALUE_WHY 256
#define HD_VALUE_REMEDY 1024

/* Reads `text` as `type`.  `values`: "a|b|c" of an enum, "min..max" of numbers
 * (either end may be lacking; written as the values are: "1s..1h"), schemes
 * of a URL ("https|http").  Returns 0, or -1 with `why` ("is no duration") and
 * `remedy` ("write 500ms, 10s, ..."; "" if there is none). [any] */
int hd_value_parse(uint32_t type, const char *values, const char *text,
		   size_t n, struct hd_value *out, char why[HD_VALUE_WHY],
		   char remedy[HD_VALUE_REMEDY]);

/* The same of a node, complaining; `out` may be NULL.  Types that are no
 * single scalar (JSON, RATE, NODE) are checked as far as can be. [any] */
int hd_value_check(uint32_t type, const char *values,
		   const struct hd_node *node, const struct hd_check *check,
		   struct hd_value *out);

/* "a duration (500ms, 10s, 5m, 2h, 7d)": for manuals and complaints. [any] */
const char *hd_value_type_name(uint32_t type);

/* True for [a-z][a-z0-9_]*, at most 64 bytes. [any] */
bool hd_value_is_name(const char *text, size_t n);

#endif
