#include "core/cel/issue.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/cel/pool.h"

#define MAX_ISSUES 50
#define MAX_NAME 64

void hd_cel_issues_fini(struct hd_cel_issues *issues)
{
	size_t i;

	for (i = 0; i < issues->n; i++) {
		free(issues->items[i].text);
		free(issues->items[i].remedy);
	}
	free(issues->items);
	memset(issues, 0, sizeof(*issues));
}

void hd_cel_diag_place(const char *source, size_t n, uint32_t offset,
		       uint32_t bytes, uint32_t *line, uint32_t *column,
		       uint32_t *length)
{
	size_t i;

	*line = 1;
	*column = 1;
	*length = 0;
	for (i = 0; i < n && i < offset; i++) {
		if (source[i] == '\n') {
			(*line)++;
			*column = 1;
		} else if (((unsigned char)source[i] & 0xc0) != 0x80) {
			(*column)++;
		}
	}
	for (; i < n && i < (size_t)offset + bytes; i++) {
		if (source[i] == '\n')
			break;
		if (((unsigned char)source[i] & 0xc0) != 0x80)
			(*length)++;
	}
	if (*length == 0)
		*length = 1;
}

static char *must_copy(const char *text)
{
	return hd_cel_must(strdup(text));
}

static char *must_printf(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	return hd_cel_must(text);
}

static bool is_told(const struct hd_cel_diag *diag, uint32_t offset)
{
	size_t i;

	if (diag->issues->n - diag->before >= MAX_ISSUES)
		return true;
	for (i = diag->before; i < diag->issues->n; i++)
		if (diag->issues->items[i].offset == offset)
			return true;
	return false;
}

void hd_cel_diag_add(struct hd_cel_diag *diag, uint32_t offset, uint32_t length,
		     const char *remedy, const char *fmt, ...)
{
	struct hd_cel_issues *issues = diag->issues;
	struct hd_cel_issue *item;
	va_list ap;

	diag->failed = true;
	if (is_told(diag, offset))
		return;
	item = hd_cel_must(
		realloc(issues->items, (issues->n + 1) * sizeof(*item)));
	issues->items = item;
	item += issues->n++;
	item->offset = offset;
	hd_cel_diag_place(diag->source, diag->n, offset, length, &item->line,
			  &item->column, &item->length);
	va_start(ap, fmt);
	item->text = must_printf(fmt, ap);
	va_end(ap);
	item->remedy = must_copy(remedy ? remedy : "");
}

static int by_offset(const void *a, const void *b)
{
	const struct hd_cel_issue *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

void hd_cel_diag_sort(struct hd_cel_diag *diag)
{
	size_t n = diag->issues->n - diag->before;

	if (n > 1)
		qsort(diag->issues->items + diag->before, n,
		      sizeof(*diag->issues->items), by_offset);
}

/* Levenshtein's distance with neighbours exchanged counting one, blind to
 * case; stops mattering beyond MAX_NAME bytes. */
static unsigned distance(const char *a, size_t an, const char *b, size_t bn)
{
	unsigned rows[3][MAX_NAME + 1];
	unsigned *two = rows[0], *one = rows[1], *now = rows[2], *spare;
	size_t i, j;

	for (j = 0; j <= bn; j++)
		one[j] = (unsigned)j;
	for (i = 1; i <= an; i++) {
		now[0] = (unsigned)i;
		for (j = 1; j <= bn; j++) {
			int x = tolower((unsigned char)a[i - 1]);
			int y = tolower((unsigned char)b[j - 1]);
			unsigned d = one[j - 1] + (x != y);

			d = one[j] + 1 < d ? one[j] + 1 : d;
			d = now[j - 1] + 1 < d ? now[j - 1] + 1 : d;
			if (i > 1 && j > 1 && two[j - 2] + 1 < d &&
			    x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]))
				d = two[j - 2] + 1;
			now[j] = d;
		}
		spare = two;
		two = one;
		one = now;
		now = spare;
	}
	return one[bn];
}

void hd_cel_nearest_try(struct hd_cel_nearest *nearest, const char *name)
{
	size_t an = strlen(nearest->wanted), bn = strlen(name);
	unsigned d;

	if (an == 0 || an > MAX_NAME || bn > MAX_NAME)
		return;
	d = distance(nearest->wanted, an, name, bn);
	if (d > an / 5 + 1 || d >= an)
		return;
	if (nearest->best && d >= nearest->distance)
		return;
	nearest->best = name;
	nearest->distance = d;
}
