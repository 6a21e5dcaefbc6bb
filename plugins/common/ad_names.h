/* ad_names.h - names in a directory that seldom change
 *
 * The names of groups by their SIDs, and the short name of the domain; kept for
 * an hour, shared by the connections of an instance.
 */
#ifndef HERALD_PLUGINS_AD_NAMES_H
#define HERALD_PLUGINS_AD_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ldap.h"
#include "common/sid.h"

#define HP_AD_NAME 257 /* bytes of a group's name, with '\0' */

struct hp_ad_group {
	char sid[HP_SID_TEXT];
	char name[HP_AD_NAME]; /* "": not known here, say of another domain */
};

struct hp_ad_names;

/* NULL if memory is lacking. [any] */
struct hp_ad_names *hp_ad_names_new(void);
void hp_ad_names_free(struct hp_ad_names *names);

/* Fills in the names of `count` groups, asking the directory about those that
 * are not known. [worker] */
uint32_t hp_ad_names_fill(struct hp_ad_names *names, struct hp_ldap *ldap,
			  struct hp_ad_group *groups, size_t count,
			  struct hp_text *why);

/* Is this the domain of the directory, by its DNS name or its short one?
 * *ours says so where the status is OK. [worker] */
uint32_t hp_ad_names_is_ours(struct hp_ad_names *names, struct hp_ldap *ldap,
			     herald_str domain, bool *ours,
			     struct hp_text *why);

#endif
