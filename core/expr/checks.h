/* checks.h - what CEL's type checker cannot know
 *
 * For the parts of core/expr only: which connectors a step before asks, which
 * entries of respond came before, which lists there are.
 */
#ifndef HD_EXPR_CHECKS_H
#define HD_EXPR_CHECKS_H

#include "core/expr/program.h"

struct hd_checks {
	struct hd_expr *expr;
	const struct hd_expr_names *names;
	hd_expr_issue_fn fn;
	void *ud;
	bool failed;
};

void hd_checks_complain(struct hd_checks *checks, size_t offset,
			const char *text, const char *remedy);

/* Of a compiled program: enrich.NAME and done.NAME; the lists and connectors
 * that are named in calls; that the result is a number. */
void hd_checks_refs(struct hd_checks *checks);
void hd_checks_calls(struct hd_checks *checks);
void hd_checks_number(struct hd_checks *checks);

#endif
