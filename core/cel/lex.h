/* lex.h - the words of a source text */
#ifndef HD_CEL_LEX_H
#define HD_CEL_LEX_H

#include <stddef.h>
#include <stdint.h>

#include "core/cel/cel.h"

struct hd_cel_diag;
struct hd_cel_pool;

enum hd_cel_token_kind {
	HD_CEL_TOKEN_END,
	HD_CEL_TOKEN_BAD, /* told already */
	HD_CEL_TOKEN_IDENT,
	HD_CEL_TOKEN_QUOTED, /* `name` */
	HD_CEL_TOKEN_INT,
	HD_CEL_TOKEN_UINT,
	HD_CEL_TOKEN_DOUBLE,
	HD_CEL_TOKEN_STRING,
	HD_CEL_TOKEN_BYTES,
	/* Of one character: the character. */
	HD_CEL_TOKEN_AND = 128,
	HD_CEL_TOKEN_OR,
	HD_CEL_TOKEN_EQ,
	HD_CEL_TOKEN_NE,
	HD_CEL_TOKEN_LE,
	HD_CEL_TOKEN_GE
};

struct hd_cel_token {
	int kind;
	uint32_t offset, length;
};

struct hd_cel_lexer {
	const char *source;
	size_t n, at;
	struct hd_cel_diag *diag;
};

/* The next token.  Blanks and comments are skipped. [any] */
struct hd_cel_token hd_cel_lex_next(struct hd_cel_lexer *lexer);

/* The value of a literal; `minus` for a number with a sign before it.  False
 * when it is no good, which is then told. [any] */
bool hd_cel_literal_number(struct hd_cel_diag *diag,
			   const struct hd_cel_token *token, bool minus,
			   struct hd_cel_value *out);
bool hd_cel_literal_text(struct hd_cel_diag *diag, struct hd_cel_pool *pool,
			 const struct hd_cel_token *token,
			 struct hd_cel_value *out);

#endif
