/* suggest.h - "did you mean" for names that nobody knows
 */
#ifndef HD_BASE_SUGGEST_H
#define HD_BASE_SUGGEST_H

#include <stddef.h>

/* How many letters must be inserted, left out, replaced or swapped with their
 * neighbour to make one text of the other (the optimal string alignment);
 * capitals count as small letters.  Texts over 64 bytes are SIZE_MAX apart.
 * [any] */
size_t hd_text_distance(const char *a, const char *b);

/* Of `names`, which end with NULL, the one nearest to `word`, the first of
 * equals; NULL if none is near: at most 2 letters or a third of the word away,
 * and never more than half.  Borrowed from `names`. [any] */
const char *hd_suggest(const char *word, const char *const *names);

#endif
