/* guess.h - "did you mean"
 *
 * Feed the permitted words one by one; the nearest wins if it is near enough:
 * one slip (base/suggest.h) in a word of up to four letters, two up to eight,
 * three beyond.
 */
#ifndef HD_CONF_GUESS_H
#define HD_CONF_GUESS_H

#include <stddef.h>

struct hd_guess {
	const char *word; /* what somebody wrote */
	const char *best; /* the nearest so far; NULL: none is near */
	size_t slips;
};

/* [any] */
void hd_guess_init(struct hd_guess *guess, const char *word);

/* `candidate` must live as long as guess->best is used. [any] */
void hd_guess_offer(struct hd_guess *guess, const char *candidate);

#endif
