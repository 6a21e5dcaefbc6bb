/* sid.h - the identifiers of Active Directory, as text
 *
 * objectSid, tokenGroups and objectGUID are bytes; people, rules and other
 * programs know them as S-1-5-21-... and as 195d28c7-908c-4c3f-....
 *
 * All functions are [any].
 */
#ifndef HERALD_PLUGINS_SID_H
#define HERALD_PLUGINS_SID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <herald/plugin.h>

#define HP_SID_TEXT 192 /* with '\0': 15 parts of 10 digits and the head */
#define HP_GUID_TEXT 37 /* with '\0' */

/* False if the bytes are no SID of revision 1: too short, too long, or with
 * another count of parts than they say. */
bool hp_sid_text(herald_str bytes, char out[HP_SID_TEXT]);

/* Is the whole text a SID?  For what comes from an alert. */
bool hp_sid_is_text(herald_str text);

/* The last part: what an account or group is within its domain.  0 if the text
 * is no SID of a domain (S-1-5-21-...). */
uint32_t hp_sid_rid(const char *sid);

/* Does `want` mean this SID?  It is a SID itself, or a number: the RID in any
 * domain. */
bool hp_sid_is(const char *sid, herald_str want);

/* False if it is not 16 bytes. */
bool hp_guid_text(herald_str bytes, char out[HP_GUID_TEXT]);
bool hp_guid_is_text(herald_str text);

#endif
