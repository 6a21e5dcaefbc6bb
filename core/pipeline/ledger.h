/* ledger.h - the list of contributions that made a score
 *
 * Each contribution is kept with what became of it; one that is not known
 * widens the interval instead of counting as nothing.
 */
#ifndef HD_PIPELINE_LEDGER_H
#define HD_PIPELINE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "core/expr/expr.h"

enum hd_counted {
	HD_COUNTED,
	HD_NOT_COUNTED_NOT_MET,
	HD_NOT_COUNTED_ABSENT,
	HD_NOT_COUNTED_UNKNOWN,
	HD_NOT_COUNTED_ERROR,
	HD_NOT_COUNTED_SMALLER /* not the largest of best_of */
};

struct hd_contribution {
	const char *name, *because; /* borrowed from the program */
	enum hd_counted counted;
	double value;	  /* what counts, or would */
	double low, high; /* bounds while it is unknown */
	int group;	  /* best_of it belongs to, 0: none */
	char why[256];	  /* absent what, unknown why */
};

struct hd_ledger {
	struct hd_contribution *items;
	size_t count, cap;
	int groups;
	bool scored; /* a score step ran */
	struct hd_interval interval;
};

void hd_ledger_init(struct hd_ledger *ledger);
void hd_ledger_fini(struct hd_ledger *ledger);

/* False if the name has counted already. */
bool hd_ledger_has(const struct hd_ledger *ledger, const char *name);

/* A copy of `contribution` is added. */
void hd_ledger_add(struct hd_ledger *ledger,
		   const struct hd_contribution *contribution);

/* Decides each best_of and sums up: sets `interval`. */
void hd_ledger_sum(struct hd_ledger *ledger);

/* [{"name","add","counted","because","why"}], in order.  New reference. */
json_t *hd_ledger_json(const struct hd_ledger *ledger);

/* "base +30, src_malicious +35": risk_details.  The caller frees it. */
char *hd_ledger_details(const struct hd_ledger *ledger);

const char *hd_counted_name(enum hd_counted counted);

#endif
