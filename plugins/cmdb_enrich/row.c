#include "cmdb_enrich/row.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cmdb_enrich/key.h"
#include "common/text.h"

#define WHY_MAX 512

void cmdb_row_read(struct cmdb_row *row, const struct cmdb_mapping *mapping,
		   struct hp_json *body, const char *at, cmdb_value_fn value)
{
	*row = (struct cmdb_row){ .count = 0 };
	for (size_t i = 0; i < mapping->field_count; i++) {
		const struct cmdb_field *field = &mapping->fields[i];
		enum cmdb_column column = cmdb_column_of(
			herald_cstr(field->name));
		char *text = value(body, at, field->path);

		if (!text)
			continue;
		row->told[row->count].name = field->name;
		row->told[row->count++].value = text;
		if (column != CMDB_COLUMNS)
			row->facts.of[column] = herald_cstr(text);
	}
}

void cmdb_row_fini(struct cmdb_row *row)
{
	for (size_t i = 0; i < row->count; i++)
		free(row->told[i].value);
	row->count = 0;
}

/* ---- is it the one? ---- */

static herald_str without_dot(herald_str name)
{
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

static herald_str first_part(herald_str name)
{
	const char *dot = name.n > 0 ? memchr(name.p, '.', name.n) : NULL;

	if (dot)
		name.n = (size_t)(dot - name.p);
	return name;
}

bool cmdb_row_is_called(const struct cmdb_row *row, herald_str name,
			const char *const *own)
{
	herald_str host = without_dot(row->facts.of[CMDB_HOSTNAME]);
	herald_str fqdn = without_dot(row->facts.of[CMDB_FQDN]);

	name = without_dot(name);
	if (name.n == 0)
		return false;
	if (hp_str_same(host, name) || hp_str_same(fqdn, name))
		return true;
	if (first_part(name).n == name.n)
		return hp_str_same(first_part(fqdn), name) ||
		       hp_str_same(first_part(host), name);
	return cmdb_name_is_own(name, own) && fqdn.n == 0 &&
	       hp_str_same(host, first_part(name));
}

/* ---- ending ---- */

void cmdb_row_answer(const struct cmdb_row *row, const struct cmdb *c,
		     herald_id req, const char *link)
{
	struct hp_json out;
	herald_str text;

	hp_json_open(&out, c->h, (herald_str){ NULL, 0 });
	cmdb_asset_put(&row->facts, &c->mapping, &out);
	for (size_t i = 0; i < row->count; i++)
		cmdb_asset_put_data(&out, herald_cstr(row->told[i].name),
				    herald_cstr(row->told[i].value));
	hp_json_put(&out, "/link", herald_cstr(link));
	text = hp_json_all(&out);
	if (text.p)
		herald_done(c->h, req, HERALD_OK, text);
	else
		herald_fail(c->h, req, HERALD_BUSY, HERALD_S("out of memory"));
	hp_json_close(&out);
}

/* "WS0042 (0a1b...)" */
static void add_name(struct hp_text *why, const struct cmdb_row *row)
{
	herald_str name = row->facts.of[CMDB_HOSTNAME];

	hp_text_add(why, name.n > 0 ? name : row->facts.of[CMDB_FQDN]);
	hp_text_add(why, HERALD_S(" ("));
	hp_text_add(why, row->facts.of[CMDB_ID]);
	hp_text_add(why, HERALD_S(")"));
}

void cmdb_row_refuse(const struct cmdb_row *rows, size_t n,
		     const struct cmdb *c, const herald_lookup *asked,
		     int64_t count)
{
	struct hp_text why;

	hp_text_init(&why, WHY_MAX);
	hp_text_addf(&why, "%" PRId64 " assets are %s", count, asked->value.p);
	for (size_t i = 0; i < n; i++) {
		hp_text_add(&why, herald_cstr(i == 0 ? ": " : ", "));
		add_name(&why, &rows[i]);
	}
	herald_fail(c->h, asked->req, HERALD_NOT_EXACT, hp_text_str(&why));
	hp_text_fini(&why);
}
