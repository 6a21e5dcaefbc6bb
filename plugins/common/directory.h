/* directory.h - an Active Directory, as an instance is told of it
 *
 * What all its connections share: the options, which controllers there are and
 * which of them answered, and whether we were refused.  Controllers are those
 * that `servers` names, else what DNS says (SRV, of the site if one is given);
 * that is asked again when its time is over, and kept while DNS is silent.
 *
 * The options are read by the names below; a plugin declares them with
 * HP_DIRECTORY_OPTIONS:
 *
 *	domain servers site dns security user secret keytab base
 */
#ifndef HERALD_PLUGINS_DIRECTORY_H
#define HERALD_PLUGINS_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

#include <herald/plugin.h>

#include "common/srv.h"
#include "common/text.h"

struct hp_directory;

enum hp_security { HP_LDAPS, HP_STARTTLS, HP_GSSAPI };

/* clang-format off */
#define HP_DIRECTORY_OPTIONS(who) \
    { "domain", HERALD_HOST, HERALD_REQUIRED, NULL, NULL, "the domain: corp.example.com" }, \
    { "servers", HERALD_HOSTPORT, HERALD_LIST, NULL, NULL, \
      "controllers, by the names in their certificates, in the order to be tried; default: asks DNS" }, \
    { "site", HERALD_STRING, 0, NULL, NULL, "asks DNS for the controllers of this site" }, \
    { "dns", HERALD_STRING, HERALD_LIST | HERALD_EXPERT, NULL, NULL, \
      "name servers to ask for controllers: ADDRESS or ADDRESS:PORT; default: the system's" }, \
    { "security", HERALD_ENUM, 0, "ldaps", "ldaps|starttls|gssapi", \
      "how the line is encrypted; gssapi is Kerberos, without a certificate" }, \
    { "user", HERALD_STRING, HERALD_REQUIRED, NULL, NULL, who }, \
    { "secret", HERALD_STRING, HERALD_SECRET, NULL, NULL, "the account's password" }, \
    { "keytab", HERALD_PATH, 0, NULL, NULL, "the account's key, instead of a password; for gssapi" }, \
    { "base", HERALD_STRING, 0, NULL, NULL, \
      "nothing outside this place is looked at: OU=Staff,DC=corp,DC=example,DC=com; default: the domain" }
/* clang-format on */

/* Reads the options, refuses (reject) what cannot work together: NULL then.
 * [loop, in create()] */
struct hp_directory *hp_directory_new(const herald_host *h);
void hp_directory_free(struct hp_directory *d);

/* Borrowed from `d`, valid as long as it. [any] */
const herald_host *hp_directory_host(const struct hp_directory *d);
const char *hp_directory_domain(const struct hp_directory *d);
const char *hp_directory_root(const struct hp_directory *d); /* DC=corp,... */
const char *hp_directory_base(const struct hp_directory *d);
/* As it logs in: with the domain, where only a name was given. */
const char *hp_directory_user(const struct hp_directory *d);
/* Is `dn` what it logs in as, however a DN is written?  False where that is no
 * DN. [any] */
bool hp_directory_is_user(const struct hp_directory *d, const char *dn);
enum hp_security hp_directory_security(const struct hp_directory *d);

/* ---- which controllers ---- */

/* The controllers in the order to be tried now: those that lately did not
 * answer come last.  OK with at least one. [worker] */
uint32_t hp_directory_servers(struct hp_directory *d, int64_t deadline_ms,
			      struct hp_srv_list *out, struct hp_text *why);

/* It did not answer, or did. [worker] */
void hp_directory_note(struct hp_directory *d, const struct hp_srv *server,
		       bool answered);

/* ---- whether we are let in ---- */

/* One log-in at a time, so that a wrong password is tried once: more would lock
 * the account.  `asked_ms` is when the request came: false, with words, if we
 * were refused since, and nothing was begun.  Else end it. [worker] */
bool hp_directory_login_begin(struct hp_directory *d, int64_t asked_ms,
			      struct hp_text *why);
void hp_directory_login_end(struct hp_directory *d, bool refused,
			    const struct hp_text *why);

#endif
