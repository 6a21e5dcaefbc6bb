/* An account as a user of OCSF. */
#include "common/ad_account.h"

#include "common/ad_time.h"

enum { TYPE_USER = 1, TYPE_ADMIN = 2 };

static const struct {
	const char *attribute, *path;
} texts[] = {
	{ "sAMAccountName", "/name" },
	{ "displayName", "/full_name" },
	{ "mail", "/email_addr" },
	{ "telephoneNumber", "/phone_number" },
	{ "company", "/org/name" },
	{ "department", "/org/ou_name" },
	{ "cn", "/ldap_person/ldap_cn" },
	{ "title", "/ldap_person/job_title" },
	{ "givenName", "/ldap_person/given_name" },
	{ "sn", "/ldap_person/surname" },
	{ "employeeID", "/ldap_person/employee_uid" },
	{ "physicalDeliveryOfficeName", "/ldap_person/office_location" },
};

static void put_text(struct hp_json *out, const char *base, const char *path,
		     herald_str text)
{
	struct hp_path at;

	hp_json_put(out, hp_path(&at, "%s%s", base, path), text);
}

static void put_time(struct hp_json *out, const char *base, const char *path,
		     bool known, int64_t ms)
{
	struct hp_path at;

	if (known)
		hp_json_put_int(out, hp_path(&at, "%s%s", base, path), ms);
}

static void put_manager(struct hp_json *out, const char *base,
			const struct hp_entry *manager)
{
	static const struct {
		const char *attribute, *path;
	} known[] = {
		{ "sAMAccountName", "/ldap_person/manager/name" },
		{ "displayName", "/ldap_person/manager/full_name" },
		{ "mail", "/ldap_person/manager/email_addr" },
	};
	char sid[HP_SID_TEXT];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		put_text(out, base, known[i].path,
			 hp_entry_text(manager, known[i].attribute, 0));
	if (hp_sid_text(hp_entry_value(manager, "objectSid", 0), sid))
		put_text(out, base, "/ldap_person/manager/uid",
			 herald_cstr(sid));
}

void hp_ad_put_groups(struct hp_json *out, const char *base,
		      const struct hp_ad_account *account)
{
	struct hp_path at;

	for (size_t i = 0; i < account->group_count; i++) {
		const struct hp_ad_group *group = &account->groups[i];

		hp_json_put(out, hp_path(&at, "%s/groups/%zu/uid", base, i),
			    herald_cstr(group->sid));
		hp_json_put(out, hp_path(&at, "%s/groups/%zu/name", base, i),
			    herald_cstr(group->name));
	}
}

void hp_ad_put_user(struct hp_json *out, const char *base, const char *domain,
		    const struct hp_ad_account *account,
		    const struct hp_entry *manager)
{
	const struct hp_entry *entry = account->entry;
	struct hp_path at;
	int64_t ms;
	bool known;

	put_text(out, base, "/uid", herald_cstr(account->sid));
	put_text(out, base, "/uid_alt", herald_cstr(account->guid));
	put_text(out, base, "/domain", herald_cstr(domain));
	hp_json_put_int(out, hp_path(&at, "%s/type_id", base),
			hp_ad_is_privileged(account) ? TYPE_ADMIN : TYPE_USER);
	put_text(out, base, "/ldap_person/ldap_dn", herald_cstr(entry->dn));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		put_text(out, base, texts[i].path,
			 hp_entry_text(entry, texts[i].attribute, 0));
	known = hp_filetime_ms(hp_entry_text(entry, "lastLogonTimestamp", 0),
			       &ms);
	put_time(out, base, "/ldap_person/last_login_time", known, ms);
	known = hp_generalized_ms(hp_entry_text(entry, "whenCreated", 0), &ms);
	put_time(out, base, "/ldap_person/created_time", known, ms);
	known = hp_generalized_ms(hp_entry_text(entry, "whenChanged", 0), &ms);
	put_time(out, base, "/ldap_person/modified_time", known, ms);
	if (manager)
		put_manager(out, base, manager);
	hp_ad_put_groups(out, base, account);
}
