#include "ad_respond/who.h"

enum { RID_ADMINISTRATOR = 500, RID_KRBTGT = 502 };

/* "CORP\alice" is alice of CORP. */
static uint32_t cut_domain(struct ad_respond *ad, herald_str *name,
			   struct hp_text *why)
{
	const char *slash = memchr(name->p, '\\', name->n);
	herald_str domain = { name->p, slash ? (size_t)(slash - name->p) : 0 };
	uint32_t status;
	bool ours;

	if (!slash)
		return HERALD_OK;
	status = hp_ad_names_is_ours(ad->names, ad->ldap, domain, &ours, why);
	if (status != HERALD_OK)
		return status;
	if (!ours) {
		hp_text_addf(why, "%.*s is of another domain than %s",
			     (int)name->n, name->p,
			     hp_directory_domain(ad->directory));
		return HERALD_REFUSED;
	}
	name->n -= domain.n + 1;
	name->p = slash + 1;
	return HERALD_OK;
}

static uint32_t find(struct ad_respond *ad, enum hp_ad_by by, herald_str value,
		     struct hp_ad_account *account, struct hp_text *why)
{
	uint32_t status = hp_ad_find(ad->ldap, by, value, account, why);

	if (status == HERALD_OK)
		status = hp_ad_read_groups(ad->ldap, ad->names, account, why);
	/* several: not one user */
	return status == HERALD_FAILED ? HERALD_REFUSED : status;
}

uint32_t ad_who_by_name(struct ad_respond *ad, herald_str name,
			struct hp_ad_account *account, struct hp_text *why)
{
	uint32_t status = cut_domain(ad, &name, why);

	if (status != HERALD_OK)
		return status;
	status = find(ad, HP_AD_NAME_OF_USER, name, account, why);
	if (status != HERALD_NOT_FOUND)
		return status;
	hp_text_addf(why, "there is no user %.*s below %s", (int)name.n, name.p,
		     hp_directory_base(ad->directory));
	return HERALD_REFUSED;
}

uint32_t ad_who_by_guid(struct ad_respond *ad, const char *guid,
			struct hp_ad_account *account, struct hp_text *why)
{
	uint32_t status = find(ad, HP_AD_GUID, herald_cstr(guid), account, why);

	if (status != HERALD_NOT_FOUND)
		return status;
	hp_text_addf(why, "the object %s is gone, or is not below %s any more",
		     guid, hp_directory_base(ad->directory));
	return HERALD_REFUSED;
}

/* ---- who may be touched ---- */

/* The account part of svc-herald@corp, CORP\svc-herald; or a DN. */
static bool is_our_own(const struct ad_respond *ad,
		       const struct hp_ad_account *account)
{
	herald_str us = herald_cstr(hp_directory_user(ad->directory));
	herald_str name = hp_entry_text(account->entry, "sAMAccountName", 0);
	herald_str upn = hp_entry_text(account->entry, "userPrincipalName", 0);
	const char *slash = memchr(us.p, '\\', us.n);

	if (hp_directory_is_user(ad->directory, account->entry->dn) ||
	    hp_str_same(us, upn))
		return true;
	if (slash)
		us = herald_cstr(slash + 1);
	us.n = strcspn(us.p, "@");
	return hp_str_same(us, name);
}

static bool is_in_never(const struct ad_respond *ad,
			const struct hp_ad_group *group)
{
	herald_str never;

	for (uint32_t i = 0;; i++) {
		never = ad->h->option(ad->h, "never", i);
		if (!never.p)
			return false;
		if (hp_sid_is(group->sid, never))
			return true;
	}
}

uint32_t ad_who_may_be(const struct ad_respond *ad,
		       const struct hp_ad_account *account, struct hp_text *why)
{
	uint32_t rid = hp_sid_rid(account->sid);

	if (is_our_own(ad, account)) {
		hp_text_add(why, HERALD_S("this is herald's own account"));
		return HERALD_REFUSED;
	}
	if (rid == RID_ADMINISTRATOR || rid == RID_KRBTGT) {
		hp_text_addf(why, "%s is an account of the domain itself",
			     account->sid);
		return HERALD_REFUSED;
	}
	for (size_t i = 0; i < account->group_count; i++) {
		const struct hp_ad_group *group = &account->groups[i];

		if (!is_in_never(ad, group))
			continue;
		hp_text_addf(why,
			     "%s is in %s%s%s, whose members are never "
			     "touched",
			     account->entry->dn, group->name,
			     group->name[0] ? " " : "", group->sid);
		return HERALD_REFUSED;
	}
	return HERALD_OK;
}

uint32_t ad_who_is_writable(struct ad_respond *ad,
			    const struct hp_ad_account *account,
			    const char *attribute, struct hp_text *why)
{
	static const char allowed[] = "allowedAttributesEffective";
	static const char *const wanted[] = { allowed, NULL };
	char base[HP_GUID_TEXT + 8];
	struct hp_entry *entry = NULL;
	uint32_t status;
	bool writable = false;

	snprintf(base, sizeof(base), "<GUID=%s>", account->guid);
	status = hp_ldap_read(ad->ldap, base, wanted, &entry, why);
	if (status != HERALD_OK)
		return status == HERALD_NOT_FOUND ? HERALD_RETRY : status;
	for (size_t i = 0; i < hp_entry_count(entry, allowed); i++)
		if (hp_str_same(hp_entry_text(entry, allowed, i),
				herald_cstr(attribute)))
			writable = true;
	hp_entry_free(entry);
	if (writable)
		return HERALD_OK;
	hp_text_addf(why, "%s may not write %s of %s",
		     hp_directory_user(ad->directory), attribute,
		     account->entry->dn);
	return HERALD_FORBIDDEN;
}
