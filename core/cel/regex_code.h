/* regex_code.h - the machine a pattern becomes; between parser and matcher
 *
 * Jumps are relative, so that a piece of code can be moved and copied as it
 * stands: that is how repeats are made.
 */
#ifndef HD_CEL_REGEX_CODE_H
#define HD_CEL_REGEX_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hd_cel_regex_op {
	HD_CEL_RE_CHAR,	  /* one character, x */
	HD_CEL_RE_CLASS,  /* one of class x */
	HD_CEL_RE_ANY,	  /* any character */
	HD_CEL_RE_NOT_NL, /* any but a newline */
	HD_CEL_RE_SPLIT,  /* on to here + x and here + y */
	HD_CEL_RE_JUMP,	  /* on to here + x */
	HD_CEL_RE_BEGIN,  /* the text's beginning */
	HD_CEL_RE_END,
	HD_CEL_RE_LINE_BEGIN,
	HD_CEL_RE_LINE_END,
	HD_CEL_RE_WORD, /* a border of a word */
	HD_CEL_RE_NOT_WORD,
	HD_CEL_RE_NEVER,
	HD_CEL_RE_MATCH
};

struct hd_cel_regex_state {
	uint8_t op;
	int32_t x, y;
};

struct hd_cel_regex_range {
	uint32_t from, to;
};

/* Below 128 by bits; above by ranges and, for what only Unicode's tables can
 * tell, by PCRE2. */
struct hd_cel_regex_class {
	uint64_t ascii[2]; /* final: `not` is worked in */
	bool not ;	   /* for characters from 128 on */
	uint32_t n, cap;
	struct hd_cel_regex_range *ranges;
	void *code; /* pcre2_code of the rest, or NULL */
};

#define HD_CEL_REGEX_STATES 10000

struct hd_cel_regex {
	struct hd_cel_regex *next;
	uint32_t n, cap;
	struct hd_cel_regex_state *states;
	uint32_t classes_n, classes_cap;
	struct hd_cel_regex_class *classes;
};

/* Puts one state at `at` and moves what stands there behind it.  False if the
 * machine becomes too large. */
bool hd_cel_regex_put(struct hd_cel_regex *regex, uint32_t at,
		      enum hd_cel_regex_op op, int32_t x, int32_t y);

/* Repeats the code from `from` to the end: `least` copies, then as many as
 * wanted (`most` UINT32_MAX) or `most - least` that may be left out. */
bool hd_cel_regex_repeat(struct hd_cel_regex *regex, uint32_t from,
			 unsigned least, unsigned most);

/* Reads a pattern into an empty `regex`.  False with `why` filled. */
bool hd_cel_regex_parse(struct hd_cel_regex *regex, const char *pattern,
			size_t n, char *why, size_t size);

/* ---- classes under construction ---- */

struct hd_cel_regex_set {
	struct hd_cel_regex_class c;
	bool fold;	/* without regard to case */
	char hard[512]; /* items for PCRE2, the inside of a [] */
	size_t hard_n;
	bool full; /* an item was too much */
};

void hd_cel_regex_set_add(struct hd_cel_regex_set *set, uint32_t from,
			  uint32_t to);

/* 'd', 's', 'w' and their capitals; false if it is none. */
bool hd_cel_regex_set_perl(struct hd_cel_regex_set *set, char which);

/* "alpha" of [:alpha:]; false if there is none such. */
bool hd_cel_regex_set_posix(struct hd_cel_regex_set *set, const char *name,
			    size_t n, bool not );

/* A general category or a script. */
void hd_cel_regex_set_property(struct hd_cel_regex_set *set, const char *name,
			       size_t n, bool not );

/* Moves the set into the regex; its number, or -1 if PCRE2 does not know a
 * property. */
int hd_cel_regex_set_done(struct hd_cel_regex_set *set, bool not,
			  struct hd_cel_regex *regex);
void hd_cel_regex_class_fini(struct hd_cel_regex_class *c);
void hd_cel_regex_set_fini(struct hd_cel_regex_set *set);

/* `data`: pcre2_match_data of the thread. */
bool hd_cel_regex_class_has(const struct hd_cel_regex_class *c, uint32_t code,
			    void *data);

#endif
