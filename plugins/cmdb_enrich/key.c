#include "cmdb_enrich/key.h"

#include <stddef.h>

#include "common/text.h"

#define MAC_DIGITS 12

herald_str cmdb_key_str(const struct cmdb_key *key)
{
	return (herald_str){ key->text, key->n };
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool make(char kind, herald_str text, struct cmdb_key *out)
{
	if (text.n == 0 || text.n >= sizeof(out->text))
		return false;
	out->text[0] = kind;
	for (size_t i = 0; i < text.n; i++)
		out->text[i + 1] = lower(text.p[i]);
	out->n = text.n + 1;
	return true;
}

bool cmdb_key_host(herald_str name, struct cmdb_key *out)
{
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	return make('n', name, out);
}

bool cmdb_key_short(herald_str fqdn, struct cmdb_key *out)
{
	const char *dot = memchr(fqdn.p, '.', fqdn.n);

	if (dot)
		fqdn.n = (size_t)(dot - fqdn.p);
	return make('s', fqdn, out);
}

bool cmdb_name_is_own(herald_str name, const char *const *domains)
{
	for (; domains && *domains; domains++) {
		size_t n = strlen(*domains);

		if (name.n > n + 1 && name.p[name.n - n - 1] == '.' &&
		    hp_str_same((herald_str){ name.p + name.n - n, n },
				herald_cstr(*domains)))
			return true;
	}
	return false;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f');
}

bool cmdb_key_mac(herald_str mac, struct cmdb_key *out)
{
	out->text[0] = 'm';
	out->n = 1;
	for (size_t i = 0; i < mac.n; i++) {
		if (is_hex(mac.p[i]) && out->n <= MAC_DIGITS)
			out->text[out->n++] = lower(mac.p[i]);
		else if (!mac.p[i] || !strchr(":-. ", mac.p[i]))
			return false;
	}
	return out->n == MAC_DIGITS + 1;
}

void cmdb_key_ip(const struct cmdb_network *address, struct cmdb_key *out)
{
	out->text[0] = 'i';
	memcpy(out->text + 1, address->base, sizeof(address->base));
	out->n = 1 + sizeof(address->base);
}
