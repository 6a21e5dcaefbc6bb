#include "core/cel/remedy.h"

#include <stdbool.h>
#include <string.h>

#include "core/cel/lex.h"

static bool is_text(const char *p, size_t n, const char *word)
{
	return n == strlen(word) && memcmp(p, word, n) == 0;
}

/* `not` is a name like any other: what stands behind it is the surprise. */
static bool follows_not(const char *source, size_t at)
{
	while (at > 0 && (source[at - 1] == ' ' || source[at - 1] == '\n'))
		at--;
	return at >= 3 && memcmp(source + at - 3, "not", 3) == 0 &&
	       (at == 3 || strchr(" \n(&|!?:,[", source[at - 4]));
}

const char *hd_cel_remedy(const char *source, const struct hd_cel_token *token)
{
	const char *p = source + token->offset;
	size_t n = token->length;

	if (token->kind == HD_CEL_TOKEN_END)
		return "something is missing at its end";
	if (is_text(p, n, "and") || is_text(p, n, "AND"))
		return "'and' is written '&&'";
	if (is_text(p, n, "or") || is_text(p, n, "OR"))
		return "'or' is written '||'";
	if (follows_not(source, token->offset))
		return "'not' is written '!'";
	if (n == 1 && strchr(")]}", *p))
		return "it closes nothing, or something is missing before it";
	return "";
}
