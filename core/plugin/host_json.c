#include "core/plugin/host_json.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/json_text.h"
#include "core/base/utf8.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/pointer.h"

#define TEXT_MAX (64u << 20) /* bytes of a whole document */

/* A text that was given out. */
struct lent {
	struct lent *next;
	char text[];
};

struct herald_doc {
	json_t *root;
	struct lent *lent;
	/* Where json_key() was last: members are asked for in order. */
	const json_t *keys_of;
	void *key_at;
	size_t key_index;
};

static herald_doc *new_doc(json_t *root)
{
	herald_doc *d = hd_alloc(sizeof(*d));

	d->root = root;
	return d;
}

/* The document changes: what was given out is void. */
static void forget(herald_doc *d)
{
	while (d->lent) {
		struct lent *next = d->lent->next;

		free(d->lent);
		d->lent = next;
	}
	d->keys_of = NULL;
}

static herald_str lend(herald_doc *d, const char *text, size_t n)
{
	struct lent *lent = malloc(sizeof(*lent) + n + 1);

	if (!lent)
		return (herald_str){ NULL, 0 };
	memcpy(lent->text, text, n);
	lent->text[n] = '\0';
	lent->next = d->lent;
	d->lent = lent;
	return (herald_str){ lent->text, n };
}

/* The text of a value, written by the core. */
static herald_str lend_written(herald_doc *d, const json_t *value)
{
	herald_str s = { NULL, 0 };
	struct hd_buf buf;

	hd_buf_init(&buf, TEXT_MAX);
	hd_json_write(&buf, value, 0);
	if (!hd_buf_failed(&buf))
		s = lend(d, hd_buf_text(&buf), buf.n);
	hd_buf_fini(&buf);
	return s;
}

/* ---- reading ---- */

static size_t json_span(const herald_host *h, herald_str text)
{
	(void)h;
	return text.p ? hd_json_span(text.p, text.n) : 0;
}

static herald_doc *json_parse(const herald_host *h, herald_str text,
			      uint32_t *status)
{
	static const struct hd_json_options mend = {
		.mend = true, .max_text = HD_JSON_TEXT_MAX
	};
	struct hd_json_report report = { .status = HD_JSON_OK };
	json_t *root;
	uint32_t ignored;

	(void)h;
	if (!status)
		status = &ignored;
	root = text.p ? hd_json_read(text.p, text.n, &mend, &report)
		      : json_object();
	switch (report.status) {
	case HD_JSON_OK:
		*status = HERALD_OK;
		break;
	case HD_JSON_MENDED:
		*status = HERALD_MENDED;
		break;
	case HD_JSON_NOT_EXACT:
		*status = HERALD_NOT_EXACT;
		break;
	case HD_JSON_BAD:
	case HD_JSON_MEMORY:
		*status = HERALD_BAD_INPUT;
		break;
	}
	return root ? new_doc(root) : NULL;
}

static uint32_t json_get(herald_doc *d, const char *path, herald_str *out)
{
	const json_t *v = hd_json_at(d->root, path);
	herald_str s = { NULL, 0 };
	uint32_t type = HERALD_JSON_NONE;

	switch (v ? (int)json_typeof(v) : -1) {
	case JSON_OBJECT:
		type = HERALD_JSON_OBJECT;
		break;
	case JSON_ARRAY:
		type = HERALD_JSON_ARRAY;
		break;
	case JSON_STRING:
		type = HERALD_JSON_STRING;
		s = (herald_str){ json_string_value(v), json_string_length(v) };
		break;
	case JSON_INTEGER:
		type = HERALD_JSON_INT;
		s = out ? lend_written(d, v) : s;
		break;
	case JSON_REAL:
		type = HERALD_JSON_REAL;
		s = out ? lend_written(d, v) : s;
		break;
	case JSON_TRUE:
		type = HERALD_JSON_TRUE;
		s = HERALD_S("true");
		break;
	case JSON_FALSE:
		type = HERALD_JSON_FALSE;
		s = HERALD_S("false");
		break;
	case JSON_NULL:
		type = HERALD_JSON_NULL;
		s = HERALD_S("null");
		break;
	default:
		break;
	}
	if (out)
		*out = s;
	return type;
}

static size_t json_size_at(herald_doc *d, const char *path)
{
	const json_t *v = hd_json_at(d->root, path);

	return json_is_object(v) ? json_object_size(v) : json_array_size(v);
}

static herald_str json_key(herald_doc *d, const char *path, size_t index)
{
	json_t *v = hd_json_at(d->root, path);

	if (!json_is_object(v) || index >= json_object_size(v))
		return (herald_str){ NULL, 0 };
	if (d->keys_of != v || d->key_index > index) {
		d->keys_of = v;
		d->key_index = 0;
		d->key_at = json_object_iter(v);
	}
	for (; d->key_index < index; d->key_index++)
		d->key_at = json_object_iter_next(v, d->key_at);
	return (herald_str){ json_object_iter_key(d->key_at),
			     json_object_iter_key_len(d->key_at) };
}

/* ---- writing ---- */

/* Any bytes as a string: what is no UTF-8, and NUL, become U+FFFD. */
static json_t *make_string(herald_str text, uint32_t *status)
{
	json_t *v = NULL;
	struct hd_buf buf;
	size_t n = text.p ? text.n : 0;

	if (n > TEXT_MAX) {
		*status = HERALD_TOO_BIG;
		return NULL;
	}
	if (n == 0)
		return json_string("");
	if (!memchr(text.p, '\0', n) && hd_utf8_valid(text.p, n))
		return json_stringn_nocheck(text.p, n);
	*status = HERALD_MENDED;
	hd_buf_init(&buf, 4 * TEXT_MAX);
	while (n > 0) {
		const char *nul = memchr(text.p, '\0', n);
		size_t part = nul ? (size_t)(nul - text.p) : n;

		hd_utf8_mend(&buf, text.p, part);
		if (nul)
			hd_buf_adds(&buf, HD_UTF8_MENDED);
		part += nul ? 1 : 0;
		text.p += part;
		n -= part;
	}
	if (!hd_buf_failed(&buf))
		v = json_stringn_nocheck(hd_buf_text(&buf), buf.n);
	hd_buf_fini(&buf);
	return v;
}

static bool is_of_type(const json_t *v, uint32_t type)
{
	switch (type) {
	case HERALD_JSON_INT:
		return json_is_integer(v);
	case HERALD_JSON_REAL:
		return json_is_number(v);
	case HERALD_JSON_ARRAY:
		return json_is_array(v);
	case HERALD_JSON_OBJECT:
		return json_is_object(v);
	default:
		return false;
	}
}

static json_t *make_parsed(uint32_t type, herald_str text, uint32_t *status)
{
	static const struct hd_json_options mend = {
		.mend = true, .max_text = HD_JSON_TEXT_MAX
	};
	struct hd_json_report report;
	json_t *v;

	if (!text.p && type == HERALD_JSON_OBJECT)
		return json_object();
	if (!text.p && type == HERALD_JSON_ARRAY)
		return json_array();
	v = hd_json_read(text.p ? text.p : "", text.p ? text.n : 0, &mend,
			 &report);
	if (!v) {
		*status = report.status == HD_JSON_NOT_EXACT ? HERALD_NOT_EXACT
							     : HERALD_BAD_INPUT;
		return NULL;
	}
	if (type == HERALD_JSON_REAL && json_is_integer(v)) {
		/* "3" is a fine literal for a real. */
		double real = (double)json_integer_value(v);

		json_decref(v);
		return json_real(real);
	}
	if (!is_of_type(v, type)) {
		json_decref(v);
		*status = HERALD_BAD_INPUT;
		return NULL;
	}
	if (report.status == HD_JSON_MENDED)
		*status = HERALD_MENDED;
	return v;
}

static json_t *make_value(uint32_t type, herald_str text, uint32_t *status)
{
	switch (type) {
	case HERALD_JSON_NULL:
		return json_null();
	case HERALD_JSON_TRUE:
		return json_true();
	case HERALD_JSON_FALSE:
		return json_false();
	case HERALD_JSON_STRING:
		return make_string(text, status);
	case HERALD_JSON_INT:
	case HERALD_JSON_REAL:
	case HERALD_JSON_ARRAY:
	case HERALD_JSON_OBJECT:
		return make_parsed(type, text, status);
	default:
		*status = HERALD_BAD_INPUT;
		return NULL;
	}
}

static uint32_t json_set(herald_doc *d, const char *path, uint32_t type,
			 herald_str text)
{
	uint32_t status = HERALD_OK, placed;
	json_t *v;

	if (type == HERALD_JSON_NONE) {
		forget(d);
		return hd_pointer_remove(&d->root, path);
	}
	/* Made first: `text` may be one that this document has lent. */
	v = make_value(type, text, &status);
	if (!v)
		return HERALD_CLASS(status) == 0 ? HERALD_FAILED : status;
	placed = hd_host_json_put_take(d, path, v);
	return placed == HERALD_OK ? status : placed;
}

static uint32_t json_copy_to(herald_doc *to, const char *to_path,
			     herald_doc *from, const char *path)
{
	const json_t *v = hd_json_at(from->root, path);

	if (!v || json_is_null(v))
		return HERALD_OK;
	return hd_host_json_put_take(to, to_path, json_deep_copy(v));
}

static herald_str json_text(herald_doc *d)
{
	return lend_written(d, d->root);
}

static void json_free(herald_doc *d)
{
	if (!d)
		return;
	forget(d);
	json_decref(d->root);
	free(d);
}

json_t *hd_host_json_root(herald_doc *d)
{
	return d->root;
}

uint32_t hd_host_json_put_take(herald_doc *d, const char *path, json_t *value)
{
	if (!value)
		return HERALD_FAILED; /* memory */
	forget(d);
	return hd_pointer_set_take(&d->root, path, value);
}

void hd_host_fill_json(herald_host *host)
{
	host->json_span = json_span;
	host->json_parse = json_parse;
	host->json_get = json_get;
	host->json_size = json_size_at;
	host->json_key = json_key;
	host->json_set = json_set;
	host->json_copy = json_copy_to;
	host->json_text = json_text;
	host->json_free = json_free;
}
