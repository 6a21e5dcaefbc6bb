#include "core/cel/regex_code.h"

#include <stdio.h>
#include <string.h>

#include "core/cel/text.h"

#define MAX_GROUPS 250 /* inside each other */
#define MAX_REPEAT 1000

struct parser {
	struct hd_cel_regex *regex;
	const char *p, *end;
	char *why;
	size_t size;
	unsigned depth;
	bool fold, multi, dotall; /* (?i), (?m), (?s) */
};

static bool complain(struct parser *ps, const char *text)
{
	if (ps->why[0] == '\0')
		snprintf(ps->why, ps->size, "pattern: %s", text);
	return false;
}

static int peek(const struct parser *ps)
{
	return ps->p < ps->end ? (unsigned char)*ps->p : -1;
}

static bool take(struct parser *ps, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(ps->end - ps->p) < n || memcmp(ps->p, text, n) != 0)
		return false;
	ps->p += n;
	return true;
}

static bool put(struct parser *ps, uint32_t at, enum hd_cel_regex_op op,
		int32_t x, int32_t y)
{
	return hd_cel_regex_put(ps->regex, at, op, x, y) ||
	       complain(ps, "too large");
}

static bool emit(struct parser *ps, enum hd_cel_regex_op op, int32_t x)
{
	return put(ps, ps->regex->n, op, x, 0);
}

static bool emit_char(struct parser *ps, uint32_t code)
{
	struct hd_cel_regex_set set = { .fold = ps->fold };
	int i;

	if (!ps->fold)
		return emit(ps, HD_CEL_RE_CHAR, (int32_t)code);
	hd_cel_regex_set_add(&set, code, code);
	i = hd_cel_regex_set_done(&set, false, ps->regex);
	return i < 0 ? complain(ps, "a character")
		     : emit(ps, HD_CEL_RE_CLASS, i);
}

static bool emit_set(struct parser *ps, struct hd_cel_regex_set *set, bool not )
{
	int i = hd_cel_regex_set_done(set, not, ps->regex);

	if (i < 0)
		return complain(ps, "an unknown property, or too many");
	return emit(ps, HD_CEL_RE_CLASS, i);
}

/* ---- escapes ---- */

static int hex_digit(int c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* Behind \x. */
static bool read_hex(struct parser *ps, uint32_t *code)
{
	bool braces = take(ps, "{");
	size_t n = 0;

	for (*code = 0;
	     hex_digit(peek(ps)) >= 0 && *code <= 0x10ffff && (braces || n < 2);
	     ps->p++, n++)
		*code = *code * 16 + (uint32_t)hex_digit(peek(ps));
	if ((braces && (n == 0 || !take(ps, "}"))) || (!braces && n != 2) ||
	    *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return complain(ps, "not a character after \\x");
	return true;
}

static bool is_octal(int c)
{
	return c >= '0' && c <= '7';
}

static bool read_octal(struct parser *ps, int first, uint32_t *code)
{
	size_t n;

	if (first != '0' && !is_octal(peek(ps)))
		return complain(ps, "RE2 has no back references");
	*code = (uint32_t)(first - '0');
	for (n = 0; n < 2 && is_octal(peek(ps)); n++)
		*code = *code * 8 + (uint32_t)(*ps->p++ - '0');
	return true;
}

/* Behind the backslash: an escape that is one character. */
static bool read_escape(struct parser *ps, uint32_t *code)
{
	static const char from[] = "aftnrv", to[] = "\a\f\t\n\r\v";
	const char *known;
	int c = peek(ps);

	if (c == -1)
		return complain(ps, "a backslash at the end");
	ps->p++;
	if (c == 'x')
		return read_hex(ps, code);
	if (is_octal(c))
		return read_octal(ps, c, code);
	known = c != 0 ? strchr(from, c) : NULL;
	if (known) {
		*code = (unsigned char)to[known - from];
		return true;
	}
	if (c >= 128 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z'))
		return complain(ps, "an escape that RE2 does not have");
	*code = (uint32_t)c;
	return true;
}

/* Behind \p or \P. */
static bool read_property(struct parser *ps, struct hd_cel_regex_set *set,
			  bool not )
{
	const char *name = ps->p;
	size_t n = 1;

	if (take(ps, "{")) {
		not ^= take(ps, "^");
		name = ps->p;
		while (peek(ps) == '_' ||
		       (peek(ps) >= '0' && peek(ps) <= '9') ||
		       (peek(ps) >= 'a' && peek(ps) <= 'z') ||
		       (peek(ps) >= 'A' && peek(ps) <= 'Z'))
			ps->p++;
		n = (size_t)(ps->p - name);
		if (n == 0 || n > 40 || !take(ps, "}"))
			return complain(ps, "not a property after \\p");
	} else if (peek(ps) < 'A' || peek(ps) > 'Z') {
		return complain(ps, "not a property after \\p");
	} else {
		ps->p++;
	}
	if (n == 3 && memcmp(name, "Any", 3) == 0) {
		if (!not )
			hd_cel_regex_set_add(set, 0, 0x10ffff);
		return true;
	}
	hd_cel_regex_set_property(set, name, n, not );
	return true;
}

/* At a backslash: \d, \pL and their like go into the set. */
static bool read_class_escape(struct parser *ps, struct hd_cel_regex_set *set,
			      bool *is_class)
{
	int c = ps->end - ps->p >= 2 ? (unsigned char)ps->p[1] : -1;

	*is_class = true;
	if (c == 'p' || c == 'P') {
		ps->p += 2;
		return read_property(ps, set, c == 'P');
	}
	if (c != -1 && hd_cel_regex_set_perl(set, (char)c)) {
		ps->p += 2;
		return true;
	}
	*is_class = false;
	return true;
}

/* ---- [classes] ---- */

static bool read_char(struct parser *ps, uint32_t *code)
{
	size_t n = hd_cel_utf8_get(ps->p, (size_t)(ps->end - ps->p), code);

	if (n == 0)
		return complain(ps, "not UTF-8");
	ps->p += n;
	return true;
}

static bool read_item(struct parser *ps, uint32_t *code)
{
	if (take(ps, "\\"))
		return read_escape(ps, code);
	return read_char(ps, code);
}

/* At "[:". */
static bool read_posix(struct parser *ps, struct hd_cel_regex_set *set)
{
	const char *name;
	bool not ;

	ps->p += 2;
	not = take(ps, "^");
	name = ps->p;
	while (peek(ps) >= 'a' && peek(ps) <= 'z')
		ps->p++;
	if (!hd_cel_regex_set_posix(set, name, (size_t)(ps->p - name), not ) ||
	    !take(ps, ":]"))
		return complain(ps, "not a class after [:");
	return true;
}

static bool read_span(struct parser *ps, struct hd_cel_regex_set *set)
{
	uint32_t from, to;
	bool is_class;

	if (ps->end - ps->p >= 2 && ps->p[0] == '[' && ps->p[1] == ':')
		return read_posix(ps, set);
	if (peek(ps) == '\\') {
		if (!read_class_escape(ps, set, &is_class))
			return false;
		if (is_class)
			return true;
	}
	if (!read_item(ps, &from))
		return false;
	to = from;
	if (ps->end - ps->p >= 2 && ps->p[0] == '-' && ps->p[1] != ']') {
		ps->p++;
		if (!read_item(ps, &to))
			return false;
	}
	if (to < from)
		return complain(ps, "a range from high to low");
	hd_cel_regex_set_add(set, from, to);
	return true;
}

/* Behind '['. */
static bool read_set(struct parser *ps)
{
	struct hd_cel_regex_set set = { .fold = ps->fold };
	bool not = take(ps, "^"), first = true;

	while (first || peek(ps) != ']') {
		if (peek(ps) == -1) {
			complain(ps, "[ without ]");
			goto bad;
		}
		if (!read_span(ps, &set))
			goto bad;
		first = false;
	}
	ps->p++;
	return emit_set(ps, &set, not );
bad:
	hd_cel_regex_set_fini(&set);
	return false;
}

/* ---- atoms ---- */

static bool read_alternatives(struct parser *ps);

/* Behind "(?": flags, up to ':' or ')'. */
static bool read_flags(struct parser *ps, bool *group)
{
	bool on = true, any = false;

	for (;; ps->p++) {
		int c = peek(ps);

		if (c == 'i')
			ps->fold = on;
		else if (c == 'm')
			ps->multi = on;
		else if (c == 's')
			ps->dotall = on;
		else if (c == '-' && on)
			on = false;
		else if (c != 'U')
			break;
		any = c != '-';
	}
	*group = peek(ps) == ':';
	if ((!any && !*group) || (!any && !on) ||
	    (peek(ps) != ':' && peek(ps) != ')'))
		return complain(ps, "a group that RE2 does not have "
				    "(look-around, atomic, recursion, ...)");
	ps->p++;
	return true;
}

/* Behind "(?P<" or "(?<". */
static bool skip_name(struct parser *ps)
{
	const char *start = ps->p;

	while (peek(ps) == '_' || (peek(ps) >= '0' && peek(ps) <= '9') ||
	       (peek(ps) >= 'a' && peek(ps) <= 'z') ||
	       (peek(ps) >= 'A' && peek(ps) <= 'Z'))
		ps->p++;
	if (ps->p == start || !take(ps, ">"))
		return complain(ps, "a group that RE2 does not have "
				    "(look-behind), or a bad name");
	return true;
}

/* Behind '('.  `*repeatable` is false for (?i), which is no atom. */
static bool read_group(struct parser *ps, bool *repeatable)
{
	bool fold = ps->fold, multi = ps->multi, dotall = ps->dotall;
	bool group = true;

	if (take(ps, "*"))
		return complain(ps, "RE2 has no verbs");
	if (take(ps, "?P<") || take(ps, "?<")) {
		if (!skip_name(ps))
			return false;
	} else if (take(ps, "?")) {
		if (!read_flags(ps, &group))
			return false;
		*repeatable = group;
	}
	if (!group)
		return true;
	if (++ps->depth > MAX_GROUPS)
		return complain(ps, "too many groups inside each other");
	if (!read_alternatives(ps))
		return false;
	ps->depth--;
	ps->fold = fold;
	ps->multi = multi;
	ps->dotall = dotall;
	return take(ps, ")") ? true : complain(ps, "( without )");
}

static bool read_quote(struct parser *ps)
{
	uint32_t code;

	while (peek(ps) != -1 && !take(ps, "\\E"))
		if (!read_char(ps, &code) || !emit_char(ps, code))
			return false;
	return true;
}

/* At a backslash. */
static bool read_backslash(struct parser *ps, bool *repeatable)
{
	struct hd_cel_regex_set set = { .fold = ps->fold };
	bool is_class;
	uint32_t code;

	if (take(ps, "\\A"))
		return emit(ps, HD_CEL_RE_BEGIN, 0);
	if (take(ps, "\\z"))
		return emit(ps, HD_CEL_RE_END, 0);
	if (take(ps, "\\b"))
		return emit(ps, HD_CEL_RE_WORD, 0);
	if (take(ps, "\\B"))
		return emit(ps, HD_CEL_RE_NOT_WORD, 0);
	if (take(ps, "\\Q")) {
		*repeatable = false;
		return read_quote(ps);
	}
	if (!read_class_escape(ps, &set, &is_class)) {
		hd_cel_regex_set_fini(&set);
		return false;
	}
	if (is_class)
		return emit_set(ps, &set, false);
	ps->p++;
	return read_escape(ps, &code) && emit_char(ps, code);
}

static bool read_atom(struct parser *ps, bool *repeatable)
{
	uint32_t code;

	*repeatable = true;
	switch (peek(ps)) {
	case '(':
		ps->p++;
		return read_group(ps, repeatable);
	case '[':
		ps->p++;
		return read_set(ps);
	case '\\':
		return read_backslash(ps, repeatable);
	case '.':
		ps->p++;
		return emit(ps, ps->dotall ? HD_CEL_RE_ANY : HD_CEL_RE_NOT_NL,
			    0);
	case '^':
		ps->p++;
		return emit(ps,
			    ps->multi ? HD_CEL_RE_LINE_BEGIN : HD_CEL_RE_BEGIN,
			    0);
	case '$':
		ps->p++;
		return emit(ps, ps->multi ? HD_CEL_RE_LINE_END : HD_CEL_RE_END,
			    0);
	case '*':
	case '+':
	case '?':
		return complain(ps, "nothing to repeat");
	default:
		return read_char(ps, &code) && emit_char(ps, code);
	}
}

/* ---- repeats ---- */

static bool read_count(struct parser *ps, unsigned *out)
{
	const char *start = ps->p;

	for (*out = 0; peek(ps) >= '0' && peek(ps) <= '9' && *out < 100000;
	     ps->p++)
		*out = *out * 10 + (unsigned)(*ps->p - '0');
	return ps->p > start;
}

/* {n}, {n,}, {n,m}; anything else is a brace. */
static bool read_braces(struct parser *ps, unsigned *least, unsigned *most)
{
	const char *start = ps->p;

	if (take(ps, "{") && read_count(ps, least)) {
		*most = *least;
		if (take(ps, ",") && !read_count(ps, most))
			*most = UINT32_MAX;
		if (take(ps, "}"))
			return true;
	}
	ps->p = start;
	return false;
}

static bool read_repeat(struct parser *ps, unsigned *least, unsigned *most)
{
	*least = 0;
	*most = UINT32_MAX;
	if (take(ps, "*"))
		return true;
	if (take(ps, "+")) {
		*least = 1;
		return true;
	}
	if (take(ps, "?")) {
		*most = 1;
		return true;
	}
	return read_braces(ps, least, most);
}

static bool repeat(struct parser *ps, uint32_t from, unsigned least,
		   unsigned most)
{
	if ((most != UINT32_MAX && most > MAX_REPEAT) || least > MAX_REPEAT ||
	    least > most)
		return complain(ps, "a bad repeat count");
	return hd_cel_regex_repeat(ps->regex, from, least, most) ||
	       complain(ps, "too large");
}

static bool read_piece(struct parser *ps)
{
	uint32_t from = ps->regex->n;
	unsigned least, most;
	bool repeatable;

	if (!read_atom(ps, &repeatable))
		return false;
	if (!read_repeat(ps, &least, &most))
		return true;
	if (!repeatable)
		return complain(ps, "nothing to repeat");
	if (!repeat(ps, from, least, most))
		return false;
	take(ps, "?"); /* lazy: all the same to a yes or no */
	if (peek(ps) == '+')
		return complain(ps, "RE2 has no possessive repeats");
	if (read_repeat(ps, &least, &most))
		return complain(ps, "a repeat of a repeat");
	return true;
}

static bool read_sequence(struct parser *ps)
{
	while (peek(ps) != -1 && peek(ps) != '|' && peek(ps) != ')')
		if (!read_piece(ps))
			return false;
	return true;
}

static bool read_alternatives(struct parser *ps)
{
	uint32_t from = ps->regex->n, jump;

	if (!read_sequence(ps))
		return false;
	if (!take(ps, "|"))
		return true;
	if (!put(ps, from, HD_CEL_RE_SPLIT, 1,
		 (int32_t)(ps->regex->n - from) + 2) ||
	    !emit(ps, HD_CEL_RE_JUMP, 0))
		return false;
	jump = ps->regex->n - 1;
	if (++ps->depth > MAX_GROUPS * 4)
		return complain(ps, "too many alternatives");
	if (!read_alternatives(ps))
		return false;
	ps->depth--;
	ps->regex->states[jump].x = (int32_t)(ps->regex->n - jump);
	return true;
}

bool hd_cel_regex_parse(struct hd_cel_regex *regex, const char *pattern,
			size_t n, char *why, size_t size)
{
	struct parser ps = { .regex = regex,
			     .p = pattern,
			     .end = pattern + n,
			     .why = why,
			     .size = size };

	why[0] = '\0';
	if (!read_alternatives(&ps))
		return false;
	if (peek(&ps) == ')')
		return complain(&ps, ") without (");
	return emit(&ps, HD_CEL_RE_MATCH, 0);
}
