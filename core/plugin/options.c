#include "core/plugin/options.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/base/secret.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/conf/secret_ref.h"
#include "core/conf/table.h"
#include "core/conf/value.h"
#include "core/expr/expr.h"
#include "core/expr/template.h"
#include "core/plugin/http_options.h"
#include "core/plugin/options_impl.h"
#include "core/plugin/tls_options.h"

#define TEXT_MAX (1u << 20) /* bytes of a value's JSON text */

static struct hd_option_item *add_item(struct hd_option *row)
{
	row->items = hd_realloc_array(row->items, row->count + 1,
				      sizeof(*row->items));
	memset(&row->items[row->count], 0, sizeof(*row->items));
	return &row->items[row->count++];
}

static int read_text(struct hd_option_item *item, const struct hd_option *row,
		     const char *text, size_t n)
{
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	struct hd_value value = { 0 };
	uint32_t type = row->type;

	item->text = hd_memdup0(text, n);
	item->n = n;
	if (type == HERALD_EXPR || type == HERALD_TEMPLATE)
		return 0;
	if (hd_value_parse(type, row->values, text, n, &value, why, remedy) < 0)
		return -1;
	item->number = value.number;
	return 0;
}

static void read_json(struct hd_option_item *item, const struct hd_node *node)
{
	struct hd_buf buf;
	json_t *value = hd_node_json(node);

	hd_buf_init(&buf, TEXT_MAX);
	hd_json_write(&buf, value, 0);
	json_decref(value);
	item->n = buf.n;
	item->text = hd_buf_steal(&buf);
}

/* "min..max" bytes, either may be missing. */
static int check_secret_size(const struct hd_option_item *item,
			     const char *bounds, const struct hd_node *node,
			     const struct hd_check *check)
{
	const char *dots = strstr(bounds, "..");
	size_t min = strtoul(bounds, NULL, 10), n;
	size_t max = dots && dots[2] ? strtoul(dots + 2, NULL, 10) : SIZE_MAX;
	char *path;

	hd_secret_get(item->secret, &n);
	if (n >= min && n <= max)
		return 0;
	path = hd_node_path(node);
	hd_complain(check->complaints, hd_node_place(node),
		    n < min ? "%s has less than %zu bytes: it can be guessed"
			    : "%s has more than %zu bytes",
		    path, n < min ? min : max);
	hd_complain_hide(check->complaints);
	free(path);
	return hd_complain_remedy(check->complaints,
				  "make one with 'openssl rand -base64 32' and "
				  "give it to the other side as well");
}

static int read_secret(struct hd_option_item *item, const struct hd_option *row,
		       const struct hd_node *node, const struct hd_check *check)
{
	struct hd_secret_ref ref;
	bool whole = row->values && strcmp(row->values, "whole") == 0;

	if (hd_secret_ref_read(node, check, &ref) < 0)
		return -1;
	item->secret = hd_secret_ref_open(&ref, whole, check);
	if (!item->secret)
		return -1;
	return row->values && !whole
		       ? check_secret_size(item, row->values, node, check)
		       : 0;
}

static int compile(struct hd_option_item *item, const struct hd_option *row,
		   const struct hd_node *node,
		   const struct hd_options_from *from)
{
	static const struct hd_expr_names names = { .free = true };
	enum hd_escape escape = HD_ESCAPE_TEXT;

	if (!from->expr)
		return hd_complain(from->complaints, hd_node_place(node),
				   "no expressions can be used here");
	if (row->type == HERALD_EXPR) {
		item->expr = hd_expr_compile(from->expr, &names, node,
					     HD_EXPR_ANY, from->complaints);
		return item->expr ? 0 : -1;
	}
	hd_escape_parse(row->values, &escape); /* checked at load */
	item->tmpl = hd_template_compile(from->expr, &names, node, escape,
					 from->complaints);
	return item->tmpl ? 0 : -1;
}

/* One value that hd_table_check() has found to be well-formed. */
static int read_item(struct hd_option *row, const char *key,
		     const struct hd_node *node,
		     const struct hd_options_from *from,
		     const struct hd_check *check)
{
	struct hd_option_item *item = add_item(row);
	const char *text;
	size_t n;

	item->key = hd_strdup(key);
	if (row->flags & HERALD_SECRET)
		return read_secret(item, row, node, check);
	if (row->type == HERALD_JSON || row->type == HD_TYPE_NODE ||
	    row->type == HD_TYPE_SUB) {
		read_json(item, node);
		return 0;
	}
	text = hd_node_text(node, &n);
	if (!text)
		return hd_complain(from->complaints, hd_node_place(node),
				   "'%s' is %s, not one value", row->name,
				   hd_node_kind(node));
	if (read_text(item, row, text, n) < 0)
		return -1;
	if (row->type == HERALD_EXPR || row->type == HERALD_TEMPLATE)
		return compile(item, row, node, from);
	return 0;
}

static int read_given(struct hd_option *row, const struct hd_options_from *from,
		      const struct hd_check *check)
{
	bool many = (row->flags & HERALD_LIST) || row->type == HD_TYPE_RATE;
	int rc = 0;

	if (!(row->flags & HERALD_MAP) &&
	    !(many && hd_node_type(row->node) == HD_NODE_SEQ))
		return read_item(row, NULL, row->node, from, check);
	for (size_t i = 0; i < hd_node_count(row->node); i++) {
		const char *key = row->flags & HERALD_MAP
					  ? hd_node_key(row->node, i)
					  : NULL;

		if (read_item(row, key, hd_node_item(row->node, i), from,
			      check) < 0)
			rc = -1;
	}
	return rc;
}

/* A fault in a plugin's own expression is the plugin's. */
static int compile_default(struct hd_option_item *item,
			   const struct hd_option *row,
			   const struct hd_options_from *from)
{
	static const struct hd_expr_names names = { .free = true };
	enum hd_escape escape = HD_ESCAPE_TEXT;
	struct hd_err err = { 0 };

	if (!from->expr ||
	    (row->type != HERALD_EXPR && row->type != HERALD_TEMPLATE))
		return 0;
	if (row->type == HERALD_EXPR) {
		item->expr = hd_expr_compile_text(from->expr, &names, row->def,
						  HD_EXPR_ANY, &err);
	} else {
		hd_escape_parse(row->values, &escape);
		item->tmpl = hd_template_compile_text(from->expr, &names,
						      row->def, escape, &err);
	}
	if (item->expr || item->tmpl)
		return 0;
	return hd_complain(from->complaints, hd_node_place(from->node),
			   "plugin %s: the default of '%s': %s",
			   from->plugin->name, row->name, err.text);
}

static int read_default(struct hd_option *row,
			const struct hd_options_from *from)
{
	bool many = (row->flags & HERALD_LIST) || row->type == HD_TYPE_RATE;
	const char *at = row->def, *text;
	size_t n;

	if (!many) {
		struct hd_option_item *item = add_item(row);

		if (read_text(item, row, at, strlen(at)) < 0)
			return -1;
		return compile_default(item, row, from);
	}
	while (hd_common_next_default(&at, &text, &n)) {
		if (read_text(add_item(row), row, text, n) < 0)
			return -1;
	}
	return 0;
}

static int read_values(struct hd_options *o, const struct hd_options_from *from,
		       const struct hd_check *check)
{
	int rc = 0;

	for (size_t i = 0; i < o->count; i++) {
		struct hd_option *row = &o->rows[i];

		row->node = hd_common_node(from->node, row->name);
		if (row->node && hd_node_type(row->node) != HD_NODE_NULL) {
			if (read_given(row, from, check) < 0)
				rc = -1;
		} else if (row->def) {
			if (read_default(row, from) < 0)
				rc = -1;
		}
	}
	return rc;
}

struct hd_options *hd_options_read(const struct hd_options_from *from)
{
	struct hd_options *o = hd_alloc(sizeof(*o));
	const struct hd_check check = { from->complaints,
					from->inline_secrets };
	int rc;

	hd_options_make_rows(o, from->plugin);
	rc = hd_options_check_section(o, from);
	if (rc == 0)
		rc = read_values(o, from, &check);
	if (rc == 0)
		rc = hd_tls_check(from->node, &check);
	if (rc == 0)
		rc = hd_http_options_check(from->node, &check);
	if (rc == 0)
		rc = hd_options_read_common(o, from);
	if (rc < 0) {
		hd_options_free(o);
		return NULL;
	}
	hd_options_make_digests(o, from->plugin);
	return o;
}

static void free_item(struct hd_option_item *item)
{
	free(item->key);
	free(item->text);
	hd_secret_unref(item->secret);
	hd_expr_free(item->expr);
	hd_template_free(item->tmpl);
}

void hd_options_free(struct hd_options *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->count; i++) {
		for (size_t k = 0; k < o->rows[i].count; k++)
			free_item(&o->rows[i].items[k]);
		free(o->rows[i].items);
	}
	free(o->rows);
	free(o->types);
	free(o->fills);
	free(o);
}
