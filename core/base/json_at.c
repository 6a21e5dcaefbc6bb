#include "core/base/json_text.h"

#include <stdint.h>
#include <string.h>

static size_t skip_blanks(const char *text, size_t n, size_t i)
{
	while (i < n && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' ||
			 text[i] == '\r'))
		i++;
	return i;
}

/* Behind the string that begins at `i`, or n + 1 if it does not end. */
static size_t string_end(const char *text, size_t n, size_t i)
{
	for (i++; i < n; i++) {
		if (text[i] == '"')
			return i + 1;
		if (text[i] == '\\')
			i++;
	}
	return n + 1;
}

/* Behind a number or word: it ends at a blank, a bracket, a quote, a comma. */
static size_t word_end(const char *text, size_t n, size_t i)
{
	while (i < n && !memchr(" \n\t\r{}[]\",:", text[i], 11))
		i++;
	return i;
}

/* Behind the array or object that begins at `i`, or n + 1. */
static size_t brackets_end(const char *text, size_t n, size_t i)
{
	size_t open = 0;

	while (i < n) {
		if (text[i] == '"') {
			i = string_end(text, n, i);
			continue;
		}
		if (text[i] == '{' || text[i] == '[')
			open++;
		else if (text[i] == '}' || text[i] == ']')
			open--;
		i++;
		if (open == 0)
			return i;
	}
	return n + 1;
}

size_t hd_json_span(const char *text, size_t n)
{
	size_t from = skip_blanks(text, n, 0);
	size_t end;

	if (from == n)
		return 0;
	if (text[from] == '{' || text[from] == '[')
		end = brackets_end(text, n, from);
	else if (text[from] == '"')
		end = string_end(text, n, from);
	else
		end = word_end(text, n, from);
	if (end == from || end > n)
		return 0;
	return skip_blanks(text, n, end);
}

/* The bytes of one token, without its ~0 and ~1; -1 if it is none. */
static int unescape_token(const char *from, size_t n, char *out, size_t *out_n)
{
	size_t used = 0;
	size_t i;

	if (n > 2 * HD_JSON_KEY_MAX)
		return -1;
	for (i = 0; i < n; i++) {
		if (from[i] != '~') {
			out[used++] = from[i];
			continue;
		}
		if (++i == n || (from[i] != '0' && from[i] != '1'))
			return -1;
		out[used++] = from[i] == '0' ? '~' : '/';
	}
	*out_n = used;
	return 0;
}

static json_t *item_at(const json_t *array, const char *digits, size_t n)
{
	size_t index = 0;
	size_t i;

	if (n == 0 || n > 9 || (n > 1 && digits[0] == '0'))
		return NULL;
	for (i = 0; i < n; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return NULL;
		index = index * 10 + (size_t)(digits[i] - '0');
	}
	return json_array_get(array, index);
}

json_t *hd_json_at(const json_t *root, const char *pointer)
{
	char token[2 * HD_JSON_KEY_MAX];
	const json_t *at = root;
	size_t token_n;
	size_t n;

	while (at && *pointer != '\0') {
		if (*pointer++ != '/')
			return NULL;
		n = strcspn(pointer, "/");
		if (unescape_token(pointer, n, token, &token_n) < 0)
			return NULL;
		if (json_is_object(at))
			at = json_object_getn(at, token, token_n);
		else
			at = item_at(at, token, token_n);
		pointer += n;
	}
	return (json_t *)at;
}

void hd_json_put_text(json_t *object, const char *name, const char *text)
{
	json_object_set_new_nocheck(object, name, json_string_nocheck(text));
}

void hd_json_put_int(json_t *object, const char *name, int64_t value)
{
	json_object_set_new_nocheck(object, name, json_integer(value));
}
