#include "http_enrich/address.h"

/* An absolute address taken apart. */
struct parts {
	herald_str scheme, host, port, rest; /* rest: from the path on */
};

static size_t span(herald_str s, const char *stops)
{
	size_t n = 0;

	while (n < s.n && !strchr(stops, s.p[n]))
		n++;
	return n;
}

/* The port is what follows the last ':' that no bracket closes: [::1]:8080. */
static void split_port(herald_str authority, struct parts *out)
{
	size_t n = authority.n;

	while (n > 0 && authority.p[n - 1] >= '0' && authority.p[n - 1] <= '9')
		n--;
	out->host = authority;
	out->port = (herald_str){ NULL, 0 };
	if (n == 0 || authority.p[n - 1] != ':')
		return;
	out->host.n = n - 1;
	out->port = (herald_str){ authority.p + n, authority.n - n };
}

static bool split(herald_str url, struct parts *out)
{
	size_t n = span(url, ":/?#");
	herald_str authority;

	if (url.n - n < 3 || memcmp(url.p + n, "://", 3) != 0)
		return false;
	out->scheme = (herald_str){ url.p, n };
	authority = (herald_str){ url.p + n + 3, url.n - n - 3 };
	n = span(authority, "/?#");
	out->rest = (herald_str){ authority.p + n, authority.n - n };
	authority.n = n;
	if (memchr(authority.p, '@', authority.n))
		return false;
	split_port(authority, out);
	return out->host.n > 0;
}

static herald_str port_of(const struct parts *parts)
{
	if (parts->port.n > 0)
		return parts->port;
	return hp_str_same(parts->scheme, HERALD_S("https")) ? HERALD_S("443")
							     : HERALD_S("80");
}

static bool is_same_origin(const struct parts *a, const struct parts *b)
{
	return hp_str_same(a->scheme, b->scheme) &&
	       hp_str_same(a->host, b->host) &&
	       hp_str_same(port_of(a), port_of(b));
}

const char *http_enrich_next_address(herald_str url, herald_str next,
				     struct hp_text *out)
{
	struct parts here, there;
	herald_str rest = next;

	if (!split(url, &here))
		return "option url is no address";
	if (next.n >= 2 && next.p[0] == '/' && next.p[1] == '/')
		return "`next` names no path, and no whole address";
	if (next.n == 0 || next.p[0] != '/') {
		if (!split(next, &there))
			return "`next` names no path, and no whole address";
		if (!is_same_origin(&here, &there))
			return "`next` names a page of another origin than "
			       "`url`";
		rest = there.rest;
	}
	rest.n = span(rest, "#");
	hp_text_add(out, (herald_str){ url.p, (size_t)(here.rest.p - url.p) });
	hp_text_addf(out, "%s", rest.n > 0 && rest.p[0] == '/' ? "" : "/");
	hp_text_add(out, rest);
	return out->cut ? "`next` names too long an address" : NULL;
}
