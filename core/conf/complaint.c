#include "core/conf/complaint.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/utf8.h"

#define TEXT_MAX 2048	  /* of a sentence; a remedy may be a line to paste */
#define EXCERPT_CHARS 150 /* longer lines are windowed */
#define EXCERPT_BEFORE 60 /* characters before the column then */

struct item {
	struct hd_complaint public;
	unsigned rank;
	size_t order; /* of addition */
	char *file, *text, *remedy, *excerpt, *caret;
	bool hides; /* a secret stands from its column on */
};

struct hd_complaints {
	struct item *items;
	size_t count, cap;
	size_t errors, warnings, order;
	size_t last; /* index of the one added last; HD_COMPLAINTS_MAX: none */
	bool sorted;
};

struct hd_complaints *hd_complaints_new(void)
{
	struct hd_complaints *complaints = hd_alloc(sizeof(*complaints));

	complaints->last = HD_COMPLAINTS_MAX;
	return complaints;
}

void hd_complaints_free(struct hd_complaints *complaints)
{
	size_t i;

	if (!complaints)
		return;
	for (i = 0; i < complaints->count; i++) {
		free(complaints->items[i].file);
		free(complaints->items[i].text);
		free(complaints->items[i].remedy);
		free(complaints->items[i].excerpt);
		free(complaints->items[i].caret);
	}
	free(complaints->items);
	free(complaints);
}

/* What a terminal might obey: control characters, and those that turn the
 * direction of writing. */
static bool is_wild(uint32_t c)
{
	return (c < ' ' && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0) ||
	       c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* Wild characters, and bytes that are no UTF-8, become '?': one each, so that
 * carets stay where they are. */
static void tame(char *text)
{
	size_t n = strlen(text), i = 0, k = 0, bytes;
	uint32_t c;

	while (i < n) {
		bytes = hd_utf8_next(text + i, n - i, &c);
		if (bytes == 0 || is_wild(c)) {
			text[k++] = '?';
			i += bytes > 0 ? bytes : 1;
			continue;
		}
		memmove(text + k, text + i, bytes);
		k += bytes;
		i += bytes;
	}
	text[k] = '\0';
}

static char *tamed_text(const char *fmt, va_list ap)
{
	char text[TEXT_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	tame(text);
	return hd_strdup(text);
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

/* True if the `n` bytes before `colon` end in the name of a secret. */
static bool names_secret(const char *line, size_t colon)
{
	static const char *const names[] = { "secret", "password", "passwd",
					     "token",  "api_key",  "apikey" };
	size_t i, n;

	if (colon > 0 && (line[colon - 1] == '"' || line[colon - 1] == '\''))
		colon--;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		n = strlen(names[i]);
		if (colon < n ||
		    strncasecmp(line + colon - n, names[i], n) != 0)
			continue;
		if (colon == n || line[colon - n - 1] == '_' ||
		    !is_word(line[colon - n - 1]))
			return true;
	}
	return false;
}

/* Stars in place of what stands behind a secret's key.  A mapping there is a
 * reference and may be seen. */
static void hide_secrets(char *line)
{
	size_t i, n = strlen(line);

	for (i = 0; i < n; i++) {
		if (line[i] != ':' || !names_secret(line, i))
			continue;
		for (i++; i < n && (line[i] == ' ' || line[i] == '\t'); i++)
			;
		if (i == n || line[i] == '{' || line[i] == '#')
			continue;
		for (; i < n && line[i] != ',' && line[i] != '}'; i++)
			line[i] = '*';
	}
}

/* Byte offset of the char-th character. */
static size_t skip_chars(const char *p, size_t n, size_t chars)
{
	size_t i;

	for (i = 0; i < n && chars > 0; chars--) {
		for (i++; i < n && ((unsigned char)p[i] & 0xc0) == 0x80; i++)
			;
	}
	return i;
}

/* Fills excerpt and caret from the line at `place`. */
static void show_line(struct item *item, struct hd_place place)
{
	size_t n, chars, first = 0, before, i;
	const char *p = hd_source_line(place.source, place.line, &n);
	const char *head = "", *tail = "";
	char *line, *caret;

	if (!p)
		return;
	line = hd_memdup0(p, n);
	tame(line);
	n = strlen(line);
	hide_secrets(line);
	chars = hd_source_chars(line, n);
	before = place.col > 0 ? place.col - 1 : 0;
	if (chars > EXCERPT_CHARS) {
		if (before > EXCERPT_BEFORE) {
			first = before - EXCERPT_BEFORE;
			head = "...";
		}
		if (chars - first > EXCERPT_CHARS)
			tail = "...";
	}
	before -= first;
	i = skip_chars(line, n, first);
	chars = skip_chars(line + i, n - i, EXCERPT_CHARS);
	item->excerpt = hd_strf("%s%.*s%s", head, (int)chars, line + i, tail);
	caret = hd_alloc(strlen(head) + before + 1);
	memset(caret, ' ', strlen(head));
	for (chars = 0; chars < before; chars++) {
		size_t at = skip_chars(line + i, n - i, chars);

		caret[strlen(head) + chars] = line[i + at] == '\t' ? '\t' : ' ';
	}
	item->caret = caret;
	free(line);
}

static bool is_equal(const struct item *item, struct hd_place place,
		     const char *file, const char *text)
{
	return item->public.line == place.line &&
	       item->public.col == place.col && strcmp(item->text, text) == 0 &&
	       strcmp(item->file, file) == 0;
}

static bool is_known(const struct hd_complaints *complaints,
		     struct hd_place place, const char *file, const char *text)
{
	size_t i;

	for (i = 0; i < complaints->count; i++) {
		if (is_equal(&complaints->items[i], place, file, text))
			return true;
	}
	return false;
}

static struct item *new_item(struct hd_complaints *complaints)
{
	if (complaints->count == complaints->cap) {
		complaints->cap = complaints->cap ? complaints->cap * 2 : 16;
		complaints->items =
			hd_realloc_array(complaints->items, complaints->cap,
					 sizeof(*complaints->items));
	}
	memset(&complaints->items[complaints->count], 0,
	       sizeof(*complaints->items));
	complaints->last = complaints->count;
	return &complaints->items[complaints->count++];
}

/* Takes `text`. */
static void add_take(struct hd_complaints *complaints,
		     enum hd_complaint_kind kind, struct hd_place place,
		     char *text)
{
	const char *file = place.source ? hd_source_name(place.source) : "";
	struct item *item;

	complaints->last = HD_COMPLAINTS_MAX;
	if (is_known(complaints, place, file, text)) {
		free(text);
		return;
	}
	if (kind == HD_COMPLAINT_ERROR)
		complaints->errors++;
	else
		complaints->warnings++;
	if (complaints->count == HD_COMPLAINTS_MAX) {
		free(text);
		return;
	}
	item = new_item(complaints);
	item->public.kind = kind;
	item->public.line = place.line;
	item->public.col = place.line > 0 ? place.col : 0;
	item->rank = place.source ? hd_source_rank(place.source) : 0;
	item->order = complaints->order++;
	item->file = hd_strdup(file);
	tame(item->file);
	item->text = text;
	if (place.source && place.line > 0)
		show_line(item, place);
	complaints->sorted = false;
}

int hd_complain(struct hd_complaints *complaints, struct hd_place place,
		const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_take(complaints, HD_COMPLAINT_ERROR, place, tamed_text(fmt, ap));
	va_end(ap);
	return -1;
}

int hd_complain_warning(struct hd_complaints *complaints, struct hd_place place,
			const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_take(complaints, HD_COMPLAINT_WARNING, place, tamed_text(fmt, ap));
	va_end(ap);
	return -1;
}

int hd_complain_remedy(struct hd_complaints *complaints, const char *fmt, ...)
{
	struct item *item;
	va_list ap;

	if (complaints->last >= complaints->count)
		return -1;
	item = &complaints->items[complaints->last];
	free(item->remedy);
	va_start(ap, fmt);
	item->remedy = tamed_text(fmt, ap);
	va_end(ap);
	return -1;
}

void hd_complain_hide(struct hd_complaints *complaints)
{
	if (complaints->last < complaints->count)
		complaints->items[complaints->last].hides = true;
}

/* Stars from the line's column `col` on; the caret stands below item's own. */
static void put_stars(struct item *item, unsigned col)
{
	size_t at = strlen(item->caret) + col;
	size_t own = item->public.col;
	char *p = item->excerpt;

	p += skip_chars(p, strlen(p), at > own ? at - own : 0);
	for (; *p; p++)
		*p = '*';
}

/* Another complaint about the same line shows it as well. */
static void hide_on_lines(struct hd_complaints *complaints)
{
	const struct item *secret;

	for (size_t i = 0; i < complaints->count; i++) {
		secret = &complaints->items[i];
		for (size_t k = 0; secret->hides && k < complaints->count;
		     k++) {
			struct item *item = &complaints->items[k];

			if (item->excerpt &&
			    item->public.line == secret->public.line &&
			    strcmp(item->file, secret->file) == 0)
				put_stars(item, (unsigned)secret->public.col);
		}
	}
}

size_t hd_complaints_errors(const struct hd_complaints *complaints)
{
	return complaints->errors;
}

size_t hd_complaints_warnings(const struct hd_complaints *complaints)
{
	return complaints->warnings;
}

size_t hd_complaints_count(const struct hd_complaints *complaints)
{
	return complaints->count;
}

static int compare(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

static int by_place(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	int order = compare(a->rank, b->rank);

	if (order == 0)
		order = strcmp(a->file, b->file);
	if (order == 0)
		order = compare(a->public.line, b->public.line);
	if (order == 0)
		order = compare(a->public.col, b->public.col);
	return order != 0 ? order : compare(a->order, b->order);
}

static void sort(struct hd_complaints *complaints)
{
	if (complaints->sorted || complaints->count == 0)
		return;
	hide_on_lines(complaints);
	qsort(complaints->items, complaints->count, sizeof(*complaints->items),
	      by_place);
	complaints->sorted = true;
	complaints->last = HD_COMPLAINTS_MAX;
}

const struct hd_complaint *hd_complaints_get(struct hd_complaints *complaints,
					     size_t index)
{
	struct item *item;

	if (index >= complaints->count)
		return NULL;
	sort(complaints);
	item = &complaints->items[index];
	item->public.file = item->file;
	item->public.text = item->text;
	item->public.remedy = item->remedy;
	item->public.excerpt = item->excerpt;
	item->public.caret = item->caret;
	return &item->public;
}

static void print_one(const struct hd_complaint *one, struct hd_buf *out)
{
	if (one->file[0])
		hd_buf_adds(out, one->file);
	if (one->line > 0)
		hd_buf_addf(out, ":%u:%u", one->line, one->col);
	if (one->file[0])
		hd_buf_adds(out, ": ");
	if (one->kind == HD_COMPLAINT_WARNING)
		hd_buf_adds(out, "warning: ");
	hd_buf_addf(out, "%s\n", one->text);
	if (one->excerpt)
		hd_buf_addf(out, "    %s\n    %s^\n", one->excerpt, one->caret);
	if (one->remedy)
		hd_buf_addf(out, "  -> %s\n", one->remedy);
}

void hd_complaints_print(struct hd_complaints *complaints, struct hd_buf *out)
{
	size_t all = complaints->errors + complaints->warnings, i;

	for (i = 0; i < complaints->count; i++)
		print_one(hd_complaints_get(complaints, i), out);
	if (all > complaints->count)
		hd_buf_addf(out, "and %zu more\n", all - complaints->count);
}

static void set_text(json_t *object, const char *name, const char *text)
{
	if (text)
		json_object_set_new(object, name, json_string(text));
}

json_t *hd_complaints_json(struct hd_complaints *complaints)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < complaints->count; i++) {
		const struct hd_complaint *one = hd_complaints_get(complaints,
								   i);
		json_t *object = json_object();

		set_text(object, "severity",
			 one->kind == HD_COMPLAINT_ERROR ? "error" : "warning");
		if (one->file[0])
			set_text(object, "file", one->file);
		if (one->line > 0) {
			json_object_set_new(object, "line",
					    json_integer(one->line));
			json_object_set_new(object, "column",
					    json_integer(one->col));
		}
		set_text(object, "text", one->text);
		set_text(object, "remedy", one->remedy);
		set_text(object, "excerpt", one->excerpt);
		json_array_append_new(all, object);
	}
	return all;
}
