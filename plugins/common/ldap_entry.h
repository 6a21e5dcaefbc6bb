/* ldap_entry.h - copying what a server sent
 *
 * For ldap_search.c.  "member;range=0-1499" is kept as `member`, with a note
 * where to go on.
 */
#ifndef HERALD_PLUGINS_LDAP_ENTRY_H
#define HERALD_PLUGINS_LDAP_ENTRY_H

#include <ldap.h>

#include "common/ldap_search.h"

struct hp_range {
	char name[64]; /* of the attribute; "" none is partial */
	size_t next;   /* first value that is lacking */
};

/* Reads "name;range=LOW-HIGH" or "name;range=LOW-*".  False if it is none;
 * *name_n is the length of the name.  *next is 0 where LOW-* says that it is
 * the end. [any] */
bool hp_range_read(const char *text, size_t *name_n, size_t *low, size_t *next);

/* A copy of an entry, NULL if memory is lacking or it is larger than
 * HP_ENTRY_MAX.  `range` is the last partial attribute in it. [worker] */
struct hp_entry *hp_entry_copy(LDAP *ld, LDAPMessage *message,
			       struct hp_range *range);

/* Appends the values of one attribute; false if there would be too many.
 * [worker] */
bool hp_entry_add(struct hp_entry *entry, const char *name, size_t name_n,
		  struct berval **values);

/* Moves the values of `name` over from another entry; false if there would be
 * too many. [any] */
bool hp_entry_adopt(struct hp_entry *entry, struct hp_entry *part,
		    const char *name);

#endif
