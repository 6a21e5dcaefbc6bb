/* sieve.h - the alerts for which a person's expression holds
 *
 * Evaluated over an alert as it was decided.  Every enricher may be named; what
 * one would have said that was not asked about the alert is not known.
 */
#ifndef HD_CONTROL_SIEVE_H
#define HD_CONTROL_SIEVE_H

#include "core/expr/expr.h"

struct hd_control;
struct hd_err;
struct hd_program;
struct hd_view_of;

struct hd_sieve {
	const struct hd_control *control;
	struct hd_program *program; /* one reference: of the expression */
	struct hd_expr *expr;
};

/* Compiles a condition.  -1 and `err`: there is nothing to fini. [loop] */
int hd_sieve_init(struct hd_sieve *sieve, const struct hd_control *control,
		  const char *text, struct hd_err *err);
void hd_sieve_fini(struct hd_sieve *sieve);

/* Does it hold for the alert with that id?  ERROR also where what it holds
 * cannot be read. [loop] */
enum hd_truth hd_sieve_holds(const struct hd_sieve *sieve, const char *id,
			     struct hd_reason *why);

/* Makes every enricher's name known to expressions over the view; valid until
 * the loop's next turn. [loop] */
void hd_sieve_enrichers(const struct hd_control *control,
			struct hd_view_of *view);

#endif
