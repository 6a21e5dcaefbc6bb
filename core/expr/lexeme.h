/* lexeme.h - CEL cut into pieces, as far as text around it must know
 *
 * For the parts of core/expr only: where an expression in a template ends, and
 * which names stand in it.  The library's own lexer judges; this one only has
 * to agree about strings and comments.
 */
#ifndef HD_EXPR_LEXEME_H
#define HD_EXPR_LEXEME_H

#include <stddef.h>

enum hd_lexeme_kind {
	HD_LEXEME_END,
	HD_LEXEME_BLANK, /* blanks, line ends, comments */
	HD_LEXEME_NAME,
	HD_LEXEME_NUMBER,
	HD_LEXEME_STRING, /* with its quotes and r, b before them; also `x` */
	HD_LEXEME_OTHER	  /* one byte */
};

struct hd_lexeme {
	enum hd_lexeme_kind kind;
	const char *start, *end;
	size_t n;
};

/* The piece at `p`.  A string without an end reaches to `end`. [any] */
struct hd_lexeme hd_lexeme_next(const char *p, const char *end);

#endif
