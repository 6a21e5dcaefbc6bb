#include "common/ad_account.h"

#include <stdlib.h>

#include "common/ad_time.h"
#include "common/ldap_filter.h"

#define FILTER_MAX 4096
#define SHOWN_MAX 3    /* of those that fit */
#define NETBIOS_MAX 15 /* characters of a computer's short name */
#define USERS "(objectCategory=person)(objectClass=user)"
#define COMPUTERS "(objectCategory=computer)"

/* What is read of users and computers. */
static const char *const wanted[] = {
	"objectSid",
	"objectGUID",
	"objectClass",
	"sAMAccountName",
	"userPrincipalName",
	"cn",
	"displayName",
	"givenName",
	"sn",
	"mail",
	"telephoneNumber",
	"title",
	"department",
	"company",
	"employeeID",
	"physicalDeliveryOfficeName",
	"manager",
	"managedBy",
	"userAccountControl",
	"msDS-User-Account-Control-Computed",
	"pwdLastSet",
	"lastLogonTimestamp",
	"accountExpires",
	"lockoutTime",
	"adminCount",
	"primaryGroupID",
	"whenCreated",
	"whenChanged",
	"dNSHostName",
	"operatingSystem",
	"operatingSystemVersion",
	"location",
	NULL,
};

void hp_ad_account_fini(struct hp_ad_account *account)
{
	hp_entry_free(account->entry);
	free(account->groups);
	*account = (struct hp_ad_account){ .entry = NULL };
}

/* ---- filters ---- */

static bool is_of_domain(const char *domain, herald_str name)
{
	size_t n = strlen(domain);

	return name.n > n + 1 && name.p[name.n - n - 1] == '.' &&
	       hp_str_same((herald_str){ name.p + name.n - n, n },
			   herald_cstr(domain));
}

static void add_host(struct hp_text *filter, const char *domain,
		     herald_str host)
{
	const char *dot = memchr(host.p, '.', host.n);
	herald_str label = { host.p, dot ? (size_t)(dot - host.p) : host.n };
	struct hp_text name;

	hp_text_add(filter, HERALD_S(COMPUTERS "(|"));
	/* A longer name is cut there, and others are cut to the same. */
	if (label.n <= NETBIOS_MAX && (!dot || is_of_domain(domain, host))) {
		hp_text_init(&name, FILTER_MAX);
		hp_text_add(&name, label);
		hp_text_add(&name, HERALD_S("$"));
		hp_filter_is(filter, "sAMAccountName", "", hp_text_str(&name));
		hp_text_fini(&name);
	}
	hp_text_add(filter, HERALD_S("(dNSHostName="));
	hp_filter_value(filter, host);
	if (!dot)
		hp_text_addf(filter, ".%s", domain);
	hp_text_add(filter, HERALD_S("))"));
}

static void add_user(struct hp_text *filter, herald_str user)
{
	hp_text_add(filter, HERALD_S(USERS));
	if (hp_sid_is_text(user))
		hp_filter_is(filter, "objectSid", "", user);
	else if (memchr(user.p, '@', user.n))
		hp_filter_is(filter, "userPrincipalName", "", user);
	else
		hp_filter_is(filter, "sAMAccountName", "", user);
}

static void add_mail(struct hp_text *filter, herald_str mail)
{
	hp_text_add(filter, HERALD_S(USERS "(|"));
	hp_filter_is(filter, "mail", "", mail);
	hp_filter_is(filter, "proxyAddresses", "smtp:", mail);
	hp_text_add(filter, HERALD_S(")"));
}

static void make_filter(struct hp_text *filter, const char *domain,
			enum hp_ad_by by, herald_str value)
{
	hp_text_add(filter, HERALD_S("(&"));
	switch (by) {
	case HP_AD_NAME_OF_USER:
		add_user(filter, value);
		break;
	case HP_AD_MAIL:
		add_mail(filter, value);
		break;
	case HP_AD_HOST:
		add_host(filter, domain, value);
		break;
	case HP_AD_GUID:
		hp_text_add(filter, HERALD_S(USERS));
		hp_filter_guid(filter, value.p);
		break;
	}
	hp_text_add(filter, HERALD_S(")"));
}

/* ---- finding ---- */

static uint32_t bits(const struct hp_entry *entry, const char *name)
{
	int64_t value;

	if (!hp_number64(hp_entry_text(entry, name, 0), &value))
		return 0;
	return (uint32_t)value; /* a signed 32-bit number in the directory */
}

static bool has_class(const struct hp_entry *entry, const char *name)
{
	for (size_t i = 0; i < hp_entry_count(entry, "objectClass"); i++)
		if (hp_str_same(hp_entry_text(entry, "objectClass", i),
				herald_cstr(name)))
			return true;
	return false;
}

/* What every account has.  Without it nothing can be said of the account. */
static uint32_t take(struct hp_entry *entry, struct hp_ad_account *account,
		     struct hp_text *why)
{
	account->entry = entry;
	account->uac = bits(entry, "userAccountControl");
	account->computed = bits(entry, "msDS-User-Account-Control-Computed");
	account->is_computer = has_class(entry, "computer");
	if (hp_sid_text(hp_entry_value(entry, "objectSid", 0), account->sid) &&
	    hp_guid_text(hp_entry_value(entry, "objectGUID", 0),
			 account->guid) &&
	    hp_entry_text(entry, "sAMAccountName", 0).p &&
	    hp_entry_count(entry, "userAccountControl") == 1)
		return HERALD_OK;
	hp_text_addf(why,
		     "%s: objectSid, objectGUID, sAMAccountName and "
		     "userAccountControl are not all shown to us",
		     entry->dn);
	return HERALD_FORBIDDEN;
}

static void tell_ambiguous(const struct hp_found *found, herald_str value,
			   struct hp_text *why)
{
	hp_text_addf(why, "ambiguous: %zu%s objects are %.*s: ", found->count,
		     found->more ? " and more" : "", (int)value.n, value.p);
	for (const struct hp_entry *e = found->first; e; e = e->next)
		hp_text_addf(why, "%s%s", e == found->first ? "" : "; ", e->dn);
}

static uint32_t find(struct hp_ldap *ldap, enum hp_ad_by by, herald_str value,
		     struct hp_ad_account *account, struct hp_text *why)
{
	struct hp_directory *d = hp_ldap_directory(ldap);
	struct hp_query query = { .base = hp_directory_base(d),
				  .subtree = true,
				  .wanted = wanted,
				  .max = SHOWN_MAX };
	struct hp_text filter;
	struct hp_found found;
	uint32_t status;

	hp_text_init(&filter, FILTER_MAX);
	make_filter(&filter, hp_directory_domain(d), by, value);
	if (filter.cut) {
		hp_text_fini(&filter);
		hp_text_add(why, HERALD_S("the value is too long"));
		return HERALD_BAD_INPUT;
	}
	query.filter = hp_text_str(&filter).p;
	status = hp_ldap_search(ldap, &query, &found, why);
	hp_text_fini(&filter);
	if (status != HERALD_OK)
		return status;
	if (found.count == 1 && !found.more)
		return take(found.first, account, why);
	tell_ambiguous(&found, value, why);
	hp_entry_free(found.first);
	return HERALD_FAILED;
}

/* alice@corp.example.com logs in as alice, whatever her userPrincipalName. */
static bool has_local_part(const char *domain, herald_str value,
			   herald_str *local)
{
	const char *at = memchr(value.p, '@', value.n);

	if (!at || at == value.p)
		return false;
	*local = (herald_str){ value.p, (size_t)(at - value.p) };
	return hp_str_same((herald_str){ at + 1, value.n - local->n - 1 },
			   herald_cstr(domain));
}

uint32_t hp_ad_find(struct hp_ldap *ldap, enum hp_ad_by by, herald_str value,
		    struct hp_ad_account *account, struct hp_text *why)
{
	const char *domain = hp_directory_domain(hp_ldap_directory(ldap));
	herald_str local;
	uint32_t status;

	*account = (struct hp_ad_account){ .entry = NULL };
	if (value.n == 0 || (by == HP_AD_GUID && !hp_guid_is_text(value))) {
		hp_text_add(why, HERALD_S("nothing to look for"));
		return HERALD_BAD_INPUT;
	}
	status = find(ldap, by, value, account, why);
	if (status == HERALD_NOT_FOUND && by == HP_AD_NAME_OF_USER &&
	    has_local_part(domain, value, &local))
		status = find(ldap, by, local, account, why);
	if (status != HERALD_OK)
		hp_ad_account_fini(account);
	return status;
}

/* ---- groups ---- */

static uint32_t take_groups(const struct hp_entry *entry,
			    struct hp_ad_account *account, struct hp_text *why)
{
	size_t count = hp_entry_count(entry, "tokenGroups");

	if (count == 0) {
		hp_text_addf(why, "%s: tokenGroups is not shown to us",
			     entry->dn);
		return HERALD_FORBIDDEN;
	}
	account->groups = calloc(count, sizeof(*account->groups));
	if (!account->groups) {
		hp_text_add(why, HERALD_S("out of memory"));
		return HERALD_RETRY;
	}
	account->group_count = count;
	for (size_t i = 0; i < count; i++) {
		if (hp_sid_text(hp_entry_value(entry, "tokenGroups", i),
				account->groups[i].sid))
			continue;
		hp_text_addf(why, "%s: a value of tokenGroups is no SID",
			     entry->dn);
		return HERALD_BAD_REPLY;
	}
	return HERALD_OK;
}

uint32_t hp_ad_read_groups(struct hp_ldap *ldap, struct hp_ad_names *names,
			   struct hp_ad_account *account, struct hp_text *why)
{
	static const char *const groups[] = { "tokenGroups", NULL };
	char base[HP_GUID_TEXT + 8];
	struct hp_entry *entry = NULL;
	uint32_t status;

	snprintf(base, sizeof(base), "<GUID=%s>", account->guid);
	status = hp_ldap_read(ldap, base, groups, &entry, why);
	if (status == HERALD_NOT_FOUND) {
		hp_text_addf(why, "%s is gone", account->entry->dn);
		return HERALD_RETRY;
	}
	if (status == HERALD_OK)
		status = take_groups(entry, account, why);
	hp_entry_free(entry);
	if (status == HERALD_OK)
		status = hp_ad_names_fill(names, ldap, account->groups,
					  account->group_count, why);
	return status;
}

bool hp_ad_is_privileged(const struct hp_ad_account *account)
{
	static const char *const all[] = { "512", "516", "518", "519",
					   "S-1-5-32-544" };

	for (size_t i = 0; i < account->group_count; i++)
		for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
			if (hp_sid_is(account->groups[i].sid,
				      herald_cstr(all[k])))
				return true;
	return false;
}
