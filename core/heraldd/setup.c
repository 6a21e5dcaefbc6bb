#include "core/heraldd/setup.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/pipeline/program.h"
#include "core/plugin/module.h"

static const char *chosen(const char *configured, const char *built_in)
{
	return configured ? configured : built_in;
}

/* $STATE_DIRECTORY may hold several paths with colons; herald asks for one. */
const char *hd_setup_state_dir(const struct hd_setup *setup)
{
	const char *env = getenv("STATE_DIRECTORY");

	return chosen(setup->program->settings->herald.state_dir,
		      env && env[0] ? env : HD_STATE_DIR);
}

const char *hd_setup_socket(const struct hd_setup *setup)
{
	static char path[512];
	const char *env = getenv("RUNTIME_DIRECTORY");

	if (setup->program->settings->herald.socket)
		return setup->program->settings->herald.socket;
	if (!env || !env[0])
		return HD_RUN_DIR "/control";
	snprintf(path, sizeof(path), "%s/control", env);
	return path;
}

const char *hd_setup_plugin_dir(const struct hd_setup *setup)
{
	return chosen(setup->program->settings->herald.plugin_dir,
		      HD_PLUGIN_DIR);
}

struct hd_connector *hd_setup_connector(const struct hd_setup *setup,
					const char *name)
{
	for (size_t i = 0; i < setup->count; i++)
		if (setup->connectors[i] &&
		    strcmp(setup->connectors[i]->name, name) == 0)
			return setup->connectors[i];
	return NULL;
}

static struct hd_instance *find_instance(void *ud, const char *name)
{
	struct hd_connector *c = hd_setup_connector(ud, name);

	return c ? c->instance : NULL;
}

static void check_listen(const struct hd_setup *setup,
			 const struct hd_connector_settings *s,
			 struct hd_complaints *complaints)
{
	const struct hd_node *listen = hd_node_get(s->node, "listen");
	const char *name = hd_node_text(listen, NULL);

	if (!name || hd_settings_listen(setup->program->settings, name))
		return;
	hd_complain(complaints, hd_node_place(listen),
		    "no listener is named '%s'", name);
	hd_complain_remedy(complaints,
			   "declare it: listen:\n       %s: {address: "
			   "'127.0.0.1:8443'}",
			   name);
}

static void make_connector(struct hd_setup *setup,
			   const struct hd_connector_settings *s,
			   struct hd_complaints *complaints)
{
	const struct hd_node *plugin = hd_node_get(s->node, "plugin");
	const struct hd_module *module;
	struct hd_instance *instance;
	struct hd_connector *c;
	struct hd_err err;

	if (!s->plugin)
		return; /* complained of by the settings */
	check_listen(setup, s, complaints);
	module = hd_module_load(hd_setup_plugin_dir(setup), s->plugin, &err);
	if (!module) {
		hd_complain(complaints, hd_node_place(plugin), "%s", err.text);
		return;
	}
	instance = hd_instance_new(&setup->plugin_env, module, s->name, s->node,
				   complaints);
	if (!instance)
		return;
	c = hd_alloc(sizeof(*c));
	c->name = hd_strdup(s->name);
	c->instance = instance;
	setup->connectors[setup->count++] = c;
}

struct hd_setup *hd_setup_read(const char *path,
			       const struct hd_plugin_env *env,
			       struct hd_complaints *complaints)
{
	struct hd_conf *conf = hd_conf_load(path, complaints);
	const struct hd_settings *settings;
	struct hd_setup *setup;

	if (!conf)
		return NULL;
	setup = hd_alloc(sizeof(*setup));
	setup->refs = 1;
	setup->program = hd_program_new(conf, complaints);
	hd_conf_unref(conf);
	if (env)
		setup->plugin_env = *env;
	settings = setup->program->settings;
	setup->plugin_env.expr = setup->program->env;
	setup->plugin_env.inline_secrets = settings->herald.inline_secrets;
	setup->connectors = hd_alloc_array(settings->connectors_count,
					   sizeof(*setup->connectors));
	for (size_t i = 0; i < settings->connectors_count; i++)
		make_connector(setup, &settings->connectors[i], complaints);
	hd_program_build(setup->program, find_instance, setup, complaints);
	return setup;
}

struct hd_setup *hd_setup_ref(struct hd_setup *setup)
{
	setup->refs++;
	return setup;
}

void hd_setup_unref(struct hd_setup *setup)
{
	if (!setup || --setup->refs != 0)
		return;
	for (size_t i = 0; i < setup->count; i++) {
		struct hd_connector *c = setup->connectors[i];

		if (!c)
			continue;
		hd_instance_discard(c->instance);
		free(c->name);
		free(c);
	}
	free(setup->connectors);
	hd_program_unref(setup->program);
	free(setup);
}
