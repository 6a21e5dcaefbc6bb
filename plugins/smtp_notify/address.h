/* address.h - one mail address, or none
 *
 * libcurl sends what it is given: a line end in a recipient is a further SMTP
 * command.  So an address is local@domain of printable ASCII without anything
 * that has a meaning in SMTP or in a header.  Other domains are written in
 * their ASCII form (xn--...).
 */
#ifndef HERALD_SMTP_ADDRESS_H
#define HERALD_SMTP_ADDRESS_H

#include <stdbool.h>

#include <herald/plugin.h>

#define SMTP_ADDRESS_MAX 254 /* RFC 5321, 4.5.3.1.3 without < and > */

/* True if `text` is exactly one address. [any] */
bool smtp_address_is_sound(herald_str text);

/* What stands behind the '@' of a sound address. [any] */
herald_str smtp_address_domain(herald_str address);

#endif
