/* quoting.h - the eight ways in which YAML mangles an unquoted expression
 *
 *   if: !listed("x", src.ip)       ! begins a tag
 *   if: "new" in metadata.labels   " begins a quoted text
 *   if: [1, 2].exists(x, x == n)   [ begins a list
 *   if: {"a": 1}.size() > 0        { begins a mapping
 *   if: &&x    if: *x              & is an anchor, * an alias
 *   if: a ? b : c                  ": " ends a key
 *   if: name == "a #b"             " #" begins a comment: loads, cut short
 *   {if: listed("x", ip), add: 3}  , ends the value: loads, cut short
 *
 * The first six are errors of the parser (or tags and aliases, which we
 * refuse); the last two are seen by quotes and brackets left open.  The same
 * happens to templates (`subject: [${risk_level}] ...`).  All of it is found
 * in the text of the line; the answer is the line to paste.
 */
#ifndef HD_CONF_QUOTING_H
#define HD_CONF_QUOTING_H

#include <stdbool.h>
#include <stddef.h>

#include "core/conf/source.h"

/* A value that should have been quoted: bytes `start` to `end` of the text;
 * what it is the value of, 0 bytes if it is an item of a list. */
struct hd_mangled {
	size_t start, end;
	size_t key, key_n;
	const char *reason; /* "YAML reads a leading '!' as a tag" */
};

/* True for the keys that hold expressions wherever they stand: `if`,
 * `unless`, `each`, `value`, `to`, `key`, `within`. [any] */
bool hd_quoting_is_expr_key(const char *key, size_t n);

/* Looks for the first one on the line of `text` that holds `offset`. [any] */
bool hd_quoting_find(const char *text, size_t n, size_t offset,
		     struct hd_mangled *out);

/* The same for an expression that was read as a plain scalar, from `start` to
 * `end`: true if it was cut short; `out` then says what it should have been
 * (its key is left alone). [any] */
bool hd_quoting_cut_short(const char *text, size_t n, size_t start, size_t end,
			  struct hd_mangled *out);

/* `n` bytes in single quotes, those inside doubled.  The caller frees it.
 * [any] */
char *hd_quoting_quote(const char *p, size_t n);

/* The line of `text` with the value quoted, without the blanks around it.
 * The caller frees it. [any] */
char *hd_quoting_line(const char *text, size_t n,
		      const struct hd_mangled *mangled);

#endif
