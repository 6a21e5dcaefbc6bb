#include <string.h>
#include <jansson.h>

#include "core/base/digest.h"
#include "core/base/secret.h"
#include "core/plugin/options_impl.h"

const struct hd_option *hd_options_find(const struct hd_options *o,
					const char *name)
{
	for (size_t i = 0; i < o->count; i++) {
		if (strcmp(o->rows[i].name, name) == 0)
			return &o->rows[i];
	}
	return NULL;
}

static const struct hd_option_item *find_item(const struct hd_options *o,
					      const char *name, size_t index)
{
	const struct hd_option *row = hd_options_find(o, name);

	return row && index < row->count ? &row->items[index] : NULL;
}

static json_t *item_json(const struct hd_option_item *item, bool secrets)
{
	char hex[HD_SHA256_HEX];
	const char *text;
	size_t n;

	if (!item->secret)
		return json_stringn(item->text, item->n);
	if (!secrets)
		return json_null();
	text = hd_secret_get(item->secret, &n);
	hd_sha256_hex(text, n, hex);
	return json_string(hex);
}

static void digest(const struct hd_options *o, const herald_plugin *p,
		   bool secrets, char out[HD_SHA256_HEX])
{
	json_t *all = json_pack("{s:s, s:s}", "plugin", p->name, "version",
				p->version);

	for (size_t i = 0; i < o->count; i++) {
		const struct hd_option *row = &o->rows[i];
		json_t *list = json_array();

		for (size_t k = 0; k < row->count; k++) {
			if (row->items[k].key)
				json_array_append_new(
					list, json_string(row->items[k].key));
			json_array_append_new(list, item_json(&row->items[k],
							      secrets));
		}
		json_object_set_new(all, row->name, list);
	}
	hd_json_digest(all, out);
	json_decref(all);
}

void hd_options_make_digests(struct hd_options *o, const herald_plugin *p)
{
	digest(o, p, false, o->digest);
	digest(o, p, true, o->digest_all);
}

size_t hd_options_count(const struct hd_options *o, const char *name)
{
	const struct hd_option *row = hd_options_find(o, name);

	return row ? row->count : 0;
}

herald_str hd_options_text(const struct hd_options *o, const char *name,
			   size_t index)
{
	const struct hd_option_item *item = find_item(o, name, index);
	herald_str none = { NULL, 0 };

	if (!item || item->secret)
		return none;
	return (herald_str){ item->text, item->n };
}

herald_str hd_options_key(const struct hd_options *o, const char *name,
			  size_t index)
{
	const struct hd_option_item *item = find_item(o, name, index);

	return herald_cstr(item ? item->key : NULL);
}

int64_t hd_options_number(const struct hd_options *o, const char *name)
{
	const struct hd_option_item *item = find_item(o, name, 0);

	return item ? item->number : 0;
}

struct hd_secret *hd_options_secret(const struct hd_options *o,
				    const char *name, size_t index)
{
	const struct hd_option_item *item = find_item(o, name, index);

	return item ? item->secret : NULL;
}

const struct hd_expr *hd_options_expr(const struct hd_options *o,
				      const char *name, size_t index)
{
	const struct hd_option_item *item = find_item(o, name, index);

	return item ? item->expr : NULL;
}

const struct hd_template *hd_options_template(const struct hd_options *o,
					      const char *name, size_t index)
{
	const struct hd_option_item *item = find_item(o, name, index);

	return item ? item->tmpl : NULL;
}

bool hd_options_secret_is(const struct hd_options *o, const char *name,
			  const char *text, size_t n)
{
	const struct hd_option *row = hd_options_find(o, name);
	bool is = false;

	/* All of them, so that the time does not tell which one. */
	for (size_t i = 0; row && i < row->count; i++) {
		if (row->items[i].secret &&
		    hd_secret_is(row->items[i].secret, text, n))
			is = true;
	}
	return is;
}

const char *hd_options_url(const struct hd_options *o, size_t index)
{
	for (size_t i = 0; i < o->count; i++) {
		const struct hd_option *row = &o->rows[i];

		if (row->type != HERALD_URL || hd_common_row(row->name))
			continue;
		if (index < row->count)
			return row->items[index].text;
		index -= row->count;
	}
	return NULL;
}

const struct hd_node *hd_options_node(const struct hd_options *o,
				      const char *name)
{
	const struct hd_option *row = hd_options_find(o, name);

	return row ? row->node : NULL;
}

const struct hd_common *hd_options_common(const struct hd_options *o)
{
	return &o->common;
}

const char *hd_options_digest(const struct hd_options *o)
{
	return o->digest;
}

const char *hd_options_digest_all(const struct hd_options *o)
{
	return o->digest_all;
}
