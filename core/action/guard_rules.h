/* guard_rules.h - the section `safety`, compiled
 *
 * Made by core/pipeline/safety.c of a checked configuration, constant
 * afterwards, and owned by that configuration's program.
 */
#ifndef HD_ACTION_GUARD_RULES_H
#define HD_ACTION_GUARD_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "core/conf/rate.h"

struct hd_expr;

/* One of safety.protect. */
struct hd_guard_rule {
	const char *name, *because; /* borrowed from the configuration */
	struct hd_expr *cond;
	bool of_user, of_device; /* what of the target it reads */
};

/* One of safety.actions. */
struct hd_guard_limit {
	const char *action; /* "ad_ops.disable_account", borrowed likewise */
	int effect;
	struct hd_rates at_most, per_target;
};

struct hd_guard_rules {
	struct hd_guard_rule *rules;
	size_t rule_count;
	struct hd_guard_limit *limits;
	size_t limit_count;
	/* What herald itself uses: accounts of its connectors, and the hosts
	 * that they talk to.  NULL-ended. */
	const char **accounts, **hosts;
	size_t account_count, host_count;
};

/* Empty ones: nothing that contains is allowed. [any] */
struct hd_guard_rules *hd_guard_rules_new(void);
void hd_guard_rules_free(struct hd_guard_rules *rules); /* accepts NULL */

/* Adds a name to those of herald itself; copied, each once. [loop] */
void hd_guard_rules_account(struct hd_guard_rules *rules, const char *name);
void hd_guard_rules_host(struct hd_guard_rules *rules, const char *host);

/* NULL if the action has no entry. [any] */
const struct hd_guard_limit *
hd_guard_rules_limit(const struct hd_guard_rules *rules, const char *connector,
		     const char *action);

#endif
