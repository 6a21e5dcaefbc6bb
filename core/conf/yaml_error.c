#include <string.h>

#include "core/base/utf8.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/yaml_impl.h"

/* What the parser says, and what that means to somebody who writes a
 * configuration.  The first that is found in the parser's text is taken. */
static const struct {
	const char *said, *text, *remedy;
} meanings[] = {
	{ "tab ", "a tab in the indentation", "indent by blanks" },
	{ "single-quoted scalar without closing", "a ' is not closed",
	  "close it; inside '...' a ' is written ''" },
	{ "double-quoted scalar without closing", "a \" is not closed",
	  "close it; inside \"...\" a \" is written \\\"" },
	{ "without a closing brac", "a bracket is not closed",
	  "close it with ] or }, on the same line or indented deeper than "
	  "the key" },
	{ "extra closing brac", "a closing bracket without an opening one",
	  "remove it, or put the text in single quotes" },
	{ "trailing content", "something follows the closing quote",
	  "put the whole text in single quotes" },
	{ "quoted scalar", "a quoted text that goes on over this line",
	  "is its quote closed? if it is meant to go on, indent its lines "
	  "deeper than its key" },
	{ "wrongly indented", "the closing bracket stands too far left",
	  "indent it deeper than the key that the list or mapping belongs "
	  "to" },
	{ "Max depth", "nested too deep (more than 64 levels)",
	  "is a bracket not closed?" },
	{ "invalid comma in the beginning", "a comma with nothing before it",
	  "remove it" },
	{ "missing comma in flow", "a comma is missing here",
	  "separate the values by ', ', or put the whole text in single "
	  "quotes; or is a bracket on a line above not closed?" },
	{ "mismatched flow", "this bracket closes another kind",
	  "[ is closed by ], { by }" },
	{ "plain scalar cannot start with",
	  "a text may not begin with this character",
	  "put the whole text in single quotes" },
	{ "invalid nested block mapping", "a second ': ' on this line",
	  "put the whole text in single quotes, or give the inner key a line "
	  "of its own" },
	{ "invalid multiline plain key",
	  "a key here or on the next line is not where a key can stand",
	  "keys of one mapping stand exactly under each other, and a key is "
	  "followed by ': ' (with a blank)" },
	{ "invalid scalar at the end of block",
	  "a key where an item of a list was expected",
	  "begin the line with '- ', or indent it like the key that it "
	  "belongs beside" },
	{ "did not find expected key", "something else than a key here",
	  "keys of one mapping stand exactly under each other; items of a "
	  "list begin with '- '" },
	{ "invalid value after", "something follows the value",
	  "put the whole text in single quotes" },
	{ "indent", "wrong indentation",
	  "keys of one mapping stand exactly under each other" },
	{ "escape", "no such escape in \"...\"",
	  "write \\\\ for a backslash, or use single quotes" },
};

static bool begins_value(char before)
{
	return before == ':' || before == '-' || before == '\n' ||
	       before == '[' || before == '{' || before == ',';
}

/* The bracket that was never closed: the parser only says that the file ended
 * before.  What precedes it is sound, so a look at quotes, comments and
 * brackets is enough. */
static size_t open_bracket(const char *text, size_t n)
{
	size_t i, depth = 0, opened = n;
	char before = '\n', quote = '\0';

	for (i = 0; i < n; i++) {
		char c = text[i];

		if (quote) {
			i += quote == '"' && c == '\\';
			quote = c == quote ? '\0' : quote;
			continue;
		}
		if (c == '#' && (i == 0 || strchr(" \t\n", text[i - 1]))) {
			while (i + 1 < n && text[i + 1] != '\n')
				i++;
			continue;
		}
		if ((c == '"' || c == '\'') && begins_value(before)) {
			quote = c;
		} else if ((c == '[' || c == '{') &&
			   (depth > 0 || begins_value(before))) {
			opened = depth++ == 0 ? i : opened;
		} else if ((c == ']' || c == '}') && depth > 0) {
			depth--;
		}
		if (c != ' ' && c != '\t')
			before = c;
	}
	return depth > 0 ? opened : n;
}

static size_t error_offset(const struct hd_yaml *yaml,
			   const struct fy_diag_error *error)
{
	size_t n, offset;
	const char *text = hd_source_text(yaml->copy, &n);

	if (error->msg && strstr(error->msg, "without a closing brac")) {
		offset = open_bracket(text, n);
		if (offset < n)
			return offset;
	}
	if (error->line <= 0)
		return 0;
	offset = hd_source_offset(yaml->copy, (unsigned)error->line,
				  error->column > 0 ? (unsigned)error->column
						    : 1);
	return offset < n ? offset : n;
}

void hd_yaml_complain(struct hd_yaml *yaml, const struct fy_diag_error *error)
{
	const char *said = error && error->msg ? error->msg : "unknown error";
	struct hd_place place =
		hd_yaml_place(yaml, error ? error_offset(yaml, error) : 0);
	size_t i;

	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (!strstr(said, meanings[i].said))
			continue;
		hd_complain(yaml->complaints, place, "%s", meanings[i].text);
		hd_complain_remedy(yaml->complaints, "%s", meanings[i].remedy);
		return;
	}
	hd_complain(yaml->complaints, place, "no YAML: %s", said);
	hd_complain_remedy(yaml->complaints,
			   "look for a quote or bracket that is not closed, "
			   "and at the indentation, here and on the line "
			   "above");
}

/* Offset of the first byte that is no UTF-8, or n. */
static size_t broken_utf8(const char *text, size_t n)
{
	size_t i = 0, bytes = 1;

	while (i < n && bytes > 0) {
		bytes = hd_utf8_next(text + i, n - i, NULL);
		i += bytes;
	}
	return i;
}

static int check_lines(struct hd_yaml *yaml)
{
	struct hd_place place = { yaml->source, 1, 1 };
	size_t n;

	for (; place.line <= hd_source_lines(yaml->source); place.line++) {
		hd_source_line(yaml->source, place.line, &n);
		if (n <= HD_CONF_LINE_MAX)
			continue;
		hd_complain(yaml->complaints, place,
			    "a line of %zu bytes; %u are permitted", n,
			    HD_CONF_LINE_MAX);
		return hd_complain_remedy(yaml->complaints,
					  "long lists have files of their own: "
					  "{file: PATH, of: ...}");
	}
	return 0;
}

int hd_yaml_check_text(struct hd_yaml *yaml)
{
	size_t n, bad;
	const char *text = hd_source_text(yaml->source, &n);
	const char *nul = memchr(text, '\0', n);

	if (nul) {
		hd_complain(yaml->complaints,
			    hd_source_place(yaml->source, (size_t)(nul - text)),
			    "a NUL character: this is no text");
		return hd_complain_remedy(yaml->complaints,
					  "save the file as UTF-8 text");
	}
	bad = broken_utf8(text, n);
	if (bad < n) {
		hd_complain(yaml->complaints,
			    hd_source_place(yaml->source, bad),
			    "the byte 0x%02x is no UTF-8",
			    (unsigned char)text[bad]);
		return hd_complain_remedy(yaml->complaints,
					  "save the file as UTF-8 text");
	}
	return check_lines(yaml);
}
