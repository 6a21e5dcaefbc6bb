#include "core/conf/guess.h"

#include <string.h>

#include "core/base/suggest.h"

static size_t bound(size_t n)
{
	return n <= 4 ? 1 : n <= 8 ? 2 : 3;
}

void hd_guess_init(struct hd_guess *guess, const char *word)
{
	guess->word = word;
	guess->best = NULL;
	guess->slips = bound(strlen(word)) + 1;
}

void hd_guess_offer(struct hd_guess *guess, const char *candidate)
{
	size_t slips = hd_text_distance(guess->word, candidate);

	if (slips >= guess->slips || slips >= strlen(guess->word) ||
	    slips >= strlen(candidate))
		return;
	guess->slips = slips;
	guess->best = candidate;
}
