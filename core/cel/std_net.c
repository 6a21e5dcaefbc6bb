/* ip, cidr and what can be asked of them. */
#include "core/cel/net.h"

#include <arpa/inet.h>

#include "core/cel/env.h"
#include "core/cel/eval.h"
#include "core/cel/text.h"

typedef struct hd_cel_value value;
typedef struct hd_cel_address address;

/* ---- reading and writing ---- */

static bool is_mapped(const address *a)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return a->family == 6 && memcmp(a->bytes, prefix, 12) == 0;
}

/* Four numbers without leading zeroes. */
static bool parse_ipv4(const char *p, size_t n, uint8_t *out)
{
	const char *end = p + n;
	unsigned i, part;

	for (i = 0; i < 4; i++) {
		const char *start;

		if (i > 0 && (p == end || *p++ != '.'))
			return false;
		start = p;
		for (part = 0; p < end && *p >= '0' && *p <= '9'; p++) {
			part = part * 10 + (unsigned)(*p - '0');
			if (part > 255)
				return false;
		}
		if (p == start || (p - start > 1 && *start == '0'))
			return false;
		out[i] = (uint8_t)part;
	}
	return p == end;
}

static bool parse_ipv6(const char *p, size_t n, uint8_t *out)
{
	char text[INET6_ADDRSTRLEN];

	if (n >= sizeof(text) || memchr(p, '\0', n))
		return false;
	memcpy(text, p, n);
	text[n] = '\0';
	return inet_pton(AF_INET6, text, out) == 1;
}

bool hd_cel_net_parse_ip(const char *p, size_t n, address *out,
			 const char **why)
{
	memset(out, 0, sizeof(*out));
	*why = "not an IP address";
	out->family = 4;
	out->prefix = 32;
	if (n <= 15 && parse_ipv4(p, n, out->bytes))
		return true;
	if (n != 0 && memchr(p, '%', n)) {
		*why = "an IP address with a zone";
		return false;
	}
	memset(out->bytes, 0, sizeof(out->bytes));
	out->family = 6;
	out->prefix = 128;
	if (!parse_ipv6(p, n, out->bytes))
		return false;
	if (is_mapped(out)) {
		*why = "an IPv4 address written as IPv6";
		return false;
	}
	return true;
}

bool hd_cel_net_parse_cidr(const char *p, size_t n, address *out,
			   const char **why)
{
	const char *slash = memchr(p, '/', n), *bits;
	uint64_t prefix;
	size_t len;

	*why = "not a network (as 10.0.0.0/8)";
	if (!slash)
		return false;
	bits = slash + 1;
	len = n - (size_t)(bits - p);
	if (!hd_cel_net_parse_ip(p, (size_t)(slash - p), out, why))
		return false;
	*why = "not a network (as 10.0.0.0/8)";
	if (len == 0 || len > 3 || (len > 1 && *bits == '0') ||
	    !hd_cel_uint_parse(bits, len, &prefix) || prefix > out->prefix)
		return false;
	out->prefix = (uint8_t)prefix;
	return true;
}

size_t hd_cel_net_text(const value *v, char *out)
{
	const address *a = hd_cel_address(v);
	size_t n;

	inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->bytes, out,
		  HD_CEL_NET_TEXT);
	n = strlen(out);
	if (v->kind == HD_CEL_CIDR)
		n += (size_t)snprintf(out + n, HD_CEL_NET_TEXT - n, "/%u",
				      a->prefix);
	return n;
}

static value make(struct hd_cel_call *call, enum hd_cel_kind kind,
		  const address *from)
{
	address *a = hd_cel_call_alloc(call, sizeof(*a));

	if (!a)
		return hd_cel_stopped(call);
	*a = *from;
	return (value){ .kind = (uint8_t)kind, .u.p = a };
}

static value ip_of_text(struct hd_cel_call *call, const value *args, size_t n)
{
	const char *why;
	address a;

	(void)n;
	if (!hd_cel_net_parse_ip(args[0].u.text, args[0].n, &a, &why))
		return hd_cel_fail(call, HD_CEL_E_VALUE, why);
	return make(call, HD_CEL_IP, &a);
}

static value cidr_of_text(struct hd_cel_call *call, const value *args, size_t n)
{
	const char *why;
	address a;

	(void)n;
	if (!hd_cel_net_parse_cidr(args[0].u.text, args[0].n, &a, &why))
		return hd_cel_fail(call, HD_CEL_E_VALUE, why);
	return make(call, HD_CEL_CIDR, &a);
}

static value same(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return args[0];
}

static value is_ip(struct hd_cel_call *call, const value *args, size_t n)
{
	const char *why;
	address a;

	(void)call;
	(void)n;
	return hd_cel_bool(
		hd_cel_net_parse_ip(args[0].u.text, args[0].n, &a, &why));
}

static value is_cidr(struct hd_cel_call *call, const value *args, size_t n)
{
	const char *why;
	address a;

	(void)call;
	(void)n;
	return hd_cel_bool(
		hd_cel_net_parse_cidr(args[0].u.text, args[0].n, &a, &why));
}

/* Written as string(ip(x)) would write it. */
static value is_canonical(struct hd_cel_call *call, const value *args, size_t n)
{
	value v = ip_of_text(call, args, n);
	char text[HD_CEL_NET_TEXT];

	if (hd_cel_bad(&v))
		return v;
	n = hd_cel_net_text(&v, text);
	return hd_cel_bool(n == args[0].n &&
			   memcmp(text, args[0].u.text, n) == 0);
}

/* ---- kinds of addresses ---- */

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n > 0)
		if (p[--n] != 0)
			return false;
	return true;
}

static bool unspecified(const address *a)
{
	return all_zero(a->bytes, sizeof(a->bytes));
}

static bool loopback(const address *a)
{
	if (a->family == 4)
		return a->bytes[0] == 127;
	return all_zero(a->bytes, 15) && a->bytes[15] == 1;
}

static bool multicast(const address *a)
{
	if (a->family == 4)
		return (a->bytes[0] & 0xf0) == 0xe0;
	return a->bytes[0] == 0xff;
}

static bool link_local_multicast(const address *a)
{
	if (a->family == 4)
		return a->bytes[0] == 224 && a->bytes[1] == 0 &&
		       a->bytes[2] == 0;
	return a->bytes[0] == 0xff && (a->bytes[1] & 0x0f) == 0x02;
}

static bool link_local_unicast(const address *a)
{
	if (a->family == 4)
		return a->bytes[0] == 169 && a->bytes[1] == 254;
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

static bool global_unicast(const address *a)
{
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };

	return !(a->family == 4 && memcmp(a->bytes, broadcast, 4) == 0) &&
	       !unspecified(a) && !loopback(a) && !multicast(a) &&
	       !link_local_unicast(a);
}

#define QUESTION(name, test)                                           \
	static value name(struct hd_cel_call *call, const value *args, \
			  size_t n)                                    \
	{                                                              \
		(void)call;                                            \
		(void)n;                                               \
		return hd_cel_bool(test(hd_cel_address(&args[0])));    \
	}

QUESTION(is_unspecified, unspecified)
QUESTION(is_loopback, loopback)
QUESTION(is_global_unicast, global_unicast)
QUESTION(is_link_local_multicast, link_local_multicast)
QUESTION(is_link_local_unicast, link_local_unicast)

static value family(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_int(hd_cel_address(&args[0])->family);
}

/* ---- networks ---- */

static void mask(address *a)
{
	unsigned i;

	for (i = a->prefix; i < 128; i++)
		a->bytes[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
}

static bool covers(const address *net, const address *a)
{
	unsigned whole = net->prefix / 8, bits = net->prefix % 8;

	if (net->family != a->family || a->prefix < net->prefix ||
	    memcmp(net->bytes, a->bytes, whole) != 0)
		return false;
	return bits == 0 ||
	       (net->bytes[whole] ^ a->bytes[whole]) >> (8 - bits) == 0;
}

static value contains(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_bool(
		covers(hd_cel_address(&args[0]), hd_cel_address(&args[1])));
}

static value contains_ip_text(struct hd_cel_call *call, const value *args,
			      size_t n)
{
	const char *why;
	address a;

	(void)n;
	if (!hd_cel_net_parse_ip(args[1].u.text, args[1].n, &a, &why))
		return hd_cel_fail(call, HD_CEL_E_VALUE, why);
	return hd_cel_bool(covers(hd_cel_address(&args[0]), &a));
}

static value contains_cidr_text(struct hd_cel_call *call, const value *args,
				size_t n)
{
	const char *why;
	address a;

	(void)n;
	if (!hd_cel_net_parse_cidr(args[1].u.text, args[1].n, &a, &why))
		return hd_cel_fail(call, HD_CEL_E_VALUE, why);
	return hd_cel_bool(covers(hd_cel_address(&args[0]), &a));
}

static value network_ip(struct hd_cel_call *call, const value *args, size_t n)
{
	address a = *hd_cel_address(&args[0]);

	(void)n;
	a.prefix = a.family == 6 ? 128 : 32;
	return make(call, HD_CEL_IP, &a);
}

static value masked(struct hd_cel_call *call, const value *args, size_t n)
{
	address a = *hd_cel_address(&args[0]);

	(void)n;
	mask(&a);
	return make(call, HD_CEL_CIDR, &a);
}

static value prefix_length(struct hd_cel_call *call, const value *args,
			   size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_int(hd_cel_address(&args[0])->prefix);
}

const struct hd_cel_builtin hd_cel_std_net[] = {
	{ "ip(string) -> net.IP", ip_of_text, false, NULL },
	{ "ip(net.IP) -> net.IP", same, false, NULL },
	{ "isIP(string) -> bool", is_ip, false, NULL },
	{ "ip.isCanonical(string) -> bool", is_canonical, false, NULL },
	{ "cidr(string) -> net.CIDR", cidr_of_text, false, NULL },
	{ "cidr(net.CIDR) -> net.CIDR", same, false, NULL },
	{ "isCIDR(string) -> bool", is_cidr, false, NULL },
	{ "net.IP.family() -> int", family, false, NULL },
	{ "net.IP.isUnspecified() -> bool", is_unspecified, false, NULL },
	{ "net.IP.isLoopback() -> bool", is_loopback, false, NULL },
	{ "net.IP.isGlobalUnicast() -> bool", is_global_unicast, false, NULL },
	{ "net.IP.isLinkLocalMulticast() -> bool", is_link_local_multicast,
	  false, NULL },
	{ "net.IP.isLinkLocalUnicast() -> bool", is_link_local_unicast, false,
	  NULL },
	{ "net.CIDR.containsIP(net.IP) -> bool", contains, false, NULL },
	{ "net.CIDR.containsIP(string) -> bool", contains_ip_text, false,
	  NULL },
	{ "net.CIDR.containsCIDR(net.CIDR) -> bool", contains, false, NULL },
	{ "net.CIDR.containsCIDR(string) -> bool", contains_cidr_text, false,
	  NULL },
	{ "net.CIDR.ip() -> net.IP", network_ip, false, NULL },
	{ "net.CIDR.masked() -> net.CIDR", masked, false, NULL },
	{ "net.CIDR.prefixLength() -> int", prefix_length, false, NULL },
	{ NULL, NULL, false, NULL }
};
