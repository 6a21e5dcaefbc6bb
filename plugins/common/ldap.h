/* ldap.h - a connection to a controller
 *
 * Opened when it is needed, kept, opened again once when it turns out to be
 * cut (controllers close idle ones); the next controller is tried when one does
 * not answer in its share of the time.  Encrypted always: TLS 1.2 or later with
 * a certificate for the name that we asked for, or Kerberos with sealing.  A
 * password never leaves before that is so.
 *
 * Referrals are never followed.  Every wait ends at the deadline, or when the
 * host says that nobody waits any more.  Nothing here is for two threads at
 * once: one connection a worker.
 */
#ifndef HERALD_PLUGINS_LDAP_H
#define HERALD_PLUGINS_LDAP_H

#include <stdbool.h>
#include <stdint.h>

#include <herald/plugin.h>

#include "common/directory.h"
#include "common/text.h"

struct hp_ldap;

/* What somebody waits for. */
struct hp_ldap_wait {
	herald_id req;
	int64_t asked_ms;    /* when the request came to the plugin */
	int64_t deadline_ms; /* monotonic */
};

/* NULL if memory is lacking; connects to nothing.  Borrows `directory`, which
 * must live longer. [any] */
struct hp_ldap *hp_ldap_new(struct hp_directory *directory);
void hp_ldap_free(struct hp_ldap *ldap);

/* Borrowed, valid as long as `ldap`. [any] */
struct hp_directory *hp_ldap_directory(const struct hp_ldap *ldap);

/* Connects and logs in, if that is not so already.  `wait` is copied, and holds
 * for everything that follows. [worker] */
uint32_t hp_ldap_open(struct hp_ldap *ldap, const struct hp_ldap_wait *wait,
		      struct hp_text *why);

/* The controller that we talk to: "dc1.corp.example.com:636"; "" if none.
 * [worker] */
const char *hp_ldap_server(const struct hp_ldap *ldap);

/* A value to be replaced: with `before`, only if the attribute holds exactly
 * that (deleted and added in one modification, which the server does whole or
 * not at all); without, whatever it holds. */
struct hp_ldap_change {
	const char *dn; /* or <GUID=...> */
	const char *attribute;
	const char *before, *after; /* before may be NULL */
};

/* OK: done.  HERALD_BUSY with no `why`: the attribute does not hold `before`
 * (any more), nothing was changed.  IN_DOUBT: it was sent, and no answer came.
 * [worker] */
uint32_t hp_ldap_change(struct hp_ldap *ldap,
			const struct hp_ldap_change *change,
			struct hp_text *why);

#endif
