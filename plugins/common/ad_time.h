/* ad_time.h - the times of Active Directory
 *
 * FILETIME: 100 ns since 1601, as text ("134400423525294850").  Two values are
 * none: 0 (pwdLastSet: must change at the next logon; else: never) and
 * 9223372036854775807 (never).  Generalized time: "20261125010622.0Z".
 *
 * All functions are [any].
 */
#ifndef HERALD_PLUGINS_AD_TIME_H
#define HERALD_PLUGINS_AD_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include <herald/plugin.h>

#define HP_FILETIME_NEVER INT64_MAX

/* A decimal number of 64 bits with or without '-'; false if it is none. */
bool hp_number64(herald_str text, int64_t *out);

/* ms since 1970; false for what is no number, for 0, for "never", and for what
 * lies before 1601. */
bool hp_filetime_ms(herald_str text, int64_t *ms);

/* Likewise of YYYYMMDDHHMMSS[.fraction]Z. */
bool hp_generalized_ms(herald_str text, int64_t *ms);

#endif
