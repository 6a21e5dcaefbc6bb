#include "core/conf/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/number.h"
#include "core/conf/node_impl.h"

#define PATH_MAX_BYTES 2048

void hd_node_free(struct hd_node *node)
{
	size_t i;

	if (!node)
		return;
	for (i = 0; i < node->count; i++)
		hd_node_free(node->items[i]);
	free(node->items);
	free(node->text);
	free(node->key);
	free(node);
}

enum hd_node_type hd_node_type(const struct hd_node *node)
{
	return node ? node->type : HD_NODE_NULL;
}

enum hd_node_style hd_node_style(const struct hd_node *node)
{
	return node ? node->style : HD_NODE_PLAIN;
}

const char *hd_node_kind(const struct hd_node *node)
{
	switch (hd_node_type(node)) {
	case HD_NODE_SCALAR:
		return "text";
	case HD_NODE_SEQ:
		return "a list";
	case HD_NODE_MAP:
		return "a mapping";
	case HD_NODE_NULL:
		break;
	}
	return "nothing";
}

const char *hd_node_text(const struct hd_node *node, size_t *n)
{
	bool scalar = hd_node_type(node) == HD_NODE_SCALAR;

	if (n)
		*n = scalar ? node->n : 0;
	return scalar ? node->text : NULL;
}

bool hd_node_is(const struct hd_node *node, const char *text)
{
	const char *own = hd_node_text(node, NULL);

	return own && strcmp(own, text) == 0;
}

size_t hd_node_count(const struct hd_node *node)
{
	return node ? node->count : 0;
}

const struct hd_node *hd_node_item(const struct hd_node *node, size_t index)
{
	return index < hd_node_count(node) ? node->items[index] : NULL;
}

const char *hd_node_key(const struct hd_node *node, size_t index)
{
	return hd_node_name(hd_node_item(node, index));
}

const char *hd_node_name(const struct hd_node *node)
{
	return node ? node->key : NULL;
}

const struct hd_node *hd_node_get(const struct hd_node *map, const char *key)
{
	size_t i;

	if (hd_node_type(map) != HD_NODE_MAP)
		return NULL;
	for (i = 0; i < map->count; i++) {
		if (strcmp(map->items[i]->key, key) == 0)
			return map->items[i];
	}
	return NULL;
}

const char *hd_node_get_text(const struct hd_node *map, const char *key)
{
	return hd_node_text(hd_node_get(map, key), NULL);
}

const struct hd_node *hd_node_parent(const struct hd_node *node)
{
	return node ? node->parent : NULL;
}

struct hd_place hd_node_place(const struct hd_node *node)
{
	struct hd_place none = { NULL, 0, 0 };

	return node ? hd_source_place(node->source, node->offset) : none;
}

struct hd_place hd_node_key_place(const struct hd_node *node)
{
	if (!node || !node->key)
		return hd_node_place(node);
	return hd_source_place(node->source, node->key_offset);
}

/* An item of `pipelines` (or of safety.protect) is called by its name. */
static bool is_named_list(const struct hd_node *list)
{
	return list->key && (strcmp(list->key, "pipelines") == 0 ||
			     strcmp(list->key, "protect") == 0);
}

static void add_path(struct hd_buf *out, const struct hd_node *node)
{
	const struct hd_node *parent = node->parent;
	const char *name = NULL;

	if (!parent)
		return;
	add_path(out, parent);
	if (!node->key && is_named_list(parent))
		name = hd_node_get_text(node, "name");
	if (node->key)
		name = node->key;
	if (!name)
		hd_buf_addf(out, "[%zu]", node->index);
	else
		hd_buf_addf(out, "%s%s", out->n > 0 ? "." : "", name);
}

char *hd_node_path(const struct hd_node *node)
{
	struct hd_buf out;

	hd_buf_init(&out, PATH_MAX_BYTES);
	if (node)
		add_path(&out, node);
	return hd_buf_steal(&out);
}

static json_t *integer(const char *text)
{
	const char *digits = text + (*text == '-' || *text == '+');
	int base = 10;
	long long value;
	char *end;

	if (digits == text && digits[0] == '0' &&
	    (digits[1] == 'x' || digits[1] == 'o')) {
		base = digits[1] == 'x' ? 16 : 8;
		digits += 2;
		text = digits;
	}
	if (*digits == '\0' ||
	    digits[strspn(digits, base == 16  ? "0123456789abcdefABCDEF"
				  : base == 8 ? "01234567"
					      : "0123456789")] != '\0')
		return NULL;
	errno = 0;
	value = strtoll(text, &end, base);
	return errno == 0 && *end == '\0' ? json_integer(value) : NULL;
}

/* The form of a JSON number; others (.5, +1.0) stay text. */
static json_t *real(const char *text)
{
	const char *p = text + (*text == '-');
	size_t whole = strspn(p, "0123456789"), digits;
	double value;

	if (whole == 0 || (whole > 1 && *p == '0'))
		return NULL;
	p += whole;
	if (*p == '.') {
		digits = strspn(p + 1, "0123456789");
		if (digits == 0)
			return NULL;
		p += 1 + digits;
	}
	if (*p == 'e' || *p == 'E') {
		p += 1 + (p[1] == '-' || p[1] == '+');
		digits = strspn(p, "0123456789");
		if (digits == 0)
			return NULL;
		p += digits;
	}
	/* json_real() refuses an infinity: then it stays text. */
	if (*p != '\0' || hd_number_get_real(text, strlen(text), &value) < 0)
		return NULL;
	return json_real(value);
}

static json_t *scalar_json(const struct hd_node *node)
{
	static const char *const yes[] = { "true", "True", "TRUE" };
	static const char *const no[] = { "false", "False", "FALSE" };
	json_t *value;
	size_t i;

	if (node->style != HD_NODE_PLAIN)
		return json_stringn(node->text, node->n);
	for (i = 0; i < 3; i++) {
		if (strcmp(node->text, yes[i]) == 0)
			return json_true();
		if (strcmp(node->text, no[i]) == 0)
			return json_false();
	}
	value = integer(node->text);
	if (!value && node->text[strspn(node->text, "+-0123456789")] != '\0')
		value = real(node->text);
	return value ? value : json_stringn(node->text, node->n);
}

json_t *hd_node_json(const struct hd_node *node)
{
	json_t *all;
	size_t i;

	switch (hd_node_type(node)) {
	case HD_NODE_SCALAR:
		return scalar_json(node);
	case HD_NODE_SEQ:
		all = json_array();
		for (i = 0; i < node->count; i++)
			json_array_append_new(all,
					      hd_node_json(node->items[i]));
		return all;
	case HD_NODE_MAP:
		all = json_object();
		for (i = 0; i < node->count; i++)
			json_object_set_new(all, node->items[i]->key,
					    hd_node_json(node->items[i]));
		return all;
	case HD_NODE_NULL:
		break;
	}
	return json_null();
}
