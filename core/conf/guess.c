#include "core/conf/guess.h"

#include <string.h>

#define WORD_MAX 64

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Damerau's distance: a letter more, less, other, or two neighbours swapped
 * is one slip. */
static size_t distance(const char *a, size_t an, const char *b, size_t bn)
{
	size_t rows[3][WORD_MAX + 1], i, j;

	for (j = 0; j <= bn; j++)
		rows[0][j] = j;
	for (i = 1; i <= an; i++) {
		size_t *row = rows[i % 3], *up = rows[(i + 2) % 3];
		const size_t *above = rows[(i + 1) % 3];

		row[0] = i;
		for (j = 1; j <= bn; j++) {
			row[j] = least(least(up[j], row[j - 1]) + 1,
				       up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least(row[j], above[j - 2] + 1);
		}
	}
	return rows[an % 3][bn];
}

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
	size_t an = strlen(guess->word), bn = strlen(candidate), slips;

	if (an > WORD_MAX || bn > WORD_MAX || an == 0 || bn == 0)
		return;
	slips = distance(guess->word, an, candidate, bn);
	if (slips >= guess->slips || slips >= least(an, bn))
		return;
	guess->slips = slips;
	guess->best = candidate;
}
