#include "core/cel/lex.h"

#include <ctype.h>
#include <string.h>

#include "core/cel/issue.h"
#include "core/cel/text.h"

static int peek(const struct hd_cel_lexer *lx, size_t ahead)
{
	return lx->at + ahead < lx->n
		       ? (unsigned char)lx->source[lx->at + ahead]
		       : -1;
}

static bool is_ident_byte(int c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static void skip_blanks(struct hd_cel_lexer *lx)
{
	for (;;) {
		int c = peek(lx, 0);

		if (c == ' ' || c == '\t' || c == '\n' || c == '\r' ||
		    c == '\f') {
			lx->at++;
		} else if (c == '/' && peek(lx, 1) == '/') {
			while (peek(lx, 0) != -1 && peek(lx, 0) != '\n')
				lx->at++;
		} else {
			return;
		}
	}
}

static struct hd_cel_token token(struct hd_cel_lexer *lx, int kind, size_t from)
{
	return (struct hd_cel_token){ kind, (uint32_t)from,
				      (uint32_t)(lx->at - from) };
}

static struct hd_cel_token bad(struct hd_cel_lexer *lx, size_t from,
			       const char *why, const char *remedy)
{
	if (lx->at == from && lx->at < lx->n)
		lx->at++;
	hd_cel_diag_add(lx->diag, (uint32_t)from, (uint32_t)(lx->at - from),
			remedy, "%s", why);
	return token(lx, HD_CEL_TOKEN_BAD, from);
}

static bool skip_exponent(struct hd_cel_lexer *lx)
{
	size_t sign = peek(lx, 1) == '+' || peek(lx, 1) == '-';

	if ((peek(lx, 0) != 'e' && peek(lx, 0) != 'E') ||
	    !is_digit(peek(lx, 1 + sign)))
		return false;
	lx->at += 1 + sign;
	while (is_digit(peek(lx, 0)))
		lx->at++;
	return true;
}

static struct hd_cel_token hex_number(struct hd_cel_lexer *lx, size_t from)
{
	int kind = HD_CEL_TOKEN_INT;

	lx->at += 2;
	if (!isxdigit(peek(lx, 0)))
		return bad(lx, from, "a hexadecimal number without digits", "");
	while (isxdigit(peek(lx, 0)))
		lx->at++;
	if (peek(lx, 0) == 'u' || peek(lx, 0) == 'U') {
		lx->at++;
		kind = HD_CEL_TOKEN_UINT;
	}
	if (is_ident_byte(peek(lx, 0)))
		return bad(lx, from, "a number ends in letters", "");
	return token(lx, kind, from);
}

static struct hd_cel_token number(struct hd_cel_lexer *lx, size_t from)
{
	int kind = HD_CEL_TOKEN_INT;

	if (peek(lx, 0) == '0' && (peek(lx, 1) == 'x' || peek(lx, 1) == 'X'))
		return hex_number(lx, from);
	while (is_digit(peek(lx, 0)))
		lx->at++;
	if (peek(lx, 0) == '.' && is_digit(peek(lx, 1))) {
		kind = HD_CEL_TOKEN_DOUBLE;
		lx->at++;
		while (is_digit(peek(lx, 0)))
			lx->at++;
	}
	if (skip_exponent(lx))
		kind = HD_CEL_TOKEN_DOUBLE;
	if (kind == HD_CEL_TOKEN_INT &&
	    (peek(lx, 0) == 'u' || peek(lx, 0) == 'U')) {
		lx->at++;
		kind = HD_CEL_TOKEN_UINT;
	}
	if (is_ident_byte(peek(lx, 0)))
		return bad(lx, from, "a number ends in letters", "");
	return token(lx, kind, from);
}

/* At the opening quote; `from` is where the prefix (b, r) began. */
static struct hd_cel_token quoted_text(struct hd_cel_lexer *lx, size_t from,
				       bool raw, int kind)
{
	int quote = peek(lx, 0);
	bool triple = peek(lx, 1) == quote && peek(lx, 2) == quote;

	lx->at += triple ? 3 : 1;
	for (;;) {
		int c = peek(lx, 0);

		if (c == -1 || (!triple && (c == '\n' || c == '\r')))
			return bad(lx, from, "a text that does not end",
				   "close it with the quote it began with");
		if (c == '\\' && !raw && peek(lx, 1) != -1) {
			lx->at += 2;
			continue;
		}
		lx->at++;
		if (c != quote)
			continue;
		if (!triple)
			return token(lx, kind, from);
		if (peek(lx, 0) == quote && peek(lx, 1) == quote) {
			lx->at += 2;
			return token(lx, kind, from);
		}
	}
}

static struct hd_cel_token quoted_name(struct hd_cel_lexer *lx, size_t from)
{
	lx->at++;
	while (is_ident_byte(peek(lx, 0)) ||
	       (peek(lx, 0) != -1 && strchr(".-/ ", peek(lx, 0)) &&
		peek(lx, 0) != '\0'))
		lx->at++;
	if (peek(lx, 0) != '`' || lx->at == from + 1)
		return bad(lx, from, "not a name in backquotes",
			   "letters, digits, '_', '.', '-', '/' and blanks");
	lx->at++;
	return token(lx, HD_CEL_TOKEN_QUOTED, from);
}

/* A name, or a text whose prefix looks like one: b, r or br, never rb. */
static struct hd_cel_token name_or_text(struct hd_cel_lexer *lx, size_t from)
{
	bool bytes = tolower(peek(lx, 0)) == 'b';
	bool raw = tolower(peek(lx, bytes)) == 'r';
	size_t prefix = (size_t)bytes + raw;

	if (prefix > 0 &&
	    (peek(lx, prefix) == '"' || peek(lx, prefix) == '\'')) {
		lx->at += prefix;
		return quoted_text(lx, from, raw,
				   bytes ? HD_CEL_TOKEN_BYTES
					 : HD_CEL_TOKEN_STRING);
	}
	while (is_ident_byte(peek(lx, 0)))
		lx->at++;
	return token(lx, HD_CEL_TOKEN_IDENT, from);
}

static struct hd_cel_token sign(struct hd_cel_lexer *lx, size_t from)
{
	static const struct {
		char text[3];
		int kind;
	} pairs[] = {
		{ "&&", HD_CEL_TOKEN_AND }, { "||", HD_CEL_TOKEN_OR },
		{ "==", HD_CEL_TOKEN_EQ },  { "!=", HD_CEL_TOKEN_NE },
		{ "<=", HD_CEL_TOKEN_LE },  { ">=", HD_CEL_TOKEN_GE },
	};
	int c = peek(lx, 0);
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (c == pairs[i].text[0] && peek(lx, 1) == pairs[i].text[1]) {
			lx->at += 2;
			return token(lx, pairs[i].kind, from);
		}
	}
	if (c != 0 && strchr("+-*/%!<>?:.,()[]{}", c)) {
		lx->at++;
		return token(lx, c, from);
	}
	if (c == '=')
		return bad(lx, from, "'=' is no operator", "equality is '=='");
	if (c == '&' || c == '|')
		return bad(lx, from, "not an operator", "'&&' and '||'");
	return bad(lx, from, "not a character of an expression", "");
}

struct hd_cel_token hd_cel_lex_next(struct hd_cel_lexer *lx)
{
	size_t from;
	int c;

	skip_blanks(lx);
	from = lx->at;
	c = peek(lx, 0);
	if (c == -1)
		return token(lx, HD_CEL_TOKEN_END, from);
	if (is_digit(c) || (c == '.' && is_digit(peek(lx, 1))))
		return number(lx, from);
	if (c == '"' || c == '\'')
		return quoted_text(lx, from, false, HD_CEL_TOKEN_STRING);
	if (c == '`')
		return quoted_name(lx, from);
	if (is_ident_byte(c))
		return name_or_text(lx, from);
	return sign(lx, from);
}
