/* ad_probe.h - is the directory there, are we let in, do we see what we need?
 *
 * For a plugin's `probe`: logs in and reads `base`, and completes the request
 * with what it found in words.
 */
#ifndef HERALD_PLUGINS_AD_PROBE_H
#define HERALD_PLUGINS_AD_PROBE_H

#include <stdint.h>

#include "common/ldap.h"

/* `asked_ms`: when the request came; it may take `timeout` from then.
 * [worker] */
void hp_ad_probe(struct hp_ldap *ldap, herald_id req, int64_t asked_ms);

#endif
