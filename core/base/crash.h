/* crash.h - dying on purpose, for tests of recovery
 *
 * In debug builds HERALD_CRASH_AT=NAME[:N] kills the process the N-th time it
 * passes the point NAME, as kill -9 would.  In other builds the points do not
 * exist.
 */
#ifndef HD_BASE_CRASH_H
#define HD_BASE_CRASH_H

#ifdef HD_DEBUG
void hd_crash_point(const char *name);
#else
#define hd_crash_point(name) ((void)0)
#endif

#endif
