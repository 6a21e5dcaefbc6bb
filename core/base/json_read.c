/* One pass over the bytes, a function for each kind of value, depth bounded.
 * A string without escapes is never copied but into the tree; one that needs
 * work is built in `scratch`, which all of a document's strings share.
 *
 * A chain of frames on the C stack says where we are.  It costs two stores a
 * member, and only the reporting of trouble ever looks at it. */
#include "core/base/json_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json_scan.h"
#include "core/base/number.h"
#include "core/base/utf8.h"

struct span {
	const char *p;
	size_t n;
};

/* An array or object that is being read. */
struct frame {
	const struct frame *up;
	struct span key; /* of the member, where p is not NULL */
	size_t index;	 /* of the item otherwise */
};

struct reader {
	const char *start, *p, *end;
	const struct hd_json_options *options;
	struct hd_json_report *report;
	const struct frame *top;
	int depth;
	struct hd_buf scratch;
};

static json_t *read_value(struct reader *r);

static void add_pointer_token(struct hd_buf *out, const struct frame *frame)
{
	size_t i;

	if (!frame->key.p) {
		hd_buf_addf(out, "/%zu", frame->index);
		return;
	}
	hd_buf_addc(out, '/');
	for (i = 0; i < frame->key.n; i++) {
		if (frame->key.p[i] == '~')
			hd_buf_adds(out, "~0");
		else if (frame->key.p[i] == '/')
			hd_buf_adds(out, "~1");
		else
			hd_buf_addc(out, frame->key.p[i]);
	}
}

static void copy_cut(const char *text, size_t n, char *out, size_t size)
{
	n = hd_utf8_cut(text, n, size - 1);
	memcpy(out, text, n);
	out[n] = '\0';
}

static void report_path(struct reader *r)
{
	const struct frame *frames[HD_JSON_DEPTH + 1];
	const struct frame *frame;
	struct hd_buf path;
	size_t n = 0;

	for (frame = r->top; frame; frame = frame->up)
		frames[n++] = frame;
	hd_buf_init(&path, (size_t)HD_JSON_DEPTH * (2 * HD_JSON_KEY_MAX + 1));
	while (n > 0)
		add_pointer_token(&path, frames[--n]);
	copy_cut(hd_buf_text(&path), path.n, r->report->path,
		 sizeof(r->report->path));
	hd_buf_fini(&path);
}

__attribute__((cold, format(printf, 4, 5))) static int
report(struct reader *r, enum hd_json_status status, const char *at,
       const char *fmt, ...)
{
	char why[2 * HD_JSON_KEY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	r->report->status = status;
	r->report->offset = (size_t)(at - r->start);
	copy_cut(why, strlen(why), r->report->why, sizeof(r->report->why));
	report_path(r);
	return -1;
}

/* Trouble inside a string that mending cures; the first is the one told. */
static int mend(struct reader *r, const char *at, const char *what)
{
	if (!r->options->mend)
		return report(r, HD_JSON_BAD, at, "%s", what);
	if (r->report->status == HD_JSON_OK)
		report(r, HD_JSON_MENDED, at, "%s", what);
	return 0;
}

static int no_memory(struct reader *r)
{
	return report(r, HD_JSON_MEMORY, r->p, "out of memory");
}

static int unexpected(struct reader *r, const char *wanted)
{
	unsigned char c;

	if (r->p == r->end)
		return report(r, HD_JSON_BAD, r->p, "ends where %s should be",
			      wanted);
	c = (unsigned char)*r->p;
	if (c <= 0x20 || c >= 0x7f)
		return report(r, HD_JSON_BAD, r->p,
			      "byte 0x%02x where %s should be", c, wanted);
	return report(r, HD_JSON_BAD, r->p, "'%c' where %s should be", c,
		      wanted);
}

static void skip_blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' ||
				 *r->p == '\t' || *r->p == '\r'))
		r->p++;
}

static bool is_digit(const struct reader *r, const char *p)
{
	return p < r->end && *p >= '0' && *p <= '9';
}

/* Four hex digits, or -1. */
static int32_t hex4(const struct reader *r, const char *p)
{
	int32_t value = 0;
	int i;

	if (r->end - p < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		value <<= 4;
		if (p[i] >= '0' && p[i] <= '9')
			value |= p[i] - '0';
		else if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')
			value |= (p[i] | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return value;
}

/* The second half of a pair behind the first one's \uXXXX, or -1. */
static int32_t low_surrogate(const struct reader *r, const char *p)
{
	int32_t low;

	if (r->end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	low = hex4(r, p + 2);
	return low >= 0xdc00 && low <= 0xdfff ? low : -1;
}

/* \uXXXX, one or a pair. */
static int read_unicode_escape(struct reader *r)
{
	int32_t c = hex4(r, r->p + 2);
	int32_t low = -1;
	char out[4];

	if (c < 0)
		return report(r, HD_JSON_BAD, r->p,
			      "\\u without four hex digits");
	if (c >= 0xd800 && c <= 0xdbff)
		low = low_surrogate(r, r->p + 6);
	if (low >= 0) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	} else if (c == 0 || (c >= 0xd800 && c <= 0xdfff)) {
		if (mend(r, r->p, c == 0 ? "\\u0000" : "half a surrogate pair"))
			return -1;
		c = 0xfffd;
	}
	hd_buf_add(&r->scratch, out, hd_utf8_put(out, (uint32_t)c));
	r->p += low >= 0 ? 12 : 6;
	return 0;
}

static int read_escape(struct reader *r)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (r->end - r->p < 2 || r->p[1] == '\0')
		return report(r, HD_JSON_BAD, r->p, "unfinished escape");
	if (r->p[1] == 'u')
		return read_unicode_escape(r);
	found = strchr(names, r->p[1]);
	if (!found)
		return report(r, HD_JSON_BAD, r->p, "unknown escape");
	hd_buf_addc(&r->scratch, values[found - names]);
	r->p += 2;
	return 0;
}

/* One step of a string that is built in scratch. */
static int read_piece(struct reader *r)
{
	const char *plain = hd_json_plain_end(r->p, r->end);
	size_t n = (size_t)(plain - r->p);

	if (n == 0 && (unsigned char)*r->p >= 0x80)
		n = hd_utf8_next(r->p, (size_t)(r->end - r->p), NULL);
	if (n != 0) {
		hd_buf_add(&r->scratch, r->p, n);
		r->p += n;
		return 0;
	}
	if (*r->p == '\\')
		return read_escape(r);
	if (*r->p != '\0' && (unsigned char)*r->p < 0x20)
		return report(r, HD_JSON_BAD, r->p,
			      "control character 0x%02x in a string",
			      (unsigned)*r->p);
	if (mend(r, r->p, *r->p == '\0' ? "NUL in a string" : "broken UTF-8"))
		return -1;
	hd_buf_adds(&r->scratch, HD_UTF8_MENDED);
	r->p += hd_utf8_broken(r->p, (size_t)(r->end - r->p));
	return 0;
}

/* The rest of a string whose first bytes, up to `p`, stand as they are. */
static int build_text(struct reader *r, const char *p, struct span *out)
{
	hd_buf_clear(&r->scratch);
	hd_buf_add(&r->scratch, r->p, (size_t)(p - r->p));
	r->p = p;
	while (r->p < r->end && *r->p != '"')
		if (read_piece(r) < 0)
			return -1;
	if (r->p == r->end)
		return unexpected(r, "the rest of a string");
	if (hd_buf_failed(&r->scratch))
		return no_memory(r);
	r->p++;
	out->p = hd_buf_text(&r->scratch);
	out->n = r->scratch.n;
	return 0;
}

/* A string whose quote has been read.  Borrowed from the document or from
 * scratch, valid until the next string is read. */
static int read_text(struct reader *r, struct span *out)
{
	const char *p = r->p;
	size_t step;

	for (;;) {
		p = hd_json_plain_end(p, r->end);
		if (p == r->end || (unsigned char)*p < 0x80)
			break;
		step = hd_utf8_next(p, (size_t)(r->end - p), NULL);
		if (step == 0)
			break;
		p += step;
	}
	if (p == r->end || *p != '"')
		return build_text(r, p, out);
	out->p = r->p;
	out->n = (size_t)(p - r->p);
	r->p = p + 1;
	return 0;
}

static json_t *checked(struct reader *r, json_t *value)
{
	if (!value)
		no_memory(r);
	return value;
}

static json_t *read_string(struct reader *r)
{
	size_t max = r->options->mend ? r->options->max_text : 0;
	const char *at = r->p++;
	struct span text;

	if (read_text(r, &text) < 0)
		return NULL;
	if (max != 0 && text.n > max) {
		mend(r, at, "text over the limit");
		text.n = hd_utf8_cut(text.p, text.n, max);
	}
	return checked(r, json_stringn_nocheck(text.p, text.n));
}

static const char *skip_digits(const struct reader *r, const char *p)
{
	while (is_digit(r, p))
		p++;
	return p;
}

static const char *bad_number(struct reader *r, const char *at)
{
	r->p = at;
	unexpected(r, "a digit");
	return NULL;
}

/* The end of a number, or NULL; *real if it has a fraction or exponent. */
static const char *number_end(struct reader *r, bool *real)
{
	const char *p = r->p + (*r->p == '-');

	*real = false;
	if (!is_digit(r, p))
		return bad_number(r, p);
	if (*p == '0' && is_digit(r, p + 1)) {
		report(r, HD_JSON_BAD, p, "number with a leading zero");
		return NULL;
	}
	p = skip_digits(r, p);
	if (p < r->end && *p == '.') {
		*real = true;
		if (!is_digit(r, ++p))
			return bad_number(r, p);
		p = skip_digits(r, p);
	}
	if (p < r->end && (*p == 'e' || *p == 'E')) {
		*real = true;
		p++;
		if (p < r->end && (*p == '+' || *p == '-'))
			p++;
		if (!is_digit(r, p))
			return bad_number(r, p);
		p = skip_digits(r, p);
	}
	return p;
}

static json_t *read_integer(struct reader *r, const char *end)
{
	bool negative = *r->p == '-';
	uint64_t limit = (uint64_t)INT64_MAX + negative;
	uint64_t value = 0;
	bool over = false;
	const char *p;

	for (p = r->p + negative; p < end; p++)
		over = over || __builtin_mul_overflow(value, 10, &value) ||
		       __builtin_add_overflow(value, (uint64_t)(*p - '0'),
					      &value);
	if (over || value > limit) {
		report(r, HD_JSON_NOT_EXACT, r->p, "integer outside 64 bits");
		return NULL;
	}
	r->p = end;
	/* 0 - 2^63 is -2^63 in two's complement, which C gives the cast. */
	return checked(r, json_integer(
				  (json_int_t)(negative ? 0 - value : value)));
}

static json_t *read_number(struct reader *r)
{
	double value;
	bool real;
	const char *end = number_end(r, &real);

	if (!end)
		return NULL;
	if (!real)
		return read_integer(r, end);
	if (hd_number_get_real(r->p, (size_t)(end - r->p), &value) < 0)
		return checked(r, NULL);
	if (isinf(value)) {
		report(r, HD_JSON_NOT_EXACT, r->p,
		       "real beyond the range of a double");
		return NULL;
	}
	r->p = end;
	return checked(r, json_real(value));
}

static json_t *read_word(struct reader *r, const char *word, json_t *value)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0) {
		unexpected(r, "a value");
		return NULL;
	}
	r->p += n;
	return value;
}

/* Enters an array or object: its bracket has been seen. */
static int enter(struct reader *r, struct frame *frame)
{
	if (r->depth == HD_JSON_DEPTH)
		return report(r, HD_JSON_NOT_EXACT, r->p,
			      "nested more than %d deep", HD_JSON_DEPTH);
	r->depth++;
	frame->up = r->top;
	frame->key.p = NULL;
	frame->index = 0;
	r->p++;
	skip_blanks(r);
	return 0;
}

static void leave(struct reader *r, const struct frame *frame)
{
	r->depth--;
	r->top = frame->up;
}

/* Behind an item: 1 at the closing bracket, 0 at the next item, -1. */
static int read_separator(struct reader *r, char closing)
{
	skip_blanks(r);
	if (r->p == r->end || (*r->p != ',' && *r->p != closing))
		return unexpected(r,
				  closing == ']' ? "',' or ']'" : "',' or '}'");
	if (*r->p++ == closing)
		return 1;
	skip_blanks(r);
	return 0;
}

static int read_item(struct reader *r, json_t *array)
{
	json_t *item = read_value(r);

	if (!item)
		return -1;
	if (json_array_append_new(array, item) < 0)
		return no_memory(r);
	return 0;
}

static int read_items(struct reader *r, json_t *array, struct frame *frame)
{
	int end = 0;

	if (r->p < r->end && *r->p == ']') {
		r->p++;
		return 0;
	}
	r->top = frame;
	while (end == 0) {
		if (read_item(r, array) < 0)
			return -1;
		end = read_separator(r, ']');
		frame->index++;
	}
	return end < 0 ? -1 : 0;
}

static json_t *read_array(struct reader *r)
{
	struct frame frame;
	json_t *array;

	if (enter(r, &frame) < 0)
		return NULL;
	array = checked(r, json_array());
	if (array && read_items(r, array, &frame) < 0) {
		json_decref(array);
		array = NULL;
	}
	leave(r, &frame);
	return array;
}

/* A member's name and the colon behind it.  `own` keeps a name that was built
 * in scratch, which the value will want. */
static int read_key(struct reader *r, char *own, struct span *key)
{
	const char *at = r->p;

	if (r->p == r->end || *r->p != '"')
		return unexpected(r, "a member's name");
	r->p++;
	if (read_text(r, key) < 0)
		return -1;
	if (key->n > HD_JSON_KEY_MAX)
		return report(r, HD_JSON_NOT_EXACT, at,
			      "name of a member longer than %d bytes",
			      HD_JSON_KEY_MAX);
	if (key->p == r->scratch.p) {
		memcpy(own, key->p, key->n);
		key->p = own;
	}
	skip_blanks(r);
	if (r->p == r->end || *r->p != ':')
		return unexpected(r, "':'");
	r->p++;
	skip_blanks(r);
	return 0;
}

static int read_member(struct reader *r, json_t *object, struct frame *frame,
		       char *own)
{
	const char *at = r->p;
	struct span key;
	json_t *value;

	frame->key.p = NULL;
	r->top = frame->up; /* trouble with a name is the object's */
	if (read_key(r, own, &key) < 0)
		return -1;
	frame->key = key;
	r->top = frame;
	value = read_value(r);
	if (!value)
		return -1;
	if (json_object_setn_new_nocheck(object, key.p, key.n, value) < 0)
		return no_memory(r);
	if (json_object_size(object) == frame->index)
		return report(r, HD_JSON_NOT_EXACT, at, "repeated key '%.*s'",
			      (int)key.n, key.p);
	frame->index++;
	return 0;
}

static int read_members(struct reader *r, json_t *object, struct frame *frame)
{
	char own[HD_JSON_KEY_MAX];
	int end = 0;

	if (r->p < r->end && *r->p == '}') {
		r->p++;
		return 0;
	}
	while (end == 0) {
		if (read_member(r, object, frame, own) < 0)
			return -1;
		r->top = frame->up;
		end = read_separator(r, '}');
	}
	return end < 0 ? -1 : 0;
}

static json_t *read_object(struct reader *r)
{
	struct frame frame;
	json_t *object;

	if (enter(r, &frame) < 0)
		return NULL;
	object = checked(r, json_object());
	if (object && read_members(r, object, &frame) < 0) {
		json_decref(object);
		object = NULL;
	}
	leave(r, &frame);
	return object;
}

static json_t *read_value(struct reader *r)
{
	switch (r->p < r->end ? *r->p : '\0') {
	case '"':
		return read_string(r);
	case '{':
		return read_object(r);
	case '[':
		return read_array(r);
	case 't':
		return read_word(r, "true", json_true());
	case 'f':
		return read_word(r, "false", json_false());
	case 'n':
		return read_word(r, "null", json_null());
	case '-':
	case '0' ... '9':
		return read_number(r);
	default:
		unexpected(r, "a value");
		return NULL;
	}
}

/* What people send instead of UTF-8 gets a word that helps. */
static int refuse_other_encodings(struct reader *r)
{
	size_t n = (size_t)(r->end - r->start);

	if (n >= 3 && memcmp(r->start, "\xef\xbb\xbf", 3) == 0)
		return report(r, HD_JSON_BAD, r->start,
			      "begins with a byte order mark");
	if (n >= 2 &&
	    (memcmp(r->start, "\xff\xfe", 2) == 0 ||
	     memcmp(r->start, "\xfe\xff", 2) == 0 || r->start[0] == '\0' ||
	     (r->start[1] == '\0' && r->start[0] != '"')))
		return report(r, HD_JSON_BAD, r->start,
			      "looks like UTF-16; JSON is UTF-8");
	return 0;
}

static json_t *read_document(struct reader *r)
{
	json_t *value;

	if (refuse_other_encodings(r) < 0)
		return NULL;
	skip_blanks(r);
	value = read_value(r);
	if (!value)
		return NULL;
	skip_blanks(r);
	if (!r->options->prefix && r->p != r->end) {
		unexpected(r, "the end");
		json_decref(value);
		return NULL;
	}
	return value;
}

json_t *hd_json_read(const char *text, size_t n,
		     const struct hd_json_options *options,
		     struct hd_json_report *report)
{
	static const struct hd_json_options plain;
	struct hd_json_report unwanted;
	struct reader r = { .start = text,
			    .p = text,
			    .end = text + n,
			    .options = options ? options : &plain,
			    .report = report ? report : &unwanted };
	json_t *value;

	r.report->status = HD_JSON_OK;
	r.report->offset = 0;
	r.report->why[0] = '\0';
	r.report->path[0] = '\0';
	hd_buf_init(&r.scratch, 3 * n); /* a byte becomes U+FFFD at worst */
	value = read_document(&r);
	r.report->used = value ? (size_t)(r.p - text) : 0;
	hd_buf_fini(&r.scratch);
	return value;
}
