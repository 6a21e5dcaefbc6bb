/* One pass over the bytes, a function for each kind of value, depth bounded.
 * A string without escapes is never copied but into the tree; one that needs
 * work is built in `scratch`, which all of a document's strings share.
 *
 * A chain of frames on the C stack says where we are.  It costs two stores a
 * member, and only the reporting of trouble ever looks at it. */
#include "core/base/json_text.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/base/json_reader.h"
#include "core/base/number.h"
#include "core/base/utf8.h"

static json_t *read_value(struct hd_json_reader *r);

static void skip_blanks(struct hd_json_reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' ||
				 *r->p == '\t' || *r->p == '\r'))
		r->p++;
}

static bool is_digit(const struct hd_json_reader *r, const char *p)
{
	return p < r->end && *p >= '0' && *p <= '9';
}

static json_t *checked(struct hd_json_reader *r, json_t *value)
{
	if (!value)
		hd_json_no_memory(r);
	return value;
}

static json_t *read_string(struct hd_json_reader *r)
{
	size_t max = r->options->mend ? r->options->max_text : 0;
	const char *at = r->p++;
	struct hd_json_bytes text;

	if (hd_json_read_text(r, &text) < 0)
		return NULL;
	if (max != 0 && text.n > max) {
		hd_json_mend(r, at, "text over the limit");
		text.n = hd_utf8_cut(text.p, text.n, max);
	}
	return checked(r, json_stringn_nocheck(text.p, text.n));
}

static const char *skip_digits(const struct hd_json_reader *r, const char *p)
{
	while (is_digit(r, p))
		p++;
	return p;
}

static const char *bad_number(struct hd_json_reader *r, const char *at)
{
	r->p = at;
	hd_json_unexpected(r, "a digit");
	return NULL;
}

/* The end of a number, or NULL; *real if it has a fraction or exponent. */
static const char *number_end(struct hd_json_reader *r, bool *real)
{
	const char *p = r->p + (*r->p == '-');

	*real = false;
	if (!is_digit(r, p))
		return bad_number(r, p);
	if (*p == '0' && is_digit(r, p + 1)) {
		hd_json_trouble(r, HD_JSON_BAD, p,
				"number with a leading zero");
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

static json_t *read_integer(struct hd_json_reader *r, const char *end)
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
		hd_json_trouble(r, HD_JSON_NOT_EXACT, r->p,
				"integer outside 64 bits");
		return NULL;
	}
	r->p = end;
	/* 0 - 2^63 is -2^63 in two's complement, which C gives the cast. */
	return checked(r, json_integer(
				  (json_int_t)(negative ? 0 - value : value)));
}

static json_t *read_number(struct hd_json_reader *r)
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
		hd_json_trouble(r, HD_JSON_NOT_EXACT, r->p,
				"real beyond the range of a double");
		return NULL;
	}
	r->p = end;
	return checked(r, json_real(value));
}

static json_t *read_word(struct hd_json_reader *r, const char *word,
			 json_t *value)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0) {
		hd_json_unexpected(r, "a value");
		return NULL;
	}
	r->p += n;
	return value;
}

/* Enters an array or object: its bracket has been seen. */
static int enter(struct hd_json_reader *r, struct hd_json_frame *frame)
{
	int most = r->options->own ? HD_JSON_OWN_DEPTH : HD_JSON_DEPTH;

	if (r->depth == most)
		return hd_json_trouble(r, HD_JSON_NOT_EXACT, r->p,
				       "nested more than %d deep", most);
	r->depth++;
	frame->up = r->top;
	frame->key.p = NULL;
	frame->index = 0;
	r->p++;
	skip_blanks(r);
	return 0;
}

static void leave(struct hd_json_reader *r, const struct hd_json_frame *frame)
{
	r->depth--;
	r->top = frame->up;
}

/* Behind an item: 1 at the closing bracket, 0 at the next item, -1. */
static int read_separator(struct hd_json_reader *r, char closing)
{
	skip_blanks(r);
	if (r->p == r->end || (*r->p != ',' && *r->p != closing))
		return hd_json_unexpected(r, closing == ']' ? "',' or ']'"
							    : "',' or '}'");
	if (*r->p++ == closing)
		return 1;
	skip_blanks(r);
	return 0;
}

static int read_item(struct hd_json_reader *r, json_t *array)
{
	json_t *item = read_value(r);

	if (!item)
		return -1;
	if (json_array_append_new(array, item) < 0)
		return hd_json_no_memory(r);
	return 0;
}

static int read_items(struct hd_json_reader *r, json_t *array,
		      struct hd_json_frame *frame)
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

static json_t *read_array(struct hd_json_reader *r)
{
	struct hd_json_frame frame;
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
static int read_key(struct hd_json_reader *r, char *own,
		    struct hd_json_bytes *key)
{
	const char *at = r->p;

	if (r->p == r->end || *r->p != '"')
		return hd_json_unexpected(r, "a member's name");
	r->p++;
	if (hd_json_read_text(r, key) < 0)
		return -1;
	if (key->n > HD_JSON_KEY_MAX)
		return hd_json_trouble(r, HD_JSON_NOT_EXACT, at,
				       "name of a member longer than %d bytes",
				       HD_JSON_KEY_MAX);
	if (key->p == r->scratch.p) {
		memcpy(own, key->p, key->n);
		key->p = own;
	}
	skip_blanks(r);
	if (r->p == r->end || *r->p != ':')
		return hd_json_unexpected(r, "':'");
	r->p++;
	skip_blanks(r);
	return 0;
}

static int read_member(struct hd_json_reader *r, json_t *object,
		       struct hd_json_frame *frame, char *own)
{
	const char *at = r->p;
	struct hd_json_bytes key;
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
		return hd_json_no_memory(r);
	if (json_object_size(object) == frame->index)
		return hd_json_trouble(r, HD_JSON_NOT_EXACT, at,
				       "repeated key '%.*s'", (int)key.n,
				       key.p);
	frame->index++;
	return 0;
}

static int read_members(struct hd_json_reader *r, json_t *object,
			struct hd_json_frame *frame)
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

static json_t *read_object(struct hd_json_reader *r)
{
	struct hd_json_frame frame;
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

static json_t *read_value(struct hd_json_reader *r)
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
		hd_json_unexpected(r, "a value");
		return NULL;
	}
}

/* What people send instead of UTF-8 gets a word that helps. */
static int refuse_other_encodings(struct hd_json_reader *r)
{
	size_t n = (size_t)(r->end - r->start);

	if (n >= 3 && memcmp(r->start, "\xef\xbb\xbf", 3) == 0)
		return hd_json_trouble(r, HD_JSON_BAD, r->start,
				       "begins with a byte order mark");
	if (n >= 2 &&
	    (memcmp(r->start, "\xff\xfe", 2) == 0 ||
	     memcmp(r->start, "\xfe\xff", 2) == 0 || r->start[0] == '\0' ||
	     (r->start[1] == '\0' && r->start[0] != '"')))
		return hd_json_trouble(r, HD_JSON_BAD, r->start,
				       "looks like UTF-16; JSON is UTF-8");
	return 0;
}

static json_t *read_document(struct hd_json_reader *r)
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
		hd_json_unexpected(r, "the end");
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
	struct hd_json_reader r = { .start = text,
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

json_t *hd_json_read_own(const char *text, size_t n,
			 struct hd_json_report *report)
{
	static const struct hd_json_options own = { .own = true };

	return hd_json_read(text, n, &own, report);
}
