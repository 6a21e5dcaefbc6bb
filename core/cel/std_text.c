/* The strings extension.  Positions are code points. */
#include "core/cel/build.h"
#include "core/cel/env.h"
#include "core/cel/eval.h"
#include "core/cel/format.h"
#include "core/cel/text.h"

typedef struct hd_cel_value value;

static value out_of_range(struct hd_cel_call *call, int64_t i)
{
	return hd_cel_failf(call, HD_CEL_E_VALUE, "index out of range: %lld",
			    (long long)i);
}

/* Reading a text costs a little, so that it cannot be read for ever. */
static bool pay(struct hd_cel_call *call, const value *text)
{
	return hd_cel_call_cost(call, text->n / 256);
}

static value slice(const value *text, size_t from, size_t to)
{
	return hd_cel_stringn(text->u.text + from, to - from);
}

static size_t length(const value *text)
{
	return hd_cel_utf8_count(text->u.text, text->n);
}

/* Bytes in front of character `i`, which is at most the length. */
static size_t offset(const value *text, int64_t i)
{
	return hd_cel_utf8_offset(text->u.text, text->n, (size_t)i);
}

static value char_at(struct hd_cel_call *call, const value *args, size_t n)
{
	int64_t i = args[1].u.integer;
	size_t from;

	(void)n;
	if (!pay(call, &args[0]))
		return hd_cel_stopped(call);
	if (i < 0 || (uint64_t)i > length(&args[0]))
		return out_of_range(call, i);
	from = offset(&args[0], i);
	return slice(&args[0], from,
		     from + hd_cel_utf8_offset(args[0].u.text + from,
					       args[0].n - from, 1));
}

/* ---- looking for ---- */

static value position(const value *text, const char *at)
{
	return hd_cel_int((int64_t)hd_cel_utf8_count(
		text->u.text, (size_t)(at - text->u.text)));
}

static value index_of(struct hd_cel_call *call, const value *args, size_t n)
{
	const value *text = &args[0], *part = &args[1];
	int64_t start = n == 3 ? args[2].u.integer : 0;
	const char *found;
	size_t from;

	if (!pay(call, text) || !pay(call, part))
		return hd_cel_stopped(call);
	if (start < 0 || (uint64_t)start > length(text))
		return out_of_range(call, start);
	if (part->n == 0)
		return hd_cel_int(start);
	from = offset(text, start);
	found = text->n > from ? memmem(text->u.text + from, text->n - from,
					part->u.text, part->n)
			       : NULL;
	return found ? position(text, found) : hd_cel_int(-1);
}

/* Looked for from character `args[2]` backwards. */
static value last_index_of(struct hd_cel_call *call, const value *args,
			   size_t n)
{
	const value *text = &args[0], *part = &args[1];
	size_t count = length(text), at;
	int64_t start = n == 3 ? args[2].u.integer : (int64_t)count;

	if (!pay(call, text) || !hd_cel_call_cost(call, text->n / 64))
		return hd_cel_stopped(call);
	if (start < 0 || (uint64_t)start > count ||
	    (n == 3 && (uint64_t)start == count && count > 0 && part->n != 0))
		return out_of_range(call, start);
	if (part->n == 0)
		return hd_cel_int(start);
	if (part->n > text->n)
		return hd_cel_int(-1);
	at = offset(text, start);
	if (at > text->n - part->n)
		at = text->n - part->n;
	for (;; at--) {
		const char *p = text->u.text + at;

		if (*p == *part->u.text &&
		    memcmp(p, part->u.text, part->n) == 0)
			return position(text, p);
		if (at == 0)
			return hd_cel_int(-1);
	}
}

/* ---- changing ---- */

static value map_ascii(struct hd_cel_call *call, const value *text, char from,
		       char to)
{
	char *copy = hd_cel_call_alloc(call, (size_t)text->n + 1);
	uint32_t i;

	if (!copy)
		return hd_cel_stopped(call);
	for (i = 0; i < text->n; i++) {
		char c = text->u.text[i];

		copy[i] = c >= from && c < from + 26 ? (char)(c - from + to)
						     : c;
	}
	copy[text->n] = '\0';
	return hd_cel_stringn(copy, text->n);
}

static value lower_ascii(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	return map_ascii(call, &args[0], 'A', 'a');
}

static value upper_ascii(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	return map_ascii(call, &args[0], 'a', 'A');
}

/* The next `old` from `*at` on; an empty one is found between characters,
 * also at both ends.  Moves `*at` behind it; false if there is none. */
static bool find_next(const value *text, const value *old, size_t *at,
		      size_t *found)
{
	const char *p;

	if (old->n == 0) {
		*found = *at;
		if (*at > text->n)
			return false;
		*at = *at == text->n
			      ? text->n + 1
			      : *at + hd_cel_utf8_offset(text->u.text + *at,
							 text->n - *at, 1);
		return true;
	}
	if (*at >= text->n)
		return false;
	p = memmem(text->u.text + *at, text->n - *at, old->u.text, old->n);
	if (!p)
		return false;
	*found = (size_t)(p - text->u.text);
	*at = *found + old->n;
	return true;
}

static value replace(struct hd_cel_call *call, const value *args, size_t n)
{
	const value *text = &args[0], *old = &args[1], *new = &args[2];
	int64_t left = n == 4 ? args[3].u.integer : -1;
	struct hd_cel_build b = { .call = call };
	size_t at = 0, done = 0, found;

	if (!pay(call, text))
		return hd_cel_stopped(call);
	while (left != 0 && !b.failed && find_next(text, old, &at, &found)) {
		hd_cel_build_add(&b, text->u.text + done, found - done);
		hd_cel_build_add(&b, new->u.text, new->n);
		done = found + old->n;
		if (left > 0)
			left--;
		if (!hd_cel_call_cost(call, 1))
			return hd_cel_stopped(call);
	}
	if (done == 0 && b.n == 0 && !b.failed)
		return *text;
	hd_cel_build_add(&b, text->u.text + done, text->n - done);
	return hd_cel_build_done(&b);
}

static value reverse(struct hd_cel_call *call, const value *args, size_t n)
{
	const value *text = &args[0];
	char *copy = hd_cel_call_alloc(call, (size_t)text->n + 1);
	size_t i = 0, len;

	(void)n;
	if (!copy)
		return hd_cel_stopped(call);
	for (; i < text->n; i += len) {
		len = hd_cel_utf8_offset(text->u.text + i, text->n - i, 1);
		memcpy(copy + (text->n - i - len), text->u.text + i, len);
	}
	copy[text->n] = '\0';
	return hd_cel_stringn(copy, text->n);
}

static value substring(struct hd_cel_call *call, const value *args, size_t n)
{
	const value *text = &args[0];
	int64_t count = (int64_t)length(text), from = args[1].u.integer;
	int64_t to = n == 3 ? args[2].u.integer : count;

	if (!pay(call, text))
		return hd_cel_stopped(call);
	if (from < 0 || from > count)
		return out_of_range(call, from);
	if (to < 0 || to > count)
		return out_of_range(call, to);
	if (from > to)
		return hd_cel_failf(call, HD_CEL_E_VALUE,
				    "invalid range: %lld to %lld",
				    (long long)from, (long long)to);
	return slice(text, offset(text, from), offset(text, to));
}

/* Unicode's White_Space. */
static bool is_blank(uint32_t c)
{
	return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xa0 ||
	       c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
	       c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static value trim(struct hd_cel_call *call, const value *args, size_t n)
{
	const value *text = &args[0];
	size_t from = 0, to = text->n, at, len;
	uint32_t code;

	(void)n;
	if (!pay(call, text))
		return hd_cel_stopped(call);
	while ((len = hd_cel_utf8_get(text->u.text + from, to - from, &code)) !=
		       0 &&
	       is_blank(code))
		from += len;
	while (to > from) {
		for (at = to - 1;
		     at > from &&
		     ((unsigned char)text->u.text[at] & 0xc0) == 0x80;)
			at--;
		if (hd_cel_utf8_get(text->u.text + at, to - at, &code) == 0 ||
		    !is_blank(code))
			break;
		to = at;
	}
	return slice(text, from, to);
}

/* ---- lists ---- */

static value split_chars(struct hd_cel_call *call, const value *text,
			 int64_t most)
{
	size_t count = length(text), at = 0, i;
	struct hd_cel_list *list;

	if (most > 0 && (uint64_t)most < count)
		count = (size_t)most;
	list = hd_cel_list_new(call, count);
	if (!list)
		return hd_cel_stopped(call);
	for (i = 0; i < count; i++) {
		size_t end = at + hd_cel_utf8_offset(text->u.text + at,
						     text->n - at, 1);

		if (most > 0 && i + 1 == (uint64_t)most)
			end = text->n;
		list->items[list->n++] = slice(text, at, end);
		at = end;
	}
	return hd_cel_list_value(list);
}

static size_t count_parts(const value *text, const value *by, int64_t most)
{
	size_t n = 1, at = 0, found;

	while ((most < 0 || n < (uint64_t)most) &&
	       find_next(text, by, &at, &found))
		n++;
	return n;
}

static value split(struct hd_cel_call *call, const value *args, size_t n)
{
	const value *text = &args[0], *by = &args[1];
	int64_t most = n == 3 ? args[2].u.integer : -1;
	size_t count, at = 0, from = 0, found;
	struct hd_cel_list *list;

	if (!pay(call, text))
		return hd_cel_stopped(call);
	if (most == 0)
		return hd_cel_call_list(call, NULL, 0);
	if (by->n == 0)
		return split_chars(call, text, most);
	count = count_parts(text, by, most);
	list = hd_cel_list_new(call, count);
	if (!list)
		return hd_cel_stopped(call);
	while (list->n + 1 < count && find_next(text, by, &at, &found)) {
		list->items[list->n++] = slice(text, from, found);
		from = at;
	}
	list->items[list->n++] = slice(text, from, text->n);
	return hd_cel_list_value(list);
}

static value join(struct hd_cel_call *call, const value *args, size_t n)
{
	struct hd_cel_build b = { .call = call };
	struct hd_cel_walk walk = { .of = &args[0] };
	value key, item;
	bool first = true;

	while (hd_cel_walk_next(&walk, &key, &item)) {
		if (item.kind != HD_CEL_STRING)
			return hd_cel_no_overload(call, "join", &item, 1);
		if (!hd_cel_call_cost(call, 1))
			return hd_cel_stopped(call);
		if (!first && n == 2)
			hd_cel_build_add(&b, args[1].u.text, args[1].n);
		hd_cel_build_add(&b, item.u.text, item.n);
		first = false;
	}
	return hd_cel_build_done(&b);
}

/* ---- quoting ---- */

static value quote(struct hd_cel_call *call, const value *args, size_t n)
{
	static const char from[] = "\a\b\f\n\r\t\v\\\"", to[] = "abfnrtv\\\"";
	struct hd_cel_build b = { .call = call };
	const value *text = &args[0];
	const char *known;
	size_t i, len;
	uint32_t code;

	(void)n;
	hd_cel_build_addc(&b, '"');
	for (i = 0; i < text->n && !b.failed; i += len) {
		const char *p = text->u.text + i;

		len = hd_cel_utf8_get(p, text->n - i, &code);
		known = len == 1 && *p != '\0' ? strchr(from, *p) : NULL;
		if (len == 0) {
			hd_cel_build_adds(&b, "\xef\xbf\xbd");
			len = 1;
		} else if (known) {
			hd_cel_build_addc(&b, '\\');
			hd_cel_build_addc(&b, to[known - from]);
		} else {
			hd_cel_build_add(&b, p, len);
		}
	}
	hd_cel_build_addc(&b, '"');
	return hd_cel_build_done(&b);
}

const struct hd_cel_builtin hd_cel_std_text[] = {
	{ "string.charAt(int) -> string", char_at, false, NULL },
	{ "string.indexOf(string) -> int", index_of, false, NULL },
	{ "string.indexOf(string, int) -> int", index_of, false, NULL },
	{ "string.lastIndexOf(string) -> int", last_index_of, false, NULL },
	{ "string.lastIndexOf(string, int) -> int", last_index_of, false,
	  NULL },
	{ "string.lowerAscii() -> string", lower_ascii, false, NULL },
	{ "string.upperAscii() -> string", upper_ascii, false, NULL },
	{ "string.replace(string, string) -> string", replace, false, NULL },
	{ "string.replace(string, string, int) -> string", replace, false,
	  NULL },
	{ "string.reverse() -> string", reverse, false, NULL },
	{ "string.split(string) -> list(string)", split, false, NULL },
	{ "string.split(string, int) -> list(string)", split, false, NULL },
	{ "string.substring(int) -> string", substring, false, NULL },
	{ "string.substring(int, int) -> string", substring, false, NULL },
	{ "string.trim() -> string", trim, false, NULL },
	{ "(list(string)).join() -> string", join, false, NULL },
	{ "(list(string)).join(string) -> string", join, false, NULL },
	{ "string.format(list(dyn)) -> string", hd_cel_format, false, NULL },
	{ "strings.quote(string) -> string", quote, false, NULL },
	{ NULL, NULL, false, NULL }
};
