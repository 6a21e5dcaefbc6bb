#include "core/heraldctl/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/utf8.h"

#define CELL_MAX 65536
#define GAP 2 /* blanks between columns */

void hd_text_add(struct hd_buf *out, const char *text)
{
	if (text)
		hd_utf8_escape(out, text, strlen(text));
}

void hd_text_add_lines(struct hd_buf *out, const char *indent, const char *text,
		       size_t n)
{
	const char *end = text + n, *stop;

	while (text < end) {
		stop = memchr(text, '\n', (size_t)(end - text));
		if (!stop)
			stop = end;
		hd_buf_adds(out, indent);
		hd_utf8_escape(out, text, (size_t)(stop - text));
		hd_buf_addc(out, '\n');
		text = stop + 1;
	}
}

/* Columns of one character, and its bytes. */
static size_t columns_of(const char *p, size_t n, size_t *bytes)
{
	uint32_t c = 0;
	int width;

	*bytes = hd_utf8_next(p, n, &c);
	if (*bytes == 0) {
		*bytes = 1;
		return 1;
	}
	width = wcwidth((wchar_t)c);
	return width < 0 ? 1 : (size_t)width;
}

size_t hd_text_columns(const char *text)
{
	size_t n = strlen(text), all = 0, bytes;

	while (n != 0) {
		all += columns_of(text, n, &bytes);
		text += bytes;
		n -= bytes;
	}
	return all;
}

void hd_text_pad(struct hd_buf *out, const char *text, size_t columns)
{
	size_t have = hd_text_columns(text);

	hd_buf_adds(out, text);
	for (; have < columns; have++)
		hd_buf_addc(out, ' ');
}

/* Appends as much of `text` as fits, with an ellipsis for the rest. */
static void add_cut(struct hd_buf *out, const char *text, size_t columns)
{
	size_t n = strlen(text), have = 0, bytes, one;

	if (hd_text_columns(text) <= columns) {
		hd_buf_adds(out, text);
		return;
	}
	while (n != 0) {
		one = columns_of(text, n, &bytes);
		if (have + one + 1 > columns)
			break;
		hd_buf_add(out, text, bytes);
		have += one;
		text += bytes;
		n -= bytes;
	}
	hd_buf_adds(out, "\u2026");
}

/* ---- times and sizes ---- */

void hd_text_time(struct hd_buf *out, const char *utc, int64_t now_ms,
		  bool zone)
{
	struct tm at, today;
	time_t at_s, now_s = (time_t)(now_ms / 1000);
	int64_t ms;
	char text[64];
	const char *form;

	if (hd_time_parse(utc, strlen(utc), &ms) < 0) {
		hd_text_add(out, utc);
		return;
	}
	at_s = (time_t)(ms / 1000);
	localtime_r(&at_s, &at);
	localtime_r(&now_s, &today);
	if (at.tm_year != today.tm_year)
		form = zone ? "%d %b %Y %H:%M:%S %Z" : "%d %b %Y %H:%M:%S";
	else if (at.tm_yday != today.tm_yday)
		form = zone ? "%d %b %H:%M:%S %Z" : "%d %b %H:%M:%S";
	else
		form = zone ? "%H:%M:%S %Z" : "%H:%M:%S";
	strftime(text, sizeof(text), form, &at);
	hd_buf_adds(out, text);
}

void hd_text_duration(struct hd_buf *out, int64_t ms)
{
	if (ms < 1000)
		hd_buf_addf(out, "%lld ms", (long long)ms);
	else if (ms < 10000)
		hd_buf_addf(out, "%lld.%lld s", (long long)(ms / 1000),
			    (long long)(ms % 1000 / 100));
	else if (ms < 120000)
		hd_buf_addf(out, "%lld s", (long long)(ms / 1000));
	else if (ms < 7200000)
		hd_buf_addf(out, "%lld min", (long long)(ms / 60000));
	else if (ms < 172800000)
		hd_buf_addf(out, "%lld h", (long long)(ms / 3600000));
	else
		hd_buf_addf(out, "%lld d", (long long)(ms / 86400000));
}

void hd_text_size(struct hd_buf *out, int64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	int64_t tenths = bytes * 10;
	size_t unit = 0;

	for (; tenths >= 10240 && unit < 4; unit++)
		tenths /= 1024;
	if (unit == 0 || tenths >= 1000)
		hd_buf_addf(out, "%lld %s", (long long)(tenths / 10),
			    units[unit]);
	else
		hd_buf_addf(out, "%lld.%lld %s", (long long)(tenths / 10),
			    (long long)(tenths % 10), units[unit]);
}

void hd_text_words(struct hd_buf *out, const char *word)
{
	for (; *word; word++) {
		bool capital = *word >= 'A' && *word <= 'Z';

		hd_buf_addc(out, *word == '_' ? ' '
				 : capital    ? (char)(*word - 'A' + 'a')
					      : *word);
	}
}

const char *hd_text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

int64_t hd_number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* ---- tables ---- */

void hd_table_init(struct hd_table *table, ...)
{
	const char *name;
	va_list names;

	memset(table, 0, sizeof(*table));
	va_start(names, table);
	while (va_arg(names, const char *))
		table->columns++;
	va_end(names);
	va_start(names, table);
	while ((name = va_arg(names, const char *)))
		hd_table_add(table, name);
	va_end(names);
}

void hd_table_fini(struct hd_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
}

void hd_table_add(struct hd_table *table, const char *text)
{
	struct hd_buf cell;

	if (table->count == table->cap) {
		table->cap = table->cap != 0 ? table->cap * 2 : 64;
		table->cells = hd_realloc_array(table->cells, table->cap,
						sizeof(*table->cells));
	}
	hd_buf_init(&cell, CELL_MAX);
	hd_text_add(&cell, text);
	table->cells[table->count++] = hd_buf_steal(&cell);
}

static void measure(const struct hd_table *table,
		    size_t widths[HD_TABLE_COLUMNS])
{
	memset(widths, 0, HD_TABLE_COLUMNS * sizeof(*widths));
	for (size_t i = 0; i < table->count; i++) {
		size_t *w = &widths[i % table->columns];
		size_t have = hd_text_columns(table->cells[i]);

		*w = have > *w ? have : *w;
	}
}

static size_t first_cell(const struct hd_table *table)
{
	for (size_t i = 0; i < table->columns; i++)
		if (table->cells[i][0])
			return 0;
	return table->columns;
}

void hd_table_print(const struct hd_table *table, size_t width,
		    struct hd_buf *out)
{
	size_t widths[HD_TABLE_COLUMNS], before = 0, last = SIZE_MAX;
	size_t columns = table->columns;

	measure(table, widths);
	for (size_t c = 0; c + 1 < columns; c++)
		before += widths[c] + GAP;
	if (width != 0)
		last = width > before + 8 ? width - before : 8;
	for (size_t i = first_cell(table); i < table->count; i++) {
		if (i % columns + 1 < columns) {
			hd_text_pad(out, table->cells[i],
				    widths[i % columns] + GAP);
			continue;
		}
		add_cut(out, table->cells[i], last);
		while (out->n != 0 && out->p[out->n - 1] == ' ')
			out->n--;
		hd_buf_addc(out, '\n');
	}
}
