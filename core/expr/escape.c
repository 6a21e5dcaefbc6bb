#include "core/expr/escape.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/json_text.h"

int hd_escape_parse(const char *word, enum hd_escape *out)
{
	static const char *const words[] = {
		[HD_ESCAPE_TEXT] = "text", [HD_ESCAPE_HEADER] = "header",
		[HD_ESCAPE_HTML] = "html", [HD_ESCAPE_JSON] = "json",
		[HD_ESCAPE_URL] = "url",   [HD_ESCAPE_LDAP] = "ldap",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word) == 0) {
			*out = (enum hd_escape)i;
			return 0;
		}
	}
	return -1;
}

/* C0 and DEL; and C1, whose NEL (U+0085) some mailers take for a line end. */
static void put_header(struct hd_buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f) {
			hd_buf_addc(out, ' ');
		} else if (c == 0xc2 && i + 1 < n &&
			   (unsigned char)text[i + 1] < 0xa0) {
			hd_buf_addc(out, ' ');
			i++;
		} else {
			hd_buf_addc(out, text[i]);
		}
	}
}

static void put_html(struct hd_buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		switch (text[i]) {
		case '&':
			hd_buf_adds(out, "&amp;");
			break;
		case '<':
			hd_buf_adds(out, "&lt;");
			break;
		case '>':
			hd_buf_adds(out, "&gt;");
			break;
		case '"':
			hd_buf_adds(out, "&quot;");
			break;
		case '\'':
			hd_buf_adds(out, "&#39;");
			break;
		default:
			hd_buf_addc(out, text[i]);
		}
	}
}

/* The inside of a JSON string: what the writer makes, without its quotes. */
static void put_json(struct hd_buf *out, const char *text, size_t n)
{
	struct hd_buf quoted;

	hd_buf_init(&quoted, out->max);
	hd_json_write_string(&quoted, text, n, 0);
	if (hd_buf_failed(&quoted) || quoted.n < 2)
		out->failed = true;
	else
		hd_buf_add(out, quoted.p + 1, quoted.n - 2);
	hd_buf_fini(&quoted);
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

static void put_url(struct hd_buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_unreserved(text[i]))
			hd_buf_addc(out, text[i]);
		else
			hd_buf_addf(out, "%%%02X", (unsigned char)text[i]);
	}
}

/* RFC 4515, section 3; other control bytes as well, which it permits. */
static void put_ldap(struct hd_buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f || c == '*' || c == '(' || c == ')' ||
		    c == '\\')
			hd_buf_addf(out, "\\%02x", c);
		else
			hd_buf_addc(out, text[i]);
	}
}

void hd_escape_put(struct hd_buf *out, enum hd_escape escape, const char *text,
		   size_t n)
{
	switch (escape) {
	case HD_ESCAPE_TEXT:
		hd_buf_add(out, text, n);
		return;
	case HD_ESCAPE_HEADER:
		put_header(out, text, n);
		return;
	case HD_ESCAPE_HTML:
		put_html(out, text, n);
		return;
	case HD_ESCAPE_JSON:
		put_json(out, text, n);
		return;
	case HD_ESCAPE_URL:
		put_url(out, text, n);
		return;
	case HD_ESCAPE_LDAP:
		put_ldap(out, text, n);
		return;
	}
}
