#define PCRE2_CODE_UNIT_WIDTH 8
#include "core/cel/regex_code.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cel/pool.h"
#include "core/cel/text.h"

static void add_range(struct hd_cel_regex_class *c, uint32_t from, uint32_t to)
{
	if (c->n == c->cap) {
		c->cap = c->cap != 0 ? c->cap * 2 : 8;
		c->ranges = hd_cel_must(
			realloc(c->ranges, c->cap * sizeof(*c->ranges)));
	}
	c->ranges[c->n++] = (struct hd_cel_regex_range){ from, to };
}

static void add_ascii(struct hd_cel_regex_set *set, uint32_t code)
{
	set->c.ascii[code / 64] |= UINT64_C(1) << code % 64;
}

static void add_hard(struct hd_cel_regex_set *set, const char *text, size_t n)
{
	if (n > sizeof(set->hard) - set->hard_n) {
		set->full = true;
		return;
	}
	memcpy(set->hard + set->hard_n, text, n);
	set->hard_n += n;
}

static void add_folded(struct hd_cel_regex_set *set, uint32_t code)
{
	uint32_t other = code ^ 0x20;
	uint32_t letter = code | 0x20;

	if (letter < 'a' || letter > 'z')
		return;
	add_ascii(set, other);
	/* The two characters beyond ASCII whose other case is in it. */
	if (letter == 'k')
		add_range(&set->c, 0x212a, 0x212a);
	if (letter == 's')
		add_range(&set->c, 0x17f, 0x17f);
}

void hd_cel_regex_set_add(struct hd_cel_regex_set *set, uint32_t from,
			  uint32_t to)
{
	char text[40];
	uint32_t code;
	int n;

	for (code = from; code <= to && code < 128; code++) {
		add_ascii(set, code);
		if (set->fold)
			add_folded(set, code);
	}
	if (to < 128)
		return;
	if (from < 128)
		from = 128;
	add_range(&set->c, from, to);
	if (!set->fold)
		return;
	n = snprintf(text, sizeof(text), "\\x{%x}-\\x{%x}", from, to);
	add_hard(set, text, (size_t)n);
}

static void add_spans(struct hd_cel_regex_set *set, const char *spans, size_t n,
		      bool not )
{
	uint64_t in[2] = { 0, 0 };
	uint32_t code;
	const char *p;

	for (p = spans; p < spans + n; p += 2)
		for (code = (unsigned char)p[0]; code <= (unsigned char)p[1];
		     code++)
			in[code / 64] |= UINT64_C(1) << code % 64;
	for (code = 0; code < 128; code++)
		if ((in[code / 64] >> code % 64 & 1) != not )
			hd_cel_regex_set_add(set, code, code);
	if (not )
		add_range(&set->c, 128, 0x10ffff);
}

bool hd_cel_regex_set_perl(struct hd_cel_regex_set *set, char which)
{
	switch (which) {
	case 'd':
	case 'D':
		add_spans(set, "09", 2, which == 'D');
		return true;
	case 's':
	case 'S':
		add_spans(set, "\t\n\f\r  ", 6, which == 'S');
		return true;
	case 'w':
	case 'W':
		add_spans(set, "09AZaz__", 8, which == 'W');
		return true;
	default:
		return false;
	}
}

bool hd_cel_regex_set_posix(struct hd_cel_regex_set *set, const char *name,
			    size_t n, bool not )
{
	static const struct {
		const char *name, *spans;
		size_t n;
	} classes[] = {
		{ "alnum", "09AZaz", 6 },
		{ "alpha", "AZaz", 4 },
		{ "ascii", "\0\x7f", 2 },
		{ "blank", "\t\t  ", 4 },
		{ "cntrl", "\0\x1f\x7f\x7f", 4 },
		{ "digit", "09", 2 },
		{ "graph", "!~", 2 },
		{ "lower", "az", 2 },
		{ "print", " ~", 2 },
		{ "punct", "!/:@[`{~", 8 },
		{ "space", "\t\r  ", 4 },
		{ "upper", "AZ", 2 },
		{ "word", "09AZaz__", 8 },
		{ "xdigit", "09AFaf", 6 },
	};
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strlen(classes[i].name) == n &&
		    memcmp(classes[i].name, name, n) == 0) {
			add_spans(set, classes[i].spans, classes[i].n, not );
			return true;
		}
	}
	return false;
}

void hd_cel_regex_set_property(struct hd_cel_regex_set *set, const char *name,
			       size_t n, bool not )
{
	add_hard(set, not ? "\\P{" : "\\p{", 3);
	add_hard(set, name, n);
	add_hard(set, "}", 1);
}

void hd_cel_regex_class_fini(struct hd_cel_regex_class *c)
{
	free(c->ranges);
	pcre2_code_free(c->code);
}

void hd_cel_regex_set_fini(struct hd_cel_regex_set *set)
{
	hd_cel_regex_class_fini(&set->c);
}

static bool compile_hard(struct hd_cel_regex_set *set)
{
	char text[sizeof(set->hard) + 16];
	PCRE2_SIZE at;
	int n, error;

	if (set->full)
		return false;
	if (set->hard_n == 0)
		return true;
	n = snprintf(text, sizeof(text), "%s[%.*s]", set->fold ? "(?i)" : "",
		     (int)set->hard_n, set->hard);
	set->c.code = pcre2_compile((PCRE2_SPTR)text, (PCRE2_SIZE)n,
				    PCRE2_UTF | PCRE2_ANCHORED, &error, &at,
				    NULL);
	return set->c.code != NULL;
}

static bool hard_has(const struct hd_cel_regex_class *c, uint32_t code,
		     pcre2_match_data *data)
{
	char text[4];
	size_t n = hd_cel_utf8_put(text, code);

	return pcre2_match(c->code, (PCRE2_SPTR)text, n, 0, PCRE2_NO_UTF_CHECK,
			   data, NULL) > 0;
}

/* From here on a character below 128 is a matter of its bit. */
static void settle_ascii(struct hd_cel_regex_class *c)
{
	pcre2_match_data *data = c->code ? pcre2_match_data_create(1, NULL)
					 : NULL;
	uint32_t code;

	for (code = 0; data && code < 128; code++)
		if (hard_has(c, code, data))
			c->ascii[code / 64] |= UINT64_C(1) << code % 64;
	pcre2_match_data_free(data);
	if (c->not ) {
		c->ascii[0] = ~c->ascii[0];
		c->ascii[1] = ~c->ascii[1];
	}
}

int hd_cel_regex_set_done(struct hd_cel_regex_set *set, bool not,
			  struct hd_cel_regex *regex)
{
	if (!compile_hard(set)) {
		hd_cel_regex_set_fini(set);
		return -1;
	}
	set->c.not = not ;
	settle_ascii(&set->c);
	if (regex->classes_n == regex->classes_cap) {
		regex->classes_cap = regex->classes_cap != 0
					     ? regex->classes_cap * 2
					     : 4;
		regex->classes = hd_cel_must(
			realloc(regex->classes,
				regex->classes_cap * sizeof(*regex->classes)));
	}
	regex->classes[regex->classes_n] = set->c;
	return (int)regex->classes_n++;
}

bool hd_cel_regex_class_has(const struct hd_cel_regex_class *c, uint32_t code,
			    void *data)
{
	uint32_t i;

	if (code < 128)
		return c->ascii[code / 64] >> code % 64 & 1;
	for (i = 0; i < c->n; i++)
		if (code >= c->ranges[i].from && code <= c->ranges[i].to)
			return !c->not ;
	if (c->code && hard_has(c, code, data))
		return !c->not ;
	return c->not ;
}
