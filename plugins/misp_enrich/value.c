#include "misp_enrich/value.h"

#include <arpa/inet.h>
#include <stddef.h>

#include "common/text.h"

const char *misp_value_trouble(herald_str value)
{
	herald_str text = hp_str_trim(value);

	if (text.n == 0)
		return "an empty value would match everything";
	if (text.p[0] == '%' || text.p[text.n - 1] == '%')
		return "MISP reads a '%' at an end as a wildcard";
	return NULL;
}

/* Addresses of version 6 are written in many ways. */
static bool to_address(herald_str text, struct in6_addr *out)
{
	char copy[INET6_ADDRSTRLEN];

	if (text.n >= sizeof(copy) || !memchr(text.p, ':', text.n))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	return inet_pton(AF_INET6, copy, out) == 1;
}

static bool is_same(herald_str a, herald_str b)
{
	struct in6_addr x, y;

	if (hp_str_same(a, b))
		return true;
	return to_address(a, &x) && to_address(b, &y) &&
	       memcmp(&x, &y, sizeof(x)) == 0;
}

bool misp_value_fits(herald_str type, herald_str value, herald_str asked)
{
	const char *bar;
	herald_str first, second;

	if (is_same(value, asked))
		return true;
	if (!memchr(type.p, '|', type.n))
		return false;
	bar = memchr(value.p, '|', value.n);
	if (!bar)
		return false;
	first = (herald_str){ value.p, (size_t)(bar - value.p) };
	second = (herald_str){ bar + 1, value.n - first.n - 1 };
	/* A file may be called like a host. */
	if (hp_str_begins(type, "filename|"))
		return is_same(second, asked);
	return is_same(first, asked) || is_same(second, asked);
}
