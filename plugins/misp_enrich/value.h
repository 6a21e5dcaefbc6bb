/* value.h - what may be asked, and whether an attribute is about it
 *
 * The search does not say which of many values an attribute matched, and an
 * empty value or a '%' at an end matches everything: so each value is checked
 * before it is sent, and each answer is compared with what was asked.
 */
#ifndef HERALD_MISP_VALUE_H
#define HERALD_MISP_VALUE_H

#include <stdbool.h>

#include <herald/plugin.h>

/* NULL, or why this value is never sent. [any] */
const char *misp_value_trouble(herald_str value);

/* True if an attribute with this type and value is about `asked`: either half
 * of a composite type ("ip-dst|port") may be it, of "filename|md5" the digest
 * alone; case does not count, nor how an address is written. [any] */
bool misp_value_fits(herald_str type, herald_str value, herald_str asked);

#endif
