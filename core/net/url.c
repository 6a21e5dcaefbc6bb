#include "core/net/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/utf8.h"

static bool is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

static int hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool has_bad_byte(const char *text)
{
	const unsigned char *p;

	for (p = (const unsigned char *)text; *p; p++)
		if (*p <= 0x20 || *p >= 0x7f || strchr("\"<>\\^`{|}", *p))
			return true;
	return false;
}

static int parse_port(struct hd_url *url, const char *p, size_t n,
		      const char *text, struct hd_err *err)
{
	size_t i;
	long port = 0;

	for (i = 0; i < n; i++) {
		if (!isdigit((unsigned char)p[i]) || port > 65535)
			return hd_err_set(err, EINVAL,
					  "address %s: port is no number",
					  text);
		port = port * 10 + (p[i] - '0');
	}
	if (port < 1 || port > 65535)
		return hd_err_set(err, EINVAL,
				  "address %s: port is not 1 to 65535", text);
	url->port = (int)port;
	return 0;
}

static bool is_host_name(const char *host)
{
	const char *p;

	if (!host[0] || host[0] == '.' || host[0] == '-')
		return false;
	for (p = host; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr(".-_", *p))
			return false;
	return strlen(host) <= 253;
}

/* "host", "host:port", "[v6]", "[v6]:port" */
static int parse_authority(struct hd_url *url, const char *p, size_t n,
			   const char *text, struct hd_err *err)
{
	struct in6_addr v6;
	const char *end = p + n, *stop, *rest;
	char *c;

	if (memchr(p, '@', n))
		return hd_err_set(err, EINVAL,
				  "address with a user name or password in it: "
				  "credentials belong into options");
	if (n > 0 && p[0] == '[') {
		stop = memchr(p, ']', n);
		if (!stop)
			return hd_err_set(err, EINVAL, "address %s: no ']'",
					  text);
		url->host = hd_memdup0(p + 1, (size_t)(stop - p - 1));
		rest = stop + 1;
	} else {
		stop = memchr(p, ':', n);
		rest = stop ? stop : end;
		url->host = hd_memdup0(p, (size_t)(rest - p));
	}
	for (c = url->host; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (p[0] == '[' ? inet_pton(AF_INET6, url->host, &v6) != 1
			: !is_host_name(url->host))
		return hd_err_set(err, EINVAL, "address %s: no sound host name",
				  text);
	if (rest == end)
		return 0;
	if (*rest != ':')
		return hd_err_set(err, EINVAL,
				  "address %s: '%c' after the host", text,
				  *rest);
	return parse_port(url, rest + 1, (size_t)(end - rest - 1), text, err);
}

static int parse_scheme(struct hd_url *url, const char *text, const char **rest,
			struct hd_err *err)
{
	if (strncasecmp(text, "https://", 8) == 0) {
		url->scheme = hd_strdup("https");
		url->port = 443;
		*rest = text + 8;
	} else if (strncasecmp(text, "http://", 7) == 0) {
		url->scheme = hd_strdup("http");
		url->port = 80;
		*rest = text + 7;
	} else {
		return hd_err_set(err, EINVAL,
				  "address %.80s: neither http:// nor https://",
				  text);
	}
	return 0;
}

static int parse_parts(struct hd_url *url, const char *text, struct hd_err *err)
{
	const char *rest = text, *path, *query;
	size_t n;

	if (parse_scheme(url, text, &rest, err) < 0)
		return -1;
	if (has_bad_byte(text))
		return hd_err_set(err, EINVAL,
				  "address with a blank or another byte that "
				  "must be encoded");
	if (strchr(text, '#'))
		return hd_err_set(err, EINVAL, "address %s: has a fragment",
				  text);
	n = strcspn(rest, "/?");
	path = rest + n;
	if (parse_authority(url, rest, n, text, err) < 0)
		return -1;
	query = strchr(path, '?');
	if (query)
		url->query = hd_strdup(query + 1);
	url->path = hd_memdup0(path,
			       query ? (size_t)(query - path) : strlen(path));
	return 0;
}

int hd_url_parse(struct hd_url *url, const char *text, struct hd_err *err)
{
	memset(url, 0, sizeof(*url));
	if (parse_parts(url, text, err) < 0) {
		hd_url_fini(url);
		return -1;
	}
	return 0;
}

void hd_url_fini(struct hd_url *url)
{
	free(url->scheme);
	free(url->host);
	free(url->path);
	free(url->query);
	memset(url, 0, sizeof(*url));
}

bool hd_url_same_origin(const struct hd_url *a, const struct hd_url *b)
{
	return a->port == b->port && strcmp(a->scheme, b->scheme) == 0 &&
	       strcmp(a->host, b->host) == 0;
}

void hd_url_origin(const struct hd_url *url, struct hd_buf *out)
{
	bool v6 = strchr(url->host, ':') != NULL;
	int own = strcmp(url->scheme, "https") == 0 ? 443 : 80;

	hd_buf_adds(out, url->scheme);
	hd_buf_adds(out, v6 ? "://[" : "://");
	hd_buf_adds(out, url->host);
	if (v6)
		hd_buf_addc(out, ']');
	if (url->port != own)
		hd_buf_addf(out, ":%d", url->port);
}

void hd_url_encode(struct hd_buf *out, const char *p, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char c;
	size_t i;

	for (i = 0; i < n; i++) {
		c = (unsigned char)p[i];
		if (is_unreserved(c)) {
			hd_buf_addc(out, (char)c);
			continue;
		}
		hd_buf_addc(out, '%');
		hd_buf_addc(out, digits[c >> 4]);
		hd_buf_addc(out, digits[c & 15]);
	}
}

static void encode_form(struct hd_buf *out, const char *text, bool form)
{
	size_t n;

	while (form && *text) {
		n = strcspn(text, " ");
		hd_url_encode(out, text, n);
		text += n;
		if (*text == ' ') {
			hd_buf_addc(out, '+');
			text++;
		}
	}
	hd_url_encode(out, text, strlen(text));
}

void hd_url_query(struct hd_buf *out, const char *const *pairs, bool form)
{
	size_t i;

	for (i = 0; pairs && pairs[i]; i += 2) {
		if (i != 0)
			hd_buf_addc(out, '&');
		encode_form(out, pairs[i], form);
		hd_buf_addc(out, '=');
		if (!pairs[i + 1])
			return;
		encode_form(out, pairs[i + 1], form);
	}
}

static int add_segments(struct hd_buf *out, const char *const *segments,
			struct hd_err *err)
{
	size_t i;

	for (i = 0; segments && segments[i]; i++) {
		if (!segments[i][0] || strcmp(segments[i], ".") == 0 ||
		    strcmp(segments[i], "..") == 0)
			return hd_err_set(err, EINVAL,
					  "path segment %zu is '%s'", i + 1,
					  segments[i]);
		hd_buf_addc(out, '/');
		hd_url_encode(out, segments[i], strlen(segments[i]));
	}
	return 0;
}

int hd_url_build(const struct hd_url *base, const char *const *segments,
		 const char *const *pairs, struct hd_buf *out,
		 struct hd_err *err)
{
	size_t n = strlen(base->path);
	bool pasted = segments && segments[0];

	hd_url_origin(base, out);
	while (pasted && n > 0 && base->path[n - 1] == '/')
		n--;
	hd_buf_add(out, base->path, n);
	if (add_segments(out, segments, err) < 0)
		return -1;
	if (!pasted && n == 0)
		hd_buf_addc(out, '/');
	if (base->query || (pairs && pairs[0]))
		hd_buf_addc(out, '?');
	if (base->query)
		hd_buf_adds(out, base->query);
	if (base->query && base->query[0] && pairs && pairs[0])
		hd_buf_addc(out, '&');
	hd_url_query(out, pairs, false);
	if (hd_buf_failed(out))
		return hd_err_set(err, EMSGSIZE, "address over %zu bytes",
				  out->max);
	return 0;
}

/* One character of an encoded text: its value, or -1.  Moves *i past it. */
static int next_byte(const char *p, size_t n, size_t *i)
{
	int high, low;

	if (p[*i] != '%')
		return (unsigned char)p[(*i)++];
	if (n - *i < 3)
		return -1;
	high = hex_value((unsigned char)p[*i + 1]);
	low = hex_value((unsigned char)p[*i + 2]);
	*i += 3;
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static int check_dot_segments(const char *path, struct hd_err *err)
{
	const char *seg = path;
	size_t n;

	while (*seg == '/') {
		seg++;
		n = strcspn(seg, "/");
		if ((n == 1 && seg[0] == '.') ||
		    (n == 2 && seg[0] == '.' && seg[1] == '.'))
			return hd_err_set(err, EINVAL, "dot segment in path");
		seg += n;
	}
	return 0;
}

static int decode_path_to(const char *p, size_t n, char *out,
			  struct hd_err *err)
{
	size_t i = 0, len = 0;
	bool encoded;
	int c;

	while (i < n) {
		encoded = p[i] == '%';
		c = next_byte(p, n, &i);
		if (c < 0)
			return hd_err_set(err, EINVAL, "broken escape in path");
		if (c < 0x20 || c == 0x7f)
			return hd_err_set(err, EINVAL,
					  "control byte 0x%02x in path",
					  (unsigned)c);
		if (encoded && (c == '/' || c == '\\'))
			return hd_err_set(err, EINVAL, "encoded '%c' in path",
					  c);
		out[len++] = (char)c;
	}
	out[len] = '\0';
	if (out[0] != '/')
		return hd_err_set(err, EINVAL, "path does not begin with '/'");
	if (!hd_utf8_valid(out, len))
		return hd_err_set(err, EINVAL, "path is not UTF-8");
	return check_dot_segments(out, err);
}

char *hd_url_decode_path(const char *p, size_t n, struct hd_err *err)
{
	char *out = malloc(n + 1);

	if (!out) {
		hd_err_sys(err, ENOMEM, "path of %zu bytes", n);
		return NULL;
	}
	if (decode_path_to(p, n, out, err) < 0) {
		free(out);
		return NULL;
	}
	return out;
}

/* Decodes one name or value of a query to `out` and '\0'. */
static int decode_word(const char *p, size_t n, char **out, struct hd_err *err)
{
	char *word = *out;
	size_t i = 0;
	int c;

	while (i < n) {
		if (p[i] == '+') {
			*(*out)++ = ' ';
			i++;
			continue;
		}
		c = next_byte(p, n, &i);
		if (c < 0)
			return hd_err_set(err, EINVAL,
					  "broken escape in query");
		if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
		    c == 0x7f)
			return hd_err_set(err, EINVAL,
					  "control byte 0x%02x in query",
					  (unsigned)c);
		*(*out)++ = (char)c;
	}
	if (!hd_utf8_valid(word, (size_t)(*out - word)))
		return hd_err_set(err, EINVAL, "query is not UTF-8");
	*(*out)++ = '\0';
	return 0;
}

static size_t count_pairs(const char *p, size_t n)
{
	size_t i, pairs = n != 0 ? 1 : 0;

	for (i = 0; i < n; i++)
		pairs += p[i] == '&';
	return pairs;
}

static int decode_pair(const char *p, size_t n, char **list, char **text,
		       struct hd_err *err)
{
	const char *equals = memchr(p, '=', n);
	size_t name_n = equals ? (size_t)(equals - p) : n;

	list[0] = *text;
	if (decode_word(p, name_n, text, err) < 0)
		return -1;
	list[1] = *text;
	return decode_word(equals ? equals + 1 : "",
			   equals ? n - name_n - 1 : 0, text, err);
}

static int decode_pairs(const char *p, size_t n, char **list, char *text,
			struct hd_err *err)
{
	size_t at = 0, len, count = 0;
	const char *amp;

	while (at < n) {
		amp = memchr(p + at, '&', n - at);
		len = amp ? (size_t)(amp - p) - at : n - at;
		if (len != 0) {
			if (decode_pair(p + at, len, list + count, &text, err) <
			    0)
				return -1;
			count += 2;
		}
		at += len + 1;
	}
	list[count] = NULL;
	return 0;
}

char **hd_url_decode_query(const char *p, size_t n, size_t max,
			   struct hd_err *err)
{
	size_t pairs = count_pairs(p, n);
	size_t head = (2 * pairs + 1) * sizeof(char *);
	char **list;

	if (pairs > max) {
		hd_err_set(err, E2BIG, "query of over %zu pairs", max);
		return NULL;
	}
	list = malloc(head + n + 2 * pairs);
	if (!list) {
		hd_err_sys(err, ENOMEM, "query of %zu bytes", n);
		return NULL;
	}
	if (decode_pairs(p, n, list, (char *)list + head, err) < 0) {
		free(list);
		return NULL;
	}
	return list;
}
