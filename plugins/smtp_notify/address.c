#include "smtp_notify/address.h"

#define LOCAL_MAX 64
#define LABEL_MAX 63

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* atext and dots of RFC 5322; quoted local parts are not for us. */
static bool is_local(herald_str s)
{
	if (s.n == 0 || s.n > LOCAL_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool dot = s.p[i] == '.';

		if (dot && (i == 0 || i + 1 == s.n || s.p[i - 1] == '.'))
			return false;
		if (!dot && !is_letter_or_digit(s.p[i]) &&
		    !memchr("!#$%&'*+-/=?^_`{|}~", s.p[i], 19))
			return false;
	}
	return true;
}

static bool is_domain(herald_str s)
{
	size_t label = 0;

	for (size_t i = 0; i < s.n; i++) {
		bool ends = i + 1 == s.n || s.p[i + 1] == '.';

		if (s.p[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (++label > LABEL_MAX)
			return false;
		if (!is_letter_or_digit(s.p[i]) &&
		    (s.p[i] != '-' || label == 1 || ends))
			return false;
	}
	return label > 0;
}

herald_str smtp_address_domain(herald_str address)
{
	const char *at = memchr(address.p, '@', address.n);

	if (!at)
		return (herald_str){ NULL, 0 };
	at++;
	return (herald_str){ at, address.n - (size_t)(at - address.p) };
}

bool smtp_address_is_sound(herald_str text)
{
	herald_str domain, local;

	if (!text.p || text.n == 0 || text.n > SMTP_ADDRESS_MAX)
		return false;
	domain = smtp_address_domain(text);
	if (!domain.p)
		return false;
	local = (herald_str){ text.p, text.n - domain.n - 1 };
	return is_local(local) && is_domain(domain);
}
