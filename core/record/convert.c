#include "core/record/convert.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/buf.h"
#include "core/base/json_text.h"
#include "core/base/number.h"
#include "core/record/record.h"

#define NUMBER_TEXT_MAX 64
#define EXACT_MAX 9007199254740992.0 /* 2^53: up to here doubles are exact */

bool hd_record_says(const json_t *value)
{
	const json_t *item;
	size_t i;

	if (!value || json_is_null(value))
		return false;
	if (json_is_string(value))
		return json_string_length(value) > 0;
	if (!json_is_array(value))
		return true;
	json_array_foreach((json_t *)value, i, item)
		if (hd_record_says(item))
			return true;
	return false;
}

/* Characters of UTF-8 text, as JSON Schema counts them. */
static size_t count_chars(const char *text, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			count++;
	return count;
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static const char *string_fault(const struct hd_ocsf_attribute *attribute,
				const json_t *value)
{
	const char *text = json_string_value(value);
	size_t n;

	if (!text)
		return "is no string";
	n = json_string_length(value);
	if (attribute->max_chars > 0 &&
	    count_chars(text, n) > attribute->max_chars)
		return "is too long";
	if (attribute->words && !is_one_of(text, attribute->words))
		return "is none of the words allowed";
	return NULL;
}

static const char *int_fault(const struct hd_ocsf_attribute *attribute,
			     const json_t *value)
{
	int64_t number = json_integer_value(value);

	if (!json_is_integer(value))
		return "is no integer";
	if (number < attribute->min || number > attribute->max)
		return "is out of range";
	if (attribute->captions && !hd_ocsf_caption(attribute, number))
		return "is none of the values allowed";
	return NULL;
}

const char *hd_convert_fault(const struct hd_ocsf_attribute *attribute,
			     const json_t *value)
{
	switch (attribute->type) {
	case HD_OCSF_STRING:
		return string_fault(attribute, value);
	case HD_OCSF_INT:
		return int_fault(attribute, value);
	case HD_OCSF_REAL:
		return json_is_number(value) ? NULL : "is no number";
	case HD_OCSF_BOOL:
		return json_is_boolean(value) ? NULL : "is no boolean";
	case HD_OCSF_OBJECT:
		return json_is_object(value) ? NULL : "is no object";
	case HD_OCSF_OPEN:
		return NULL;
	}
	return "has no type";
}

static size_t count_digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* True for what JSON calls a number, leading zeros apart. */
static bool is_numeric(const char *text)
{
	text += *text == '-';
	if (count_digits(text) == 0)
		return false;
	text += count_digits(text);
	if (*text == '.') {
		if (count_digits(++text) == 0)
			return false;
		text += count_digits(text);
	}
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '+' || *text == '-';
		if (count_digits(text) == 0)
			return false;
		text += count_digits(text);
	}
	return !*text;
}

static json_t *text_to_real(const char *text)
{
	double number;

	if (strlen(text) >= NUMBER_TEXT_MAX || !is_numeric(text) ||
	    hd_number_get_real(text, strlen(text), &number) < 0 ||
	    !isfinite(number))
		return NULL;
	return json_real(number);
}

/* "14", "-3" and "1795561200.000000000". */
static json_t *text_to_int(const char *text)
{
	size_t digits;
	long long number;
	char *end;

	if (strlen(text) >= NUMBER_TEXT_MAX)
		return NULL;
	digits = count_digits(text + (text[0] == '-'));
	if (digits == 0)
		return NULL;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0)
		return NULL;
	if (*end == '.' && end[1])
		end += 1 + strspn(end + 1, "0");
	return *end ? NULL : json_integer(number);
}

static json_t *to_int(json_t *value)
{
	double number = json_real_value(value);

	switch (json_typeof(value)) {
	case JSON_INTEGER:
		return json_incref(value);
	case JSON_STRING:
		return text_to_int(json_string_value(value));
	case JSON_REAL:
		if (fabs(number) > EXACT_MAX || number != trunc(number))
			return NULL;
		return json_integer((json_int_t)number);
	default:
		return NULL;
	}
}

/* Always a real, so that what the language calls double is one. */
static json_t *to_real(json_t *value)
{
	if (json_is_string(value))
		return text_to_real(json_string_value(value));
	if (json_is_integer(value))
		return json_real((double)json_integer_value(value));
	return json_is_real(value) ? json_incref(value) : NULL;
}

static json_t *number_to_text(const json_t *value)
{
	struct hd_buf buf;
	json_t *text;

	hd_buf_init(&buf, NUMBER_TEXT_MAX);
	hd_json_write(&buf, value, 0);
	text = hd_buf_failed(&buf) ? NULL : json_string(hd_buf_text(&buf));
	hd_buf_fini(&buf);
	return text;
}

static json_t *to_string(json_t *value)
{
	if (json_is_string(value))
		return json_incref(value);
	if (json_is_number(value))
		return number_to_text(value);
	if (json_is_boolean(value))
		return json_string(json_is_true(value) ? "true" : "false");
	return NULL;
}

static json_t *to_bool(json_t *value)
{
	const char *text = json_string_value(value);

	if (json_is_boolean(value))
		return json_incref(value);
	if (json_is_integer(value) && json_integer_value(value) >> 1 == 0)
		return json_boolean(json_integer_value(value));
	if (!text)
		return NULL;
	if (strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0)
		return json_true();
	if (strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0)
		return json_false();
	return NULL;
}

static json_t *to_type(enum hd_ocsf_type type, json_t *value)
{
	switch (type) {
	case HD_OCSF_STRING:
		return to_string(value);
	case HD_OCSF_INT:
		return to_int(value);
	case HD_OCSF_REAL:
		return to_real(value);
	case HD_OCSF_BOOL:
		return to_bool(value);
	case HD_OCSF_OBJECT:
	case HD_OCSF_OPEN:
		return json_incref(value);
	}
	return NULL;
}

json_t *hd_convert(const struct hd_ocsf_attribute *attribute, json_t *value)
{
	json_t *result = to_type(attribute->type, value);

	if (result && hd_convert_fault(attribute, result)) {
		json_decref(result);
		return NULL;
	}
	return result;
}
