/* The writer keeps its own place in the buffer's free room and asks for more
 * only when that runs out: most of a record is short names and values. */
#include "core/base/json_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json_scan.h"
#include "core/base/number.h"
#include "core/base/utf8.h"

struct writer {
	struct hd_buf *out;
	char *p, *end; /* the room that may be used; p NULL: none left */
	unsigned flags;
	int depth;
};

struct member {
	const char *key;
	size_t key_n;
	const json_t *value;
};

static void write_value(struct writer *w, const json_t *value);

static void begin(struct writer *w, struct hd_buf *out, unsigned flags)
{
	memset(w, 0, sizeof(*w));
	w->out = out;
	w->flags = flags;
	w->p = w->end = hd_buf_room(out, 0);
}

static void finish(struct writer *w)
{
	if (w->p)
		hd_buf_grew(w->out,
			    (size_t)(w->p - hd_buf_text(w->out)) - w->out->n);
}

static void fail(struct writer *w)
{
	w->out->failed = true;
	w->p = w->end = NULL;
}

static bool get_room(struct writer *w, size_t n)
{
	if (!w->p)
		return false;
	finish(w);
	w->p = hd_buf_room(w->out, n);
	w->end = w->p ? w->out->p + w->out->cap - 1 : NULL;
	return w->p != NULL;
}

/* True if `n` bytes may be written at w->p. */
static inline bool room(struct writer *w, size_t n)
{
	return (size_t)(w->end - w->p) >= n && w->p ? true : get_room(w, n);
}

static inline void put(struct writer *w, char c)
{
	if (room(w, 1))
		*w->p++ = c;
}

static inline void put_bytes(struct writer *w, const char *p, size_t n)
{
	if (!room(w, n))
		return;
	memcpy(w->p, p, n);
	w->p += n;
}

static void put_unicode_escape(struct writer *w, unsigned unit)
{
	static const char digits[] = "0123456789abcdef";
	char text[6] = { '\\',
			 'u',
			 digits[unit >> 12],
			 digits[unit >> 8 & 15],
			 digits[unit >> 4 & 15],
			 digits[unit & 15] };

	put_bytes(w, text, sizeof(text));
}

/* A control character, quote or backslash. */
static void put_escape(struct writer *w, unsigned char c)
{
	static const char names[32] = { ['\b'] = 'b',
					['\f'] = 'f',
					['\n'] = 'n',
					['\r'] = 'r',
					['\t'] = 't' };
	char name = c < 32 ? names[c] : (char)c;
	char text[2] = { '\\', name };

	if (name != '\0')
		put_bytes(w, text, sizeof(text));
	else
		put_unicode_escape(w, c);
}

/* A character outside ASCII; returns how many bytes of `p` it was. */
static size_t put_character(struct writer *w, const char *p, size_t n)
{
	uint32_t c = 0xfffd;
	size_t step = hd_utf8_next(p, n, &c);

	if ((w->flags & HD_JSON_ASCII) == 0) {
		if (step != 0)
			put_bytes(w, p, step);
		else
			put_bytes(w, HD_UTF8_MENDED, 3);
	} else if (c < 0x10000) {
		put_unicode_escape(w, c);
	} else {
		put_unicode_escape(w, 0xd800 + ((c - 0x10000) >> 10));
		put_unicode_escape(w, 0xdc00 + ((c - 0x10000) & 0x3ff));
	}
	return step != 0 ? step : hd_utf8_broken(p, n);
}

static void put_specials(struct writer *w, const char *p, const char *end)
{
	const char *plain;

	while (p < end && w->p) {
		plain = hd_json_plain_end(p, end);
		put_bytes(w, p, (size_t)(plain - p));
		p = plain;
		if (p == end)
			break;
		if ((unsigned char)*p >= 0x80)
			p += put_character(w, p, (size_t)(end - p));
		else
			put_escape(w, (unsigned char)*p++);
	}
}

/* `text` in quotes; `behind` follows at once unless it is '\0'. */
static void put_text(struct writer *w, const char *text, size_t n, char behind)
{
	const char *end = text + n;
	size_t quotes = behind != '\0' ? 3 : 2;
	const char *plain;

	if (!room(w, n + quotes + HD_JSON_SPARE))
		return;
	*w->p++ = '"';
	plain = hd_json_copy_plain(w->p, text, end);
	w->p += plain - text;
	if (plain != end) {
		put_specials(w, plain, end);
		if (!room(w, quotes - 1))
			return;
	}
	*w->p++ = '"';
	if (behind != '\0')
		*w->p++ = behind;
}

static void break_line(struct writer *w)
{
	int i;

	put(w, '\n');
	for (i = 0; i < w->depth; i++)
		put_bytes(w, "  ", 2);
}

static inline void put_new_line(struct writer *w)
{
	if (w->flags & HD_JSON_INDENT)
		break_line(w);
}

static void write_array(struct writer *w, const json_t *array)
{
	size_t n = json_array_size(array);
	size_t i;

	put(w, '[');
	w->depth++;
	for (i = 0; i < n; i++) {
		if (i > 0)
			put(w, ',');
		put_new_line(w);
		write_value(w, json_array_get(array, i));
	}
	w->depth--;
	if (n > 0)
		put_new_line(w);
	put(w, ']');
}

static inline void write_member(struct writer *w, const struct member *member,
				bool first)
{
	if (!first)
		put(w, ',');
	put_new_line(w);
	put_text(w, member->key, member->key_n, ':');
	if (w->flags & HD_JSON_INDENT)
		put(w, ' ');
	write_value(w, member->value);
}

static struct member member_of(void *iter)
{
	struct member member = { json_object_iter_key(iter),
				 json_object_iter_key_len(iter),
				 json_object_iter_value(iter) };

	return member;
}

static void write_in_order(struct writer *w, json_t *object)
{
	struct member member;
	bool first = true;
	void *iter;

	for (iter = json_object_iter(object); iter;
	     iter = json_object_iter_next(object, iter)) {
		member = member_of(iter);
		write_member(w, &member, first);
		first = false;
	}
}

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a;
	const struct member *y = b;
	size_t n = x->key_n < y->key_n ? x->key_n : y->key_n;
	int order = memcmp(x->key, y->key, n);

	if (order != 0)
		return order;
	return x->key_n < y->key_n ? -1 : x->key_n > y->key_n;
}

static void write_sorted(struct writer *w, json_t *object)
{
	struct member few[32];
	size_t n = json_object_size(object);
	struct member *members = few;
	size_t i = 0;
	void *iter;

	if (n > sizeof(few) / sizeof(few[0]))
		members = malloc(n * sizeof(*members));
	if (!members) {
		fail(w);
		return;
	}
	for (iter = json_object_iter(object); iter;
	     iter = json_object_iter_next(object, iter))
		members[i++] = member_of(iter);
	qsort(members, n, sizeof(*members), compare_members);
	for (i = 0; i < n; i++)
		write_member(w, &members[i], i == 0);
	if (members != few)
		free(members);
}

static void write_object(struct writer *w, json_t *object)
{
	put(w, '{');
	w->depth++;
	if (w->flags & HD_JSON_SORTED)
		write_sorted(w, object);
	else
		write_in_order(w, object);
	w->depth--;
	if (json_object_size(object) > 0)
		put_new_line(w);
	put(w, '}');
}

static void write_number(struct writer *w, const json_t *value)
{
	char text[HD_NUMBER_TEXT];
	size_t n;

	if (json_is_integer(value))
		n = hd_number_put_int(json_integer_value(value), text);
	else
		n = hd_number_put_real(json_real_value(value), text);
	put_bytes(w, text, n);
}

static void write_value(struct writer *w, const json_t *value)
{
	if (!w->p)
		return;
	/* Far more than a record has: what was read inside what we put around
	 * it.  A tree that contains itself ends here too. */
	if (w->depth >= HD_JSON_OWN_DEPTH) {
		fail(w);
		return;
	}
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		write_object(w, (json_t *)value);
		break;
	case JSON_ARRAY:
		write_array(w, value);
		break;
	case JSON_STRING:
		put_text(w, json_string_value(value), json_string_length(value),
			 '\0');
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		write_number(w, value);
		break;
	case JSON_TRUE:
		put_bytes(w, "true", 4);
		break;
	case JSON_FALSE:
		put_bytes(w, "false", 5);
		break;
	case JSON_NULL:
		put_bytes(w, "null", 4);
		break;
	}
}

void hd_json_write(struct hd_buf *out, const json_t *value, unsigned flags)
{
	struct writer w;

	begin(&w, out, flags);
	write_value(&w, value);
	finish(&w);
}

void hd_json_write_string(struct hd_buf *out, const char *text, size_t n,
			  unsigned flags)
{
	struct writer w;

	begin(&w, out, flags);
	put_text(&w, text, n, '\0');
	finish(&w);
}
