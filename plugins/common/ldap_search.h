/* ldap_search.h - asking a directory
 *
 * Entries are copied out of the library and stand by themselves.  Names of
 * attributes are compared without case.
 */
#ifndef HERALD_PLUGINS_LDAP_SEARCH_H
#define HERALD_PLUGINS_LDAP_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <herald/plugin.h>

#include "common/ldap.h"
#include "common/text.h"

#define HP_VALUES_MAX 16384	/* of one attribute */
#define HP_ENTRY_MAX (8u << 20) /* bytes of all values of an entry */

struct hp_attribute {
	char *name;
	herald_str *values; /* each with '\0' behind */
	size_t count;
};

struct hp_entry {
	char *dn;
	struct hp_attribute *attributes;
	size_t count, bytes;
	struct hp_entry *next;
};

/* Accepts NULL; all that follow as well. [any] */
void hp_entry_free(struct hp_entry *entry);

/* The index-th value; {NULL, 0} past the end.  Borrowed from the entry.
 * [any] */
herald_str hp_entry_value(const struct hp_entry *entry, const char *name,
			  size_t index);

/* The same as text; {NULL, 0} for what is no UTF-8 or holds a '\0'. [any] */
herald_str hp_entry_text(const struct hp_entry *entry, const char *name,
			 size_t index);
size_t hp_entry_count(const struct hp_entry *entry, const char *name);

struct hp_query {
	const char *base;	   /* or <SID=...>, <GUID=...> */
	bool subtree;		   /* else the object itself */
	const char *filter;	   /* NULL: any object */
	const char *const *wanted; /* attributes, NULL-ended */
	size_t max;		   /* entries; 0: one */
};

struct hp_found {
	struct hp_entry *first;
	size_t count;
	bool more; /* than `max` */
};

/* Page by page until there are no more, or more than `max`.  NOT_FOUND: nothing
 * fits, or there is no such object; a base to search below that is not there is
 * BAD_CONFIG.  A connection that was cut meanwhile is opened once more.  The
 * caller frees found->first. [worker] */
uint32_t hp_ldap_search(struct hp_ldap *ldap, const struct hp_query *query,
			struct hp_found *found, struct hp_text *why);

/* One object.  Where the server gives a part of an attribute only
 * ("member;range=0-1499") it is fetched to its end; one attribute that can be
 * so long at a time.  The caller frees *entry. [worker] */
uint32_t hp_ldap_read(struct hp_ldap *ldap, const char *base,
		      const char *const *wanted, struct hp_entry **entry,
		      struct hp_text *why);

#endif
