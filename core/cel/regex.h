/* regex.h - RE2's patterns, matched in time linear in the text
 *
 * A backtracking matcher cannot be bounded here: PCRE2's match limit counts
 * anew at each place where a match may begin, so that "a*a*[bc]" on a few
 * kilobytes runs for minutes under any limit that ordinary patterns need.  So
 * patterns become a machine of states, all followed at once, one character at
 * a time: states times characters is the bound, and it is charged to the
 * evaluation's cost.  What such a machine cannot do RE2 does not have either:
 * back references, look-around, atomic groups, possessive repeats, recursion.
 *
 * PCRE2 is asked about single characters: what is in \p{Greek}, and what
 * equals what without regard to case beyond ASCII.
 */
#ifndef HD_CEL_REGEX_H
#define HD_CEL_REGEX_H

#include "core/cel/cel.h"

struct hd_cel_regex;

/* NULL with `why` filled if it is no pattern.  The caller frees it. [any] */
struct hd_cel_regex *hd_cel_regex_compile(const char *pattern, size_t n,
					  char *why, size_t size);

/* Frees it and all that are linked behind it. [any] */
void hd_cel_regex_free_all(struct hd_cel_regex *regex);
void hd_cel_regex_link(struct hd_cel_regex *regex, struct hd_cel_regex **list);

/* Anywhere in the text; bool or an error. */
struct hd_cel_value hd_cel_regex_match(struct hd_cel_call *call,
				       const struct hd_cel_regex *regex,
				       const struct hd_cel_value *text);

/* The match_data of an arena; accepts NULL. */
void hd_cel_regex_data_free(void *data);

/* States, of which each character may visit all. [any] */
size_t hd_cel_regex_states(const struct hd_cel_regex *regex);

#endif
