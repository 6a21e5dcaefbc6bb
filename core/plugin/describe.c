#include <stdbool.h>
#include <string.h>

#include "core/plugin/common_options.h"
#include "core/plugin/module.h"

/* Bits and their words. */
struct word {
	uint32_t bit;
	const char *text;
};

static const struct word option_words[] = {
	{ HERALD_REQUIRED, "required" },
	{ HERALD_SECRET, "secret" },
	{ HERALD_LIST, "list" },
	{ HERALD_DEPRECATED, "deprecated" },
	{ HERALD_EXPERT, "expert" },
	{ HERALD_MAP, "map" },
	{ HERALD_TARGET, "target" },
	{ HERALD_HTTP_AUTH, "http auth" },
	{ 0, NULL },
};

static const struct word action_words[] = {
	{ HERALD_IDEMPOTENT, "idempotent" },
	{ HERALD_PLANS, "plans" },
	{ HERALD_VERIFIES, "verifies" },
	{ HERALD_ASKS, "asks" },
	{ 0, NULL },
};

static const struct word need_words[] = {
	{ HERALD_NEED_HTTP, "http" },
	{ HERALD_NEED_WORK, "work" },
	{ HERALD_NEED_STATE, "state" },
	{ HERALD_NEED_SECRETS, "secrets" },
	{ HERALD_NEED_NET, "net" },
	{ HERALD_NEED_FILES, "files" },
	{ HERALD_NEED_EXEC, "exec" },
	{ HERALD_NEED_THREADS, "threads" },
	{ 0, NULL },
};

static const char *type_name(uint32_t type)
{
	static const char *const names[] = {
		[HERALD_STRING] = "string",
		[HERALD_INT] = "int",
		[HERALD_BOOL] = "bool",
		[HERALD_DURATION] = "duration",
		[HERALD_SIZE] = "size",
		[HERALD_ENUM] = "enum",
		[HERALD_URL] = "url",
		[HERALD_PATH] = "path",
		[HERALD_HOSTPORT] = "hostport",
		[HERALD_EMAIL] = "email",
		[HERALD_IP] = "ip",
		[HERALD_USER] = "user",
		[HERALD_HOST] = "host",
		[HERALD_JSON] = "json",
		[HERALD_EXPR] = "expr",
		[HERALD_TEMPLATE] = "template",
	};

	if (type == HD_TYPE_RATE)
		return "rate";
	if (type == HD_TYPE_NAME)
		return "name";
	return type < sizeof(names) / sizeof(names[0]) && names[type]
		       ? names[type]
		       : "mapping";
}

static const char *effect_name(uint32_t effect)
{
	static const char *const names[] = { "reads", "records", "notifies",
					     "contains", "destroys" };

	/* An unknown one counts as the worst. */
	return names[effect <= HERALD_DESTROYS ? effect : HERALD_DESTROYS];
}

static const char *metric_type_name(uint32_t type)
{
	static const char *const names[] = {
		[HERALD_COUNTER] = "counter",
		[HERALD_GAUGE] = "gauge",
		[HERALD_HISTOGRAM] = "histogram",
	};

	return names[type]; /* checked at load */
}

static void set_text(json_t *o, const char *name, const char *text)
{
	if (text)
		json_object_set_new(o, name, json_string(text));
}

/* An array of the words whose bits are set. */
static json_t *words(uint32_t bits, const struct word *list)
{
	json_t *array = json_array();

	for (; list->text; list++) {
		if (bits & list->bit)
			json_array_append_new(array, json_string(list->text));
	}
	return array;
}

static json_t *option(const char *name, uint32_t type, uint32_t flags,
		      const char *def, const char *values, const char *help)
{
	json_t *o = json_object();

	set_text(o, "name", name);
	set_text(o, "type", type_name(type));
	json_object_set_new(o, "flags", words(flags, option_words));
	set_text(o, "default", def);
	set_text(o, "values", values);
	set_text(o, "help", help);
	return o;
}

static json_t *options(const herald_options *list, bool hide_common)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < list->count; i++) {
		const herald_option *o = &list->items[i];

		if (hide_common && hd_common_row(o->name))
			continue;
		json_array_append_new(array,
				      option(o->name, o->type, o->flags, o->def,
					     o->values, o->help));
	}
	return array;
}

static const char *default_of(const herald_plugin *p,
			      const struct hd_common_row *row)
{
	for (uint32_t i = 0; i < p->options.count; i++) {
		if (strcmp(p->options.items[i].name, row->name) == 0)
			return p->options.items[i].def;
	}
	return row->def;
}

/* What the host adds, with the defaults of this plugin. */
static json_t *common(const herald_plugin *p)
{
	json_t *array = json_array();

	for (const struct hd_common_row *r = hd_common_rows; r->name; r++) {
		if (r->who == HD_FOR_LATER || r->who == HD_FOR_READING ||
		    !hd_common_is_for(r, p))
			continue;
		json_array_append_new(array, option(r->name, r->type, r->flags,
						    default_of(p, r), r->values,
						    r->help));
	}
	return array;
}

static json_t *metrics(const herald_plugin *p)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < p->metrics.count; i++) {
		const herald_metric *m = &p->metrics.items[i];
		json_t *o = json_object();

		set_text(o, "name", m->name);
		set_text(o, "type", metric_type_name(m->type));
		set_text(o, "unit", m->unit);
		set_text(o, "help", m->help);
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *keys(const herald_enricher *e)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < e->keys.count; i++) {
		const herald_key *k = &e->keys.items[i];
		json_t *o = json_object();

		set_text(o, "type", k->type);
		set_text(o, "context", k->context);
		json_object_set_new(o, "batch_max",
				    json_integer(k->batch_max ? k->batch_max
							      : 1));
		json_object_set_new(o, "ttl_s", json_integer(k->ttl_s));
		json_object_set_new(o, "negative_ttl_s",
				    json_integer(k->negative_ttl_s));
		json_object_set_new(o, "external",
				    json_boolean(k->flags & HERALD_EXTERNAL));
		set_text(o, "kind", k->kind);
		set_text(o, "fills", k->fills);
		set_text(o, "help", k->help);
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *actions(const herald_actions *all)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < all->list.count; i++) {
		const herald_action *a = &all->list.items[i];
		json_t *o = json_object();

		set_text(o, "name", a->name);
		set_text(o, "effect", effect_name(a->effect));
		json_object_set_new(o, "flags", words(a->flags, action_words));
		set_text(o, "undo", a->undo);
		json_object_set_new(o, "params", options(&a->params, false));
		set_text(o, "help", a->help);
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *routes(const herald_source *s)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < s->routes.count; i++) {
		const herald_route *r = &s->routes.items[i];
		json_t *o = json_object();

		set_text(o, "method", r->method);
		set_text(o, "path", r->path);
		json_object_set_new(o, "prefix",
				    json_boolean(r->flags &
						 HERALD_ROUTE_PREFIX));
		json_object_set_new(o, "max_body",
				    json_integer(r->max_body ? r->max_body
							     : 1 << 20));
		set_text(o, "help", r->help);
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *map(const herald_source *s)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < s->map.count; i++) {
		const herald_map *m = &s->map.items[i];
		json_t *o = json_object();

		set_text(o, "set", m->set);
		set_text(o, "to", m->to);
		set_text(o, "if", m->cond);
		set_text(o, "help", m->help);
		json_array_append_new(array, o);
	}
	return array;
}

json_t *hd_module_describe(const struct hd_module *module)
{
	const herald_plugin *p = hd_module_plugin(module);
	json_t *o = json_object();

	set_text(o, "name", p->name);
	set_text(o, "version", p->version);
	set_text(o, "summary", p->summary);
	set_text(o, "license", p->license);
	set_text(o, "url", p->url);
	set_text(o, "path", hd_module_path(module));
	set_text(o, "build_id", hd_module_build_id(module));
	json_object_set_new(o, "abi",
			    json_sprintf("%u.%u", p->abi_major, p->abi_minor));
	json_object_set_new(o, "needs", words(p->needs, need_words));
	json_object_set_new(o, "workers", json_integer(p->workers));
	json_object_set_new(o, "options", options(&p->options, true));
	json_object_set_new(o, "host_options", common(p));
	json_object_set_new(o, "metrics", metrics(p));
	if (p->source) {
		json_object_set_new(o, "routes", routes(p->source));
		json_object_set_new(o, "map", map(p->source));
	}
	if (p->enricher)
		json_object_set_new(o, "keys", keys(p->enricher));
	if (p->actions)
		json_object_set_new(o, "actions", actions(p->actions));
	return o;
}
