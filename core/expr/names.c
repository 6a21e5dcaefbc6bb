#include "core/expr/names.h"

#include <stdbool.h>
#include <string.h>

#include "core/expr/lexeme.h"

/* Words that are no variables: literals, types, and the first parts of the
 * names of functions. */
static bool is_word_of_language(const char *p, size_t n)
{
	static const char *const words[] = {
		"true",	  "false",  "null",	     "in",    "bool",
		"int",	  "uint",   "double",	     "bytes", "string",
		"list",	  "map",    "null_type",     "type",  "dyn",
		"cel",	  "google", "optional_type", "math",  "optional",
		"base64", "net",    "strings",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == n && memcmp(words[i], p, n) == 0)
			return true;
	return false;
}

void hd_names_scan(const char *source, size_t n,
		   void (*fn)(void *ud, const char *name, size_t n), void *ud)
{
	const char *p = source, *end = source + n;
	bool after_dot = false;

	while (p < end) {
		struct hd_lexeme lexeme = hd_lexeme_next(p, end);
		struct hd_lexeme next;

		p = lexeme.end;
		if (lexeme.kind == HD_LEXEME_BLANK)
			continue;
		if (lexeme.kind == HD_LEXEME_NAME && !after_dot) {
			next = hd_lexeme_next(p, end);
			if (next.kind == HD_LEXEME_BLANK)
				next = hd_lexeme_next(next.end, end);
			if (!(next.kind == HD_LEXEME_OTHER &&
			      *next.start == '(') &&
			    !is_word_of_language(lexeme.start, lexeme.n))
				fn(ud, lexeme.start, lexeme.n);
		}
		after_dot = lexeme.kind == HD_LEXEME_OTHER &&
			    (*lexeme.start == '.' ||
			     (after_dot && *lexeme.start == '?'));
	}
}
