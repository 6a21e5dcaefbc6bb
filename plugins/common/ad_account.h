/* ad_account.h - users and computers of a directory
 *
 * Exactly one, or nobody: where several fit, nothing is taken.  Groups are
 * those of the token (tokenGroups): nested ones and the primary one included.
 *
 * All functions are [worker], but for those that say otherwise.
 */
#ifndef HERALD_PLUGINS_AD_ACCOUNT_H
#define HERALD_PLUGINS_AD_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ad_names.h"
#include "common/json.h"
#include "common/ldap.h"
#include "common/ldap_search.h"
#include "common/sid.h"

struct hp_ad_account {
	struct hp_entry *entry;
	char sid[HP_SID_TEXT], guid[HP_GUID_TEXT];
	uint32_t uac;	   /* userAccountControl */
	uint32_t computed; /* msDS-User-Account-Control-Computed */
	struct hp_ad_group *groups;
	size_t group_count;
	bool is_computer;
};

/* Whom to look for. */
enum hp_ad_by {
	HP_AD_NAME_OF_USER, /* alice, alice@corp.example.com, S-1-5-21-... */
	HP_AD_MAIL,	    /* primary or other address */
	HP_AD_HOST,	    /* ws0042, ws0042.corp.example.com */
	HP_AD_GUID	    /* a user, wherever it was moved to */
};

/* OK, NOT_FOUND, or FAILED with `why` where several fit ("ambiguous: ...");
 * `account` is then empty.  Without groups yet.  The caller ends it with
 * hp_ad_account_fini() in any case. */
uint32_t hp_ad_find(struct hp_ldap *ldap, enum hp_ad_by by, herald_str value,
		    struct hp_ad_account *account, struct hp_text *why);

/* Reads its groups and their names.  Not OK also where the directory does not
 * show any: everybody is in one at least. */
uint32_t hp_ad_read_groups(struct hp_ldap *ldap, struct hp_ad_names *names,
			   struct hp_ad_account *account, struct hp_text *why);

/* Accepts an empty one. [any] */
void hp_ad_account_fini(struct hp_ad_account *account);

/* Is it in a group that lets it do everything: Domain, Enterprise, Schema
 * Admins, Administrators, Domain Controllers? [any] */
bool hp_ad_is_privileged(const struct hp_ad_account *account);

/* Members of OCSF's user at `base` ("/user"): name, uid, uid_alt, domain,
 * full_name, email_addr, phone_number, type_id, groups, org, ldap_person.
 * `manager` may be NULL. [any] */
void hp_ad_put_user(struct hp_json *out, const char *base, const char *domain,
		    const struct hp_ad_account *account,
		    const struct hp_entry *manager);

/* "groups" of an OCSF object at `base`. [any] */
void hp_ad_put_groups(struct hp_json *out, const char *base,
		      const struct hp_ad_account *account);

#endif
