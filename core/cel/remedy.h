/* remedy.h - what to write instead of what the grammar does not know */
#ifndef HD_CEL_REMEDY_H
#define HD_CEL_REMEDY_H

struct hd_cel_token;

/* The advice for `token`, which stands in `source` where it must not: a
 * phrase, or "" where there is nothing to add.  Static. [any] */
const char *hd_cel_remedy(const char *source, const struct hd_cel_token *token);

#endif
