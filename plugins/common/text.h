/* text.h - texts that grow up to a maximum, and comparing counted strings
 *
 * What two or more connectors need of strings.  Names of plugins/common begin
 * with hp_.  A text that would pass its maximum, or for which memory is
 * lacking, is cut there and says so in `cut`: messages for people are made this
 * way, so that reporting trouble cannot itself be in trouble.
 */
#ifndef HERALD_PLUGINS_TEXT_H
#define HERALD_PLUGINS_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <herald/plugin.h>

struct hp_text {
	char *p; /* NULL until the first append */
	size_t n, size, max;
	bool cut;
};

/* Empty, at most `max` bytes. [any] */
void hp_text_init(struct hp_text *text, size_t max);

/* Frees the memory; the text may be used again. [any] */
void hp_text_fini(struct hp_text *text);

/* Appends; never cuts inside a UTF-8 character. [any] */
void hp_text_add(struct hp_text *text, herald_str s);
void hp_text_addf(struct hp_text *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Borrowed from `text`, valid until the next append; "" when empty. [any] */
herald_str hp_text_str(const struct hp_text *text);

/* The first `max` bytes of `s` or less, cut at a character. [any] */
herald_str hp_str_head(herald_str s, size_t max);

/* Without the blanks at both ends. [any] */
herald_str hp_str_trim(herald_str s);

/* Equal, where the case of ASCII letters does not count. [any] */
bool hp_str_same(herald_str a, herald_str b);

/* Equal byte by byte. [any] */
bool hp_str_is(herald_str a, const char *b);

/* Begins with `head`, where case does not count. [any] */
bool hp_str_begins(herald_str s, const char *head);

/* Not empty, and decimal digits only. [any] */
bool hp_str_is_digits(herald_str s);

/* Whole UTF-8 (no surrogates, nothing overlong). [any] */
bool hp_str_is_utf8(herald_str s);

/* A copy with '\0' behind it; NULL if memory is lacking.  The caller frees it.
 * [any] */
char *hp_str_dup(herald_str s);

#endif
