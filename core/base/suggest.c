#include "core/base/suggest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define WORD_MAX 64

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* True if the letters that end at a[i] and b[j] are the same two swapped. */
static bool is_swap(const char *a, size_t i, const char *b, size_t j)
{
	return i > 0 && j > 0 && lower(a[i]) == lower(b[j - 1]) &&
	       lower(a[i - 1]) == lower(b[j]);
}

size_t hd_text_distance(const char *a, const char *b)
{
	size_t an = strlen(a);
	size_t bn = strlen(b);
	/* Row i + 1 tells how far the first i letters of a are from each
	 * start of b; three rows, used in turn. */
	size_t rows[3][WORD_MAX + 1];
	size_t *now = rows[0];
	size_t i;
	size_t j;

	if (an > WORD_MAX || bn > WORD_MAX)
		return SIZE_MAX;
	for (j = 0; j <= bn; j++)
		now[j] = j;
	for (i = 0; i < an; i++) {
		const size_t *above = rows[i % 3];
		const size_t *two_above = rows[(i + 2) % 3];

		now = rows[(i + 1) % 3];
		now[0] = i + 1;
		for (j = 0; j < bn; j++) {
			now[j + 1] = least(least(above[j + 1], now[j]) + 1,
					   above[j] + (lower(a[i]) !=
						       lower(b[j])));
			if (is_swap(a, i, b, j))
				now[j + 1] = least(now[j + 1],
						   two_above[j - 1] + 1);
		}
	}
	return now[bn];
}

const char *hd_suggest(const char *word, const char *const *names)
{
	size_t n = strlen(word);
	size_t nearest = least(n / 3 > 2 ? n / 3 : 2, n / 2) + 1;
	const char *found = NULL;
	size_t distance;

	for (; *names; names++) {
		distance = hd_text_distance(word, *names);
		if (distance < nearest) {
			nearest = distance;
			found = *names;
		}
	}
	return found;
}
