/* ldap_filter.h - filters of LDAP, in which no value can be more than a value
 *
 * RFC 4515: the five bytes that mean something are escaped, here and nowhere
 * else.
 */
#ifndef HERALD_PLUGINS_LDAP_FILTER_H
#define HERALD_PLUGINS_LDAP_FILTER_H

#include "common/text.h"

/* Appends `value`, escaped. [any] */
void hp_filter_value(struct hp_text *filter, herald_str value);

/* Appends "(attribute=value)"; `before` stands before the value as it is
 * ("smtp:"), or "". [any] */
void hp_filter_is(struct hp_text *filter, const char *attribute,
		  const char *before, herald_str value);

/* Appends "(objectGUID=...)" for "195d28c7-908c-4c3f-...", which must be one
 * (hp_guid_is_text). [any] */
void hp_filter_guid(struct hp_text *filter, const char *guid);

#endif
