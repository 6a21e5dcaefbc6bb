#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/conf/table.h"
#include "core/conf/value.h"
#include "core/plugin/http_options.h"
#include "core/plugin/options_impl.h"
#include "core/plugin/tls_options.h"

const herald_option *hd_options_declared(const herald_plugin *p,
					 const char *name)
{
	for (uint32_t i = 0; i < p->options.count; i++) {
		if (strcmp(p->options.items[i].name, name) == 0)
			return &p->options.items[i];
	}
	return NULL;
}

static struct hd_option *add_row(struct hd_options *o, const char *name,
				 uint32_t type, uint32_t flags)
{
	struct hd_option *row = &o->rows[o->count++];

	row->name = name;
	row->type = type;
	row->flags = flags;
	return row;
}

static size_t count_common(void)
{
	size_t n = 0;

	while (hd_common_rows[n].name)
		n++;
	return n;
}

void hd_options_make_rows(struct hd_options *o, const herald_plugin *p)
{
	struct hd_option *row;

	o->rows = hd_alloc_array(p->options.count + count_common(),
				 sizeof(*o->rows));
	for (uint32_t i = 0; i < p->options.count; i++) {
		const herald_option *d = &p->options.items[i];

		if (hd_common_row(d->name))
			continue;
		row = add_row(o, d->name, d->type, d->flags);
		row->def = d->def;
		row->values = d->values;
	}
	for (const struct hd_common_row *c = hd_common_rows; c->name; c++) {
		const herald_option *d = hd_options_declared(p, c->name);

		if (!hd_common_is_for(c, p))
			continue;
		row = add_row(o, c->name, c->type, c->flags);
		row->def = d ? d->def : c->def;
		row->values = c->values;
	}
}

/* What is for others is told apart from what nobody knows. */
static int refuse_foreign(const struct hd_options_from *from)
{
	int rc = 0;

	for (size_t i = 0; i < hd_node_count(from->node); i++) {
		const char *key = hd_node_key(from->node, i);
		const struct hd_common_row *row = key ? hd_common_row(key)
						      : NULL;

		if (!row || hd_common_is_for(row, from->plugin))
			continue;
		rc = hd_complain(from->complaints,
				 hd_node_key_place(hd_node_item(from->node, i)),
				 "'%s' means nothing to plugin %s: %s", key,
				 from->plugin->name, row->help);
		hd_complain_remedy(from->complaints, "remove the line");
	}
	return rc;
}

static const struct hd_key *table_of(const struct hd_option *row)
{
	if (row->type != HD_TYPE_SUB)
		return NULL;
	return strcmp(row->name, "tls") == 0 ? hd_tls_keys : hd_oauth2_keys;
}

/* A token does what the secret would. */
static uint32_t flags_of(const struct hd_option *row,
			 const struct hd_node *section)
{
	if ((row->flags & HERALD_HTTP_AUTH) && hd_node_get(section, "oauth2"))
		return row->flags & ~(uint32_t)HERALD_REQUIRED;
	return row->flags;
}

/* The table for hd_table_check(): what is refused with a sentence of its own
 * (above) is admitted here. */
static struct hd_key *make_keys(const struct hd_options *o,
				const struct hd_node *section)
{
	struct hd_key *keys, *k;

	keys = hd_alloc_array(o->count + count_common() + 2, sizeof(*keys));
	k = keys;
	*k++ = (struct hd_key){ .name = "plugin",
				.type = HD_TYPE_NAME,
				.flags = HERALD_REQUIRED,
				.offset = HD_KEY_NOWHERE };
	for (size_t i = 0; i < o->count; i++) {
		const struct hd_option *row = &o->rows[i];
		const struct hd_common_row *c = hd_common_row(row->name);

		if (c && c->who == HD_FOR_READING)
			continue;
		*k++ = (struct hd_key){
			.name = row->name,
			.type = row->type,
			.flags = flags_of(row, section),
			.values = row->values,
			.offset = HD_KEY_NOWHERE,
			.sub = table_of(row),
		};
	}
	for (const struct hd_common_row *c = hd_common_rows; c->name; c++) {
		if (hd_options_find(o, c->name) || c->who == HD_FOR_READING)
			continue;
		*k++ = (struct hd_key){ .name = c->name,
					.type = HD_TYPE_NODE,
					.offset = HD_KEY_NOWHERE };
	}
	return keys;
}

int hd_options_check_section(const struct hd_options *o,
			     const struct hd_options_from *from)
{
	const struct hd_check check = { from->complaints,
					from->inline_secrets };
	struct hd_key *keys = make_keys(o, from->node);
	char *where = hd_strf("connectors.%s", from->name);
	int rc;

	rc = hd_table_check(keys, from->node, where, &check, NULL);
	if (refuse_foreign(from) < 0)
		rc = -1;
	free(where);
	free(keys);
	return rc;
}
