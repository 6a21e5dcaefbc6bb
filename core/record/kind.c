#include "core/record/record.h"

#include <string.h>

#include "core/base/ip.h"

#define HOST_MAX 253
#define LABEL_MAX 63
#define USER_MAX 256
#define EMAIL_LOCAL_MAX 64
#define URL_MAX 8192

static const char *const names[HD_KIND_COUNT] = {
	[HD_KIND_HOST] = "host",     [HD_KIND_DOMAIN] = "domain",
	[HD_KIND_IP] = "ip",	     [HD_KIND_MAC] = "mac",
	[HD_KIND_USER] = "user",     [HD_KIND_EMAIL] = "email",
	[HD_KIND_URL] = "url",	     [HD_KIND_MD5] = "md5",
	[HD_KIND_SHA1] = "sha1",     [HD_KIND_SHA256] = "sha256",
	[HD_KIND_SHA512] = "sha512",
};

int hd_kind_parse(const char *word, unsigned *mask)
{
	if (strcmp(word, "hash") == 0) {
		if (mask)
			*mask |= 1u << HD_KIND_MD5 | 1u << HD_KIND_SHA1 |
				 1u << HD_KIND_SHA256 | 1u << HD_KIND_SHA512;
		return HD_KIND_MD5;
	}
	for (int kind = 0; kind < HD_KIND_COUNT; kind++) {
		if (strcmp(word, names[kind]) == 0) {
			if (mask)
				*mask |= 1u << kind;
			return kind;
		}
	}
	return -1;
}

const char *hd_kind_name(enum hd_kind kind)
{
	return names[kind];
}

/* ---- one function a form; each gets trimmed text without control bytes ----
 */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

/* Lower-case text with '\0' behind, if it fits. */
static size_t put_lower(const char *text, size_t n, char *out, size_t size)
{
	if (n == 0 || n >= size)
		return 0;
	for (size_t i = 0; i < n; i++)
		out[i] = lower(text[i]);
	out[n] = '\0';
	return n;
}

static size_t put_ip(const char *text, size_t n, char *out, size_t size)
{
	char canonical[HD_IP_TEXT];
	struct hd_ip ip;

	if (hd_ip_parse(text, n, &ip) < 0)
		return 0;
	hd_ip_text(&ip, canonical);
	return put_lower(canonical, strlen(canonical), out, size);
}

static bool is_label(const char *p, size_t n)
{
	if (n == 0 || n > LABEL_MAX || p[0] == '-' || p[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_digit(p[i]) &&
		    !(lower(p[i]) >= 'a' && lower(p[i]) <= 'z') &&
		    p[i] != '-' && p[i] != '_')
			return false;
	return true;
}

/* Labels with dots between; *dots counts them, *numeric tells of the last. */
static bool is_name(const char *text, size_t n, size_t *dots, bool *numeric)
{
	size_t begin = 0;

	*dots = 0;
	for (size_t i = 0; i <= n; i++) {
		if (i < n && text[i] != '.')
			continue;
		if (!is_label(text + begin, i - begin))
			return false;
		if (i < n) {
			(*dots)++;
			begin = i + 1;
		}
	}
	*numeric = true;
	for (size_t i = begin; i < n; i++)
		*numeric = *numeric && is_digit(text[i]);
	return true;
}

static size_t put_host(const char *text, size_t n, bool domain, char *out,
		       size_t size)
{
	size_t dots;
	bool numeric;

	if (n > 1 && text[n - 1] == '.')
		n--;
	if (n == 0 || n > HOST_MAX || !is_name(text, n, &dots, &numeric))
		return 0;
	if (dots > 0 && numeric)
		return 0;
	if (domain && dots == 0)
		return 0;
	return put_lower(text, n, out, size);
}

/* aa:bb:cc:dd:ee:ff of that, of aa-bb-.., aabb.ccdd.eeff and aabbccddeeff. */
static size_t put_mac(const char *text, size_t n, char *out, size_t size)
{
	char digits[12];
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == ':' || text[i] == '-' || text[i] == '.')
			continue;
		if (!is_hex(text[i]) || count == sizeof(digits))
			return 0;
		digits[count++] = lower(text[i]);
	}
	if (count != sizeof(digits) || (n != 12 && n != 14 && n != 17) ||
	    size < 18)
		return 0;
	for (size_t i = 0; i < 6; i++) {
		out[3 * i] = digits[2 * i];
		out[3 * i + 1] = digits[2 * i + 1];
		out[3 * i + 2] = i < 5 ? ':' : '\0';
	}
	return 17;
}

static size_t put_user(const char *text, size_t n, char *out, size_t size)
{
	const char *slash = memrchr(text, '\\', n);

	if (slash) {
		n -= (size_t)(slash + 1 - text);
		text = slash + 1;
	}
	while (n > 0 && text[0] == ' ') {
		text++;
		n--;
	}
	if (n == 0 || n > USER_MAX || n >= size)
		return 0;
	memcpy(out, text, n);
	out[n] = '\0';
	return n;
}

static size_t put_email(const char *text, size_t n, char *out, size_t size)
{
	const char *open = memchr(text, '<', n);
	const char *at;
	size_t local;

	if (open && text[n - 1] == '>') {
		n -= (size_t)(open + 1 - text) + 1;
		text = open + 1;
	}
	at = memchr(text, '@', n);
	if (!at || at == text || memchr(text, ' ', n))
		return 0;
	local = (size_t)(at - text);
	if (local > EMAIL_LOCAL_MAX ||
	    put_host(at + 1, n - local - 1, false, out, size) == 0)
		return 0;
	if (text[n - 1] == '.')
		n--;
	return put_lower(text, n, out, size);
}

static size_t put_url(const char *text, size_t n, char *out, size_t size)
{
	const char *colon = memmem(text, n, "://", 3);
	size_t host_end;

	if (!colon || colon == text || n > URL_MAX || n >= size ||
	    memchr(text, ' ', n))
		return 0;
	for (const char *p = text; p < colon; p++)
		if (!(lower(*p) >= 'a' && lower(*p) <= 'z') && !is_digit(*p) &&
		    *p != '+' && *p != '-' && *p != '.')
			return 0;
	host_end = (size_t)(colon - text) + 3;
	while (host_end < n && !memchr("/?#", text[host_end], 3))
		host_end++;
	if (host_end == (size_t)(colon - text) + 3)
		return 0;
	memcpy(out, text, n);
	out[n] = '\0';
	for (size_t i = 0; i < host_end; i++)
		out[i] = lower(out[i]);
	return n;
}

static size_t put_digest(const char *text, size_t n, size_t length, char *out,
			 size_t size)
{
	if (n != length)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!is_hex(text[i]))
			return 0;
	return put_lower(text, n, out, size);
}

size_t hd_kind_normalize(enum hd_kind kind, const char *text, size_t n,
			 char *out, size_t size)
{
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		n--;
	while (n > 0 && (text[0] == ' ' || text[0] == '\t')) {
		text++;
		n--;
	}
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return 0;
	if (n == 0 || size == 0)
		return 0;
	switch (kind) {
	case HD_KIND_HOST:
		return put_host(text, n, false, out, size);
	case HD_KIND_DOMAIN:
		return put_host(text, n, true, out, size);
	case HD_KIND_IP:
		return put_ip(text, n, out, size);
	case HD_KIND_MAC:
		return put_mac(text, n, out, size);
	case HD_KIND_USER:
		return put_user(text, n, out, size);
	case HD_KIND_EMAIL:
		return put_email(text, n, out, size);
	case HD_KIND_URL:
		return put_url(text, n, out, size);
	case HD_KIND_MD5:
		return put_digest(text, n, 32, out, size);
	case HD_KIND_SHA1:
		return put_digest(text, n, 40, out, size);
	case HD_KIND_SHA256:
		return put_digest(text, n, 64, out, size);
	case HD_KIND_SHA512:
		return put_digest(text, n, 128, out, size);
	case HD_KIND_COUNT:
		break;
	}
	return 0;
}
