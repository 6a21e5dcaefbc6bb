#include "core/conf/source.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/utf8.h"

struct hd_source {
	char *name, *text;
	size_t n;
	unsigned rank;
	size_t *starts; /* offset of each line */
	unsigned lines;
};

/* A byte order mark is no part of the text. */
static size_t byte_order_mark(const char *text, size_t n)
{
	return n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static void index_lines(struct hd_source *source)
{
	const char *p = source->text, *end = p + source->n;
	unsigned count = 1, i = 1;

	for (; p < end; p++)
		count += *p == '\n' && p + 1 < end;
	source->starts = hd_alloc_array(count, sizeof(*source->starts));
	for (p = source->text; p < end; p++) {
		if (*p == '\n' && p + 1 < end)
			source->starts[i++] = (size_t)(p + 1 - source->text);
	}
	source->lines = count;
}

struct hd_source *hd_source_new(const char *name, const char *text, size_t n,
				unsigned rank)
{
	struct hd_source *source = hd_alloc(sizeof(*source));
	size_t mark = byte_order_mark(text, n);

	source->name = hd_strdup(name);
	source->text = hd_memdup0(text + mark, n - mark);
	source->n = n - mark;
	source->rank = rank;
	index_lines(source);
	return source;
}

void hd_source_free(struct hd_source *source)
{
	if (!source)
		return;
	free(source->starts);
	free(source->text);
	free(source->name);
	free(source);
}

const char *hd_source_name(const struct hd_source *source)
{
	return source->name;
}

const char *hd_source_text(const struct hd_source *source, size_t *n)
{
	if (n)
		*n = source->n;
	return source->text;
}

unsigned hd_source_rank(const struct hd_source *source)
{
	return source->rank;
}

unsigned hd_source_lines(const struct hd_source *source)
{
	return source->lines;
}

const char *hd_source_line(const struct hd_source *source, unsigned line,
			   size_t *n)
{
	const char *p;
	size_t end;

	*n = 0;
	if (line == 0 || line > source->lines)
		return NULL;
	p = source->text + source->starts[line - 1];
	end = line < source->lines ? source->starts[line] : source->n;
	*n = end - source->starts[line - 1];
	if (*n > 0 && p[*n - 1] == '\n')
		(*n)--;
	if (*n > 0 && p[*n - 1] == '\r')
		(*n)--;
	return p;
}

/* The bytes of the character at `p`: 1 where it is no sound UTF-8. */
static size_t char_bytes(const char *p, size_t n)
{
	size_t bytes = hd_utf8_next(p, n, NULL);

	return bytes > 0 ? bytes : 1;
}

size_t hd_source_chars(const char *p, size_t n)
{
	size_t count = 0, i;

	for (i = 0; i < n; i += char_bytes(p + i, n - i))
		count++;
	return count;
}

struct hd_place hd_source_place(const struct hd_source *source, size_t offset)
{
	struct hd_place place = { source, 1, 1 };
	unsigned low = 0, high = source->lines;

	if (offset > source->n)
		offset = source->n;
	while (high - low > 1) {
		unsigned middle = low + (high - low) / 2;

		if (source->starts[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	place.line = low + 1;
	place.col = (unsigned)hd_source_chars(source->text +
						      source->starts[low],
					      offset - source->starts[low]) +
		    1;
	return place;
}

size_t hd_source_offset(const struct hd_source *source, unsigned line,
			unsigned col)
{
	size_t n, i = 0;
	const char *p = hd_source_line(source, line, &n);

	if (!p)
		return source->n;
	for (; col > 1 && i < n; col--)
		i += char_bytes(p + i, n - i);
	return (size_t)(p - source->text) + i;
}
