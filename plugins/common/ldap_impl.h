/* ldap_impl.h - what ldap.c, ldap_login.c, ldap_kerberos.c and ldap_search.c
 * share.  Nobody else includes it. */
#ifndef HERALD_PLUGINS_LDAP_IMPL_H
#define HERALD_PLUGINS_LDAP_IMPL_H

#include <ldap.h>

#include "common/ldap.h"
#include "common/ldap_outcome.h"
#include "common/watch.h"

#define HP_LDAP_SECRET_MAX 4096

struct hp_ldap {
	struct hp_directory *directory;
	const herald_host *h;
	LDAP *ld; /* NULL: none open */
	struct hp_srv server;
	char name[HP_SRV_HOST + 8];
	struct hp_ldap_wait wait;
	struct hp_watch *watch;
};

/* ---- ldap.c ---- */

/* The answer to a message, or an end of the waiting: a result code.  *result
 * is set where it is LDAP_SUCCESS; the caller frees it.  `until_ms` is a
 * deadline. */
int hp_ldap_wait(struct hp_ldap *l, int msgid, int64_t until_ms,
		 LDAPMessage **result);

/* The result code in a final answer, and what the server said with it (the
 * caller frees it by ldap_memfree).  Frees `result`. */
int hp_ldap_result_take(struct hp_ldap *l, LDAPMessage *result, char **said);

/* Words of the library about its last trouble; the caller frees it by
 * ldap_memfree. */
char *hp_ldap_said(struct hp_ldap *l);

/* The line is of no use any more. */
void hp_ldap_drop(struct hp_ldap *l);

/* ---- ldap_login.c ---- */

/* Opens l->ld to l->server and logs in, until `until_ms`.  Not OK: it is closed
 * again, and `why` says why. */
uint32_t hp_ldap_login(struct hp_ldap *l, int64_t until_ms,
		       struct hp_text *why);

/* ---- ldap_kerberos.c ---- */

/* Logs in by GSSAPI, with sealing. */
uint32_t hp_ldap_kerberos(struct hp_ldap *l, int64_t until_ms,
			  struct hp_text *why);

#endif
