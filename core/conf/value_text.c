#include "core/conf/value_impl.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ZONES "/usr/share/zoneinfo"
#define EXPR_MAX 16384
#define USER_MAX 256
#define PATH_BYTES 4095

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Control characters and blanks; in names they are slips or attacks. */
static bool has_blank(const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			return true;
	}
	return false;
}

static bool is_ip_of(int family, const char *text, size_t n)
{
	char copy[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (n == 0 || n >= sizeof(copy))
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	return inet_pton(family, copy, bytes) == 1;
}

static bool is_host_name(const char *text, size_t n)
{
	size_t i, label = 0;

	if (n > 0 && text[n - 1] == '.')
		n--;
	if (n == 0 || n > 253)
		return false;
	for (i = 0; i < n; i++) {
		if (text[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if (is_letter(text[i]) || is_digit(text[i]) ||
			   text[i] == '_' || (text[i] == '-' && label > 0)) {
			if (++label > 63)
				return false;
		} else {
			return false;
		}
	}
	return label > 0;
}

static bool is_host(const char *text, size_t n)
{
	return is_host_name(text, n) || is_ip_of(AF_INET6, text, n);
}

/* Where host and port part: the last colon, outside of [ ]. */
static bool split_port(const char *text, size_t n, size_t *host_n,
		       int64_t *port)
{
	size_t i = n, used;

	while (i > 0 && is_digit(text[i - 1]))
		i--;
	if (i == 0 || text[i - 1] != ':' || i == n)
		return false;
	*host_n = i - 1;
	return hd_reading_digits(text + i, n - i, port, &used) &&
	       *port <= 65535;
}

static bool is_bracketed_ip6(const char *text, size_t n)
{
	return n > 2 && text[0] == '[' && text[n - 1] == ']' &&
	       is_ip_of(AF_INET6, text + 1, n - 2);
}

bool hd_read_string(struct hd_reading *in)
{
	(void)in;
	return true;
}

bool hd_read_hostport(struct hd_reading *in)
{
	size_t host_n;
	int64_t port;

	if (split_port(in->text, in->n, &host_n, &port) && port > 0 &&
	    (is_host_name(in->text, host_n) ||
	     is_bracketed_ip6(in->text, host_n))) {
		in->out->number = port;
		return true;
	}
	return hd_reading_fail(in, "is no host and port",
			       "write host:port, as in dc1.example.com:636 or "
			       "[2001:db8::1]:636");
}

/* Port 0: the system chooses one. */
bool hd_read_address(struct hd_reading *in)
{
	size_t host_n;
	int64_t port;

	if (split_port(in->text, in->n, &host_n, &port) &&
	    (is_ip_of(AF_INET, in->text, host_n) ||
	     is_bracketed_ip6(in->text, host_n))) {
		in->out->number = port;
		return true;
	}
	return hd_reading_fail(in, "is no address to listen on",
			       "write address:port, as in 0.0.0.0:8443, "
			       "127.0.0.1:9464 or [::]:8443");
}

bool hd_read_ip(struct hd_reading *in)
{
	if (is_ip_of(AF_INET, in->text, in->n) ||
	    is_ip_of(AF_INET6, in->text, in->n))
		return true;
	return hd_reading_fail(in, "is no IP address",
			       "write 192.0.2.1 or 2001:db8::1");
}

bool hd_read_host(struct hd_reading *in)
{
	if (is_host(in->text, in->n))
		return true;
	return hd_reading_fail(in, "is no host name",
			       "write a name or an address, without scheme "
			       "and port");
}

bool hd_read_user(struct hd_reading *in)
{
	size_t i;

	for (i = 0; i < in->n; i++) {
		if ((unsigned char)in->text[i] < ' ' || in->text[i] == 0x7f)
			break;
	}
	if (in->n > 0 && in->n <= USER_MAX && i == in->n)
		return true;
	return hd_reading_fail(in, "is no account name",
			       "write svc-herald, svc-herald@corp.example.com "
			       "or CORP\\svc-herald");
}

bool hd_read_email(struct hd_reading *in)
{
	const char *at = memchr(in->text, '@', in->n);
	size_t local = at ? (size_t)(at - in->text) : 0;
	size_t i;

	for (i = 0; i < local; i++) {
		if (memchr("<>()[]\\,;:\"", in->text[i], 11) != NULL)
			break;
	}
	if (at && local > 0 && local <= 64 && i == local &&
	    !has_blank(in->text, in->n) &&
	    is_host_name(at + 1, in->n - local - 1))
		return true;
	return hd_reading_fail(in, "is no mail address",
			       "write one address without a name: "
			       "soc@example.com");
}

bool hd_read_path(struct hd_reading *in)
{
	if (in->n > 0 && in->n <= PATH_BYTES && in->text[0] == '/')
		return true;
	return hd_reading_fail(in, "is no absolute path", "begin it with /");
}

static size_t scheme_bytes(const char *text, size_t n)
{
	size_t i = 0;

	while (i < n && (is_letter(text[i]) ||
			 (i > 0 && (is_digit(text[i]) || text[i] == '+' ||
				    text[i] == '-' || text[i] == '.'))))
		i++;
	return i > 0 && n - i > 3 && memcmp(text + i, "://", 3) == 0 ? i : 0;
}

/* True if the scheme is among "https|http". */
static bool is_scheme_of(const char *values, const char *scheme, size_t n)
{
	while (values && *values) {
		size_t word = strcspn(values, "|");

		if (word == n && memcmp(values, scheme, n) == 0)
			return true;
		values += word + (values[word] == '|');
	}
	return false;
}

static bool fail_scheme(struct hd_reading *in)
{
	hd_reading_fail(in, "has another scheme than is permitted", "");
	snprintf(in->remedy, HD_VALUE_REMEDY, "begin it with %.*s://",
		 (int)strcspn(in->values, "|"), in->values);
	return false;
}

bool hd_read_url(struct hd_reading *in)
{
	size_t scheme = scheme_bytes(in->text, in->n), n, host_n;
	const char *authority = in->text + scheme + 3;
	int64_t port = 1;

	if (scheme == 0 || has_blank(in->text, in->n))
		return hd_reading_fail(in, "is no URL",
				       "write it whole: https://host/path");
	if (in->values && !is_scheme_of(in->values, in->text, scheme))
		return fail_scheme(in);
	for (n = 0; n < in->n - scheme - 3; n++) {
		if (memchr("/?#", authority[n], 3))
			break;
	}
	if (memchr(authority, '@', n))
		return hd_reading_fail(in, "holds a user name",
				       "give user and secret as options of "
				       "their own");
	if (!split_port(authority, n, &host_n, &port))
		host_n = n;
	if (port > 0 && (is_host_name(authority, host_n) ||
			 is_bracketed_ip6(authority, host_n)))
		return true;
	return hd_reading_fail(in, "has no sound host",
			       "write scheme://host:port/path");
}

bool hd_read_expr(struct hd_reading *in)
{
	size_t blanks = 0;

	while (blanks < in->n && memchr(" \t\r\n", in->text[blanks], 4))
		blanks++;
	if (blanks == in->n)
		return hd_reading_fail(in, "is empty", "");
	if (in->n > EXPR_MAX)
		return hd_reading_fail(in, "is longer than 16 KiB",
				       "divide it, or use a list");
	return true;
}

bool hd_value_is_name(const char *text, size_t n)
{
	size_t i;

	if (n == 0 || n > 64 || text[0] < 'a' || text[0] > 'z')
		return false;
	for (i = 1; i < n; i++) {
		if ((text[i] < 'a' || text[i] > 'z') && !is_digit(text[i]) &&
		    text[i] != '_')
			return false;
	}
	return true;
}

bool hd_read_name(struct hd_reading *in)
{
	if (hd_value_is_name(in->text, in->n))
		return true;
	return hd_reading_fail(in, "is no name",
			       "names are made of a-z, 0-9 and _, and begin "
			       "with a letter");
}

/* The zones that this system knows; a name may not lead out of their folder. */
bool hd_read_zone(struct hd_reading *in)
{
	char path[128];
	size_t i;

	if (in->n == 3 && memcmp(in->text, "UTC", 3) == 0)
		return true;
	for (i = 0; i < in->n; i++) {
		if (!is_letter(in->text[i]) && !is_digit(in->text[i]) &&
		    memchr("_+-/", in->text[i], 4) == NULL)
			break;
	}
	snprintf(path, sizeof(path), ZONES "/%.*s",
		 (int)(in->n < 64 ? in->n : 64), in->text);
	if (in->n > 0 && in->n < 64 && i == in->n && is_letter(in->text[0]) &&
	    access(path, R_OK) == 0)
		return true;
	return hd_reading_fail(in, "is no time zone of this system",
			       "write Area/City as in " ZONES
			       ": Europe/Berlin, or UTC");
}
