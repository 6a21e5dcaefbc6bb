#include "core/expr/lexeme.h"

#include <stdbool.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       is_digit(c);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end) {
		if (is_blank(*p)) {
			p++;
		} else if (end - p >= 2 && p[0] == '/' && p[1] == '/') {
			while (p < end && *p != '\n')
				p++;
		} else {
			break;
		}
	}
	return p;
}

/* `p` stands at the first quote. */
static const char *skip_string(const char *p, const char *end, bool raw)
{
	char quote = *p;
	size_t quotes = 1;

	if (end - p >= 3 && p[1] == quote && p[2] == quote)
		quotes = 3;
	for (p += quotes; p < end; p++) {
		if (*p == '\\' && !raw) {
			if (++p == end)
				break;
		} else if (*p == quote && (size_t)(end - p) >= quotes &&
			   (quotes == 1 || (p[1] == quote && p[2] == quote))) {
			return p + quotes;
		}
	}
	return end;
}

/* How many of r, R, b, B stand before a quote at `p`; -1: no string begins. */
static int string_prefix(const char *p, const char *end, bool *raw)
{
	int n = 0;

	*raw = false;
	for (; p + n < end && n <= 2; n++) {
		char c = p[n];

		if (c == '"' || c == '\'')
			return n;
		if (c == '\0' || !strchr("rRbB", c))
			return -1;
		*raw = *raw || c == 'r' || c == 'R';
	}
	return -1;
}

static const char *skip_quoted_name(const char *p, const char *end)
{
	const char *close = memchr(p + 1, '`', (size_t)(end - p) - 1);

	return close ? close + 1 : end;
}

struct hd_lexeme hd_lexeme_next(const char *p, const char *end)
{
	struct hd_lexeme lexeme = { HD_LEXEME_END, p, p, 0 };
	int prefix;
	bool raw;

	if (p >= end)
		return lexeme;
	prefix = string_prefix(p, end, &raw);
	lexeme.end = skip_blanks(p, end);
	if (lexeme.end > p) {
		lexeme.kind = HD_LEXEME_BLANK;
	} else if (prefix >= 0) {
		lexeme.kind = HD_LEXEME_STRING;
		lexeme.end = skip_string(p + prefix, end, raw);
	} else if (*p == '`') {
		lexeme.kind = HD_LEXEME_STRING;
		lexeme.end = skip_quoted_name(p, end);
	} else if (is_name_byte(*p)) {
		lexeme.kind = is_digit(*p) ? HD_LEXEME_NUMBER : HD_LEXEME_NAME;
		while (lexeme.end < end && is_name_byte(*lexeme.end))
			lexeme.end++;
	} else {
		lexeme.kind = HD_LEXEME_OTHER;
		lexeme.end = p + 1;
	}
	lexeme.n = (size_t)(lexeme.end - p);
	return lexeme;
}
