/* Plugins and their connectors: manuals, and what to paste elsewhere. */
#include "core/control/api.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/conf/settings.h"
#include "core/control/control_impl.h"
#include "core/control/rows_json.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

#define SECRET "TOKEN" /* stands where a secret would */

static const herald_plugin *plugin_of(const struct hd_instance *instance)
{
	return hd_module_plugin(hd_instance_module(instance));
}

/* ---- the list ---- */

static json_t *kinds_json(const herald_plugin *p)
{
	json_t *kinds = json_array();

	if (p->source)
		json_array_append_new(kinds, json_string("source"));
	if (p->enricher)
		json_array_append_new(kinds, json_string("enricher"));
	if (p->actions)
		json_array_append_new(kinds, json_string("actions"));
	return kinds;
}

static json_t *find_plugin(json_t *list, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (strcmp(json_string_value(json_object_get(one, "name")),
			   name) == 0)
			return one;
	return NULL;
}

static json_t *add_plugin(json_t *list, const struct hd_instance *instance)
{
	const herald_plugin *p = plugin_of(instance);
	json_t *one = json_object();

	hd_set_text(one, "name", p->name);
	hd_set_text(one, "version", p->version);
	hd_set_text(one, "summary", p->summary);
	json_object_set_new(one, "kinds", kinds_json(p));
	json_object_set_new(one, "connectors", json_array());
	json_array_append_new(list, one);
	return one;
}

void hd_api_plugins(struct hd_call *call)
{
	const struct hd_control_env *env = &call->control->env;
	struct hd_instance *instance;
	json_t *list = json_array(), *one;

	for (size_t i = 0; (instance = env->connector_at(env->ud, i)); i++) {
		one = find_plugin(list, plugin_of(instance)->name);
		if (!one)
			one = add_plugin(list, instance);
		json_array_append_new(json_object_get(one, "connectors"),
				      json_string_nocheck(
					      hd_instance_name(instance)));
	}
	hd_call_answer(call, json_pack("{s:o}", "plugins", list));
}

/* ---- one of them ---- */

/* Where others reach a listener: its address, with our name where it listens
 * on all of them.  The caller frees it; NULL if there is no such listener. */
static char *base_url(const struct hd_control *control, const char *listen)
{
	const struct hd_listen_settings *s =
		hd_settings_listen(hd_control_settings_of(control), listen);
	char host[256] = "localhost";
	const char *colon;

	if (!s)
		return NULL;
	if (strncmp(s->address, "unix:", 5) == 0)
		return hd_strdup(s->address);
	colon = strrchr(s->address, ':');
	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	if (colon && colon != s->address &&
	    strncmp(s->address, "0.0.0.0:", 8) != 0 &&
	    strncmp(s->address, "[::]:", 5) != 0)
		return hd_strf("%s://%s", s->tls ? "https" : "http",
			       s->address);
	return hd_strf("%s://%s%s", s->tls ? "https" : "http", host,
		       colon ? colon : "");
}

static json_t *route_json(const herald_route *r, const char *base,
			  const char *mount)
{
	bool prefix = (r->flags & HERALD_ROUTE_PREFIX) != 0;
	json_t *o = json_object();
	char *url = hd_strf("%s%s%s%s", base, mount, r->path,
			    prefix ? "/" SECRET : "");
	char *curl;

	if (prefix)
		curl = hd_strf("curl -sS -X %s -H 'Content-Type: "
			       "application/json' --data @alert.json '%s'",
			       r->method, url);
	else
		curl = hd_strf(
			"curl -sS -X %s -H 'Authorization: Splunk " SECRET
			"' --data @alert.json '%s'",
			r->method, url);
	hd_set_text(o, "method", r->method);
	hd_set_text(o, "url", url);
	hd_set_text(o, "curl", curl);
	hd_set_text(o, "help", r->help);
	free(curl);
	free(url);
	return o;
}

static json_t *routes_json(const struct hd_control *control,
			   const struct hd_instance *instance)
{
	const struct hd_module *module = hd_instance_module(instance);
	const char *listen = hd_instance_option(instance, "listen");
	const char *mount = hd_instance_option(instance, "mount");
	char *base = listen ? base_url(control, listen) : NULL;
	json_t *list = json_array();
	const herald_route *route;

	for (uint32_t i = 0; base && (route = hd_module_route(module, i)); i++)
		json_array_append_new(list, route_json(route, base,
						       mount ? mount : ""));
	free(base);
	return list;
}

static json_t *connectors_json(const struct hd_control *control,
			       const char *plugin)
{
	const struct hd_control_env *env = &control->env;
	struct hd_instance *instance;
	json_t *list = json_array(), *one;

	for (size_t i = 0; (instance = env->connector_at(env->ud, i)); i++) {
		if (strcmp(plugin_of(instance)->name, plugin) != 0)
			continue;
		one = json_object();
		hd_set_text(one, "name", hd_instance_name(instance));
		hd_set_text(one, "stopped", hd_instance_stopped(instance));
		if (plugin_of(instance)->source)
			json_object_set_new(one, "routes",
					    routes_json(control, instance));
		json_array_append_new(list, one);
	}
	return list;
}

/* By the plugin's name, or that of a connector. */
void hd_api_plugin(struct hd_call *call)
{
	const struct hd_control_env *env = &call->control->env;
	struct hd_instance *instance;
	const char *plugin;
	json_t *o;

	for (size_t i = 0; (instance = env->connector_at(env->ud, i)); i++)
		if (strcmp(plugin_of(instance)->name, call->arg) == 0 ||
		    strcmp(hd_instance_name(instance), call->arg) == 0)
			break;
	if (!instance) {
		hd_call_refuse(call, 404, "heraldctl plugins",
			       "no connector uses a plugin '%.80s'", call->arg);
		return;
	}
	plugin = plugin_of(instance)->name;
	o = hd_module_describe(hd_instance_module(instance));
	json_object_set_new(o, "connectors",
			    connectors_json(call->control, plugin));
	hd_call_answer(call, o);
}
