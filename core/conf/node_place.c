/* Where a byte of a scalar's text stands in the file.
 *
 * Text and file are walked side by side: what YAML makes of quotes, escapes and
 * line ends is undone step by step, and where the two do not agree the place is
 * that of the scalar. */
#include "core/conf/node_impl.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/conf/source.h"

/* Bytes from `start` to the end of its line of the text. */
static size_t line_bytes(const struct hd_node *node, size_t start)
{
	const char *end = memchr(node->text + start, '\n', node->n - start);

	return end ? (size_t)(end - node->text) - start : node->n - start;
}

/* In a literal block each line of the text is the tail of one in the file. */
static struct hd_place place_in_literal(const struct hd_node *node,
					size_t offset)
{
	struct hd_place place = hd_source_place(node->source,
						node->text_offset);
	size_t start = 0, want = line_bytes(node, 0), have;

	while (start + want < offset && start + want + 1 < node->n) {
		start += want + 1;
		want = line_bytes(node, start);
		place.line++;
	}
	if (offset > start + want)
		offset = start + want;
	if (!hd_source_line(node->source, place.line, &have) || have < want)
		return hd_node_place(node);
	place.col = 1 + (unsigned)(have - want);
	place.col += (unsigned)hd_source_chars(node->text + start,
					       offset - start);
	return place;
}

struct walk {
	const struct hd_node *node;
	const char *file;
	size_t n, at;  /* in the file */
	size_t i;      /* in the text */
	size_t indent; /* blanks before each line of a folded block */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static size_t skip_blanks(const struct walk *w, size_t at)
{
	while (at < w->n && is_blank(w->file[at]))
		at++;
	return at;
}

/* In quoted and plain text the blanks around a line end are nothing; in a block
 * those before it count, and so do those beyond its indentation. */
static size_t skip_margin(const struct walk *w, size_t at)
{
	size_t start = at;

	if (w->node->style != HD_NODE_FOLDED)
		return skip_blanks(w, at);
	while (at < w->n && at - start < w->indent && w->file[at] == ' ')
		at++;
	return at;
}

/* The line end at `at`, or behind blanks that are nothing; 0 if there is none.
 */
static size_t line_end(const struct walk *w)
{
	size_t at = w->at;

	if (w->node->style != HD_NODE_FOLDED)
		at = skip_blanks(w, at);
	else if (at < w->n && w->file[at] == '\r')
		at++;
	return at < w->n && w->file[at] == '\n' ? at : 0;
}

/* One line end is a blank in the text, or none if it was escaped; of several
 * the text has those that are too many (before deeper lines of a block all). */
static bool step_over_lines(struct walk *w, size_t end, bool escaped)
{
	const struct hd_node *node = w->node;
	size_t lines = 0, taken = 0;

	for (; end < w->n && w->file[end] == '\n'; lines++) {
		w->at = skip_margin(w, end + 1);
		end = w->at;
		if (end < w->n && w->file[end] == '\r')
			end++;
	}
	if (escaped && lines == 1)
		return true;
	if (lines == 1 && w->i < node->n && node->text[w->i] == ' ') {
		w->i++;
		return true;
	}
	for (; taken < lines && w->i < node->n && node->text[w->i] == '\n';
	     taken++)
		w->i++;
	return taken > 0;
}

/* A backslash of double quotes stands for one character. */
static bool step_over_escape(struct walk *w)
{
	const struct hd_node *node = w->node;
	uint32_t code;
	size_t bytes, digits = 0, end;

	w->at++;
	end = line_end(w);
	if (end != 0)
		return step_over_lines(w, end, true);
	if (w->at >= w->n)
		return false;
	if (w->file[w->at] == 'x')
		digits = 2;
	else if (w->file[w->at] == 'u')
		digits = 4;
	else if (w->file[w->at] == 'U')
		digits = 8;
	bytes = hd_utf8_next(node->text + w->i, node->n - w->i, &code);
	w->at += 1 + digits;
	w->i += bytes;
	return bytes > 0;
}

static bool step(struct walk *w)
{
	const struct hd_node *node = w->node;
	size_t end = line_end(w);
	char c;

	if (w->at >= w->n)
		return false;
	c = w->file[w->at];
	if (end != 0)
		return step_over_lines(w, end, false);
	if (node->style == HD_NODE_DOUBLE && c == '\\')
		return step_over_escape(w);
	if (c != node->text[w->i])
		return false;
	if (node->style == HD_NODE_SINGLE && c == '\'' && w->at + 1 < w->n &&
	    w->file[w->at + 1] == '\'')
		w->at++;
	w->at++;
	w->i++;
	return true;
}

/* A folded block begins at its first line that has something in it. */
static void begin_block(struct walk *w)
{
	size_t line;

	while (skip_blanks(w, w->at) < w->n &&
	       w->file[skip_blanks(w, w->at)] == '\n')
		w->at = skip_blanks(w, w->at) + 1;
	w->at = skip_blanks(w, w->at);
	for (line = w->at; line > 0 && w->file[line - 1] == ' '; line--)
		w->indent++;
}

static struct hd_place place_by_walk(const struct hd_node *node, size_t offset)
{
	struct walk w = { .node = node, .at = node->text_offset };

	w.file = hd_source_text(node->source, &w.n);
	if (node->style == HD_NODE_FOLDED)
		begin_block(&w);
	while (w.i < offset)
		if (!step(&w))
			return hd_node_place(node);
	return hd_source_place(node->source, w.at);
}

struct hd_place hd_node_place_at(const struct hd_node *node, size_t offset)
{
	if (hd_node_type(node) != HD_NODE_SCALAR)
		return hd_node_place(node);
	if (offset > node->n)
		offset = node->n;
	if (node->style == HD_NODE_LITERAL)
		return place_in_literal(node, offset);
	return place_by_walk(node, offset);
}
