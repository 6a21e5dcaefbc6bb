#include "core/action/guard_own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/action/guard_rules.h"
#include "core/base/ip.h"

#define DEPTH_MAX 8		/* of a device, where the word is looked for */
#define SERVER_TRUST_BIT 0x2000 /* of userAccountControl */

struct part {
	const char *p;
	size_t n;
};

/* ---- names ---- */

/* The name itself: "CORP\ann", "ann@corp.example", "CN=ann,OU=x" are ann. */
static struct part bare_account(const char *text)
{
	struct part part = { text, strlen(text) };
	const char *slash = strrchr(text, '\\');

	if (strncasecmp(text, "cn=", 3) == 0 ||
	    strncasecmp(text, "uid=", 4) == 0) {
		part.p = strchr(text, '=') + 1;
		part.n = strcspn(part.p, ",");
	} else if (slash) {
		part.p = slash + 1;
		part.n = strlen(part.p);
	}
	if (memchr(part.p, '@', part.n))
		part.n = (size_t)((const char *)memchr(part.p, '@', part.n) -
				  part.p);
	while (part.n > 1 && part.p[part.n - 1] == '$')
		part.n--;
	return part;
}

static bool equal_parts(struct part a, struct part b)
{
	return a.n != 0 && a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

bool hd_guard_own_same_account(const char *a, const char *b)
{
	return equal_parts(bare_account(a), bare_account(b));
}

static struct part without_last_dot(const char *host)
{
	struct part part = { host, strlen(host) };

	if (part.n > 1 && part.p[part.n - 1] == '.')
		part.n--;
	return part;
}

static struct part first_label(struct part host)
{
	const char *dot = memchr(host.p, '.', host.n);

	if (dot)
		host.n = (size_t)(dot - host.p);
	return host;
}

bool hd_guard_own_same_host(const char *a, const char *b)
{
	struct part x = without_last_dot(a), y = without_last_dot(b);
	struct hd_ip p, q;
	bool x_is_ip = hd_ip_parse(x.p, x.n, &p) == 0;
	bool y_is_ip = hd_ip_parse(y.p, y.n, &q) == 0;

	if (x_is_ip || y_is_ip)
		return x_is_ip && y_is_ip && hd_ip_equal(&p, &q);
	if (!memchr(x.p, '.', x.n) || !memchr(y.p, '.', y.n))
		return equal_parts(first_label(x), first_label(y));
	return equal_parts(x, y);
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* ---- accounts ---- */

/* All that may name a user, but for what users choose themselves (full name,
 * mail address): nobody may hide behind our name. */
static bool any_name(const json_t *user,
		     bool (*fn)(const void *ud, const char *), const void *ud)
{
	static const char *const direct[] = { "name", "uid", "uid_alt" };
	const json_t *account = json_object_get(user, "account");
	const json_t *person = json_object_get(user, "ldap_person");
	const char *more[] = { text_of(account, "name"),
			       text_of(account, "uid"),
			       text_of(person, "ldap_dn"),
			       text_of(person, "ldap_cn") };

	for (size_t i = 0; i < sizeof(direct) / sizeof(direct[0]); i++)
		if (text_of(user, direct[i]) &&
		    fn(ud, text_of(user, direct[i])))
			return true;
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (more[i] && fn(ud, more[i]))
			return true;
	return false;
}

static bool is_ours(const void *ud, const char *name)
{
	const struct hd_guard_rules *rules = ud;

	for (size_t i = 0; i < rules->account_count; i++)
		if (hd_guard_own_same_account(rules->accounts[i], name))
			return true;
	return false;
}

/* "S-1-5-21-...-500" ends in `rid`? */
static bool has_rid(const char *sid, const char *rid)
{
	const char *last = strrchr(sid, '-');

	return strncasecmp(sid, "S-1-", 4) == 0 && last &&
	       strcmp(last + 1, rid) == 0;
}

static bool is_rid_500(const void *ud, const char *name)
{
	(void)ud;
	return has_rid(name, "500");
}

static bool is_rid_502(const void *ud, const char *name)
{
	(void)ud;
	return has_rid(name, "502");
}

/* A read-only domain controller has one of its own: krbtgt_12345. */
static bool is_krbtgt(const void *ud, const char *name)
{
	struct part part = bare_account(name);

	(void)ud;
	if (part.n < 6 || strncasecmp(part.p, "krbtgt", 6) != 0)
		return false;
	if (part.n == 6)
		return true;
	if (part.p[6] != '_' || part.n == 7)
		return false;
	for (size_t i = 7; i < part.n; i++)
		if (part.p[i] < '0' || part.p[i] > '9')
			return false;
	return true;
}

/* ---- domain controllers ---- */

static bool is_controller_group(const json_t *group)
{
	static const char *const rids[] = { "516", "521" };
	static const char *const names[] = { "Domain Controllers",
					     "Read-only Domain Controllers" };
	const char *uid = text_of(group, "uid"), *name = text_of(group, "name");

	for (size_t i = 0; i < 2; i++)
		if ((uid && has_rid(uid, rids[i])) ||
		    (name && strcasecmp(name, names[i]) == 0))
			return true;
	return false;
}

static bool in_controller_group(const json_t *entity)
{
	const json_t *groups = json_object_get(entity, "groups"), *group;
	size_t i;

	json_array_foreach(groups, i, group)
		if (is_controller_group(group))
			return true;
	return false;
}

static bool says_server_trust(const char *name, const json_t *value)
{
	if (json_is_string(value))
		return strcasestr(json_string_value(value),
				  "SERVER_TRUST_ACCOUNT") != NULL;
	return name && strcasecmp(name, "userAccountControl") == 0 &&
	       json_is_integer(value) &&
	       (json_integer_value(value) & SERVER_TRUST_BIT) != 0;
}

/* Directories say it by a word or a bit, and where it stands is theirs. */
static bool has_server_trust(const json_t *entity, int depth)
{
	const json_t *value;
	const char *name;
	size_t i;

	if (depth > DEPTH_MAX)
		return false;
	json_object_foreach((json_t *)entity, name, value)
		if (says_server_trust(name, value) ||
		    has_server_trust(value, depth + 1))
			return true;
	json_array_foreach(entity, i, value)
		if (says_server_trust(NULL, value) ||
		    has_server_trust(value, depth + 1))
			return true;
	return false;
}

static bool is_controller(const json_t *entity)
{
	return in_controller_group(entity) || has_server_trust(entity, 0);
}

/* ---- hosts ---- */

static bool is_our_host(const struct hd_guard_rules *rules, const char *host)
{
	for (size_t i = 0; host && i < rules->host_count; i++)
		if (hd_guard_own_same_host(rules->hosts[i], host))
			return true;
	return false;
}

/* A device has addresses also where its interfaces are listed. */
static bool is_our_device(const struct hd_guard_rules *rules,
			  const json_t *device)
{
	static const char *const names[] = { "hostname", "name", "ip", "uid" };
	const json_t *cards = json_object_get(device, "network_interfaces");
	const json_t *card;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_our_host(rules, text_of(device, names[i])))
			return true;
	json_array_foreach(cards, i, card)
		if (is_our_host(rules, text_of(card, "ip")) ||
		    is_our_host(rules, text_of(card, "hostname")))
			return true;
	return false;
}

/* ---- the whole ---- */

static const char *what_user(const struct hd_guard_rules *rules,
			     const json_t *user)
{
	if (any_name(user, is_rid_500, NULL))
		return "the built-in administrator (RID 500)";
	if (any_name(user, is_krbtgt, NULL) || any_name(user, is_rid_502, NULL))
		return "krbtgt, the key of the domain (RID 502)";
	if (any_name(user, is_ours, rules))
		return "an account of herald's own";
	if (is_controller(user))
		return "the account of a domain controller";
	return NULL;
}

static const char *what_device(const struct hd_guard_rules *rules,
			       const json_t *device)
{
	if (is_controller(device))
		return "a domain controller";
	if (is_our_device(rules, device))
		return "a host that herald's own connectors talk to";
	return NULL;
}

bool hd_guard_own_target(const struct hd_guard_rules *rules,
			 const json_t *target, char *why, size_t why_size)
{
	const json_t *user = json_object_get(target, "user");
	const json_t *device = json_object_get(target, "device");
	const char *uid = text_of(target, "uid"), *what = NULL;

	if (uid && has_rid(uid, "500"))
		what = "the built-in administrator (RID 500)";
	else if (uid && has_rid(uid, "502"))
		what = "krbtgt, the key of the domain (RID 502)";
	if (!what && user)
		what = what_user(rules, user);
	if (!what && device)
		what = what_device(rules, device);
	if (what)
		snprintf(why, why_size, "protected: built in: this is %s",
			 what);
	return what != NULL;
}

/* ---- the loop guard ---- */

static bool is_own_user(const struct hd_guard_rules *rules, const json_t *user)
{
	return user && any_name(user, is_ours, rules);
}

static bool is_own_part(const struct hd_guard_rules *rules, const json_t *part)
{
	return is_own_user(rules, json_object_get(part, "user")) ||
	       is_own_user(rules,
			   json_object_get(json_object_get(part, "actor"),
					   "user"));
}

bool hd_guard_own_alert(const struct hd_guard_rules *rules,
			const json_t *record)
{
	const json_t *parts = json_object_get(record, "evidences"), *part;
	size_t i;

	if (is_own_part(rules, record))
		return true;
	json_array_foreach(parts, i, part)
		if (is_own_part(rules, part))
			return true;
	return false;
}
