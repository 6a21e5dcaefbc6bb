/* words.h - lists of words with commas between, as declarations hold them
 */
#ifndef HD_BASE_WORDS_H
#define HD_BASE_WORDS_H

#include <stdbool.h>

/* True if the list "user,device" has `word`; NULL has none. [any] */
bool hd_words_have(const char *list, const char *word);

#endif
