#include <string.h>

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
	{ "wrongly indented", "the closing bracket stands too far left",
	  "indent it deeper than the key that the list or mapping belongs "
	  "to" },
	{ "Max depth", "nested too deep (more than 64 levels)",
	  "is a bracket not closed?" },
	{ "invalid comma in the beginning", "a comma with nothing before it",
	  "remove it" },
	{ "missing comma in flow", "a comma is missing here",
	  "separate the values by ', ', or put the whole text in single "
	  "quotes" },
	{ "plain scalar cannot start with",
	  "a text may not begin with this character",
	  "put the whole text in single quotes" },
	{ "invalid nested block mapping", "a second ': ' on this line",
	  "put the whole text in single quotes, or give the inner key a line "
	  "of its own" },
	{ "invalid multiline plain key",
	  "this line is neither 'key: value' nor part of the line above",
	  "a key is followed by ': ' (with a blank), and keys of one mapping "
	  "stand exactly under each other" },
	{ "invalid scalar at the end of block",
	  "a key where an item of a list was expected",
	  "begin the line with '- ', or indent it like the key that it "
	  "belongs beside" },
	{ "did not find expected key", "something else than a key here",
	  "keys of one mapping stand exactly under each other; items of a "
	  "list begin with '- '" },
	{ "invalid value after", "something follows the value",
	  "put the whole text in single quotes" },
	{ "trailing content", "something follows the closing quote",
	  "put the whole text in single quotes" },
	{ "indent", "wrong indentation",
	  "keys of one mapping stand exactly under each other" },
	{ "escape", "no such escape in \"...\"",
	  "write \\\\ for a backslash, or use single quotes" },
};

static size_t error_offset(const struct hd_yaml *yaml,
			   const struct fy_diag_error *error)
{
	size_t n, offset;

	hd_source_text(yaml->copy, &n);
	if (error->line <= 0)
		return 0;
	offset = hd_source_offset(yaml->copy, (unsigned)error->line,
				  error->column > 0 ? (unsigned)error->column :
						      1);
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
static size_t broken_utf8(const unsigned char *p, size_t n)
{
	size_t i = 0, k, more;

	while (i < n) {
		if (p[i] < 0x80) {
			i++;
			continue;
		}
		more = p[i] >= 0xf0 ? 3 : p[i] >= 0xe0 ? 2 : 1;
		if (p[i] < 0xc2 || p[i] > 0xf4 || i + more >= n)
			return i;
		if ((p[i] == 0xe0 && p[i + 1] < 0xa0) ||
		    (p[i] == 0xed && p[i + 1] > 0x9f) ||
		    (p[i] == 0xf0 && p[i + 1] < 0x90) ||
		    (p[i] == 0xf4 && p[i + 1] > 0x8f))
			return i;
		for (k = 1; k <= more; k++) {
			if ((p[i + k] & 0xc0) != 0x80)
				return i;
		}
		i += more + 1;
	}
	return n;
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
			    hd_source_place(yaml->source,
					    (size_t)(nul - text)),
			    "a NUL character: this is no text");
		return hd_complain_remedy(yaml->complaints,
					  "save the file as UTF-8 text");
	}
	bad = broken_utf8((const unsigned char *)text, n);
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
