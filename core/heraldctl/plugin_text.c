#include "core/heraldctl/plugin_text.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/heraldctl/text.h"

#define CELL_MAX 8192

static bool has(const json_t *words, const char *word)
{
	json_t *one;
	size_t i;

	json_array_foreach(words, i, one)
		if (strcmp(json_string_value(one), word) == 0)
			return true;
	return false;
}

static void add_words(struct hd_buf *out, const json_t *words)
{
	json_t *one;
	size_t i;

	json_array_foreach(words, i, one) {
		hd_buf_adds(out, i != 0 ? ", " : "");
		hd_text_add(out, json_string_value(one));
	}
}

/* "string, required", "duration = 5s", "enum live|notify". */
static void add_type(struct hd_buf *out, const json_t *o)
{
	const json_t *flags = json_object_get(o, "flags");

	hd_buf_adds(out, has(flags, "list") ? "list of " : "");
	hd_buf_adds(out, has(flags, "map") ? "mapping of " : "");
	hd_buf_adds(out, hd_text_of(o, "type"));
	if (hd_text_of(o, "values")[0])
		hd_buf_addf(out, " %s", hd_text_of(o, "values"));
	if (hd_text_of(o, "default")[0])
		hd_buf_addf(out, " = %s", hd_text_of(o, "default"));
	else if (has(flags, "required"))
		hd_buf_adds(out, ", required");
	if (has(flags, "secret"))
		hd_buf_adds(out, ", secret");
	if (has(flags, "target"))
		hd_buf_adds(out, ", the target");
	if (has(flags, "deprecated"))
		hd_buf_adds(out, ", deprecated");
}

static void add_options(struct hd_buf *out, const char *title,
			const char *indent, const json_t *options, size_t width)
{
	struct hd_table table;
	struct hd_buf type;
	json_t *o;
	size_t i;

	if (json_array_size(options) == 0)
		return;
	if (title)
		hd_buf_addf(out, "%s\n", title);
	hd_buf_init(&type, CELL_MAX);
	hd_table_init(&table, "", "", "", "", NULL);
	json_array_foreach(options, i, o) {
		hd_buf_clear(&type);
		add_type(&type, o);
		hd_table_add(&table, indent);
		hd_table_add(&table, hd_text_of(o, "name"));
		hd_table_add(&table, hd_buf_text(&type));
		hd_table_add(&table, hd_text_of(o, "help"));
	}
	hd_table_print(&table, width, out);
	hd_table_fini(&table);
	hd_buf_fini(&type);
}

/* "kept for 3600 s (900 s where nothing is known)"; data of a local file never
 * are. */
static void add_keeping(struct hd_buf *out, const json_t *k)
{
	long long hit = hd_number_of(k, "ttl_s");
	long long clean = hd_number_of(k, "negative_ttl_s");

	if (hit == 0)
		hd_buf_adds(out, ", not kept");
	else
		hd_buf_addf(out,
			    ", kept for %lld s (%lld s where nothing is known)",
			    hit, clean);
}

static void add_key(struct hd_buf *out, const json_t *k)
{
	long long batch = hd_number_of(k, "batch_max");

	hd_buf_addf(out, "   %s", hd_text_of(k, "type"));
	if (hd_text_of(k, "context")[0])
		hd_buf_addf(out, " with %s", hd_text_of(k, "context"));
	if (hd_text_of(k, "fills")[0])
		hd_buf_addf(out, ", fills %s", hd_text_of(k, "fills"));
	if (hd_text_of(k, "kind")[0])
		hd_buf_addf(out, ", %s", hd_text_of(k, "kind"));
	if (batch > 1)
		hd_buf_addf(out, ", up to %lld at once", batch);
	add_keeping(out, k);
	if (json_is_true(json_object_get(k, "external")))
		hd_buf_adds(out, ", the value leaves the organisation");
	if (hd_text_of(k, "help")[0]) {
		hd_buf_adds(out, ": ");
		hd_text_add(out, hd_text_of(k, "help"));
	}
	hd_buf_addc(out, '\n');
}

static void add_keys(struct hd_buf *out, const json_t *keys)
{
	json_t *k;
	size_t i;

	if (json_array_size(keys) != 0)
		hd_buf_adds(out, "looks up\n");
	json_array_foreach(keys, i, k)
		add_key(out, k);
}

static void add_actions(struct hd_buf *out, const json_t *actions, size_t width)
{
	json_t *a;
	size_t i;

	json_array_foreach(actions, i, a) {
		hd_buf_addf(out, "action %s (%s", hd_text_of(a, "name"),
			    hd_text_of(a, "effect"));
		if (json_array_size(json_object_get(a, "flags")) != 0)
			hd_buf_adds(out, "; ");
		add_words(out, json_object_get(a, "flags"));
		if (hd_text_of(a, "undo")[0])
			hd_buf_addf(out, "; undone by %s",
				    hd_text_of(a, "undo"));
		hd_buf_adds(out, ")");
		if (hd_text_of(a, "help")[0]) {
			hd_buf_adds(out, ": ");
			hd_text_add(out, hd_text_of(a, "help"));
		}
		hd_buf_addc(out, '\n');
		add_options(out, NULL, " ", json_object_get(a, "params"),
			    width);
	}
}

/* What to paste into the other product. */
static void add_connector(struct hd_buf *out, const json_t *c)
{
	json_t *route;
	size_t i;

	hd_buf_addf(out, "connector %s\n", hd_text_of(c, "name"));
	if (hd_text_of(c, "stopped")[0]) {
		hd_buf_adds(out, "   stopped: ");
		hd_text_add(out, hd_text_of(c, "stopped"));
		hd_buf_addc(out, '\n');
	}
	json_array_foreach(json_object_get(c, "routes"), i, route) {
		hd_buf_addf(out, "   %s ", hd_text_of(route, "method"));
		hd_text_add(out, hd_text_of(route, "url"));
		hd_buf_adds(out, "\n      ");
		hd_text_add(out, hd_text_of(route, "help"));
		hd_buf_adds(out, "\n      try: ");
		hd_text_add(out, hd_text_of(route, "curl"));
		hd_buf_addc(out, '\n');
	}
}

static void add_head(struct hd_buf *out, const json_t *p)
{
	hd_buf_addf(out, "%s %s  ", hd_text_of(p, "name"),
		    hd_text_of(p, "version"));
	hd_text_add(out, hd_text_of(p, "summary"));
	hd_buf_adds(out, "\n   ");
	hd_text_add(out, hd_text_of(p, "path"));
	hd_buf_addf(out, ", ABI %s", hd_text_of(p, "abi"));
	if (hd_text_of(p, "license")[0])
		hd_buf_addf(out, ", %s", hd_text_of(p, "license"));
	hd_buf_adds(out, "\n   may use: ");
	add_words(out, json_object_get(p, "needs"));
	hd_buf_addc(out, '\n');
}

static void add_map(struct hd_buf *out, const json_t *map)
{
	json_t *row;
	size_t i;

	json_array_foreach(map, i, row) {
		hd_buf_adds(out, i == 0 ? "map (set: to, if)\n" : "");
		hd_buf_adds(out, "   ");
		hd_text_add(out, hd_text_of(row, "set"));
		hd_buf_adds(out, ": ");
		hd_text_add(out, hd_text_of(row, "to"));
		if (hd_text_of(row, "if")[0]) {
			hd_buf_adds(out, ", if ");
			hd_text_add(out, hd_text_of(row, "if"));
		}
		hd_buf_addc(out, '\n');
	}
}

void hd_plugin_text(struct hd_buf *out, const json_t *p, size_t width, bool map)
{
	json_t *one;
	size_t i;

	add_head(out, p);
	json_array_foreach(json_object_get(p, "connectors"), i, one)
		add_connector(out, one);
	add_options(out, "options", " ", json_object_get(p, "options"), width);
	add_options(out, "options that every connector has", " ",
		    json_object_get(p, "host_options"), width);
	add_keys(out, json_object_get(p, "keys"));
	add_actions(out, json_object_get(p, "actions"), width);
	if (map)
		add_map(out, json_object_get(p, "map"));
	else if (json_array_size(json_object_get(p, "map")) != 0)
		hd_buf_addf(out,
			    "map of %zu rows -> heraldctl plugin %s --map\n",
			    json_array_size(json_object_get(p, "map")),
			    hd_text_of(p, "name"));
}
