#include "core/conf/quoting.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"

#define DEPTH_MAX 32
#define QUOTED_MAX (256u << 10)

/* One line, walked from left to right.  Brackets that were opened on earlier
 * lines are not known: their ends are taken as ends of a value all the same. */
struct walk {
	const char *text;
	size_t n;
	size_t pos, end, line; /* of the line: its end and start */
	char open[DEPTH_MAX];
	unsigned depth;
	bool in_value; /* a key, or the blank after "-", is behind us */
	bool item;     /* the line begins with "- " */
	struct hd_mangled *out;
};

enum step { STEP_ON, STEP_OVER, STEP_FOUND };

bool hd_quoting_is_expr_key(const char *key, size_t n)
{
	static const char *const keys[] = { "if", "unless", "each",  "value",
					    "to", "key",    "within" };
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strlen(keys[i]) == n && memcmp(keys[i], key, n) == 0)
			return true;
	}
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_open(char c)
{
	return c == '[' || c == '{' || c == '(';
}

static bool is_close(char c)
{
	return c == ']' || c == '}' || c == ')';
}

static size_t skip_blanks(const char *text, size_t i, size_t end)
{
	while (i < end && is_blank(text[i]))
		i++;
	return i;
}

static size_t trim_end(const char *text, size_t start, size_t end)
{
	while (end > start &&
	       (is_blank(text[end - 1]) || text[end - 1] == '\r'))
		end--;
	return end;
}

static size_t line_start(const char *text, size_t offset)
{
	while (offset > 0 && text[offset - 1] != '\n')
		offset--;
	return offset;
}

static size_t line_end(const char *text, size_t n, size_t offset)
{
	const char *p = offset < n ? memchr(text + offset, '\n', n - offset)
				   : NULL;
	size_t end = p ? (size_t)(p - text) : n;

	return end > 0 && end > offset && text[end - 1] == '\r' ? end - 1 : end;
}

/* A '#' that begins a comment of YAML. */
static bool is_comment(const char *text, size_t i)
{
	return text[i] == '#' && i > 0 && is_blank(text[i - 1]);
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '@' || c == '.';
}

/* A quote behind a word (it's, o'neill@x) begins no string, but for the
 * prefixes of raw and bytes. */
static bool begins_string(const char *text, size_t i, size_t start)
{
	if (text[i] != '"' && text[i] != '\'')
		return false;
	if (i == start || !is_word(text[i - 1]))
		return true;
	return memchr("rRbB", text[i - 1], 4) != NULL &&
	       (i - 1 == start || !is_word(text[i - 2]));
}

/* Behind the string of the expression language that begins at `i`; a quote
 * that is not closed is a character like others. */
static size_t skip_string(const char *text, size_t i, size_t end)
{
	size_t k;

	for (k = i + 1; k < end; k++) {
		if (text[k] == '\\' && k + 1 < end)
			k++;
		else if (text[k] == text[i])
			return k + 1;
	}
	return i + 1;
}

/* Behind the quoted scalar of YAML that begins at `i`; 0 if it is not closed
 * on this line. */
static size_t skip_quoted(const char *text, size_t i, size_t end)
{
	size_t k;

	for (k = i + 1; k < end; k++) {
		if (text[i] == '"' && text[k] == '\\') {
			k++;
		} else if (text[k] == text[i]) {
			if (text[i] == '"' || k + 1 == end ||
			    text[k + 1] != '\'')
				return k + 1;
			k++;
		}
	}
	return 0;
}

/* Where the expression that begins at `i` ends: strings and brackets of the
 * expression language are stepped over, a comma ends it inside { } or [ ]. */
static size_t expr_end(const char *text, size_t start, size_t end, bool flow)
{
	size_t i = start, depth = 0;

	while (i < end) {
		char c = text[i];

		if (begins_string(text, i, start)) {
			i = skip_string(text, i, end);
			continue;
		}
		if (is_comment(text, i) || (c == ',' && flow && depth == 0))
			break;
		if (is_close(c) && depth == 0 && (flow || c != ')'))
			break;
		if (is_open(c))
			depth++;
		else if (is_close(c) && depth > 0)
			depth--;
		i++;
	}
	return trim_end(text, start, i);
}

/* Behind the bracket that closes the one at `i`; 0 if none does. */
static size_t skip_brackets(const char *text, size_t i, size_t end)
{
	size_t depth = 0, start = i;

	while (i < end) {
		if (begins_string(text, i, start)) {
			i = skip_string(text, i, end);
			continue;
		}
		if (is_open(text[i]))
			depth++;
		else if (is_close(text[i]) && --depth == 0)
			return i + 1;
		i++;
	}
	return 0;
}

/* True where a value may end: nothing more, a comment, or "," "]" "}". */
static bool ends_value(const struct walk *walk, size_t i)
{
	return i >= walk->end || is_comment(walk->text, i) ||
	       walk->text[i] == '\r' || memchr(",]}", walk->text[i], 3) != NULL;
}

static bool is_colon(const struct walk *walk, size_t i)
{
	if (i >= walk->end || walk->text[i] != ':')
		return false;
	return i + 1 == walk->end || is_blank(walk->text[i + 1]) ||
	       walk->text[i + 1] == '\r';
}

/* A plain text goes on over the lines below that are indented deeper than its
 * key; so does what should have been one. */
static size_t with_next_lines(const struct walk *walk, size_t end)
{
	size_t key = walk->out->key_n > 0 ? walk->out->key - walk->line
		     : walk->in_value	  ? walk->n
					  : 0;
	size_t at = walk->end, from;

	if (walk->depth > 0 || skip_blanks(walk->text, end, at) < at)
		return end;
	while (at < walk->n) {
		if (walk->text[at] == '\r')
			at++;
		from = skip_blanks(walk->text, at + 1, walk->n);
		if (from >= walk->n || from - at - 1 <= key ||
		    walk->text[from] == '\n' || walk->text[from] == '\r')
			break;
		at = line_end(walk->text, walk->n, from);
		end = trim_end(walk->text, from, at);
	}
	return end;
}

static enum step found(struct walk *walk, const char *reason)
{
	struct hd_mangled *out = walk->out;

	out->start = walk->pos;
	out->end = expr_end(walk->text, walk->pos, walk->end, walk->depth > 0);
	out->end = with_next_lines(walk, out->end);
	out->reason = reason;
	return out->end > out->start ? STEP_FOUND : STEP_OVER;
}

static enum step at_quote(struct walk *walk)
{
	size_t after = skip_quoted(walk->text, walk->pos, walk->end);

	if (after == 0)
		return STEP_OVER;
	after = skip_blanks(walk->text, after, walk->end);
	if (!walk->in_value && is_colon(walk, after)) {
		walk->out->key = walk->pos + 1;
		walk->out->key_n = after - walk->pos - 2;
		walk->in_value = true;
		walk->pos = after + 1;
		return STEP_ON;
	}
	if (ends_value(walk, after)) {
		walk->pos = after;
		return STEP_ON;
	}
	return found(walk, "YAML ends the text at its closing quote");
}

static enum step at_bracket(struct walk *walk)
{
	char c = walk->text[walk->pos];
	size_t after = skip_brackets(walk->text, walk->pos, walk->end);

	if (after > 0 &&
	    !ends_value(walk, skip_blanks(walk->text, after, walk->end)))
		return found(walk,
			     c == '[' ? "YAML reads a leading '[' as a list"
				      : "YAML reads a leading '{' as a "
					"mapping");
	if (walk->depth == DEPTH_MAX)
		return STEP_OVER;
	walk->open[walk->depth++] = c;
	walk->in_value = c == '[';
	walk->out->key_n = 0;
	walk->pos++;
	return STEP_ON;
}

/* "!vault x", "&base" and "*base" are what they are in YAML (and refused for
 * that); more than a name behind them is an expression. */
static bool is_plain_yaml(const struct walk *walk)
{
	const struct hd_mangled *out = walk->out;
	size_t end = expr_end(walk->text, walk->pos, walk->end,
			      walk->depth > 0);
	size_t i;

	if (hd_quoting_is_expr_key(walk->text + out->key, out->key_n))
		return false;
	if (walk->text[walk->pos] != '*')
		return memchr(walk->text + walk->pos, '(', end - walk->pos) ==
		       NULL;
	for (i = walk->pos; i < end; i++) {
		if (is_blank(walk->text[i]))
			return false;
	}
	return true;
}

static enum step at_indicator(struct walk *walk)
{
	char c = walk->text[walk->pos];

	if (memchr("!&*", c, 3) && is_plain_yaml(walk))
		return STEP_OVER;
	return found(walk, c == '!'   ? "YAML reads a leading '!' as a tag"
			   : c == '&' ? "YAML reads a leading '&' as an anchor"
			   : c == '*' ? "YAML reads a leading '*' as an alias"
				      : "YAML reserves the first character");
}

/* A key without quotes: letters, digits, and what is in names of actions. */
static size_t key_end(const struct walk *walk)
{
	size_t i = walk->pos;

	while (i < walk->end && !is_colon(walk, i) &&
	       memchr("\"'[]{}(),#", walk->text[i], 10) == NULL)
		i++;
	return is_colon(walk, i) && i > walk->pos ? i : 0;
}

/* Where YAML ends a plain scalar, and whether that is at a ": ". */
static size_t plain_end(const struct walk *walk, bool *colon)
{
	size_t i = walk->pos;

	*colon = false;
	for (; i < walk->end; i++) {
		if (is_comment(walk->text, i))
			break;
		*colon = is_colon(walk, i);
		if (*colon || (walk->depth > 0 &&
			       memchr(",[]{}", walk->text[i], 5) != NULL))
			break;
	}
	return trim_end(walk->text, walk->pos, i);
}

static bool is_expression(const struct walk *walk, size_t end)
{
	const struct hd_mangled *out = walk->out;
	const char *p = walk->text + walk->pos;
	size_t i, n = end - walk->pos;

	if (hd_quoting_is_expr_key(walk->text + out->key, out->key_n))
		return true;
	for (i = 0; i + 1 < n; i++) {
		if (p[i] == '$' && p[i + 1] == '{')
			return true;
	}
	return false;
}

static enum step at_plain_value(struct walk *walk)
{
	bool colon;
	size_t end = plain_end(walk, &colon);
	size_t want = expr_end(walk->text, walk->pos, walk->end,
			       walk->depth > 0);

	if (colon)
		return found(walk, "YAML reads ': ' as the end of a key");
	if (want > end && is_expression(walk, want)) {
		size_t at = skip_blanks(walk->text, end, walk->end);

		return found(walk,
			     walk->text[at] == '#'
				     ? "YAML takes ' #' for a comment and "
				       "cuts off the rest"
				     : "inside { } and [ ] YAML ends a "
				       "value at ',' and at a bracket");
	}
	walk->pos = end > walk->pos ? end : walk->pos + 1;
	return STEP_ON;
}

static enum step at_plain(struct walk *walk)
{
	size_t colon;

	if (walk->in_value)
		return at_plain_value(walk);
	colon = key_end(walk);
	if (colon == 0)
		return walk->item && walk->depth == 0 ? at_plain_value(walk)
						      : STEP_OVER;
	walk->out->key = walk->pos;
	walk->out->key_n = trim_end(walk->text, walk->pos, colon) - walk->pos;
	walk->in_value = true;
	walk->pos = colon + 1;
	return STEP_ON;
}

static enum step walk_step(struct walk *walk)
{
	char c = walk->text[walk->pos];

	if (is_comment(walk->text, walk->pos))
		return STEP_OVER;
	if (c == ',' || c == ']' || c == '}') {
		if (c != ',' && walk->depth > 0)
			walk->depth--;
		walk->in_value = walk->depth > 0 &&
				 walk->open[walk->depth - 1] == '[';
		walk->out->key_n = 0;
		walk->pos++;
		return STEP_ON;
	}
	if (c == '"' || c == '\'')
		return at_quote(walk);
	if (c == '[' || c == '{')
		return at_bracket(walk);
	if (memchr("!&*@`%", c, 6) != NULL && (walk->in_value || walk->item))
		return at_indicator(walk);
	if ((c == '|' || c == '>') && walk->in_value && walk->depth == 0)
		return STEP_OVER;
	return at_plain(walk);
}

bool hd_quoting_find(const char *text, size_t n, size_t offset,
		     struct hd_mangled *out)
{
	struct walk walk = { .text = text, .n = n, .out = out };
	enum step step = STEP_ON;

	memset(out, 0, sizeof(*out));
	if (offset > n)
		offset = n;
	walk.line = walk.pos = line_start(text, offset);
	walk.end = line_end(text, n, offset);
	walk.pos = skip_blanks(text, walk.pos, walk.end);
	while (walk.pos + 1 < walk.end && text[walk.pos] == '-' &&
	       is_blank(text[walk.pos + 1])) {
		walk.item = true;
		walk.pos = skip_blanks(text, walk.pos + 1, walk.end);
	}
	while (step == STEP_ON) {
		walk.pos = skip_blanks(text, walk.pos, walk.end);
		if (walk.pos >= walk.end)
			break;
		step = walk_step(&walk);
	}
	return step == STEP_FOUND;
}

bool hd_quoting_cut_short(const char *text, size_t n, size_t start, size_t end,
			  struct hd_mangled *out)
{
	size_t last = line_end(text, n, end);
	size_t next = skip_blanks(text, end, last);
	bool comment = next < last && text[next] == '#';
	size_t want;

	if (next >= last || start >= end)
		return false;
	want = expr_end(text, start, last, !comment);
	if (want <= end)
		return false;
	out->start = start;
	out->end = want;
	out->reason = comment ? "YAML takes ' #' for a comment and cuts off "
				"the rest"
			      : "inside { } and [ ] YAML ends a value at ',' "
				"and at a bracket";
	return true;
}

char *hd_quoting_quote(const char *p, size_t n)
{
	struct hd_buf out;
	size_t i;

	hd_buf_init(&out, QUOTED_MAX);
	hd_buf_addc(&out, '\'');
	for (i = 0; i < n; i++) {
		if (p[i] == '\n' || p[i] == '\r') { /* folded to a blank */
			i = skip_blanks(p, i + 1, n) - 1;
			hd_buf_addc(&out, ' ');
			continue;
		}
		hd_buf_addc(&out, p[i]);
		if (p[i] == '\'')
			hd_buf_addc(&out, '\'');
	}
	hd_buf_addc(&out, '\'');
	return hd_buf_steal(&out);
}

char *hd_quoting_line(const char *text, size_t n,
		      const struct hd_mangled *mangled)
{
	size_t start = line_start(text, mangled->start);
	size_t end = line_end(text, n, mangled->end);
	char *quoted = hd_quoting_quote(text + mangled->start,
					mangled->end - mangled->start);
	char *line;

	start = skip_blanks(text, start, mangled->start);
	line = hd_strf("%.*s%s%.*s", (int)(mangled->start - start),
		       text + start, quoted, (int)(end - mangled->end),
		       text + mangled->end);
	free(quoted);
	return line;
}
