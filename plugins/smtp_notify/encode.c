#include "smtp_notify/encode.h"

#include <stdbool.h>

#include "common/base64.h"

#define LINE_MAX 76
#define WORD_FRAME 12 /* bytes of an encoded word that are not its text */
#define WORD_BYTES 48 /* of text in one, at most */

static void add(struct hp_text *out, const char *text)
{
	hp_text_add(out, herald_cstr(text));
}

static void add_byte(struct hp_text *out, char c)
{
	hp_text_add(out, (herald_str){ &c, 1 });
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Can the value stand as it is?  Its words must leave room for folding. */
static bool is_plain(herald_str s)
{
	size_t word = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if ((unsigned char)c >= 0x80)
			return false;
		if (c == '=' && i + 1 < s.n && s.p[i + 1] == '?')
			return false;
		word = c == ' ' || is_control(c) ? 0 : word + 1;
		if (word > LINE_MAX - 16)
			return false;
	}
	return true;
}

static size_t word_length(herald_str s, size_t at)
{
	size_t n = at;

	while (n < s.n && s.p[n] != ' ' && !is_control(s.p[n]))
		n++;
	return n - at;
}

/* Blanks in a row become one: a line of blanks alone would end the header for
 * some readers. */
static void add_plain(struct hp_text *out, herald_str s, size_t column)
{
	bool first = true;

	for (size_t i = 0; i < s.n;) {
		size_t n = word_length(s, i);

		if (n == 0) {
			i++;
			continue;
		}
		if (!first && column + 1 + n > LINE_MAX) {
			add(out, "\r\n ");
			column = 1;
		} else if (!first) {
			add(out, " ");
			column++;
		}
		hp_text_add(out, (herald_str){ s.p + i, n });
		column += n;
		i += n;
		first = false;
	}
}

/* Copies at most `room` bytes, ending between characters, with blanks for
 * control bytes.  Returns how many were taken. */
static size_t take_word(herald_str s, size_t room, char word[WORD_BYTES])
{
	size_t n = hp_str_head(s, room).n;

	if (n == 0) /* no character's beginning in sight: broken UTF-8 */
		n = s.n < room ? s.n : room;
	for (size_t i = 0; i < n; i++)
		word[i] = is_control(s.p[i]) ? ' ' : s.p[i];
	return n;
}

/* Blanks between two encoded words are no part of the text. */
static void add_words(struct hp_text *out, herald_str s, size_t column)
{
	char text[HP_BASE64_SIZE(WORD_BYTES)], word[WORD_BYTES];

	while (s.n > 0) {
		size_t room = (LINE_MAX - WORD_FRAME - column) / 4 * 3;
		size_t n = take_word(s, room, word);

		hp_base64(text, word, n);
		hp_text_addf(out, "=?UTF-8?B?%s?=", text);
		s.p += n;
		s.n -= n;
		if (s.n > 0)
			add(out, "\r\n ");
		column = 1;
	}
}

void smtp_encode_header(struct hp_text *out, const char *name, herald_str value)
{
	hp_text_addf(out, "%s: ", name);
	if (is_plain(value))
		add_plain(out, value, strlen(name) + 2);
	else
		add_words(out, value, strlen(name) + 2);
	add(out, "\r\n");
}

static void add_quoted(struct hp_text *out, herald_str s)
{
	add(out, "\"");
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			add(out, "\\");
		add_byte(out, is_control(s.p[i]) ? ' ' : s.p[i]);
	}
	add(out, "\"");
}

void smtp_encode_mailbox(struct hp_text *out, const char *name, herald_str text,
			 herald_str address)
{
	hp_text_addf(out, "%s: ", name);
	if (text.n > 0 && is_plain(text))
		add_quoted(out, text);
	else if (text.n > 0)
		add_words(out, text, strlen(name) + 2);
	if (text.n > 0)
		add(out, "\r\n ");
	add(out, text.n > 0 ? "<" : "");
	hp_text_add(out, address);
	add(out, text.n > 0 ? ">\r\n" : "\r\n");
}

/* ---- quoted-printable ---- */

struct line {
	struct hp_text *out;
	size_t n; /* bytes on this line */
};

static void end_line(struct line *line)
{
	add(line->out, "\r\n");
	line->n = 0;
}

static void add_unit(struct line *line, const char *unit, size_t n)
{
	if (line->n + n > LINE_MAX - 1) { /* room for the soft break's '=' */
		add(line->out, "=");
		end_line(line);
	}
	hp_text_add(line->out, (herald_str){ unit, n });
	line->n += n;
}

static bool stands_for_itself(const struct line *line, char c, bool is_last)
{
	if (c == ' ' || c == '\t')
		return !is_last;
	if (c == '.') /* neither first on this line nor, broken, on the next */
		return line->n > 0 && line->n < LINE_MAX - 1;
	return c > ' ' && c < 0x7f && c != '=';
}

static void add_encoded(struct line *line, char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char byte = (unsigned char)c;
	const char unit[] = { '=', digits[byte >> 4], digits[byte & 15] };

	add_unit(line, unit, sizeof(unit));
}

static bool is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

void smtp_encode_body(struct hp_text *out, herald_str s)
{
	struct line line = { .out = out };

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool is_last = i + 1 == s.n || is_line_end(s.p[i + 1]);

		if (is_line_end(c)) {
			if (c == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
				i++;
			end_line(&line);
		} else if (stands_for_itself(&line, c, is_last)) {
			add_unit(&line, &c, 1);
		} else {
			add_encoded(&line, c);
		}
	}
	if (line.n > 0)
		end_line(&line);
}
