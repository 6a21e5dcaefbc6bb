#include "ad_enrich/answer.h"

#include <inttypes.h>

#include "common/ad_time.h"
#include "common/uac.h"

#define DAY_MS INT64_C(86400000)
#define DESC_MAX 512
enum { OS_WINDOWS = 100, OS_UNKNOWN = 0, DEVICE_SERVER = 1 };

/* ---- data ---- */

static const struct {
	const char *attribute, *path;
} texts[] = {
	{ "sAMAccountName", "/data/account" },
	{ "userPrincipalName", "/data/upn" },
	{ "title", "/data/title" },
	{ "department", "/data/department" },
	{ "company", "/data/company" },
	{ "manager", "/data/manager" },
	{ "managedBy", "/data/managed_by" },
	{ "dNSHostName", "/data/dns_name" },
	{ "operatingSystem", "/data/os" },
	{ "operatingSystemVersion", "/data/os_version" },
};
static const struct {
	const char *attribute, *path;
} times[] = {
	{ "pwdLastSet", "/data/password_set_time" },
	{ "lastLogonTimestamp", "/data/last_logon_time" },
	{ "accountExpires", "/data/expires_time" },
	{ "lockoutTime", "/data/locked_time" },
};

static void put_flags(struct hp_json *out, uint32_t bits)
{
	struct hp_path at;
	const char *name;

	for (unsigned i = 0; (name = hp_uac_next(&bits)); i++)
		hp_json_put(out, hp_path(&at, "/data/flags/%u", i),
			    herald_cstr(name));
}

/* Locked and expired stand among the computed ones only. */
static void put_state(struct hp_json *out, const struct hp_ad_account *a)
{
	herald_str set = hp_entry_text(a->entry, "pwdLastSet", 0);

	hp_json_put_bool(out, "/data/enabled", !(a->uac & HP_UAC_DISABLED));
	hp_json_put_bool(out, "/data/locked",
			 (a->computed & HP_UAC_LOCKOUT) != 0);
	hp_json_put_bool(out, "/data/password_expired",
			 (a->computed & HP_UAC_PASSWORD_EXPIRED) != 0);
	if (set.p)
		hp_json_put_bool(out, "/data/password_must_change",
				 hp_str_is(set, "0"));
	put_flags(out, a->uac | (a->computed &
				 (HP_UAC_LOCKOUT | HP_UAC_PASSWORD_EXPIRED)));
}

static void put_numbers(struct hp_json *out, const struct hp_entry *entry,
			int64_t utc_ms)
{
	int64_t value;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (hp_filetime_ms(hp_entry_text(entry, times[i].attribute, 0),
				   &value))
			hp_json_put_int(out, times[i].path, value);
	if (hp_filetime_ms(hp_entry_text(entry, "pwdLastSet", 0), &value))
		hp_json_put_int(out, "/data/password_age_days",
				utc_ms > value ? (utc_ms - value) / DAY_MS : 0);
	if (hp_generalized_ms(hp_entry_text(entry, "whenCreated", 0), &value))
		hp_json_put_int(out, "/data/created_time", value);
	if (hp_number64(hp_entry_text(entry, "adminCount", 0), &value))
		hp_json_put_int(out, "/data/admin_count", value);
}

static void put_data(struct hp_json *out, const struct hp_ad_account *a,
		     int64_t utc_ms)
{
	hp_json_put(out, "/data/dn", herald_cstr(a->entry->dn));
	hp_json_put(out, "/data/sid", herald_cstr(a->sid));
	hp_json_put(out, "/data/guid", herald_cstr(a->guid));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		hp_json_put(out, texts[i].path,
			    hp_entry_text(a->entry, texts[i].attribute, 0));
	hp_json_put_bool(out, "/data/privileged", hp_ad_is_privileged(a));
	put_state(out, a);
	put_numbers(out, a->entry, utc_ms);
}

/* ---- a computer ---- */

static bool says(herald_str text, const char *word)
{
	return text.p && strcasestr(text.p, word);
}

/* "WS0042$" is known as ws0042. */
static void put_device(struct hp_json *out, const char *domain,
		       const struct hp_ad_account *a)
{
	herald_str name = hp_entry_text(a->entry, "sAMAccountName", 0);
	herald_str dns = hp_entry_text(a->entry, "dNSHostName", 0);
	herald_str os = hp_entry_text(a->entry, "operatingSystem", 0);
	const char *dot = dns.p ? memchr(dns.p, '.', dns.n) : NULL;

	if (dot)
		name = (herald_str){ dns.p, (size_t)(dot - dns.p) };
	else if (name.n > 1 && name.p[name.n - 1] == '$')
		name.n--;
	hp_json_put(out, "/device/hostname", name);
	hp_json_put(out, "/device/domain",
		    dot ? herald_cstr(dot + 1) : herald_cstr(domain));
	hp_json_put(out, "/device/uid", herald_cstr(a->sid));
	hp_json_put(out, "/device/uid_alt", herald_cstr(a->guid));
	if (os.p) {
		hp_json_put(out, "/device/os/name", os);
		hp_json_put_int(out, "/device/os/type_id",
				says(os, "windows") ? OS_WINDOWS : OS_UNKNOWN);
		hp_json_put(out, "/device/os/version",
			    hp_entry_text(a->entry, "operatingSystemVersion",
					  0));
	}
	if (says(os, "server") || (a->uac & HP_UAC_SERVER_TRUST))
		hp_json_put_int(out, "/device/type_id", DEVICE_SERVER);
	hp_ad_put_groups(out, "/device", a);
}

static void put_owner(struct hp_json *out, const struct hp_entry *owner)
{
	hp_json_put(out, "/device/owner/name",
		    hp_entry_text(owner, "sAMAccountName", 0));
	hp_json_put(out, "/device/owner/full_name",
		    hp_entry_text(owner, "displayName", 0));
	hp_json_put(out, "/device/owner/email_addr",
		    hp_entry_text(owner, "mail", 0));
}

/* ---- in words ---- */

static void add_part(struct hp_text *text, herald_str part)
{
	if (part.n == 0)
		return;
	if (text->n > 0)
		hp_text_add(text, HERALD_S(", "));
	hp_text_add(text, part);
}

/* "Alice Example, Payroll Analyst, Finance; enabled, in 5 groups" */
static void put_desc(struct hp_json *out, const struct hp_ad_account *a)
{
	herald_str name = hp_entry_text(a->entry, "displayName", 0);
	struct hp_text text;

	hp_text_init(&text, DESC_MAX);
	add_part(&text, name.n > 0
				? name
				: hp_entry_text(a->entry, "sAMAccountName", 0));
	add_part(&text, hp_entry_text(a->entry, "title", 0));
	add_part(&text, hp_entry_text(a->entry, "department", 0));
	add_part(&text, hp_entry_text(a->entry, "operatingSystem", 0));
	hp_text_addf(&text, "; %s%s%s, in %zu groups",
		     a->uac & HP_UAC_DISABLED ? "disabled" : "enabled",
		     a->computed & HP_UAC_LOCKOUT ? ", locked" : "",
		     hp_ad_is_privileged(a) ? ", privileged" : "",
		     a->group_count);
	hp_json_put(out, "/desc", hp_text_str(&text));
	hp_text_fini(&text);
}

void ad_answer(struct hp_json *out, const char *domain,
	       const struct hp_ad_account *account,
	       const struct hp_entry *manager, int64_t utc_ms)
{
	if (account->is_computer) {
		put_device(out, domain, account);
		if (manager)
			put_owner(out, manager);
	} else {
		hp_ad_put_user(out, "/user", domain, account, manager);
	}
	put_data(out, account, utc_ms);
	put_desc(out, account);
}
