/* names.h - which names an expression uses
 *
 * For the parts of core/expr only: in a source's map every member of what was
 * received is a name, and nobody knows them before.
 */
#ifndef HD_EXPR_NAMES_H
#define HD_EXPR_NAMES_H

#include <stddef.h>

/* Calls fn for each identifier that stands where a variable can stand: not
 * behind a dot, not before a bracket, no word of the language.  With repeats.
 * [any] */
void hd_names_scan(const char *source, size_t n,
		   void (*fn)(void *ud, const char *name, size_t n), void *ud);

#endif
