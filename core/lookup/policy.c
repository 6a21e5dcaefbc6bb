#include "core/lookup/policy.h"

#include <string.h>
#include <strings.h>

#include "core/base/ip.h"

/* Names that mean nothing to anybody outside. */
static const char *const internal[] = {
	"local", "internal", "corp",	  "lan",   "home.arpa",
	"test",	 "invalid",  "localhost", "onion",
};

static const char *host_of_url(const char *url, size_t n, size_t *host_n)
{
	const char *at = memmem(url, n, "://", 3);
	const char *end = url + n, *p;

	if (!at)
		return NULL;
	at += 3;
	for (p = at; p < end && !strchr("/?#\\", *p); p++)
		if (*p == '@') /* the last one ends what stands before */
			at = p + 1;
	end = p;
	if (at < end && *at == '[') {
		at++;
		p = memchr(at, ']', (size_t)(end - at));
	} else {
		p = memchr(at, ':', (size_t)(end - at));
	}
	end = p ? p : end;
	*host_n = (size_t)(end - at);
	return end > at ? at : NULL;
}

const char *hd_policy_host(enum hd_kind kind, const char *value, size_t n,
			   size_t *host_n)
{
	const char *at;

	switch (kind) {
	case HD_KIND_URL:
		return host_of_url(value, n, host_n);
	case HD_KIND_EMAIL:
		at = memrchr(value, '@', n);
		if (!at)
			return NULL;
		*host_n = n - (size_t)(at + 1 - value);
		return *host_n > 0 ? at + 1 : NULL;
	case HD_KIND_IP:
	case HD_KIND_HOST:
	case HD_KIND_DOMAIN:
		*host_n = n;
		return value;
	default:
		return NULL;
	}
}

static bool ends_with_label(const char *name, size_t n, const char *suffix)
{
	size_t m = strlen(suffix);

	return n >= m && strncasecmp(name + n - m, suffix, m) == 0 &&
	       (n == m || name[n - m - 1] == '.');
}

static bool is_internal_name(const char *name, size_t n)
{
	if (n > 0 && name[n - 1] == '.')
		n--;
	if (!memchr(name, '.', n))
		return true;
	for (size_t i = 0; i < sizeof(internal) / sizeof(internal[0]); i++)
		if (ends_with_label(name, n, internal[i]))
			return true;
	return false;
}

static const char *forbids_address(const struct hd_ip *ip, bool may_leave)
{
	switch (hd_ip_kind(ip)) {
	case HD_IP_UNSPECIFIED:
	case HD_IP_LOOPBACK:
	case HD_IP_LINK_LOCAL:
	case HD_IP_MULTICAST:
		return "an address that is nobody's";
	case HD_IP_PUBLIC:
		return NULL;
	case HD_IP_PRIVATE:
		return may_leave ? NULL : "a private address stays here";
	case HD_IP_DOCUMENTATION:
		return may_leave ? NULL : "a documentation address stays here";
	case HD_IP_RESERVED:
		return may_leave ? NULL : "a reserved address stays here";
	}
	return NULL;
}

const char *hd_policy_forbids(const struct hd_policy *policy, enum hd_kind kind,
			      const char *value, size_t n)
{
	bool may_leave = !policy->external || policy->share == HD_SHARE_ALL;
	const char *host, *why;
	struct hd_ip ip;
	size_t host_n;

	if (n == 0)
		return "an empty value";
	if (policy->external && policy->red)
		return "values of an alert labelled tlp:red stay here";
	if (policy->external && policy->share == HD_SHARE_NONE)
		return "its connector is set to share: none";
	if (!may_leave && policy->own)
		return "one of our own stays here";
	host = hd_policy_host(kind, value, n, &host_n);
	if (!host)
		return NULL;
	if (hd_ip_parse(host, host_n, &ip) == 0) {
		why = forbids_address(&ip, may_leave);
		return kind == HD_KIND_IP || policy->external ? why : NULL;
	}
	if (kind == HD_KIND_IP)
		return "no address";
	if (!may_leave && is_internal_name(host, host_n))
		return "an internal name stays here";
	return NULL;
}
