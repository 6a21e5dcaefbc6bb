#include "common/text.h"

#include <stdlib.h>
#include <strings.h>

#define FIRST_SIZE 256

void hp_text_init(struct hp_text *text, size_t max)
{
	*text = (struct hp_text){ .max = max };
}

void hp_text_fini(struct hp_text *text)
{
	free(text->p);
	hp_text_init(text, text->max);
}

/* Room for `n` more bytes and a '\0'. */
static bool make_room(struct hp_text *text, size_t n)
{
	size_t size = text->size > 0 ? text->size : FIRST_SIZE;
	char *p;

	while (size < text->n + n + 1)
		size *= 2;
	if (size == text->size)
		return true;
	p = realloc(text->p, size);
	if (!p)
		return false;
	text->p = p;
	text->size = size;
	return true;
}

herald_str hp_str_head(herald_str s, size_t max)
{
	size_t n = max;

	if (s.n <= max)
		return s;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return (herald_str){ s.p, n };
}

void hp_text_add(struct hp_text *text, herald_str s)
{
	herald_str fits;

	if (!s.p || text->cut)
		return;
	fits = hp_str_head(s, text->max - text->n);
	text->cut = fits.n < s.n;
	if (!make_room(text, fits.n)) {
		text->cut = true;
		return;
	}
	memcpy(text->p + text->n, fits.p, fits.n);
	text->n += fits.n;
	text->p[text->n] = '\0';
}

void hp_text_addf(struct hp_text *text, const char *fmt, ...)
{
	char *made = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&made, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text->cut = true;
		return;
	}
	hp_text_add(text, (herald_str){ made, (size_t)n });
	free(made);
}

herald_str hp_text_str(const struct hp_text *text)
{
	return (herald_str){ text->p ? text->p : "", text->n };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

herald_str hp_str_trim(herald_str s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool hp_str_same(herald_str a, herald_str b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

bool hp_str_is(herald_str a, const char *b)
{
	return a.p && strlen(b) == a.n && memcmp(a.p, b, a.n) == 0;
}

bool hp_str_begins(herald_str s, const char *head)
{
	size_t n = strlen(head);

	return s.n >= n && strncasecmp(s.p, head, n) == 0;
}

bool hp_str_is_digits(herald_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0;
}

/* Bytes of the character at `p`, of which `n` are there; 0 if it is broken. */
static size_t character(const unsigned char *p, size_t n)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80   ? 1
		     : p[0] < 0xc2 ? 0
		     : p[0] < 0xe0 ? 2
		     : p[0] < 0xf0 ? 3
		     : p[0] < 0xf5 ? 4
				   : 0;
	unsigned code;

	if (len <= 1 || len > n)
		return len <= n ? len : 0;
	code = p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return len;
}

bool hp_str_is_utf8(herald_str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t left = s.n, len;

	while (left > 0) {
		len = character(p, left);
		if (len == 0)
			return false;
		p += len;
		left -= len;
	}
	return true;
}

char *hp_str_dup(herald_str s)
{
	char *copy = malloc(s.n + 1);

	if (!copy)
		return NULL;
	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}
