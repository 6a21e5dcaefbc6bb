/* mutant.h - breaking a promise on purpose, to test the tests
 *
 * In debug builds HERALD_MUTANT=NAME[,NAME...] switches on faults that the
 * tests must catch (tests/fault/mutants.py has the table).  In other builds
 * they do not exist.
 */
#ifndef HD_BASE_MUTANT_H
#define HD_BASE_MUTANT_H

#include <stdbool.h>

#ifdef HD_DEBUG
bool hd_mutant(const char *name);
#else
#define hd_mutant(name) false
#endif

#endif
