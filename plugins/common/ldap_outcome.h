/* ldap_outcome.h - what a result of LDAP means for a request */
#ifndef HERALD_PLUGINS_LDAP_OUTCOME_H
#define HERALD_PLUGINS_LDAP_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include <herald/plugin.h>

#include "common/text.h"

/* What was asked when the result came. */
enum hp_ldap_step { HP_LDAP_BIND, HP_LDAP_READ, HP_LDAP_WRITE };

/* The status for a result code of LDAP (a server's from 0 on, below that the
 * library's own).  A write whose answer did not come leaves doubt; a bind that
 * is refused is AUTH, whatever the code. [any] */
uint32_t hp_ldap_status(int code, enum hp_ldap_step step);

/* Says it for people: "invalid credentials: password expired (49)".  `said` is
 * what the server said, or "": of a bind of Active Directory only the reason
 * that it carries ("data 532") is told. [any] */
void hp_ldap_words(struct hp_text *why, int code, const char *said);

/* The words for the reason in the text of a refused bind, NULL where it has
 * none that is known. [any] */
const char *hp_ldap_bind_reason(const char *said);

#endif
